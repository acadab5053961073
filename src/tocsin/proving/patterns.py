"""A value that a matcher's pattern lets through: `5..` lets `500` through, `5[0-9]{2}` too.

Whoever asks for one tries it: of what is not known here (lookarounds, classes of everything else) nothing is found.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tocsin.promql.matched import compiled

_TOKEN = re.compile(
    r"(?P<flag>\(\?i\))|(?P<open>\((?:\?i?:|\?P<\w+>)?)|(?P<close>\))|(?P<or>\|)"
    r"|(?P<atom>\\.|\[\^?\]?(?:\\.|\[:\^?\w+:\]|[^\]\\])*\]|[^\\()|])(?P<times>[*+?]|\{\d+(?:,\d*)?\})?\??"
)
_TIMES = re.compile(r"(?P<times>[*+?]|\{\d+(?:,\d*)?\})\??")
_CLASSES = {r"\d": "0", r"\w": "a", r"\s": " ", r"\D": "a", r"\W": "-", r"\S": "a", r"\b": ""}


def examples_of(pattern: str) -> Iterator[str]:
    """Values that a pattern may let through, the plainest ones of each of its alternatives."""
    for filler in ("0", "a"):
        yield from _Reader(pattern, filler).alternatives()


class _Reader:
    def __init__(self, pattern: str, filler: str) -> None:
        self._pattern, self._filler, self._at = pattern, filler, 0

    def alternatives(self) -> list[str]:
        """The first value of each alternative, up to the end of the group."""
        found, text = [], ""
        while self._at < len(self._pattern):
            token = _TOKEN.match(self._pattern, self._at)
            if token is None or token["close"]:
                break
            self._at = token.end()
            if token["or"]:
                found.append(text)
                text = ""
            elif token["flag"]:
                continue
            elif token["open"]:
                inner = self.alternatives()[0]
                self._at = min(len(self._pattern), self._at + 1)
                times = _TIMES.match(self._pattern, self._at)
                self._at = times.end() if times else self._at
                text += inner * _least(times["times"] if times else None)
            else:
                text += self._letter(token["atom"]) * _least(token["times"])
        return [*found, text]

    def _letter(self, atom: str) -> str:
        if atom == ".":
            return self._filler
        if atom in ("^", "$"):
            return ""
        if atom.startswith("["):
            known = compiled(atom)
            return next((one for one in "0aA-_./ []" if known and known.fullmatch(one)), atom[-2:-1])
        return _CLASSES.get(atom, atom[-1])


def _least(times: str | None) -> int:
    """How often something stands at least; once where it might be missing."""
    return max(1, int(re.sub(r"\D.*", "", times[1:]))) if times and times.startswith("{") else 1
