"""The bounds of an alert that asks several things at once, such as both windows of a burn rate."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from tocsin.plan import Plan, PlannedAlert
from tocsin.promql.tree import Binary, Matching, Node, Number, Select

# Of more digits than are printed, so that a format that is lost is noticed.
_NEAR = Decimal("0.00123")


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


def bounds_of(plan: Plan, planned: PlannedAlert) -> tuple[Bound, ...]:
    """The bounds, that of the value first; none where there is one alone, or anything else is asked."""
    found = tuple(_bounds(Binary(planned.operator, planned.left, planned.right)))
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
