"""How often a derived test evaluates and scrapes: fine enough for the rule's times, coarse enough for long windows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tocsin.model.alert import Alert
from tocsin.promql.durations import duration_text, milliseconds_of
from tocsin.promql.tree import Node, Range, Subquery
from tocsin.proving.workloads import in_order

_LOOKBACK = 300_000
_EVALUATIONS = 24  # in the longest window, where nothing else needs more
_MOST = 800  # where a `for` wants a shorter interval than that, the window has precedence
_SCRAPES = 20  # in the shortest window


@dataclass(frozen=True, slots=True)
class Timing:
    """`interval` is from one evaluation to the next in milliseconds, with so many `scrapes` in between.

    `settling` is how many evaluations it takes until nothing of the past is seen any more.
    """

    interval: int
    scrapes: int
    settling: int
    hold: int
    keep: int

    @property
    def scrape(self) -> int:
        return self.interval // self.scrapes

    def at(self, evaluation: int) -> str:
        """The time of an evaluation."""
        return duration_text(evaluation * self.interval)

    def scraped(self, scrape: int) -> str:
        """The time of a scrape."""
        return duration_text(scrape * self.scrape)

    def evaluations(self, milliseconds: int) -> int:
        return -(-milliseconds // self.interval)


def timing_of(alert: Alert, nodes: Iterable[Node]) -> Timing:
    """The timing of an alert's derived tests. Raises ValueError where a time is none."""
    every, hold, keep = (milliseconds_of(one) for one in (alert.every, alert.hold, alert.keep_firing))
    windows = [
        milliseconds_of(part.window.text("rule"))
        for node in nodes
        for part in in_order(node)
        if isinstance(part, Range | Subquery)
    ]
    longest, shortest = max(windows, default=0), min(windows, default=0)
    if not every:
        raise ValueError("it is never evaluated")
    longest = max(longest, hold, keep)
    most = max(1, longest // (_EVALUATIONS * every))
    # A `for` is seen to the evaluation where it is a multiple of the interval.
    times = next((one for one in range(most, 1, -1) if hold % (one * every) == 0 and 2 * one * every <= hold), 1)
    interval = every * (times if hold and longest // (times * every) <= _MOST else most)
    wanted = max(1, interval * _SCRAPES // shortest) if shortest else 2
    scrapes = next(number for number in range(wanted, 0, -1) if interval % (number * 1000) == 0)
    return Timing(interval, scrapes, -(-max(longest, _LOOKBACK) // interval), hold, keep)
