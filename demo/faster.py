"""Rules for a demo, where time passes faster: every duration of a rule file divided by the same number.

Windows, `for` and intervals shrink; thresholds, names and words stay. So a series that is called `p99_5m` is the P99 of
ten seconds at 30 times the speed.
"""

from __future__ import annotations

import re
from typing import Any

from tocsin.promql.durations import duration_text, milliseconds_of

# Text is skipped, so that a bracket in a regular expression is no range.
_PARTS = re.compile(r"""("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')|\[([^\]]+)\]|\boffset\s+([0-9a-z]+)""")
_TIMES = ("for", "keep_firing_for")


def faster(rules: dict[str, Any], speed: int) -> dict[str, Any]:
    """A rule file's content, made for a time that passes `speed` times as fast."""
    return {"groups": [_group(group, speed) for group in rules["groups"]]}


def _group(group: dict[str, Any], speed: int) -> dict[str, Any]:
    rules = [_rule(rule, speed) for rule in group["rules"]]
    return {**group, "interval": shortened(group["interval"], speed), "rules": rules}


def _rule(rule: dict[str, Any], speed: int) -> dict[str, Any]:
    times = {name: shortened(rule[name], speed) for name in _TIMES if name in rule}
    return {**rule, **times, "expr": expression(rule["expr"], speed)}


def expression(text: str, speed: int) -> str:
    """A PromQL expression whose ranges and offsets are that much shorter."""

    def change(part: re.Match[str]) -> str:
        quoted, window, offset = part.groups()
        if quoted:
            return str(quoted)
        if offset:
            return f"offset {shortened(offset, speed)}"
        return "[" + ":".join(shortened(length, speed) if length else "" for length in window.split(":")) + "]"

    return _PARTS.sub(change, text)


def shortened(duration: str, speed: int) -> str:
    return duration_text(milliseconds_of(duration.strip()) // speed)
