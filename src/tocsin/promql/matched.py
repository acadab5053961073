"""What the pattern of a matcher lets through, as RE2 reads it."""

from __future__ import annotations

import re
import warnings
from functools import lru_cache

_LITERAL = re.compile(r"(?:[\w :/,@%=~-]|\\[.\-/])*\Z")
# Written alike in Go and in Python, but with another meaning.
_FOREIGN = re.compile(r"\[\[?:|\\[pPQEzCK]|\(\?(?!:|i\)|i:|P<)|\{,")
_GROUPED = re.compile(r"[(\[{]|\\\w")
_NEEDED = re.compile(r"[\w.](?![*?])")


def is_mandatory(pattern: str) -> bool:
    """Whether a pattern needs a character in any case, as far as a glance tells: to compile it takes long."""
    return _GROUPED.search(pattern) is None and all(map(_NEEDED.search, pattern.split("|")))


@lru_cache(maxsize=2048)
def compiled(pattern: str) -> re.Pattern[str] | None:
    """A matcher's pattern as Python's; None where the two might not mean the same."""
    if _FOREIGN.search(pattern):
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            return re.compile(pattern, re.ASCII | re.DOTALL)
    except (re.error, Warning, RecursionError):
        return None


@lru_cache(maxsize=2048)
def alternatives(pattern: str) -> frozenset[str] | None:
    """The values that a pattern matches, where it merely lists them."""
    inner = pattern.removeprefix("^").removesuffix("$")
    if inner.startswith("(") and inner.endswith(")") and inner.count("(") == 1 == inner.count(")"):
        inner = inner[1:-1].removeprefix("?:")
    parts = inner.split("|")
    if not all(_LITERAL.match(part) for part in parts):
        return None
    return frozenset(re.sub(r"\\(.)", r"\1", part) for part in parts)


def hits(pattern: str, values: frozenset[str]) -> frozenset[str] | None:
    """Those of some values that a pattern matches; None where that cannot be told."""
    regex = compiled(pattern)
    if regex is None:
        return None
    return frozenset(value for value in values if regex.fullmatch(value))
