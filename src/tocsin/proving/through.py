"""Proofs through all that is recorded, of alerts whose own proofs are given what is recorded.

Those that rest on the same exported series live through the same, as long as they can.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

from tocsin.findings import DefinitionError
from tocsin.model.alert import Alert
from tocsin.model.scenario import Claim
from tocsin.plan import Plan, PlannedAlert
from tocsin.promql.tree import names_read
from tocsin.proving.errors import UnderivableError
from tocsin.proving.given import given_to
from tocsin.proving.living import Living, Through, Tried


@dataclass(slots=True)
class _Found:
    """What could be derived, and why not of the others, by the alerts' ids."""

    proofs: list[Through] = field(default_factory=list)
    missing: dict[int, str] = field(default_factory=dict)


_known: WeakKeyDictionary[Plan, _Found] = WeakKeyDictionary()


def derived_through(plan: Plan) -> Sequence[Through]:
    """The proofs through all that is recorded, of alerts whose own do not go through it; computed once."""
    return _found(plan).proofs


def unshown_through(plan: Plan, alert: Alert, stated: Iterable[Claim]) -> str:
    """Why nothing shows that an alert fires of what is scraped, where it reads what is recorded of that; or nothing."""
    given = given_to(plan, plan.alert(alert).usual.condition)
    fed = ({feed.series.metric.name for feed in claim.scenario.feeds} for claim in stated if claim.instances)
    if any(names and not names & given for names in fed):
        return ""
    return _found(plan).missing.get(id(alert), "")


def _found(plan: Plan) -> _Found:
    if plan not in _known:
        found = _known[plan] = _Found()
        usual = (planned.usual for planned in plan.alerts)
        for several in _connected(plan, [planned for planned in usual if given_to(plan, planned.condition)]):
            _derive(plan, several, found)
    return _known[plan]


def _derive(plan: Plan, several: Sequence[PlannedAlert], found: _Found) -> None:
    """The proof of all of them at once; of those who never fire then each alone, and of the others without them."""
    try:
        tried = Living.of(plan, several).result()
    except (UnderivableError, DefinitionError) as error:
        tried = Tried(None, frozenset(), str(error))
    except ValueError:  # a duration that is none: a check tells of it
        return
    if tried.proof is not None:
        found.proofs.append(tried.proof)
        return
    if len(several) == 1:
        found.missing[id(several[0].alert)] = tried.why
        return
    rest = [planned for planned in several if id(planned.alert) not in tried.quiet]
    if not 0 < len(rest) < len(several):
        rest = []
    for part in ([rest] if rest else []) + [[planned] for planned in several if planned not in rest]:
        _derive(plan, part, found)


def _connected(plan: Plan, every: Iterable[PlannedAlert]) -> list[list[PlannedAlert]]:
    """Those who rest on the same exported series, together."""
    groups: list[tuple[list[PlannedAlert], frozenset[str]]] = []
    for planned in every:
        condition = planned.condition
        nodes = (condition, *(record.node for record in plan.records_read(condition)))
        names = names_read(*nodes) & plan.exported.keys()
        joined = [group for group in groups if group[1] & names]
        told = [*(one for group in joined for one in group[0]), planned]
        groups = [group for group in groups if group not in joined]
        groups.append((told, names.union(*(group[1] for group in joined))))
    return [told for told, _ in groups]
