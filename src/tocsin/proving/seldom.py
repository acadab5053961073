"""How often what an author states is evaluated: as his alert is, or less often where nothing is missed by that.

promtool evaluates every rule, and prints every annotation of who is pending, at each step of a test: six hours in steps
of two minutes take it longer than all else that is proven of an alert.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, pairwise
from math import gcd

from tocsin.model.alert import Alert
from tocsin.model.scenario import Claim, Scenario
from tocsin.plan import Plan
from tocsin.promql.durations import milliseconds_of
from tocsin.promql.tree import Select
from tocsin.proving.beside import by_scenario
from tocsin.proving.derive import derived
from tocsin.proving.errors import UnderivableError
from tocsin.proving.given import given_to
from tocsin.proving.simulation import Rules, looks_back, states_over_time, stored
from tocsin.proving.states import States

# Evaluations: fewer are not worth the work, more would be too much of it.
_FEW, _MANY = 10, 1000


def stated_interval(plan: Plan, alert: Alert, claims: Sequence[Claim]) -> int:
    """From one evaluation of an alert's stated scenarios to the next, in milliseconds.

    All times are multiples of it. Who is pending or firing at an evaluation would be there if the alert was evaluated
    as often as it says, with the same value, and nobody's state would change twice from one to the next. Whatever the
    author has happen is seen by an evaluation, however brief: it may matter to a mistake that nobody has made yet.
    The interval of what is derived comes first: both stand in one file then. Where nothing is derived, what is stated
    has to show alone how long the `for` is, and is evaluated as often as the alert.
    """
    every, hold, keep = (milliseconds_of(one) for one in (alert.every, alert.hold, alert.keep_firing))
    times = [milliseconds_of(claim.at) for claim in claims]
    own = derived(plan, alert)
    planned = plan.alert(alert).usual
    condition = planned.condition
    is_like_it = own.interval == every and not given_to(plan, condition)
    if not own.claims or is_like_it or not every or any(time % every for time in (*times, hold, keep)):
        return every
    longest, best = gcd(*times, hold, keep) // every, own.interval // every
    lengths = [best] if best > 1 and longest % best == 0 and own.interval % every == 0 else []
    if max(times) >= _FEW * every:
        lengths += (number for number in range(longest, 1, -1) if longest % number == 0)
    if max(times) > _MANY * every:
        return every
    rules = Rules(plan.records_read(condition), condition, hold / 1000, keep / 1000)
    if looks_back(rules.records, rules.condition):
        return every
    scenarios = list(by_scenario(claims))
    happens = [list(_happens(scenario, stated)) for scenario, stated in scenarios]
    try:
        often = [_states(rules, *one, every) for one in scenarios]
        for longer in lengths:
            if any(_is_missed(stretch, every, every * longer) for one in happens for stretch in pairwise(one)):
                continue
            seldom = (_states(rules, *one, every * longer) for one in scenarios)
            if all(_is_all_seen(states, seen, longer) for states, seen in zip(often, seldom, strict=True)):
                return every * longer
    except UnderivableError:  # no model can tell
        pass
    return every


def _happens(scenario: Scenario, claims: Sequence[Claim]) -> list[int]:
    """When something changes in a scenario, up to its last claim, in milliseconds."""
    last, every = max(milliseconds_of(claim.at) for claim in claims), milliseconds_of(scenario.every)
    times = {0, last}
    for feed in scenario.feeds:
        lengths = (milliseconds_of(segment.lasting) for segment in feed.segments)
        times |= {milliseconds_of(time) for time in feed.resets}
        times |= set(accumulate(lengths, initial=milliseconds_of(feed.late)))
    missed = [one for feed in scenario.feeds for one in feed.missed]
    for time in map(milliseconds_of, (*missed, *scenario.missed, *scenario.restarts)):
        times |= {time, time + every}
    return sorted(time for time in times if time <= last)


def _is_missed(stretch: tuple[int, int], every: int, longer: int) -> bool:
    """Whether an evaluation as often as the alert's lies in a stretch of time, and none that is less often."""
    start, end = (time - 1 for time in stretch)  # who evaluates at the end sees what is next
    return end // every > start // every and end // longer == start // longer


def _states(rules: Rules, scenario: Scenario, claims: Sequence[Claim], every: int) -> list[States]:
    read = {part.name for node in rules.nodes for part in node.walk() if isinstance(part, Select)}
    last = max(milliseconds_of(claim.at) for claim in claims)
    return list(states_over_time(rules, stored(scenario, read, last), every / 1000, last // every))


def _is_all_seen(often: Sequence[States], seldom: Sequence[States], times: int) -> bool:
    """Whether who looks so many times less often sees the same then, and misses no change of a change."""
    if often[::times] != seldom:
        return False
    for start in range(0, len(often) - 1, times):
        between = often[start : start + times + 1]
        for labels in {labels for states in between for labels in states}:
            kinds = [labels in states and states[labels][0] for states in between]
            if sum(kind != following for kind, following in pairwise(kinds)) > 1:
                return False
    return True
