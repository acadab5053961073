"""Grafana's template variables in PromQL: where they stand, and what is parsed in their place.

In the value of a matcher a variable is text like any other. Elsewhere PromQL allows none, so each is parsed as a
name, a duration or a number that nobody writes, and is put back when the expression is quoted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

_NAME = "tocsin_variable_"
_NUMBER = 7_650_000_000_012_345
# Each variable has a length of its own, so that windows of two are not taken for the same.
_LENGTHS = range(1_234_500_044, 1_234_500_100)
_KNOWN_LENGTHS = frozenset({"__rate_interval", "__interval", "__range"})
_LENGTH_PRINTED = re.compile(r"14d6h55m[4-9]\dms")

_OPERATORS = (">", "<", "=", "+", "-", "*", "/", "%", "^", " bool")

IN_VALUE = re.compile(r"\$(?:[A-Za-z_]\w*|\{\w[^}]*\})|\[\[\w+(?::\w+)?\]\]")
_TOKEN = re.compile(
    r"""(?P<text>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`)
    |(?P<variable>\$(?:\{(?P<braced>\w+)[^}]*\}|(?P<bare>[A-Za-z_]\w*))|\[\[(?P<old>\w+)(?::\w+)?\]\])
    |(?P<open>\[)|(?P<close>\])|(?P<offset>\b(?i:offset)\s+-?)""",
    re.VERBOSE,
)


def has_variable(text: str) -> bool:
    """Whether a matcher's value holds a variable, so that nobody knows it."""
    return ("$" in text or "[[" in text) and IN_VALUE.search(text) is not None


def stands_in(name: str) -> bool:
    """Whether a name was parsed in a variable's place, wholly or in part."""
    return _NAME in name


def is_stand_in_number(value: float) -> bool:
    return value == _NUMBER


def is_stand_in_length(milliseconds: int) -> bool:
    """Whether a duration stands for a variable: nobody knows how long it is."""
    return 1_234_500_000 < milliseconds < 1_234_500_100


def replacements(text: str) -> Iterator[str]:
    """Texts to parse in turn: with each variable as what its place suggests, as a name, as a number."""
    if has_variable(text):
        for guess in (_number_by_place, _never, _always):
            yield _replaced(text, guess)


def _number_by_place(before: str, after: str) -> bool:
    """Whether a number belongs behind an operator, or in front of the comma of a call."""
    before, after = before.rstrip(), after.lstrip()
    return before.endswith(_OPERATORS) or (before.endswith("(") and after.startswith(",") and "by" not in before[-12:])


def _never(_before: str, _after: str) -> bool:
    return False


def _always(_before: str, _after: str) -> bool:
    return True


def _replaced(text: str, is_number: Callable[[str, str], bool]) -> str:
    parts: list[str] = []
    names: list[str] = []
    end = 0
    depth = 0
    after_offset = False
    for found in _TOKEN.finditer(text):
        between = text[end : found.start()]
        parts.append(between)
        end = found.end()
        if found["variable"]:
            name = found["braced"] or found["bare"] or found["old"]
            if depth or (after_offset and not between.strip()):
                if name not in names:
                    names.append(name)
                length = f"{_LENGTHS[names.index(name) % len(_LENGTHS)]}ms"
                # Grafana's own are known, and stay for `parse`.
                parts.append(found[0] if name in _KNOWN_LENGTHS else length)
            else:
                parts.append(str(_NUMBER) if is_number(text[: found.start()], text[end:]) else _NAME + name)
        else:
            depth += bool(found["open"]) - bool(found["close"])
            parts.append(found[0])
        after_offset = bool(found["offset"])
    return "".join([*parts, text[end:]])


def variables_put_back(text: str) -> str:
    """A printed expression as its author wrote it, as far as that is known."""
    if _NAME in text:
        text = re.sub(rf"{_NAME}(\w+)", r"$\1", text)
    return _LENGTH_PRINTED.sub("$interval", text).replace(str(_NUMBER), "$number")
