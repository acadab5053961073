"""Claims that Prometheus 2 and Prometheus 3 answer differently: a sample lies on the edge of a window."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from tocsin.model.alert import Alert
from tocsin.model.scenario import Claim, Instance, Scenario
from tocsin.plan import Plan, PlannedRecord
from tocsin.promql.durations import duration_text, milliseconds_of
from tocsin.promql.tree import Node, Select
from tocsin.proving.beside import by_scenario
from tocsin.proving.derive import alerts_of, firing_of
from tocsin.proving.edges import edged_in
from tocsin.proving.errors import UnderivableError
from tocsin.proving.simulation import Rules, recorded, states_over_time, stored
from tocsin.proving.steady import nodes_of
from tocsin.proving.store import Moment
from tocsin.proving.told import digits_of
from tocsin.proving.values import interval_of
from tocsin.proving.vectors import Vector

_LATER = 10


@dataclass(frozen=True, slots=True)
class Differing:
    """A claim, the window that begins at a sample, and a time near it at which both answer the same."""

    claim: Claim
    window: Node
    instead: str | None


def differing(plan: Plan, alert: Alert, stated: Iterable[Claim]) -> Iterator[Differing]:
    """The claims that are answered differently; none where no model can tell."""
    planned = plan.alert(alert)
    condition = planned.condition
    every, hold, keep = (milliseconds_of(one) for one in (alert.every, alert.hold, alert.keep_firing))
    records = plan.records_read(condition)
    nodes = nodes_of(records)
    edged = [one for node in (condition, *nodes.values()) for one in edged_in(node, nodes)]
    edged = [one for one in edged if one.step or one.is_recorded]
    if not edged or not every:
        return
    rules = Rules(records, condition, hold / 1000, keep / 1000)
    template = planned.value_template()
    for scenario, claims in by_scenario(stated):
        at = {id(claim): milliseconds_of(claim.at) // every for claim in claims}
        last = max(at.values()) + _LATER
        met = next((one for one in edged if one.meets(every, scenario.spacing, last)), None)
        if met is None:
            continue
        try:
            two, three = (_told(rules, scenario, every, last, template, closed=closed) for closed in (True, False))
        except UnderivableError:
            continue
        for claim in claims:
            number = at[id(claim)]
            if two[number] != three[number]:
                near = sorted(range(1, last + 1), key=lambda other: abs(other - number))
                wanted = _names(three[number])
                same = next((one for one in near if two[one] == three[one] and _names(two[one]) == wanted), None)
                instead = None if same is None else duration_text(same * every)
                yield Differing(claim, met.part, instead)


def differing_values(plan: Plan, planned: PlannedRecord, stated: Iterable[Claim]) -> Iterator[Differing]:
    """The claims on a recorded series that are answered differently; none where no model can tell."""
    records = (*plan.records_read(planned.node), planned)
    nodes = nodes_of(records)
    edged = [one for node in nodes.values() for one in edged_in(node, nodes) if one.step or one.is_recorded]
    every = interval_of(plan, planned.group) if edged else 0
    for scenario, claims in by_scenario(stated) if every else ():
        last = max(milliseconds_of(claim.at) for claim in claims) // every
        met = next((one for one in edged if one.meets(every, scenario.spacing, last)), None)
        if met is None:
            continue
        try:
            two, three = (_values(records, scenario, every, claims, closed=closed) for closed in (True, False))
        except UnderivableError:
            continue
        for claim, one, other in zip(claims, two, three, strict=True):
            if one != other:
                yield Differing(claim, met.part, None)


def _values(
    records: Sequence[PlannedRecord], scenario: Scenario, every: int, claims: Sequence[Claim], *, closed: bool
) -> list[Vector]:
    """What the last of the records is at the time of each claim, to as many digits as that states."""
    names = {part.name for record in records for part in record.node.walk() if isinstance(part, Select)}
    store = stored(scenario, names, closed=closed)
    found: dict[str, Vector] = {}
    done = 0
    for claim in sorted(claims, key=lambda one: milliseconds_of(one.at)):
        at = milliseconds_of(claim.at)
        while done * every <= at:
            recorded(store, records, done * every / 1000)
            done += 1
        digits = digits_of(claim)
        vector = Moment(store, at / 1000).instant(Select(records[-1].name))
        found[claim.at] = {labels: round(value, digits) for labels, value in vector.items()}
    return [found[claim.at] for claim in claims]


def _names(told: Iterable[Instance]) -> set[tuple[tuple[str, str], ...]]:
    return {one.labels for one in told}


def _told(
    rules: Rules, scenario: Scenario, every: int, last: int, template: str, *, closed: bool
) -> Sequence[tuple[Instance, ...]]:
    names = {part.name for node in rules.nodes for part in node.walk() if isinstance(part, Select)}
    store = stored(scenario, names, closed=closed)
    states = states_over_time(rules, store, every / 1000, last)
    return [alerts_of(template, firing_of(one)) for one in states]
