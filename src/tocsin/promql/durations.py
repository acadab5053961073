"""Durations as Prometheus writes them: 5m, 1h30m, 15s."""

from __future__ import annotations

import re
from functools import lru_cache

_MILLISECONDS = {
    "y": 365 * 86_400_000,
    "w": 7 * 86_400_000,
    "d": 86_400_000,
    "h": 3_600_000,
    "m": 60_000,
    "s": 1000,
    "ms": 1,
}
_DURATION = re.compile(
    r"(?:(\d+)y)?(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+)s)?(?:(\d+)ms)?\Z", re.ASCII
)


def milliseconds_of(duration: str) -> int:
    """A duration's length. Raises ValueError, saying how durations are written."""
    length = _length(duration) if isinstance(duration, str) else None
    if length is None:
        raise ValueError(f"{duration!r} is no duration: write it like 30s, 5m, 1h30m or 1d")
    return length


@lru_cache(1024)
def _length(duration: str) -> int | None:
    if duration == "0":
        return 0
    found = _DURATION.match(duration) if duration else None
    if not found:
        return None
    return sum(
        int(number) * size for number, size in zip(found.groups(), _MILLISECONDS.values(), strict=True) if number
    )


def duration_text(milliseconds: int) -> str:
    """The shortest way to write a duration, days and below: 90000 is 1m30s."""
    if milliseconds == 0:
        return "0s"
    parts = []
    for unit in ("d", "h", "m", "s", "ms"):
        number, milliseconds = divmod(milliseconds, _MILLISECONDS[unit])
        if number:
            parts.append(f"{number}{unit}")
    return "".join(parts)
