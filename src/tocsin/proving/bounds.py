"""The bounds of an alert that asks several things at once, such as both windows of a burn rate."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from tocsin.metrics import Matcher
from tocsin.model.alert import Alert
from tocsin.model.scenario import Instance
from tocsin.plan import Plan, PlannedAlert
from tocsin.promql.tree import Binary, Matching, Node, Number, Select
from tocsin.proving.derive import derived
from tocsin.proving.errors import UnderivableError
from tocsin.proving.printed import printed
from tocsin.proving.threshold import is_free, standing_still

# Of more digits than are printed: where it is told, a format that is lost is noticed.
_NEAR = Decimal("0.00123")
_BEYOND = "beyond-all"


@dataclass(frozen=True, slots=True)
class Bound:
    """A series that must lie strictly above a limit, or below it."""

    read: Select
    above: bool
    limit: Decimal

    @property
    def beyond(self) -> Decimal:
        """A value that is just beyond the limit."""
        aside = abs(self.limit) * _NEAR or 1
        return self.limit + aside if self.above else self.limit - aside


@dataclass(frozen=True, slots=True)
class Bounded:
    """Subjects at the bounds: one that is beyond all of them, and for each bound one at it and beyond all others.

    The first is beyond all of them in the end: it fires, with its value as `printed`, or waits for that. The others
    are quiet.
    """

    bounds: tuple[Bound, ...]
    labels: tuple[str, ...]
    printed: str

    @property
    def names(self) -> tuple[str, ...]:
        return (_BEYOND, *(f"at-bound-{number}" for number in range(1, len(self.bounds) + 1)))

    @property
    def instance(self) -> Instance:
        """The alert that must be there where who is beyond all bounds fires."""
        return Instance(self.printed, tuple((label, _BEYOND) for label in self.labels))

    def series(self, quiet: int, firing: int) -> Iterator[dict[str, str]]:
        """All subjects, as promtool's input: so many samples where all are quiet, so many where the first one fires."""
        for name in self.names:
            yield from self.series_of(name, quiet, firing)

    def series_of(self, name: str, quiet: int, firing: int) -> Iterator[dict[str, str]]:
        matchers = tuple(Matcher(label, "=", name) for label in self.labels)
        at = self.names.index(name) - 1
        for place, bound in enumerate(self.bounds):
            before, after = bound.beyond if name != _BEYOND else bound.limit, bound.beyond
            if place == at:
                before = after = bound.limit
            values = standing_still((before, quiet), (after, firing))
            yield {"series": Select(bound.read.name, matchers).text(), "values": values}


def bounded(plan: Plan, planned: PlannedAlert) -> Bounded | None:
    """Who stands at the bounds of an alert; None where it has none."""
    bounds = bounds_of(plan, planned)
    if not bounds:
        return None
    try:
        text = printed(planned.value_template(), float(bounds[0].beyond))
    except UnderivableError:
        return None
    return Bounded(bounds, tuple(planned.labels), text)


def bounded_beside(plan: Plan, alert: Alert) -> Bounded | None:
    """Who can stand at the bounds beside the subjects of the derived test.

    None where no label tells them apart, or where what is recorded would meet what is given: unless the others are
    given the same, and no more.
    """
    planned = plan.alert(alert)
    found, claims = bounded(plan, planned), derived(plan, alert).claims
    if found is None or not planned.labels or not claims:
        return None
    names = {bound.read.name for bound in found.bounds}
    is_given = {feed.series.metric.name for feed in claims[0].scenario.feeds} == names
    return found if is_given or is_free(plan, planned, names) else None


def bounds_of(plan: Plan, planned: PlannedAlert) -> tuple[Bound, ...]:
    """The bounds, that of the value first; none where there is one alone, or anything else is asked."""
    found = tuple(_bounds(planned.condition))
    reads = [bound.read for bound in found if bound is not None]
    labels = {plan.type_of(read).labels.names for read in reads}
    if len(reads) < max(2, len(found)) or len(set(reads)) < len(reads) or len(labels) > 1:
        return ()
    return tuple(bound for bound in found if bound is not None)


def _bounds(node: Node) -> Iterator[Bound | None]:
    """None stands for what is no bound."""
    match node:
        case Binary(">" | "<" as operator, left, Number(limit), _, False):
            value, *others = _asked(left)
            is_plain = isinstance(value, Select) and not (value.matchers or value.offset or value.at)
            yield Bound(value, operator == ">", limit) if isinstance(value, Select) and is_plain else None
            for other in others:
                yield from _bounds(other)
        case _:
            parts = _asked(node)
            for part in parts if len(parts) > 1 else ():
                yield from _bounds(part)
            if len(parts) == 1:
                yield None


def _asked(node: Node) -> tuple[Node, ...]:
    """What is asked at once: `a and b and c`; the value is the first one's."""
    match node:
        case Binary("and", left, right, matching) if matching == Matching():
            return (*_asked(left), *_asked(right))
    return (node,)
