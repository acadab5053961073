"""How far scrapes lie apart: a little less than a scenario says, so that none ever lies on the edge of a range.

There Prometheus 2 counts a sample and Prometheus 3 does not. The spacing is a multiple of 27 ms, so that whatever flows
a second, a minute, an hour or a day is a finite decimal from one scrape to the next.
"""

from __future__ import annotations

from math import gcd

_DIVISOR = 27
# Edges lie where evaluations and windows end: on whole multiples of 10 s.
_GRID = 10_000
MOST_SCRAPES = _GRID - 1


def spacing_of(every: int, lasting: int = 0) -> int:
    """The milliseconds from one scrape to the next, for an interval and a scenario that lasts so long.

    The nearest to the interval that keeps off the edges for as long as that. Raises ValueError where there is none.
    """
    for spacing in range((every - 1) // _DIVISOR * _DIVISOR, 0, -_DIVISOR):
        apart = _GRID // gcd(spacing, _GRID)
        if apart > lasting // every:
            return spacing
        if apart == _GRID:  # no other does better
            break
    raise ValueError(f"{lasting // every} scrapes, of which one lies on the edge of a range")
