"""What an author's own claims leave out, where nothing is derived."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tocsin.model.alert import Alert
from tocsin.model.scenario import Claim
from tocsin.plan import Plan
from tocsin.promql.durations import milliseconds_of
from tocsin.promql.tree import Select
from tocsin.proving.errors import UnderivableError
from tocsin.proving.simulation import Rules, states_over_time, stored
from tocsin.scenarios.samples import series_of


def unseen(claims: Sequence[Claim]) -> Iterator[str]:
    """What no claim shows of an alert, as ends of a sentence that begins with "nothing shows"."""
    if not any(claim.instances for claim in claims):
        yield "that it fires"
    if not any(map(_is_quiet_beside_series, claims)):
        yield "that it stays quiet while its series are there"


def half_seen(plan: Plan, alert: Alert, claims: Sequence[Claim]) -> Iterator[str]:
    """The same of what it has been seen to do, and might do too soon, or for ever."""
    firing = [claim for claim in claims if claim.instances]
    if not any(_is_over(claim, later) for claim in firing for later in claims):
        yield "that it resolves"
    if milliseconds_of(alert.hold) and not any(_is_pending(plan, alert, claim) for claim in claims):
        yield f"that it waits for {alert.hold}"


def _is_quiet_beside_series(claim: Claim) -> bool:
    """Whether something has been scraped by then."""
    spacing = claim.scenario.spacing
    for series in series_of(claim.scenario):
        first = next((at for at, value in enumerate(series.samples) if value is not None), None)
        if first is not None and first * spacing <= milliseconds_of(claim.at):
            return not claim.instances
    return False


def _is_over(claim: Claim, later: Claim) -> bool:
    """Whether somebody who fires in one claim does not in a later one of the same scenario."""
    if later.scenario is not claim.scenario or milliseconds_of(later.at) <= milliseconds_of(claim.at):
        return False
    return not {one.labels for one in claim.instances} <= {one.labels for one in later.instances}


def _is_pending(plan: Plan, alert: Alert, claim: Claim) -> bool:
    """Whether somebody waits to fire then, and does not yet; also where no model can say."""
    planned = plan.alert(alert).usual
    condition = planned.condition
    every, hold, keep = (milliseconds_of(one) / 1000 for one in (alert.every, alert.hold, alert.keep_firing))
    rules = Rules(plan.records_read(condition), condition, hold, keep)
    names = {part.name for node in rules.nodes for part in node.walk() if isinstance(part, Select)}
    last = int(milliseconds_of(claim.at) / 1000 // every) if every else 0
    try:
        *_, states = states_over_time(rules, stored(claim.scenario, names), every, last)
    except UnderivableError:
        return True
    return any(state == "pending" for state, _ in states.values())
