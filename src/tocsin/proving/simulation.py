"""A scenario, run as Prometheus runs it: scraped, recorded, alerted on, evaluation by evaluation."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from tocsin.model.scenario import Scenario
from tocsin.plan import PlannedRecord
from tocsin.promql.tree import Binary, Call, Node, Number, Range, Select, Subquery
from tocsin.proving.errors import UnderivableError
from tocsin.proving.evaluate import evaluate, vector_of
from tocsin.proving.states import AlertingRule, States
from tocsin.proving.store import Moment, Store
from tocsin.proving.vectors import Value, Vector, joined
from tocsin.scenarios.samples import STALE, series_of

_HAIR = Decimal("1e-9")
_SAME = 1e-6
_COMPARISONS = frozenset({">", ">=", "<", "<="})
_STEPS = frozenset({"ceil", "floor", "round"})
_EXACT = frozenset(
    {"absent_over_time", "present_over_time", "count_over_time", "changes", "resets"}
    | {"last_over_time", "min_over_time", "max_over_time"}
)


@dataclass(frozen=True, slots=True)
class Rules:
    """A condition, with the recording rules that it rests on in their order, and its times in seconds."""

    records: Sequence[PlannedRecord]
    condition: Node
    hold: float
    keep: float

    @property
    def nodes(self) -> tuple[Node, ...]:
        return (self.condition, *(record.node for record in self.records))

    @property
    def is_exact(self) -> bool:
        """Whether no float loses a bit on the way."""
        return not any(_rounds(part) for node in self.nodes for part in node.walk())


def _rounds(node: Node) -> bool:
    """Whether floats may lose a bit here: what is counted or picked is exact, what is stretched or averaged is not."""
    return (
        isinstance(node, Call)
        and node.function not in _EXACT
        and any(isinstance(argument, Range | Subquery) for argument in node.arguments)
    )


def stored(scenario: Scenario, read: Iterable[str], until: int = 0, *, closed: bool = False) -> Store:
    """The scenario's samples of the series that are read; what ends before a time in milliseconds is gone then."""
    store = Store(closed=closed)
    spacing = scenario.spacing / 1000
    for series in series_of(scenario, until, frozenset(read)):
        there = [(at, value) for at, value in enumerate(series.samples) if isinstance(value, Decimal)]
        ends = [at * spacing for at, value in enumerate(series.samples) if value is STALE]
        labels = frozenset(series.labels)
        store.append(series.name, labels, (at * spacing for at, _ in there), (float(value) for _, value in there))
        store.mark(series.name, labels, ends)
    return store


def recorded(store: Store, records: Iterable[PlannedRecord], now: float) -> None:
    """Computes the recording rules at a moment."""
    for record in records:
        store.record(record.name, now, vector_of(record.node, Moment(store, now)))


def looks_back(records: Sequence[PlannedRecord], *others: Node) -> bool:
    """Whether something depends on what was recorded before: a range of that is read, or its past.

    `records` are all that is needed, in the order in which they are computed; `others` are computed after them.
    """
    places = {record.name: place for place, record in enumerate(records)}
    for place, node in enumerate([*(record.node for record in records), *others]):
        parts = list(node.walk())
        read = [part for part in parts if isinstance(part, Select) and part.name in places]
        ranges = (part for part in parts if isinstance(part, Range | Subquery))
        if any(part.offset or places[part.name] >= place for part in read):
            return True
        if any(inner is part for one in ranges for inner in one.walk() for part in read):
            return True
    return False


def states_over_time(rules: Rules, store: Store, interval: float, evaluations: int) -> Iterator[States]:
    """The states after each evaluation, from the one at 0 on. Raises UnderivableError."""
    for states in states_together([rules], store, interval, evaluations):
        yield states[0]


def settled_states(rules: Rules, store: Store, interval: float, evaluations: int) -> Iterator[tuple[States, bool]]:
    """The same, and whether thresholds that are a hair off would give the same: floats may be that far apart."""
    for (one,) in settled_together([rules], store, interval, evaluations):
        yield one


def settled_together(
    several: Sequence[Rules], store: Store, interval: float, evaluations: int
) -> Iterator[list[tuple[States, bool]]]:
    """The same of several alerts that rest on the same recording rules."""
    every = [
        one
        for rules in several
        for one in (rules, *(replace(rules, condition=_nudged(rules.condition, 1 + hair)) for hair in (-_HAIR, _HAIR)))
    ]
    for states in states_together(every, store, interval, evaluations):
        each = [states[place : place + 3] for place in range(0, len(states), 3)]
        # Who is kept firing tells of the value that it had.
        yield [(own[0], len({frozenset(one.items()) for one in own}) == 1) for own in each]


def is_settled(nodes: Sequence[Node], moment: Moment) -> bool:
    """Whether all expressions, which rest on each other, give the same where what they compare or round is a hair off.

    Floats may be that far apart, whatever else they are.
    """
    if not any(_rounds(part) for node in nodes for part in node.walk()):
        return True
    for node in nodes:
        found = vector_of(node, moment) if any(_is_steep(part) for part in node.walk()) else {}
        for hair in (-_HAIR, _HAIR) if found else ():
            other = vector_of(_shaken(node, 1 + hair), moment)
            if other.keys() != found.keys():
                return False
            if not all(math.isclose(value, other[labels], rel_tol=_SAME) for labels, value in found.items()):
                return False
    return True


def states_together(rules: Sequence[Rules], store: Store, interval: float, evaluations: int) -> Iterator[list[States]]:
    """The states of several alerts after each evaluation, who rest on the same recording rules."""
    alerting = [AlertingRule(one.hold, one.keep) for one in rules]
    for number in range(evaluations + 1):
        now = number * interval
        recorded(store, rules[0].records, now)
        try:
            known: dict[int, Value] = {}
            results = [_met(one.condition, Moment(store, now), known) for one in rules]
        except (ValueError, OverflowError) as error:
            raise UnderivableError(f"its arithmetic: {error}") from error
        yield [own.evaluated(now, result) for own, result in zip(alerting, results, strict=True)]


def _met(condition: Node, moment: Moment, known: dict[int, Value]) -> Vector:
    """The condition's result; sides that several conditions share are evaluated once."""
    if not isinstance(condition, Binary):
        return vector_of(condition, moment)
    for side in (condition.left, condition.right):
        if id(side) not in known:
            known[id(side)] = evaluate(side, moment)
    found = joined(condition, known[id(condition.left)], known[id(condition.right)])
    if not isinstance(found, dict):
        raise UnderivableError(f"`{condition.text()}`, which is no vector")
    return found


def _nudged(node: Node, factor: Decimal) -> Node:
    """The expression with every threshold in it multiplied."""

    def changed(part: Node) -> Node | None:
        if isinstance(part, Binary) and isinstance(part.right, Number) and _is_threshold(part):
            return replace(part, left=_nudged(part.left, factor), right=Number(part.right.value * factor))
        if isinstance(part, Binary) and part is node and _is_threshold(part):
            return replace(part, right=Binary("*", part.right, Number(factor)))
        return None

    return node.rewrite(changed)


def _shaken(node: Node, factor: Decimal) -> Node:
    """The expression with all that is compared or rounded multiplied."""

    def changed(part: Node) -> Node | None:
        if isinstance(part, Binary) and _is_steep(part):
            left, right = _shaken(part.left, factor), _shaken(part.right, factor)
            if part.operator == "%":
                return replace(part, left=Binary("*", left, Number(factor)), right=right)
            return replace(part, left=left, right=Binary("*", right, Number(factor)))
        if isinstance(part, Call) and _is_steep(part):
            first, *others = part.arguments
            return replace(part, arguments=(Binary("*", _shaken(first, factor), Number(factor)), *others))
        return None

    return node.rewrite(changed)


def _is_steep(node: Node) -> bool:
    """Whether a hair may make all the difference here."""
    if isinstance(node, Call):
        return node.function in _STEPS
    if not isinstance(node, Binary):
        return False
    if node.operator in ("==", "!=", "%"):
        return any(_rounds(part) for part in node.walk())
    return node.operator in _COMPARISONS


def _is_threshold(node: Node) -> bool:
    return isinstance(node, Binary) and node.operator in _COMPARISONS
