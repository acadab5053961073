"""How often a derived test evaluates and scrapes: fine enough for the rule's times, coarse enough for long windows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from tocsin.model.alert import Alert
from tocsin.model.spacing import spacing_of
from tocsin.promql.durations import duration_text, milliseconds_of
from tocsin.promql.tree import Call, Node, Range, Select, Subquery
from tocsin.proving.edges import later_by
from tocsin.proving.errors import UnprovenError
from tocsin.proving.workloads import in_order

LOOKBACK = 300_000
_EVALUATIONS = 5  # in the longest window, where nothing else needs more
_IN_HOLD = 10  # in a `for` at most, so that one that is a tenth shorter or longer ends at another one
_SELDOM = (3, 20)  # of a `for` from one to the next, where nothing speaks against it: the seventh is the first after it
_MOST = 800  # where a `for` wants a shorter interval than that, the window has precedence
_SCRAPES = 20  # in the shortest window
_FOR_ONE = 4  # in the shortest one of which one sample is picked
_REST = 20  # evaluations beside those of windows and times
# They pick one sample out of a range.
PICKING = frozenset({"last_over_time", "max_over_time", "min_over_time", "present_over_time", "absent_over_time"})
_FEW_SCRAPES = 5  # where the longest one is so many times as long
_FAR = 100
_FARTHEST = 900  # scrapes: of more, the last ones would come an evaluation too early


@dataclass(frozen=True, slots=True)
class Timing:
    """`interval` is from one evaluation to the next in milliseconds, with so many `scrapes` in between.

    `settling` is how many evaluations it takes until nothing of the past is seen any more. `later` is by how much an
    interval is longer than the scrapes in it.
    """

    interval: int
    scrapes: int
    settling: int
    hold: int
    keep: int
    later: int = 0

    @property
    def scrape(self) -> int:
        return (self.interval - self.later) // self.scrapes

    def at(self, evaluation: int) -> str:
        """The time of an evaluation."""
        return duration_text(evaluation * self.interval)

    def scraped(self, scrape: int) -> str:
        """The time of a scrape."""
        return duration_text(scrape * self.scrape)

    def last_scrape(self, evaluation: int) -> int:
        """The scrape just before an evaluation: that one sees it, and no other."""
        return evaluation * self.interval // spacing_of(self.scrape)

    def evaluations(self, milliseconds: int) -> int:
        return -(-milliseconds // self.interval)


def timing_of(alert: Alert, condition: Node, records: Mapping[str, Node]) -> Timing:
    """The timing of an alert's derived tests. Raises ValueError where a time is none.

    `records` are the expressions of the recorded series that it reads.
    """
    every, hold, keep = (milliseconds_of(one) for one in (alert.every, alert.hold, alert.keep_firing))
    parts = [part for node in (condition, *records.values()) for part in in_order(node)]
    ranges = [part for part in parts if isinstance(part, Range | Subquery)]
    windows = [window_of(part) for part in ranges]
    longest, shortest = max(windows, default=0), min(windows, default=0)
    if not every:
        raise ValueError("it is never evaluated")
    longest = max(longest, hold, keep, *map(_offset, parts))
    most = max(1, longest // (_EVALUATIONS * every))
    # What is recorded is seen at the steps of a long subquery only where it is computed then.
    steps = [milliseconds_of(part.step) for part in parts if isinstance(part, Subquery) and part.step]
    long = [step for step in steps if step > LOOKBACK]
    most = next(number for number in range(most, 0, -1) if all(step % (number * every) == 0 for step in long))
    # A `for` is seen to the evaluation where it is a multiple of the interval.
    times = next((one for one in range(most, 1, -1) if hold % (one * every) == 0 and _IN_HOLD * one * every <= hold), 1)
    interval = every * (times if hold and longest // (times * every) <= _MOST else most)
    part, whole = _SELDOM
    seldom = hold * part // whole
    is_seldom = every <= seldom <= longest // _EVALUATIONS and longest // seldom <= _MOST
    told = (_is_told(length, seldom) for length in (hold, keep) if length)
    if is_seldom and not (seldom % 1000 or any(step % seldom for step in long)) and all(told):
        interval = seldom
    few = _FEW_SCRAPES if longest > _FAR * shortest else _SCRAPES
    picked = {id(one.arguments[0]) for one in parts if isinstance(one, Call) and one.function in PICKING}
    needed = [interval * (_FOR_ONE if id(one) in picked else few) // window_of(one) for one in ranges if window_of(one)]
    wanted = max((1 if set(map(id, ranges)) - picked else 2, *needed))
    scrapes = next(number for number in range(wanted, 0, -1) if interval % (number * 1000) == 0)
    depth = max(depth_of(condition, records), LOOKBACK)
    timing = Timing(interval, scrapes, -(-depth // interval), hold, keep)
    if any(map(_offset, parts)) and timing.settling * scrapes > _FARTHEST:
        raise UnprovenError(f"it looks back for {duration_text(depth)}, and that is too many scrapes ago")
    last = 2 * (timing.settling + timing.evaluations(hold + keep)) + _REST
    later = later_by((condition, *records.values()), records, interval, spacing_of(timing.scrape), last)
    return replace(timing, interval=interval + later, later=later)


def _is_told(length: int, every: int) -> bool:
    """Whether another evaluation is the first after that time where it is a tenth shorter, or a tenth longer."""
    shorter, as_it_is, longer = (-(-length * tenths // (10 * every)) for tenths in (9, 10, 11))
    return shorter < as_it_is < longer


def window_of(part: Range | Subquery) -> int:
    return milliseconds_of(part.window.text("rule"))


def _offset(node: Node) -> int:
    """How long ago something is read as it was."""
    offset = node.offset if isinstance(node, Select | Subquery) else None
    return milliseconds_of(offset) if offset and not offset.startswith("-") else 0


def depth_of(node: Node, records: Mapping[str, Node]) -> int:
    """How far back an expression sees, windows within windows and recorded series included."""
    own = window_of(node) if isinstance(node, Range | Subquery) else 0
    own += _offset(node)
    if isinstance(node, Select) and node.name in records:
        return own + depth_of(records[node.name], records)
    return own + max((depth_of(child, records) for child in node.children()), default=0)
