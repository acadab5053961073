"""Which rules a test reaches: those that can make a difference to it, and those that it is about."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from tocsin.metrics import Matcher
from tocsin.mutants.rule import Rule
from tocsin.promql.matched import compiled
from tocsin.promql.parse import PromQLError, tree_of
from tocsin.promql.tree import Node, Select

_ALERTS = ("ALERTS", "ALERTS_FOR_STATE")
_ACTION = re.compile(r"\{\{.*?\}\}", re.DOTALL)
_TEXT = r'("(?:\\.|[^"\\])*"|`[^`]*`)'
_ASKED = re.compile(rf"\bquery\s+{_TEXT}|{_TEXT}\s*\|\s*query\b(?!\s+[\"`(])")
_QUERY = re.compile(r"\bquery\b")


@dataclass(frozen=True, slots=True)
class Reach:
    """`needed` are the rules that can make a difference to what a test asserts, `touched` those that it is about.

    They differ where something asks Prometheus for what we cannot read: that may be any series, and tests none.
    `loaded` are the rules that can make one where another is broken: who reads `ALERTS{alertname="X"}` may lose that
    matcher, and read other alerts.
    """

    needed: frozenset[Rule]
    touched: frozenset[Rule]
    loaded: frozenset[Rule]


@dataclass(frozen=True, slots=True)
class _Text:
    """An expression: its tree, or only its text where it cannot be taken apart."""

    text: str
    tree: Node | None


def parsed(text: str) -> Node | None:
    """An expression's tree; None where we cannot take it apart."""
    try:
        return tree_of(text)
    except PromQLError:
        return None


class Rules:
    """Rules that are loaded together, and which of them a selector may read."""

    def __init__(self, every: Iterable[Rule]) -> None:
        self.every = tuple(every)
        self._written: dict[str, list[Rule]] = {}
        for rule in self.every:
            for name in _ALERTS if rule.is_alert else (rule.name,):
                self._written.setdefault(name, []).append(rule)

    def read_by(self, tree: Node, *, unmatched: bool = False) -> Iterator[Rule]:
        """The rules whose series an expression may read, or could if its matchers were others."""
        for part in tree.walk():
            if isinstance(part, Select):
                candidates = self._written.get(part.name, ()) if part.name else self.every
                yield from (rule for rule in candidates if unmatched or _may_read(part, rule))

    def standing_in(self, text: str) -> Iterator[Rule]:
        """Those whose recorded series stand in a text by their names."""
        for word in set(re.findall(r"[A-Za-z_:][\w:]*", text)):
            yield from (rule for rule in self._written.get(word, ()) if not rule.is_alert)


def reach(test: Mapping[str, Any], rules: Rules) -> Reach:
    """What an entry of a test file's `tests` reaches of the rules that it loads."""
    names = {str(one.get("alertname")) for one in entries(test, "alert_rule_test")}
    asked = [rule for rule in rules.every if rule.is_alert and rule.name in names]
    texts = [_text(str(one.get("expr"))) for one in entries(test, "promql_expr_test")]

    def closed(read: Callable[[_Text], Iterable[Rule]]) -> frozenset[Rule]:
        return _with_beneath([*asked, *(rule for text in texts for rule in read(text))], read)

    return Reach(closed(_all_that(rules)), closed(_those_that(rules)), closed(_all_that(rules, unmatched=True)))


def with_beneath(first: Iterable[Rule], rules: Rules) -> frozenset[Rule]:
    """The rules, and all that they may read, and what those may read."""
    return _with_beneath(first, _all_that(rules))


def entries(data: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    """The mappings in a list; whether there is something else promtool says."""
    value = data.get(name)
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []


def _with_beneath(first: Iterable[Rule], read: Callable[[_Text], Iterable[Rule]]) -> frozenset[Rule]:
    waiting, seen = list(first), set[Rule]()
    while waiting:
        rule = waiting.pop()
        if rule not in seen:
            seen.add(rule)
            waiting += (other for text in _texts(rule) for other in read(text))
    return frozenset(seen)


def _all_that(rules: Rules, *, unmatched: bool = False) -> Callable[[_Text], Iterable[Rule]]:
    """What a text may read: anything where we cannot take it apart."""
    return lambda text: rules.every if text.tree is None else rules.read_by(text.tree, unmatched=unmatched)


def _those_that(rules: Rules) -> Callable[[_Text], Iterable[Rule]]:
    """What a text reads: the recorded series whose names stand in it where we cannot take it apart."""
    return lambda text: rules.standing_in(text.text) if text.tree is None else rules.read_by(text.tree)


def read_by_rule(rule: Rule) -> Iterator[Node | None]:
    """The trees of all that a rule reads; None for what we cannot take apart."""
    return (text.tree for text in _texts(rule))


def _text(text: str) -> _Text:
    return _Text(text, parsed(text))


@lru_cache(maxsize=4096)
def _texts(rule: Rule) -> tuple[_Text, ...]:
    """The rule's expression, and what its words ask Prometheus for."""
    fields = [rule.data.get(field) for field in ("annotations", "labels")]
    words = [str(text) for field in fields if isinstance(field, Mapping) for text in field.values()]
    asked = (query for text in words for action in _ACTION.findall(text) for query in _asked(action))
    return _Text(str(rule.data["expr"]), rule.tree), *asked


def _asked(action: str) -> Iterator[_Text]:
    """The queries of a template's action; one that is put together there is told by the action itself."""
    plain = [_unquoted(first or last) for first, last in _ASKED.findall(action)]
    yield from map(_text, plain)
    if len(_QUERY.findall(re.sub(_TEXT, "", action))) > len(plain):
        yield _Text(action, None)


def _unquoted(text: str) -> str:
    """A string of Go's: as it stands between backticks, with JSON's escapes between double quotes."""
    if text.startswith("`"):
        return text[1:-1]
    try:
        return str(json.loads(text))
    except ValueError:
        return text


def _may_read(selection: Select, rule: Rule) -> bool:
    """Whether a selector's matchers on names let through what the rule writes."""
    matchers = [matcher for matcher in selection.matchers if matcher.label == "__name__"]
    if selection.name:
        matchers.append(Matcher("__name__", "=", selection.name))
    written = _ALERTS if rule.is_alert else (rule.name,)
    if not any(all(_lets_through(matcher, name) for matcher in matchers) for name in written):
        return False
    named = (matcher for matcher in selection.matchers if matcher.label == "alertname")
    return not rule.is_alert or all(_lets_through(matcher, rule.name) for matcher in named)


def _lets_through(matcher: Matcher, value: str) -> bool:
    if matcher.operator in ("=", "!="):
        return (matcher.value == value) == (matcher.operator == "=")
    pattern = compiled(matcher.value)
    # Go's patterns are not quite Python's.
    return pattern is None or bool(pattern.fullmatch(value)) == (matcher.operator == "=~")
