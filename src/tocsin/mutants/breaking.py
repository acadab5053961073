"""All the mutants of a rule: every operator at every place."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from tocsin.mutants import fields, labels, numbers, structure
from tocsin.mutants.constants import meaning_of
from tocsin.mutants.equivalence import same_evaluation, why_equivalent
from tocsin.mutants.hints import HINTS, TOGETHER
from tocsin.mutants.labels import Known
from tocsin.mutants.numbers import Changed
from tocsin.mutants.places import Place, places_of
from tocsin.mutants.rule import Rule
from tocsin.promql.durations import milliseconds_of
from tocsin.promql.parse import PromQLError, tree_of
from tocsin.promql.tree import Node

ByPlace = Callable[[Place], Changed]

EXPRESSION: Mapping[str, ByPlace] = MappingProxyType(
    {
        "threshold-near": numbers.threshold_near,
        "threshold-far": numbers.threshold_far,
        "comparison": structure.comparison,
        "boundary": structure.boundary,
        "window": numbers.window,
        "offset": numbers.offset,
        "quantile": numbers.quantile,
        "rank": numbers.rank,
        "number": numbers.number,
        "grouping-drop": labels.grouping_drop,
        "matcher-drop": labels.matcher_drop,
        "matcher-negate": labels.matcher_negate,
        "join": labels.joined_on,
        "swap": structure.swap,
        "arithmetic": structure.arithmetic,
        "set-operator": structure.set_operator,
        "condition": structure.condition,
        "fill": structure.fill,
        "guard": structure.guard,
        "function": structure.function,
        "function-left-out": structure.function_left_out,
        "aggregation": structure.aggregation,
        "absent": structure.absent,
    }
)
GROUPING_ADD = "grouping-add"
FIELDS: Mapping[str, Callable[[fields.Rule], fields.Changes]] = MappingProxyType(
    {"label": fields.label, "annotation": fields.annotation, "record": fields.record}
)
LENGTHS: Mapping[str, Callable[[fields.Rule, int], fields.Changes]] = MappingProxyType(
    {"for": fields.hold, "keep-firing": fields.keep_firing}
)


@dataclass(frozen=True, slots=True)
class Mutant:
    """A rule with one change. `what` says it; `before` and `after` are the expression, or the field's text.

    `help` says what a test must show to notice it, `equivalent` why none can.
    """

    rule: Rule
    operator: str
    what: str
    before: str
    after: str
    data: Mapping[str, Any]
    help: str
    equivalent: str | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known beside a rule: the labels that series have, and the buckets that all instances have alike.

    `floats` are the series that the tests give numbers, and no native histograms.
    """

    labels: Known = field(default_factory=dict)
    buckets: frozenset[str] = frozenset()
    floats: frozenset[str] = frozenset()


def mutants_of(rule: Rule, facts: Facts, tested: str) -> Iterator[Mutant]:
    """Every mutant of a rule, each meaning once. `tested` says how often the tests evaluate the rule, at the least."""
    yield from _of_expression(rule, facts)
    yield from _of_lengths(rule, tested)
    for operator, change in FIELDS.items():
        for what, before, after, data in change(rule.data):
            yield Mutant(rule, operator, what, before, after, data, HINTS[operator])


def _of_lengths(rule: Rule, tested: str) -> Iterator[Mutant]:
    seen = max(milliseconds_of(length) for length in (rule.interval or tested, tested))
    for operator, change in LENGTHS.items():
        for what, before, after, data in change(rule.data, seen):
            hint = TOGETHER.format(tested) if same_evaluation(before, after, tested) else HINTS[operator]
            same = same_evaluation(before, after, rule.interval)
            yield Mutant(rule, operator, what, before, after, data, hint, same)


def _of_expression(rule: Rule, facts: Facts) -> Iterator[Mutant]:
    if rule.tree is None:
        return
    before = rule.tree.text()
    seen = {meaning_of(rule.tree)}
    for operator, what, changed in _changed(rule.tree, facts.labels):
        after, meaning = changed.text(), meaning_of(changed)
        if meaning not in seen and _parses(after):
            seen.add(meaning)
            data = {**rule.data, "expr": after}
            same = why_equivalent(rule.tree, changed, facts.buckets, facts.floats)
            yield Mutant(rule, operator, what, before, after, data, HINTS[operator], same)


def _changed(tree: Node, known: Known) -> Iterator[tuple[str, str, Node]]:
    places = tuple(places_of(tree))
    for operator, change in EXPRESSION.items():
        for place in places:
            for what, changed in change(place):
                yield operator, what, changed
    for place in places:
        for what, changed in labels.grouping_add(place, known):
            yield GROUPING_ADD, what, changed


def _parses(text: str) -> bool:
    """A change may make what is no PromQL, such as a range of a sum: that is no mutant."""
    try:
        tree_of(text)
    except PromQLError:
        return False
    return True
