"""The threshold itself: somebody whose series stands where an alert must be quiet, and then where it must fire.

What the alert reads is given to the test, not computed in it: a value that rules compute from rates would meet a
threshold only by accident.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import product

from tocsin.metrics import Matcher
from tocsin.model.alert import Alert
from tocsin.model.scenario import Claim, Instance
from tocsin.plan import Plan, PlannedAlert, in_unit
from tocsin.promql.tree import Number, Select
from tocsin.proving.derive import derived
from tocsin.proving.errors import UnderivableError
from tocsin.proving.printed import printed
from tocsin.units import plain

_INCLUSIVE = {">": False, "<": False, ">=": True, "<=": True}
_ANY = Decimal(100)


@dataclass(frozen=True, slots=True)
class Standing:
    """Somebody at the threshold: what is `given` stands at the limit, what is `read` is quiet and fires beside it.

    Each of its labels is its name, or one of the values that the label can have.
    """

    labels: tuple[tuple[str, str], ...]
    read: Select
    limit: Decimal
    quiet: Decimal
    firing: Decimal
    printed: str
    given: tuple[Select, ...] = ()

    @property
    def instance(self) -> Instance:
        """The alert that must be there where it fires."""
        return Instance(self.printed, self.labels)

    def series(self, quiet: int, firing: int) -> Iterator[dict[str, str]]:
        """What is given, as promtool's input: so many samples where it is quiet, so many where it fires."""
        matchers = tuple(Matcher(label, "=", value) for label, value in self.labels)
        values = standing_still((self.quiet, quiet), (self.firing, firing))
        yield {"series": Select(self.read.name, matchers).text(), "values": values}
        for one in self.given:
            values = standing_still((self.limit, quiet + firing))
            yield {"series": Select(one.name, matchers).text(), "values": values}


def standing_still(*levels: tuple[Decimal, int]) -> str:
    """One level after the other, each for so many samples, in promtool's notation."""
    runs: list[tuple[Decimal, int]] = []
    for value, count in levels:
        if runs and runs[-1][0] == value:
            runs[-1] = (value, runs[-1][1] + count)
        elif count:
            runs.append((value, count))
    return " ".join(plain(value) if count == 1 else f"{plain(value)}x{count - 1}" for value, count in runs)


def standings(plan: Plan, planned: PlannedAlert) -> tuple[Standing, ...]:
    """Who stands at the threshold; nobody where the alert compares anything but series that stand by themselves."""
    left = planned.left
    if planned.operator not in _INCLUSIVE or not isinstance(left, Select) or not _are_given(plan, planned.usual):
        return ()
    try:
        return tuple(_standings(plan, planned, left))
    except UnderivableError:
        return ()


def _are_given(plan: Plan, planned: PlannedAlert) -> bool:
    left, right = planned.left, planned.right
    if not isinstance(left, Select) or left.matchers or left.offset or left.at:
        return False
    if isinstance(right, Number):
        return True
    plain_series = isinstance(right, Select) and not (right.matchers or right.offset or right.at)
    return plain_series and plan.type_of(left).labels.names == plan.type_of(right).labels.names


def _standings(plan: Plan, planned: PlannedAlert, read: Select) -> Iterator[Standing]:
    right, own = planned.usual.right, planned.alert.when.own
    usual = right.value if isinstance(right, Number) else _ANY
    stated = own.stated if own else {}
    closed = _closed(plan, planned, read)

    def standing(name: str, limit: Decimal, given: tuple[Select, ...]) -> Standing:
        return _standing(planned, read, _labels(planned, closed, name) or _called(planned, name), limit, given)

    yield standing(_other("any", stated), usual, (right,) if isinstance(right, Select) else ())
    if own:
        # The message states the threshold of whom the definitions name.
        named, quantity = min(stated.items())
        given = (Select(own.series.name),)
        closed.pop(own.label, None)
        yield standing(named, in_unit(quantity, planned.unit), given)
        # Far enough from the usual threshold for that one to give the wrong answer.
        for name, limit in (("higher", usual * 4 or _ANY), ("lower", usual / 4 or -_ANY)):
            yield standing(_other(name, stated), limit, given)


Labels = tuple[tuple[str, str], ...]


def _closed(plan: Plan, planned: PlannedAlert, read: Select) -> dict[str, tuple[str, ...]]:
    """The labels of an alert that can have some values alone, and these."""
    known = plan.type_of(read).labels.known
    found = ((label, known[label].values) for label in planned.labels if label in known)
    return {label: tuple(sorted(values)) for label, values in found if values}


def _labels(
    planned: PlannedAlert, closed: Mapping[str, Sequence[str]], name: str, taken: Container[Labels] = ()
) -> Labels | None:
    """The labels of somebody of that name, other than those that are taken; None where there are no others."""
    choices = [closed.get(label, (name,)) for label in planned.labels]
    every = (tuple(zip(planned.labels, values, strict=True)) for values in product(*choices))
    return next((one for one in every if one not in taken), None)


def _called(planned: PlannedAlert, name: str) -> Labels:
    return tuple((label, name) for label in planned.labels)


def _other(name: str, stated: Container[str]) -> str:
    """A name that nobody has of whom something is stated."""
    while name in stated:
        name += "-"
    return name


def _standing(
    planned: PlannedAlert, read: Select, labels: Labels, limit: Decimal, given: tuple[Select, ...]
) -> Standing:
    far, near = limit * 2 or Decimal(1), limit / 2 or Decimal(-1)
    beyond, short = (far, near) if planned.operator.startswith(">") == (limit >= 0) else (near, far)
    quiet, firing = (short, limit) if _INCLUSIVE[planned.operator] else (limit, beyond)
    text = printed(planned.value_template(), float(firing))
    return Standing(labels, read, limit, quiet, firing, text, given)


def standing_beside(plan: Plan, alert: Alert) -> Standing | None:
    """Who can stand at the threshold beside the subjects of the derived test.

    None where no label tells it from the others, where somebody has a threshold of his own, or where what is recorded
    of the others would meet what is given.
    """
    planned = plan.alert(alert)
    found, claims = standings(plan, planned), derived(plan, alert).claims
    if len(found) != 1 or not planned.labels or not claims:
        return None
    (standing,) = found
    names = {one.name for one in (standing.read, *standing.given)}
    labels = _labels(planned, _closed(plan, planned, standing.read), "at-threshold", _taken(planned, claims))
    return replace(standing, labels=labels) if labels and is_free(plan, planned, names) else None


def _taken(planned: PlannedAlert, claims: Iterable[Claim]) -> set[Labels]:
    """The labels of those whose series are fed."""
    fed = [
        {matcher.label: matcher.value for matcher in feed.series.matchers}
        for scenario in dict.fromkeys(claim.scenario for claim in claims)
        for feed in scenario.feeds
    ]
    return {tuple((label, labels.get(label, "")) for label in planned.labels) for labels in fed}


def is_free(plan: Plan, planned: PlannedAlert, names: Container[str]) -> bool:
    """Whether nothing that is recorded for an alert reads these series: then they can be given beside it."""
    records = plan.records_read(planned.condition)
    parts = (part for record in records for part in record.node.walk())
    return not any(isinstance(part, Select) and part.name in names for part in parts)
