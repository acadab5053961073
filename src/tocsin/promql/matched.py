"""What the pattern of a matcher lets through, as RE2 reads it."""

from __future__ import annotations

import re
import warnings
from functools import lru_cache

_LITERALS = re.compile(r"(?:[\w :/,@%=~|-]|\\[.\-/])*\Z")
_ESCAPED = re.compile(r"\\(.)")
# Written alike in Go and in Python, but with another meaning.
_FOREIGN = re.compile(r"\[\[?:|\\[pPQEzCK]|\(\?(?!:|i\)|i:|P<)|\{,")
_GROUPED = re.compile(r"[(\[{]|\\\w")
_NEEDED = re.compile(r"[\w./:@-](?![*?])")
# What a glance can do without: characters of a class are some character, a group is left out with all that it needs.
_CLASS = re.compile(r"\[\^?[^\[\]\\]+\]")
_GROUP = re.compile(r"\((?:\?:)?[^()\[\]{}\\?]*\)[*+?]?")


def is_mandatory(pattern: str) -> bool:
    """Whether a pattern needs a character in any case, as far as a glance tells: to compile it takes long."""
    if "[" in pattern:
        pattern = _CLASS.sub("x", pattern)
    if "(" in pattern:
        pattern = _GROUP.sub("", pattern)
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
    if not _LITERALS.match(inner):
        return None
    return frozenset((_ESCAPED.sub(r"\1", inner) if "\\" in inner else inner).split("|"))


def hits(pattern: str, values: frozenset[str]) -> frozenset[str] | None:
    """Those of some values that a pattern matches; None where that cannot be told."""
    regex = compiled(pattern)
    if regex is None:
        return None
    return frozenset(value for value in values if regex.fullmatch(value))
