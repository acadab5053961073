"""Faults of calls, aggregations and operators, by the types and labels of what they are given.

What cannot be found in a type is not looked for: most types are open, and to look costs as much as the rest.
"""

from __future__ import annotations

from tocsin.promql import versions
from tocsin.promql.aggregations import SINCE, Grouping
from tocsin.promql.counters import comparison_faults, function_faults, lazy_faults, subtraction_faults, sum_faults
from tocsin.promql.dimensions import unit_faults
from tocsin.promql.functions import Function
from tocsin.promql.histograms import SHARES, aggregate_faults, quantile_faults, share_faults
from tocsin.promql.joins import join_faults
from tocsin.promql.labels import LabelSet
from tocsin.promql.matching import Join, Matching
from tocsin.promql.quotes import Faults
from tocsin.promql.ratios import average_faults, division_faults
from tocsin.promql.selectors import grouping_faults
from tocsin.promql.types import COUNTERS, Kind, Type
from tocsin.promql.windows import range_faults
from tocsin.promql.world import World


def grouped(world: World, operator: str, grouping: Grouping, labels: LabelSet) -> tuple[LabelSet, Faults]:
    """The labels that a grouping leaves, and what is wrong with those that it names."""
    joins = world.memory.joins
    key = (operator, grouping, labels)
    entry: tuple[LabelSet, Faults] | None = joins.get(key)
    if entry is None:
        named = (labels.closed or labels.seen) and grouping.labels
        faults = tuple(grouping_faults(operator, grouping, labels)) if named else ()
        found = grouping.of(labels)
        # Often alike, whatever was grouped.
        found = joins.setdefault((*found.known.items(), *found[1:]), found)
        entry = joins[key] = (found, faults)
    return entry


def met(world: World, operator: str, matching: Matching, left: LabelSet, right: LabelSet) -> tuple[Join, Faults]:
    """How the labels of two vectors meet, and what is wrong with it."""
    joins = world.memory.joins
    key = (operator, matching, left, right)
    entry: tuple[Join, Faults] | None = joins.get(key)
    if entry is None:
        told = left.known or left.closed or right.known or right.closed
        faults = tuple(join_faults(operator, matching, left, right)) if told else ()
        if matching.filled:
            faults += tuple(versions.matching_faults(world, matching))
        entry = joins[key] = (matching.join(left, right), faults)
    return entry


def faults_of_call(world: World, name: str, function: Function, arguments: tuple[Type, ...]) -> Faults:
    faults: Faults = ()
    if world.prometheus < function.since or function.until is not None:
        faults += tuple(versions.function_faults(world, name))
    if name in SHARES:
        faults += tuple(quantile_faults(name, arguments))
    for argument in arguments:
        if argument.value == "range":
            if argument.kind is not Kind.OPEN:
                faults += tuple(function_faults(name, argument))
            if argument.scrape is not None:
                faults += tuple(range_faults(name, argument))
    return faults


def faults_of_aggregation(world: World, operator: str, parameter: Type | None, of: Type) -> Faults:
    faults: Faults = ()
    if operator in SINCE:
        faults += tuple(versions.aggregation_faults(world, operator))
    if operator in ("sum", "avg") and (of.nan or of.kind is not Kind.OPEN):
        faults += (
            *sum_faults(operator, of),
            *aggregate_faults(operator, of),
            *average_faults(operator, of),
        )
    elif operator == "quantile" and parameter is not None:
        faults += tuple(share_faults("quantile", parameter))
    return faults


def faults_of_operator(operator: str, matching: Matching, left: Type, right: Type, found: Type) -> Faults:
    faults: Faults = ()
    ours, theirs = left.unit, right.unit
    if ours is not theirs and ours is not None is not theirs:
        faults += tuple(unit_faults(operator, left, right))
    if left.lazy or right.lazy:
        faults += tuple(lazy_faults(operator, left, right))
    if operator == "/":
        if right.low == 0 or (left.origin is not None and right.origin is not None):
            faults += tuple(division_faults(matching, left, right))
    elif operator == "-":
        if left.kind in COUNTERS:
            faults += tuple(subtraction_faults(left, right))
    elif (left.kind is Kind.COUNTER or right.kind is Kind.COUNTER) and found.comparison is not None:
        faults += tuple(comparison_faults(found.comparison))
    return faults
