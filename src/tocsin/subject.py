"""What is checked: rules, alerts, dashboards and tests as they will be written, whoever wrote them.

A subject is made of files that were read, or of a plan (see `compiled`). The same checks look at both.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from tocsin.metrics import Catalog
from tocsin.promql.context import NOWHERE, Context
from tocsin.promql.durations import milliseconds_of
from tocsin.promql.infer import Analysis, analyse
from tocsin.promql.parse import PromQLError, tree_of
from tocsin.promql.tree import Binary, Node
from tocsin.promql.types import Comparison
from tocsin.promql.world import Recording, World
from tocsin.reading.values import Contents, Dashboard, Panel, Rule, RuleGroup, Target
from tocsin.source import Source

RULE_BUDGET = 10_000
PANEL_BUDGET = 1_000
PROMETHEUS = frozenset({"prometheus", "grafana-amazonprometheus-datasource", "grafana-azureprometheus-datasource"})
_CONJUNCTION = re.compile(r"\band\b", re.IGNORECASE)
_COMPARISONS = frozenset({">", ">=", "<", "<=", "==", "!="})


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


class Subject:
    """Contents, with the world that their queries read. All of it is computed when it is asked for, and once."""

    def __init__(self, contents: Contents, world: World, ours: Iterable[Expression] | None = None) -> None:
        self.contents = contents
        self.world = world
        self.is_ours = ours is not None
        self._ours = tuple(ours or ())

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
        return analyse(of.rule.expr, self.world, of.context)

    def shown(self, target: Target) -> Analysis:
        """What is known of a panel's query."""
        return analyse(target.expr, self.world, PANEL)

    def expressions(self) -> Iterator[Expression]:
        """Every expression; of definitions the indicators' first, which the others rest on."""
        if self.is_ours:
            yield from self._ours
            return
        for placed in self.rules:
            yield Expression(placed.rule.expr, placed.rule.name, placed.rule.at, placed.context)
        for rule in self.contents.grafana_rules:
            context = Context("rule", length_of(rule.interval), RULE_BUDGET)
            for step in rule.steps:
                if step.expr and (step.engine in PROMETHEUS or not step.engine):
                    yield Expression(step.expr, rule.name, step.source, context, (), step.engine in PROMETHEUS)
        for dashboard, panel, target in self.targets():
            name = f"{dashboard.title} / {panel.title}"
            yield Expression(target.expr, name, target.source, PANEL, (), target.engine in PROMETHEUS)

    def targets(self) -> Iterator[tuple[Dashboard, Panel, Target]]:
        """Every query of a panel that is PromQL, or may be."""
        for dashboard in self.contents.dashboards:
            for panel in dashboard.panels:
                for target in panel.targets:
                    if may_be_promql(target):
                        yield dashboard, panel, target

    def conditions(self, of: Placed) -> Iterator[tuple[Comparison, str]]:
        """The comparisons that must all hold for an alert to fire, each with its text."""
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


PANEL = Context("panel", budget=PANEL_BUDGET)


def may_be_promql(target: Target) -> bool:
    return bool(target.expr) and (target.engine in PROMETHEUS or not target.engine)


def _conjuncts(node: Node) -> Iterator[Node]:
    if isinstance(node, Binary) and node.operator in ("and", "unless"):
        yield from _conjuncts(node.left)
        if node.operator == "and":
            yield from _conjuncts(node.right)
    elif isinstance(node, Binary) and node.operator in _COMPARISONS:
        yield node


def length_of(duration: str) -> int | None:
    """A duration in milliseconds; None where none is written, or none that Prometheus takes."""
    try:
        return milliseconds_of(duration) if duration else None
    except ValueError:
        return None


def of_files(
    contents: Contents,
    catalogs: Iterable[Catalog] = (),
    *,
    scrape_interval: str | None = None,
    prometheus: tuple[int, int] = (2, 42),
) -> Subject:
    """What was read, its recording rules linked across all files."""
    recordings: dict[str, tuple[Recording, ...]] = {}
    for group in contents.groups:
        for rule in group.rules:
            if rule.kind == "record" and rule.name:
                made = Recording(rule.expr, rule.labels, length_of(group.interval))
                recordings[rule.name] = (*recordings.get(rule.name, ()), made)
    if scrape_interval is not None:
        catalogs = [replace(catalog, scrape_interval=scrape_interval) for catalog in catalogs]
    return Subject(contents, World.of(catalogs, recordings, prometheus=prometheus))
