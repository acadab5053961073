"""Versions of Prometheus: what the oldest one that must answer does not understand yet."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tocsin.promql.aggregations import SINCE
from tocsin.promql.faults import Fault, error
from tocsin.promql.functions import FUNCTIONS
from tocsin.promql.matching import Matching
from tocsin.promql.world import World
from tocsin.promql.written import bare

_DURATION_NUMBER = re.compile(r"(?<![\w.:])(?:\d+(?:ms|[smhdwy]))+(?![\w.])")
_ELSEWHERE = re.compile(r"\boffset\s+-?\w+|\[[^\]]*\]", re.IGNORECASE)
_BARE_RANGE = re.compile(r"\[\s*\d+(?:\.\d+)?\s*[\]:]|\b(?i:offset)\s+-?\s*\d+(?:\.\d+)?(?![\w.])")
# Whether anything of the two may be there: most have plain windows only.
_ODD = re.compile(r"(?<![\w.:\[])\d+(?:ms|[smhdwy])|\[(?:\W|\d+(?:\.\d+)?\s*[\]:])|\b(?i:offset)\b")
# A string that is compared, opens a selector's braces, or stands among the labels of a grouping: a name.
_QUOTED = re.compile(r'""\s*[=!]|\{\s*""\s*[,}]|\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^()]*""', re.I)
_MAY_BE_QUOTED = re.compile(r"[{(,]\s*[\"'`]")
DURATIONS_AS_NUMBERS = (2, 54)
QUOTED_NAMES = (3, 0)
FILLS = (3, 10)
# What the parser does not read: from which Prometheus on it is no mistake.
_UNREAD = (
    (re.compile(r"\b(?:smoothed|anchored)\b"), "`smoothed` and `anchored`", (3, 7)),
    (re.compile(r"[<>]/"), "trimming of histograms (`</`, `>/`)", (3, 11)),
    (re.compile(r"\[[^\]]*[-+*/%^(][^\]]*\]|\boffset\s+[-+]?\w*\("), "arithmetic with durations", (3, 4)),
    (re.compile(r"\binfo\s*\("), "info()", (2, 55)),
    (re.compile(r"\w\.[A-Za-z_]|[^\x00-\x7f]"), "a name with dots or letters of other scripts, unquoted,", (3, 16)),
    (re.compile(r"\b\d+_\d"), "an underscore in a number", (2, 54)),
)


def version_of(text: str) -> tuple[int, int]:
    """A version of Prometheus as numbers. Raises ValueError, saying how versions are written."""
    found = re.match(r"v?(\d+)\.(\d+)(\.\d+)?\Z", text)
    if found is None:
        raise ValueError(f"{text!r} is no version of Prometheus: write it like 2.42 or 3.5")
    return int(found[1]), int(found[2])


def _version(version: tuple[int, int]) -> str:
    return f"Prometheus {version[0]}.{version[1]}"


def _newer(world: World, what: str, since: tuple[int, int], instead: str) -> Fault:
    return error(
        "syntax", f"{what} needs {_version(since)} or newer; {_version(world.prometheus)} refuses the query", instead
    )


def function_faults(world: World, name: str) -> Iterator[Fault]:
    """syntax: a function that is too new, or gone."""
    function = FUNCTIONS.get(name)
    if function is None:
        return
    if world.prometheus < function.since:
        yield _newer(world, f"{name}()", function.since, "write it without, or raise the stated minimum")
    elif function.until is not None and world.prometheus >= function.until:
        yield error(
            "syntax",
            f"{name}() is gone since {_version(function.until)}: the query is refused",
            "its new name is double_exponential_smoothing()",
        )


def unread(text: str, world: World) -> tuple[Fault, ...] | None:
    """syntax: newer PromQL than the parser reads, and than the oldest Prometheus does. None where it is no PromQL."""
    text = bare(text)
    found = [(what, since) for pattern, what, since in _UNREAD if pattern.search(text)]
    if not found:
        return None
    return tuple(
        _newer(world, what, since, "write it without, or raise the stated minimum")
        for what, since in found
        if world.prometheus < since
    )


def aggregation_faults(world: World, operator: str) -> Iterator[Fault]:
    """syntax: an aggregation that is too new."""
    since = SINCE.get(operator)
    if since is not None and world.prometheus < since:
        yield _newer(world, operator, since, "write it without, or raise the stated minimum")


def matching_faults(world: World, matching: Matching) -> Iterator[Fault]:
    """syntax: `fill` in a matching."""
    if matching.filled and world.prometheus < FILLS:
        yield _newer(world, "fill", FILLS, "fill the gaps with `or`")


def quoted_faults(text: str, world: World) -> Iterator[Fault]:
    """syntax: names in quotes, of labels or of metrics."""
    if world.prometheus < QUOTED_NAMES and _MAY_BE_QUOTED.search(text) and _QUOTED.search(bare(text)):
        yield _newer(world, "a name in quotes", QUOTED_NAMES, "use letters, digits and _ only, without quotes")


def number_faults(text: str, world: World) -> Iterator[Fault]:
    """syntax: a duration where a number belongs, or the reverse, before Prometheus takes one for the other."""
    if world.prometheus >= DURATIONS_AS_NUMBERS or not _ODD.search(text):
        return
    text = bare(text)
    if _BARE_RANGE.search(text):
        yield _newer(world, "a range or an offset in bare seconds", DURATIONS_AS_NUMBERS, "write a duration: [5m]")
    found = _DURATION_NUMBER.search(_ELSEWHERE.sub(" ", text))
    if found:
        yield _newer(world, f"{found[0]} as a number", DURATIONS_AS_NUMBERS, "write the number of seconds")
