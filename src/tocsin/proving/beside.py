"""One test of what is derived and of what its author states, where these do not disturb each other.

promtool makes a database for each test, which takes it longer than most evaluations of what is in there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from tocsin.model.alert import Alert
from tocsin.model.scenario import Claim, Instance, Scenario
from tocsin.plan import Plan
from tocsin.promql.durations import milliseconds_of
from tocsin.promql.tree import Select
from tocsin.proving.derive import alerts_of, derived, firing_of
from tocsin.proving.errors import UnderivableError
from tocsin.proving.given import given_to
from tocsin.proving.printed import is_stable
from tocsin.proving.simulation import Rules, settled_states, stored

# Evaluations: of more, working out what the others do takes longer than what is saved.
_MOST = 100


def by_scenario(claims: Iterable[Claim]) -> Iterator[tuple[Scenario, list[Claim]]]:
    claims = list(claims)
    scenarios = {id(claim.scenario): claim.scenario for claim in claims}
    for scenario in scenarios.values():
        yield scenario, [claim for claim in claims if claim.scenario is scenario]


def together(plan: Plan, alert: Alert, claims: Sequence[Claim], every: int) -> list[Claim]:
    """The claims of a file, those of stated scenarios beside what is derived where they can be.

    `every` is from one evaluation to the next, in milliseconds.

    Each claim is kept, and says of the others too what they do then, as the model has it. They stay apart where it is
    not certain, or where the model says something else than the author: promtool is to tell him.
    """
    own = derived(plan, alert).claims
    scenarios = list(by_scenario(claims))
    if not any(scenario is claim.scenario for claim in own for scenario, _ in scenarios):
        return list(claims)
    if len({id(claim.scenario) for claim in own}) > 1:
        return list(claims)
    apart: list[Claim] = []
    both = list(own)
    for scenario, stated in scenarios:
        if scenario is own[0].scenario:
            continue
        try:
            merged = _merged(plan, alert, stated, both, every)
        except UnderivableError:
            merged = None
        if merged is None:
            apart += stated
        else:
            both = merged
    return [*apart, *both]


def _merged(plan: Plan, alert: Alert, stated: Sequence[Claim], own: Sequence[Claim], every: int) -> list[Claim] | None:
    one, other = stated[0].scenario, own[0].scenario
    sources = {claim.at: claim.source for claim in (*own, *stated)}
    is_alike = milliseconds_of(one.every) == milliseconds_of(other.every) and not (one.missed or one.restarts)
    times = [milliseconds_of(at) for at in sources]
    is_in_time = max(times) <= _MOST * every and not any(time % every for time in times)
    if not (is_alike and is_in_time and _are_told_apart(plan.alert(alert).labels, one, other)):
        return None
    scenario = Scenario(f"{one.title}; beside what is derived", *one.feeds, *other.feeds, every=other.every)
    rules, without = _Rules.of(plan, alert, every), _Rules.of(plan, alert, every, are_given=True)
    until = scenario.lasting
    of_one, of_other = rules.told(one, sources, until), without.told(other, sources, until)
    of_both = rules.told(scenario, sources, until)
    claims = []
    for at in sorted(sources, key=milliseconds_of):
        found = of_both[at].firing
        if found != of_one[at].firing | of_other[at].firing:
            return None
        for told, known in ((of_one[at], stated), (of_other[at], own)):
            claimed = [claim for claim in known if claim.at == at]
            if any(told.firing != _instances(claim) for claim in claimed) or not (claimed or told.is_certain):
                return None
        claims.append(Claim(scenario, at, tuple(sorted(found, key=lambda one: one.labels)), sources[at]))
    return claims


def _instances(claim: Claim) -> frozenset[Instance]:
    return frozenset(Instance(one.value, tuple(sorted(one.labels))) for one in claim.instances)


def _are_told_apart(labels: Iterable[str], one: Scenario, other: Scenario) -> bool:
    """Whether the subjects of two scenarios have different values of a label of the alert."""
    values = [(_values(one, label), _values(other, label)) for label in labels]
    return any(ours and theirs and not ours & theirs for ours, theirs in values)


def _values(scenario: Scenario, label: str) -> set[str]:
    found = [[one.value for one in feed.series.matchers if one.label == label] for feed in scenario.feeds]
    # A series without the label might be anybody's.
    return {values[0] for values in found} if all(found) else set()


@dataclass(frozen=True, slots=True)
class _Told:
    """Who fires at a time, and whether floats that are a hair away would tell the same."""

    firing: frozenset[Instance]
    is_certain: bool


@dataclass(frozen=True, slots=True)
class _Rules:
    """An alert and what is recorded for it, evaluated every so many milliseconds."""

    rules: Rules
    every: int
    template: str

    @classmethod
    def of(cls, plan: Plan, alert: Alert, every: int, *, are_given: bool = False) -> _Rules:
        """`are_given` is for what is derived: there recorded series may be given, and are not computed."""
        planned = plan.alert(alert).usual
        condition = planned.condition
        hold, keep = milliseconds_of(alert.hold), milliseconds_of(alert.keep_firing)
        records = () if are_given and given_to(plan, condition) else plan.records_read(condition)
        rules = Rules(records, condition, hold / 1000, keep / 1000)
        return cls(rules, every, planned.value_template())

    def told(self, scenario: Scenario, times: Iterable[str], until: int) -> dict[str, _Told]:
        """Who fires at some times, where something goes on until a time in milliseconds."""
        evaluations = {at: milliseconds_of(at) // self.every for at in times}
        parts = [part for node in self.rules.nodes for part in node.walk()]
        store = stored(scenario, {part.name for part in parts if isinstance(part, Select)}, until)
        states = list(settled_states(self.rules, store, self.every / 1000, max(evaluations.values())))
        found = {}
        for at, number in evaluations.items():
            now, is_settled = states[number]
            firing = firing_of(now)
            is_certain = is_settled and all(is_stable(self.template, value) for value in firing.values())
            found[at] = _Told(frozenset(alerts_of(self.template, firing)), self.rules.is_exact or is_certain)
        return found
