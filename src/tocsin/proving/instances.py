"""What an instance of an exporter shows of a subject, and for how long it can be scraped."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal

from tocsin.metrics import Gauge
from tocsin.promql.durations import milliseconds_of
from tocsin.promql.tree import Call, Node, Range
from tocsin.proving.drivers import base
from tocsin.proving.timing import PICKING
from tocsin.proving.workloads import Leaf, Mix, Setting

ALONE = None
_FIRST, _SECOND, _GONE = "a", "b", "c"
BOTH = (_FIRST, _SECOND)
# How long ago the last sample is of who is still seen and of who is not, in windows: half of one and twice it differ.
_SEEN_AGO, _GONE_AGO = Decimal("0.75"), Decimal("1.5")


def windows_in(nodes: Iterable[Node]) -> dict[str, int]:
    """For how many milliseconds the last value of a series counts, where something picks it out of a range."""
    calls = (part for node in nodes for part in node.walk() if isinstance(part, Call) and part.function in PICKING)
    ranges = [call.arguments[0] for call in calls]
    return {one.of.name: milliseconds_of(one.window.text("rule")) for one in ranges if isinstance(one, Range)}


def shown(
    leaf: Leaf, size: Decimal, instances: Iterable[str | None], window: int, *, turned: bool
) -> Iterator[tuple[str | None, Setting, int]]:
    """For each instance what it shows, and for how many milliseconds it has not been scraped at the end.

    The second has half of the first, and more of its slow observations: so a sum, an average, the largest and the least
    of the two all differ. Where a gauge's last value counts for a window, they fail within it. A third one was gone
    before: it has the least of all, or the most, where that is `turned`.
    """
    setting = _scaled(leaf, base(leaf), size)
    seen, gone = int(window * _SEEN_AGO), int(window * _GONE_AGO)
    if not window or not isinstance(setting, Decimal):
        yield from ((one, setting if one in (ALONE, _FIRST) else _less(leaf, setting), 0) for one in instances)
        return
    half, least = _lower(leaf, setting, 2), _lower(leaf, setting, 4)
    shares = {ALONE: setting, _FIRST: setting, _SECOND: half, _GONE: least}
    if turned:
        shares |= {_FIRST: half, _SECOND: least, _GONE: setting}
    for instance in instances:
        yield instance, shares[instance], seen
        if instance == _SECOND:
            yield _GONE, shares[_GONE], gone


def _less(leaf: Leaf, setting: Setting) -> Setting:
    if isinstance(setting, Mix):
        shares = reversed([share for _, share in setting.parts])
        parts = tuple((value, share) for (value, _), share in zip(setting.parts, shares, strict=True))
        return Mix(setting.flow / 2, parts)
    return setting if setting is None else _lower(leaf, setting, 2)


def _lower(leaf: Leaf, value: Decimal, times: int) -> Decimal:
    """A part of a value, or of how far it is above the least that there can be."""
    least = _least(leaf)
    start = Decimal(0) if least is None else least
    return start + (value - start) / times


def _scaled(leaf: Leaf, setting: Setting, size: Decimal) -> Setting:
    if isinstance(setting, Mix):
        return Mix(setting.flow * size, setting.parts)
    if setting is None or (isinstance(leaf.metric, Gauge) and leaf.metric.maximum is not None):
        return setting
    least = _least(leaf)
    return setting * size if least is None else max(setting * size, least)


def _least(leaf: Leaf) -> Decimal | None:
    """The least that a gauge can be, if it says so."""
    least = leaf.metric.minimum if isinstance(leaf.metric, Gauge) else None
    return None if least is None else Decimal(str(least))
