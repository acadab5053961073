"""What is checked: rules, alerts, dashboards and tests as they will be written, whoever wrote them.

A subject is what one file holds, or a plan (see `compiled`). The same checks look at both. What is checked together
is a `whole`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

from tocsin.promql.comparisons import HOLDS
from tocsin.promql.context import NOWHERE, Context
from tocsin.promql.durations import milliseconds_of
from tocsin.promql.infer import Analysis, analyse
from tocsin.promql.labels import NO_LABELS
from tocsin.promql.parse import PromQLError, tree_of
from tocsin.promql.tree import Binary, Node
from tocsin.promql.types import Comparison, Kind, Type
from tocsin.promql.world import Recording, World
from tocsin.promql.written import bare
from tocsin.reading.values import Contents, Dashboard, GrafanaRule, Panel, Rule, RuleGroup, Step, Target
from tocsin.source import Source

RULE_BUDGET = 10_000
PANEL_BUDGET = 1_000
PROMETHEUS = frozenset({"prometheus", "grafana-amazonprometheus-datasource", "grafana-azureprometheus-datasource"})
# The namespace of groups that Grafana evaluates begins with it.
GRAFANA = "grafana:"
_EVALUATORS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<=", "eq": "==", "ne": "!="}
# Reducers that give a value which the series had, or one between two of them.
_KEEPING = frozenset({"last", "mean", "median", "min", "max"})
_OVER_TIME = {"mean": "avg", "median": "quantile", "min": "min", "max": "max"}
_CONSTANT = re.compile(r"[\s(]*vector\s*\(\s*[\d.]+\s*\)[\s)]*")
_CONJUNCTION = re.compile(r"\band\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Expression:
    """An expression, whose it is, and where. What is told at one of the `origins` is not told here again."""

    text: str
    object: str
    source: Source
    context: Context = NOWHERE
    origins: tuple[Source, ...] = ()
    certain: bool = True


@dataclass(frozen=True, slots=True)
class Placed:
    """A rule with the group that it is in."""

    rule: Rule
    group: RuleGroup

    @property
    def interval(self) -> int | None:
        """How often it runs, in milliseconds; None where its group does not say."""
        return length_of(self.group.interval)

    @property
    def context(self) -> Context:
        record = self.rule.name if self.rule.kind == "record" else None
        return Context("rule", self.interval, RULE_BUDGET, record)


@dataclass(frozen=True, slots=True)
class GrafanaAlert:
    """A rule of Grafana's as one of Prometheus's that reads its query, and what it compares.

    `refs` are the steps that give the value, `no_data` what it does where there is none.
    """

    placed: Placed
    comparison: Comparison
    refs: frozenset[str]
    no_data: str


@dataclass(slots=True)
class Links:
    """What is known of all that is checked together, and kept small.

    Known before the first part is judged: `recordings` by name, and where each name is `recorded_at` first; the series
    whose absence some alert has `watched`, and whether one `watches_targets`; `twins`, the keys of alerts that more
    than one has.

    Noted as the parts are judged: the series that are `read`, and the `patterns` that name others; the recorded ones
    that are `chained` to others; `thresholds`, the expressions of alerts with one condition and their names, by the
    series that they read; the `alike` and the `repeated` rules, which may be one too many.
    """

    recordings: dict[str, tuple[Recording, ...]] = field(default_factory=dict)
    recorded_at: dict[str, Source] = field(default_factory=dict)
    watched: set[str] = field(default_factory=set)
    watches_targets: bool = False
    twins: set[int] = field(default_factory=set)
    read: set[str] = field(default_factory=set)
    patterns: set[str] = field(default_factory=set)
    chained: set[str] = field(default_factory=set)
    thresholds: dict[int, list[tuple[str, str]]] = field(default_factory=dict)
    alike: dict[int, list[Placed]] = field(default_factory=dict)
    repeated: list[Placed] = field(default_factory=list)


class Subject:
    """Contents, with the world that their queries read. All of it is computed when it is asked for, and once."""

    def __init__(
        self, contents: Contents, world: World, ours: Iterable[Expression] | None = None, links: Links | None = None
    ) -> None:
        self.contents = contents
        self.world = world
        self.links = links or Links()
        self.is_ours = ours is not None
        self._ours = ours or ()
        # Every family of checks asks again: what the world forgets in between is kept here, by the ids of the rules
        # (the contents keep them alive).
        self._of_rules: dict[int, Analysis] = {}
        self._conditions: dict[int, tuple[tuple[Comparison, str], ...]] = {}
        self._shown: dict[tuple[str, bool], Analysis] = {}

    @cached_property
    def rules(self) -> tuple[Placed, ...]:
        return tuple(Placed(rule, group) for group in self.contents.groups for rule in group.rules)

    @cached_property
    def alerts(self) -> tuple[Placed, ...]:
        return tuple(placed for placed in self.rules if placed.rule.kind == "alert")

    @cached_property
    def records(self) -> tuple[Placed, ...]:
        return tuple(placed for placed in self.rules if placed.rule.kind == "record")

    def analysis(self, of: Placed) -> Analysis:
        """What is known of a rule's expression."""
        found = self._of_rules.get(id(of.rule))
        if found is None:
            found = self._of_rules[id(of.rule)] = analyse(of.rule.expr, self.world, of.context)
        return found

    def shown(self, target: Target) -> Analysis:
        """What is known of a panel's query."""
        key = target.expr, target.instant is True
        found = self._shown.get(key)
        if found is None:
            found = self._shown[key] = analyse(target.expr, self.world, PANEL_AT_ONCE if key[1] else PANEL)
            self.links.read.update(found.series)
        return found

    def marked(self, mark: Target) -> Analysis:
        """What is known of the query of an annotation."""
        found = analyse(mark.expr, self.world)
        self.links.read.update(found.series)
        return found

    def ours(self) -> Iterator[Expression]:
        """The expressions of definitions, the indicators' first, which the others rest on."""
        return iter(self._ours)

    def conditions(self, of: Placed) -> tuple[tuple[Comparison, str], ...]:
        """The comparisons that must all hold for an alert to fire, each with its text."""
        found = self._conditions.get(id(of.rule))
        if found is None:
            found = self._conditions[id(of.rule)] = tuple(self._conditions_of(of))
        return found

    def _conditions_of(self, of: Placed) -> Iterator[tuple[Comparison, str]]:
        analysis = self.analysis(of)
        text = of.rule.expr
        if _CONJUNCTION.search(text):
            try:
                parts = list(_conjuncts(tree_of(text)))
            except (PromQLError, ValueError):
                parts = []
            for part in parts:
                written = part.text("panel")
                found = analyse(written, self.world).type.comparison
                if found is not None:
                    yield found, written
        elif analysis.type.comparison is not None:
            yield analysis.type.comparison, text

    @cached_property
    def grafana_alerts(self) -> tuple[GrafanaAlert, ...]:
        """The rules of Grafana whose condition is one threshold on a query, or on a value that one had."""
        found = (_grafana_alert(rule, self.world) for rule in self.contents.grafana_rules)
        return tuple(alert for alert in found if alert is not None)


@dataclass(frozen=True, slots=True)
class _Compared:
    """What a rule of Grafana compares: the query, the step that reduces its answer, the operator and the number."""

    query: Step
    reduce: Step | None
    operator: str
    value: float


def _compared(rule: GrafanaRule) -> _Compared | None:
    steps = {step.ref: step for step in rule.steps}
    last = steps.get(rule.condition)
    of = steps.get(last.of) if last is not None and last.kind == "threshold" else None
    reduce = of if of is not None and of.kind == "reduce" else None
    if reduce is not None:
        of = steps.get(reduce.of) if reduce.reducer in _KEEPING else None
    if last is None or of is None or of.kind != "query" or of.engine not in PROMETHEUS or len(last.evaluators) != 1:
        return None
    evaluator = last.evaluators[0]
    operator = _EVALUATORS.get(evaluator.kind)
    if operator is None or len(evaluator.params) < 1:
        return None
    return _Compared(of, reduce, operator, evaluator.params[0])


def _grafana_alert(rule: GrafanaRule, world: World) -> GrafanaAlert | None:
    of = _compared(rule)
    if of is None:
        return None
    value = of.value
    number = Type("scalar", Kind.OPEN, NO_LABELS, None, value, value, True, maybe_absent=False, maybe_nan=False)
    comparison = Comparison(of.operator, analyse(of.query.expr, world).type, number)
    refs = {of.query.ref} | ({of.reduce.ref} if of.reduce is not None else set())
    return GrafanaAlert(_as_placed(rule, of, of.query.expr), comparison, frozenset(refs), rule.no_data)


def _as_placed(rule: GrafanaRule, of: _Compared, expr: str) -> Placed:
    source, at = rule.source, of.query.source
    made = Rule("alert", rule.name, expr, source, at, rule.hold, labels=rule.labels, annotations=rule.annotations)
    return Placed(made, RuleGroup(rule.group, (made,), source, rule.interval, f"{GRAFANA} {rule.org}"))


def with_threshold(rule: GrafanaRule) -> Placed | None:
    """A rule of Grafana as one of Prometheus whose expression compares: its query, reduced, with its threshold."""
    of = _compared(rule)
    if of is None:
        return None
    expr = f"({of.query.expr})"
    reducer = of.reduce.reducer if of.reduce is not None and not of.query.instant else "last"
    if reducer != "last":
        share = "0.5, " if reducer == "median" else ""
        span = (of.query.first or 0) - (of.query.last or 0)
        expr = f"{_OVER_TIME[reducer]}_over_time({share}{expr}[{max(int(span), 1)}s:])"
    return _as_placed(rule, of, f"{expr} {of.operator} {of.value:g}")


PANEL = Context("panel", budget=PANEL_BUDGET)
PANEL_AT_ONCE = PANEL._replace(instant=True)


def queries(dashboard: Dashboard) -> Iterator[tuple[Panel, Target]]:
    """Every query of a panel that is PromQL, or may be."""
    for panel in dashboard.panels:
        for target in panel.targets:
            if may_be_promql(target):
                yield panel, target


def may_be_promql(target: Target) -> bool:
    return bool(target.expr) and (target.engine in PROMETHEUS or not target.engine)


def _conjuncts(node: Node) -> Iterator[Node]:
    if isinstance(node, Binary) and node.operator in ("and", "unless"):
        yield from _conjuncts(node.left)
        if node.operator == "and":
            yield from _conjuncts(node.right)
    elif isinstance(node, Binary) and node.operator in HOLDS:
        yield node


def is_watchdog(expr: str) -> bool:
    """Whether an alert fires whatever happens, and tells by its silence that alerting does not work."""
    return _CONSTANT.fullmatch(bare(expr)) is not None


@lru_cache(maxsize=1024)
def length_of(duration: str) -> int | None:
    """A duration in milliseconds; None where none is written, or none that Prometheus takes."""
    try:
        return milliseconds_of(duration) if duration else None
    except ValueError:
        return None
