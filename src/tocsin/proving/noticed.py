"""Which parts of a condition matter to its proof: left out, they change what some claim says."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from tocsin.model.alert import Alert
from tocsin.model.scenario import Claim, Instance, Scenario
from tocsin.plan import Plan, PlannedRecord
from tocsin.promql.durations import milliseconds_of
from tocsin.promql.tree import Binary, Node, Select
from tocsin.proving.beside import by_scenario
from tocsin.proving.bounds import bounded
from tocsin.proving.derive import alerts_of, derived, firing_of
from tocsin.proving.errors import UnderivableError
from tocsin.proving.evaluate import vector_of
from tocsin.proving.parts import Part, parts_of
from tocsin.proving.seldom import stated_interval
from tocsin.proving.simulation import recorded, stored
from tocsin.proving.states import AlertingRule, States
from tocsin.proving.steady import nodes_of
from tocsin.proving.store import Moment
from tocsin.proving.threshold import standings

_NO_VALUE = (UnderivableError, ValueError, OverflowError)


def unnoticed(plan: Plan, alert: Alert, stated: Sequence[Claim]) -> tuple[Node, ...]:
    """The parts of an alert's condition that could be left out, and no claim would say so, the outermost of each.

    None where tests of what is recorded show them, or where no model can tell.
    """
    planned = plan.alert(alert)
    condition = planned.condition
    left = list(parts_of(condition))
    if not left or bounded(plan, planned) or standings(plan, planned):
        return ()
    own = derived(plan, alert)
    every = stated_interval(plan, alert, stated) if stated else 0
    for claims, interval in ((own.claims, own.interval), (stated, every)):
        for scenario, told in by_scenario(claims):
            if left:
                left = list(_Trial(plan, alert, condition, scenario, interval).missed(left, told))
    return tuple(_outermost(part.gone for part in left))


def _outermost(parts: Iterable[Node]) -> Iterator[Node]:
    seen: list[Node] = []
    for part in parts:
        if not any(part is inner or part == other for other in seen for inner in other.walk()):
            seen.append(part)
            yield part


@dataclass(frozen=True, slots=True)
class _Trial:
    """A scenario in which parts of a condition are left out."""

    plan: Plan
    alert: Alert
    condition: Binary
    scenario: Scenario
    interval: int

    def missed(self, parts: Iterable[Part], claims: Iterable[Claim]) -> list[Part]:
        """The parts of which none of these claims says that they are gone; none where no model can tell."""
        planned = self.plan.alert(self.alert)
        template = planned.value_template()
        at = {milliseconds_of(claim.at) // self.interval for claim in claims}
        records = self._records()
        read = {part.name for node in (self.condition, *nodes_of(records).values()) for part in _selects(node)}
        store = stored(self.scenario, read)
        whole, left = self._rule(), {id(part): (part, self._rule()) for part in parts}
        for number in range(max(at) + 1):
            now = number * self.interval / 1000
            try:
                recorded(store, records, now)
                told = _told(template, whole.evaluated(now, vector_of(self.condition, Moment(store, now))))
            except _NO_VALUE:
                return []
            for part, rule in list(left.values()):
                try:
                    states = rule.evaluated(now, vector_of(part.without, Moment(store, now)))
                    is_noticed = number in at and _told(template, states) != told
                except _NO_VALUE:  # Prometheus may well refuse it
                    is_noticed = True
                if is_noticed:
                    del left[id(part)]
            if not left:
                break
        return [part for part, _ in left.values()]

    def _rule(self) -> AlertingRule:
        return AlertingRule(milliseconds_of(self.alert.hold) / 1000, milliseconds_of(self.alert.keep_firing) / 1000)

    def _records(self) -> tuple[PlannedRecord, ...]:
        """What is computed: nothing where the scenario gives what the condition reads."""
        needed = self.plan.records_read(self.condition)
        direct = {record.name for record in needed} & {part.name for part in _selects(self.condition)}
        return () if direct <= {feed.series.metric.name for feed in self.scenario.feeds} else needed


def _selects(node: Node) -> Iterator[Select]:
    return (part for part in node.walk() if isinstance(part, Select))


def _told(template: str, states: States) -> tuple[Instance, ...]:
    return alerts_of(template, firing_of(states))
