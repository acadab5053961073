"""Go templates, as the texts of alerts are: what they print, which labels they name, and why they would fail.

Prometheus and Grafana both expand them with Go's text/template and the functions of Prometheus's
template/template.go; Grafana adds some of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from tocsin.metrics import nearest


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_GO = _words("and call html index slice js len not or print printf println urlquery eq ne lt le gt ge")
_PROMETHEUS = _words(
    "query first label value sortByLabel args safeHtml match title toUpper toLower graphLink tableLink strvalue "
    "humanize humanize1024 humanizeDuration humanizePercentage humanizeTimestamp toTime toDuration now parseDuration "
    "pathPrefix externalURL reReplaceAll stripPort stripDomain urlQueryEscape tmpl"
)
_GRAFANA = _words("deduplicateLabels filterLabels filterLabelRe removeLabels removeLabelRe mergeLabelValues")
FUNCTIONS = {"prometheus": _GO | _PROMETHEUS, "grafana": _GO | _PROMETHEUS | _GRAFANA}
_VARIABLES = {
    "prometheus": frozenset({"labels", "value", "externalLabels", "externalURL"}),
    "grafana": frozenset({"labels", "values", "value"}),
}
_OPENING = frozenset({"if", "range", "with", "block", "define"})
_CONSTANTS = frozenset({"true", "false", "nil"})
_QUOTED = r"""\"(?:\\.|[^\"\\\n])*\"|`[^`]*`"""
_ACTION = re.compile(rf"\{{\{{-?(?P<inner>(?:{_QUOTED}|(?!-?\}}\}}).)*)-?\}}\}}", re.DOTALL)
_TOKEN = re.compile(
    r"""(?P<text>"(?:\\.|[^"\\\n])*"|`[^`]*`|'(?:\\.|[^'\\\n])')
    |(?P<variable>\$\w*(?:\.\w+)*)
    |(?P<field>(?:\.\w+)+|\.)
    |(?P<number>[+-]?\d[\w.]*)
    |(?P<word>[A-Za-z_]\w*)
    |(?P<sign>:=|[|(),=])
    |(?P<space>\s+)""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Print:
    """One action that prints a variable: `{{ $labels.pod }}`, `{{ $value | humanize }}`.

    `through` are the functions that it goes through, `before` and `after` the text on both sides.
    """

    variable: str
    through: tuple[str, ...]
    action: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Template:
    """A text, taken apart. `problem` says why it would fail, `labels` are those that it names.

    `refs` are the steps of a Grafana rule whose values it names. `index $values "B"` is read as `$values.B`.
    `variables` are those that it is made of, not those that an `if` merely asks about.
    """

    problem: str = ""
    labels: frozenset[str] = frozenset()
    refs: tuple[str, ...] = ()
    variables: frozenset[str] = frozenset()
    prints: tuple[Print, ...] = ()


@lru_cache(maxsize=16384)
def template(text: str, engine: str = "prometheus") -> Template:
    """The template that a text is, for "prometheus" or "grafana"."""
    if "{{" not in text:
        return Template()
    reader = _Reader(text, engine)
    problem = next(reader.problems(), "")
    return Template(
        problem,
        frozenset(reader.labels - reader.guarded),
        tuple(dict.fromkeys(reader.refs)),
        frozenset(reader.variables),
        tuple(reader.prints),
    )


class _Reader:
    """One reading of a template, action by action."""

    def __init__(self, text: str, engine: str) -> None:
        self.text = text
        self.functions = FUNCTIONS[engine]
        self.known = set(_VARIABLES[engine])
        self.labels: set[str] = set()
        # Labels that are asked for before they are printed: they need not be there.
        self.guarded: set[str] = set()
        self.refs: list[str] = []
        self.variables: set[str] = set()
        self.prints: list[Print] = []
        self.depth = 0

    def problems(self) -> Iterator[str]:
        end = 0
        for found in _ACTION.finditer(self.text):
            if "{{" in re.sub(_QUOTED, "", found["inner"]):
                yield f"`{_short(found[0])}` is not closed: a second {{{{ stands in it"
            end = found.end()
            yield from self._action(found)
        if "{{" in self.text[end:]:
            yield f"`{_short(self.text[self.text.index('{{', end) :])}` is not closed"
        if self.depth > 0:
            yield "an `if`, `range` or `with` has no `end`"

    def _action(self, found: re.Match[str]) -> Iterator[str]:
        inner = found["inner"].strip()
        if inner.startswith("/*"):
            return
        if not inner:
            yield f"`{found[0]}` is empty"
            return
        tokens: list[tuple[str, str]] = []
        position = 0
        while position < len(inner):
            token = _TOKEN.match(inner, position)
            if token is None:
                yield f"`{_short(found[0])}` does not parse at {inner[position:][:12]!r}"
                return
            position = token.end()
            if token.lastgroup != "space":
                tokens.append((token.lastgroup or "", token[0]))
        yield from self._tokens(_direct(tokens), found)

    def _tokens(self, tokens: list[tuple[str, str]], found: re.Match[str]) -> Iterator[str]:
        first = tokens[0][1]
        if first == "end":
            self.depth -= 1
            if self.depth < 0:
                yield "there is an `end` too many"
            return
        if first in _OPENING:
            self.depth += 1
        self._declare(tokens)
        before = set(self.labels)
        asks = "if" in (first, tokens[min(1, len(tokens) - 1)][1])
        for place, (kind, word) in enumerate(tokens):
            if kind == "word":
                yield from self._word(word, place, first, found)
            elif kind == "variable":
                yield from self._variable(word, found, asks=asks)
            elif kind == "field" and word.startswith(".Labels.") and self.depth == 0:
                self.labels.add(word.split(".")[2])
            elif kind == "text" and place >= 2 and tokens[place - 2][1] == "index":
                self._indexed(tokens[place - 1][1], word)
        if first in ("if", "with", "else"):
            self.guarded |= self.labels - before
        self._print(tokens, found)

    def _declare(self, tokens: list[tuple[str, str]]) -> None:
        words = [word for _, word in tokens]
        if ":=" in words:
            for word in words[: words.index(":=")]:
                if word.startswith("$"):
                    self.known.add(word[1:])

    def _word(self, word: str, place: int, first: str, found: re.Match[str]) -> Iterator[str]:
        keyword = place == 0 and (word in _OPENING or word in ("else", "template", "break", "continue"))
        if keyword or word in _CONSTANTS or word in self.functions or (first == "else" and word in ("if", "with")):
            return
        if first in ("template", "block", "define"):
            return
        near = nearest(word, self.functions)
        hint = f"; did you mean {near}?" if near else ""
        yield f"`{_short(found[0])}` calls {word}, which is no function of a template{hint}"

    def _variable(self, word: str, found: re.Match[str], *, asks: bool) -> Iterator[str]:
        name, *fields = word[1:].split(".")
        if not asks:
            self.variables.add(name)
        if name == "labels" and fields:
            self.labels.add(fields[0])
        elif name == "values" and fields:
            self.refs.append(fields[0])
        elif name == "" and fields[:1] == ["Labels"] and len(fields) > 1:
            self.labels.add(fields[1])
        if name and name not in self.known:
            near = nearest(name, self.known)
            yield f"`{_short(found[0])}` reads ${name}, which nothing sets" + (
                f"; did you mean ${near}?" if near else ""
            )

    def _indexed(self, of: str, key: str) -> None:
        if of in ("$labels", ".Labels"):
            self.labels.add(key.strip('"`'))

    def _print(self, tokens: list[tuple[str, str]], found: re.Match[str]) -> None:
        """Notes an action that prints one variable, plainly or through functions."""
        words = [word for _, word in tokens]
        if words[0] in _OPENING or words[0] in ("else", "template") or ":=" in words or "=" in words:
            return
        variables = [word for kind, word in tokens if kind == "variable"]
        if len(variables) != 1 or any(kind == "field" for kind, _ in tokens):
            return
        through = tuple(word for kind, word in tokens if kind == "word")
        before, after = self.text[: found.start()], self.text[found.end() :]
        self.prints.append(Print(variables[0], through, found[0], before, after))


_Token = tuple[str, str]
_KEY = re.compile(r"[\"`](\w+)[\"`]")


def _direct(tokens: list[_Token]) -> list[_Token]:
    """Variables by their fields: `index $values "B"` is `$values.B`, and `(index $values "B").Value` one of that."""
    found: list[_Token] = []
    waiting = list(reversed(tokens))
    while waiting:
        found.append(waiting.pop())
        if len(found) > 2 and found[-3] == ("word", "index") and found[-2][0] == "variable":
            key = _KEY.fullmatch(found[-1][1])
            if key is not None:
                found[-3:] = [("variable", f"{found[-2][1]}.{key[1]}")]
        if len(found) > 2 and found[-3][1] == "(" and found[-2][0] == "variable" and found[-1][1] == ")":
            field = waiting.pop()[1] if waiting and waiting[-1][0] == "field" else ""
            found[-3:] = [("variable", found[-2][1] + field)]
    return found


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 60 else f"{line[:57]}..."
