"""Evaluations at which a sample lies on the edge of a window: Prometheus 2 counts it, Prometheus 3 does not.

A subquery's samples lie on multiples of its step and those of what is recorded on evaluations, so no spacing of scrapes
helps there. Evaluations that come a few milliseconds later each time do.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from tocsin.promql.durations import milliseconds_of
from tocsin.promql.tree import Node, Range, Subquery
from tocsin.proving.errors import UnprovenError

_STEP = 60_000
_LATER = (10, 11, 13, 17, 19)


@dataclass(frozen=True, slots=True)
class Edged:
    """A window and how far back it begins. `step` is between a subquery's samples, `within` between the steps of the
    subquery that it stands in, if it does."""

    part: Range | Subquery
    back: int
    step: int | None
    is_recorded: bool
    within: int | None

    def meets(self, interval: int, spacing: int, last: int) -> bool:
        """Whether a sample lies where it begins, up to the last evaluation."""
        apart = self.step or (interval if self.is_recorded else spacing)
        every = self.within or interval
        # Nothing is scraped at 0 or before.
        begins = (now - self.back for now in range(every, last * interval + 1, every))
        return any(at % apart == 0 and (at > 0 or apart != spacing) for at in begins)


def edged_in(node: Node, records: Mapping[str, Node], within: int | None = None) -> Iterator[Edged]:
    """The windows of an expression; `records` are what is recorded."""
    if isinstance(node, Range):
        yield Edged(node, _back(node, node.of.offset), None, node.of.name in records, within)
    elif isinstance(node, Subquery):
        step = milliseconds_of(node.step) if node.step else _STEP
        yield Edged(node, _back(node, node.offset), step, False, within)
        yield from edged_in(node.of, records, step)
    else:
        for child in node.children():
            yield from edged_in(child, records, within)


def _back(part: Range | Subquery, offset: str | None) -> int:
    sign = -1 if offset and offset.startswith("-") else 1
    return milliseconds_of(part.window.text("rule")) + sign * milliseconds_of((offset or "0s").removeprefix("-"))


def later_by(nodes: Iterable[Node], records: Mapping[str, Node], interval: int, spacing: int, last: int) -> int:
    """By how many milliseconds evaluations must come later each time, so that no window begins at a sample.

    Raises UnprovenError where nothing helps.
    """
    found = [one for node in nodes for one in edged_in(node, records)]
    # Scrapes keep off the edges themselves where evaluations are on time.
    met = [one for one in found if (one.step or one.is_recorded) and one.meets(interval, spacing, last)]
    for later in _LATER if met else ():
        if not any(one.meets(interval + later, spacing, last) for one in found):
            return later
    if met:
        raise UnprovenError(
            f"of `{met[0].part.text()}` a sample lies where it begins, which Prometheus 2 counts and Prometheus 3 does"
            " not: let it look back a little less, or from a little earlier (offset 1s)"
        )
    return 0
