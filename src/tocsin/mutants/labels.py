"""Mutants of labels in an expression: groupings, matchers, and what joins two sides."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import chain
from types import MappingProxyType

from tocsin.metrics import Matcher, MatchOperator
from tocsin.mutants.numbers import Changed
from tocsin.mutants.places import Place
from tocsin.promql.tree import Aggregate, Binary, Node, Select

_NEGATED: Mapping[str, MatchOperator] = MappingProxyType({"=": "!=", "!=": "=", "=~": "!~", "!~": "=~"})
Known = Mapping[str, frozenset[str]]


def grouping_drop(place: Place) -> Changed:
    """A label is dropped from `by` or `without`."""
    match place.node:
        case Aggregate(grouping=tuple(names)) if names:
            for name in names:
                left = tuple(other for other in names if other != name)
                yield f"{_word(place.node)} without {name}", place.put(replace(place.node, grouping=left))


def grouping_add(place: Place, known: Known) -> Changed:
    """A label that the series have is added to `by` or `without`."""
    match place.node:
        case Aggregate():
            names = place.node.grouping or ()
            for name in sorted(_labels_below(place.node, known) - set(names))[:1]:
                yield f"{_word(place.node)} with {name}", place.put(replace(place.node, grouping=(*names, name)))


def _word(node: Aggregate) -> str:
    return "`without`" if node.without else "`by`"


def _labels_below(node: Aggregate, known: Known) -> frozenset[str]:
    """Labels that the series below have, where no aggregation in between takes them away."""
    found: frozenset[str] = frozenset()
    waiting: list[Node] = [node.of]
    while waiting:
        part = waiting.pop()
        match part:
            case Select(name):
                found |= known.get(name, frozenset())
            case Aggregate(grouping=tuple(names), without=False):
                found |= frozenset(names)
            case Aggregate(grouping=None):
                pass
            case _:
                waiting.extend(part.children())
    return found


def matcher_drop(place: Place) -> Changed:
    """A matcher is dropped; one that several selectors have, also from all of them at once."""
    for at, matcher in enumerate(_matchers(place)):
        node = place.node
        assert isinstance(node, Select)
        left = (*node.matchers[:at], *node.matchers[at + 1 :])
        if node.name or left:
            yield f"without {{{matcher}}}", place.put(replace(node, matchers=left))
    for matcher in _shared(place):
        changed = place.node.rewrite(_instead_of(matcher, ()))
        if all(part.name or part.matchers for part in changed.walk() if isinstance(part, Select)):
            yield f"without {{{matcher}}} everywhere", changed


def matcher_negate(place: Place) -> Changed:
    """A matcher is negated: = is !=, =~ is !~; one that several selectors have, also in all of them at once."""
    for at, matcher in enumerate(_matchers(place)):
        node = place.node
        assert isinstance(node, Select)
        turned = _turned(matcher)
        changed = (*node.matchers[:at], turned, *node.matchers[at + 1 :])
        yield f"{{{matcher}}} -> {{{turned}}}", place.put(replace(node, matchers=changed))
    for matcher in _shared(place):
        turned = _turned(matcher)
        yield f"{{{matcher}}} -> {{{turned}}} everywhere", place.node.rewrite(_instead_of(matcher, (turned,)))


def _turned(matcher: Matcher) -> Matcher:
    return Matcher(matcher.label, _NEGATED[matcher.operator], matcher.value)


def _matchers(place: Place) -> Iterator[Matcher]:
    if isinstance(place.node, Select):
        yield from place.node.matchers


def _shared(place: Place) -> Iterator[Matcher]:
    """At the top of an expression: the matchers that several of its selectors have."""
    if not place.above:
        selectors = [set(part.matchers) for part in place.node.walk() if isinstance(part, Select)]
        often = Counter(matcher for matchers in selectors for matcher in matchers)
        yield from sorted((matcher for matcher, times in often.items() if times > 1), key=str)


def _instead_of(old: Matcher, new: tuple[Matcher, ...]) -> Callable[[Node], Node | None]:
    def change(node: Node) -> Node | None:
        if not isinstance(node, Select) or old not in node.matchers:
            return None
        changed = ((new if one == old else (one,)) for one in node.matchers)
        return replace(node, matchers=tuple(chain.from_iterable(changed)))

    return change


def joined_on(place: Place) -> Changed:
    """A label is dropped from `on`, `ignoring` or `group_left`."""
    match place.node:
        case Binary(operator, left, right, matching, boolean):
            for name in matching.labels or ():
                names = tuple(other for other in matching.labels or () if other != name)
                changed = Binary(operator, left, right, replace(matching, labels=names), boolean)
                yield f"{'ignoring' if matching.ignoring else 'on'} without {name}", place.put(changed)
            for name in matching.include:
                names = tuple(other for other in matching.include if other != name)
                changed = Binary(operator, left, right, replace(matching, include=names), boolean)
                yield f"group_{matching.group} without {name}", place.put(changed)
