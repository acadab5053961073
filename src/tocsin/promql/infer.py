"""The type of an expression, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from tocsin.promql.context import NOWHERE, Context
from tocsin.promql.faults import Fault, error
from tocsin.promql.functions import know_old_functions
from tocsin.promql.parse import PromQLError, parse
from tocsin.promql.queries import budget_faults, recorded_faults, result_faults
from tocsin.promql.recorded import as_recorded, either_recording
from tocsin.promql.types import OPEN, Comparison, Type
from tocsin.promql.variables import replacements
from tocsin.promql.versions import DURATIONS_AS_NUMBERS, number_faults
from tocsin.promql.walk import Walk, quote
from tocsin.promql.world import World

__all__ = ["NOWHERE", "Analysis", "Context", "analyse", "quote", "recorded_type"]

# Nodes are not kept: an expression is parsed once, and its analysis is what is remembered.
_parse = parse.__wrapped__
know_old_functions()


@dataclass(frozen=True, slots=True, eq=False)
class Analysis:
    """What is known of an expression. `series` are the names that it reads, `comparisons` all that it compares."""

    type: Type
    faults: tuple[Fault, ...]
    series: tuple[str, ...] = ()
    comparisons: tuple[Comparison, ...] = ()


def analyse(text: str, world: World, context: Context = NOWHERE) -> Analysis:
    """The type and the faults of an expression. Never raises: what does not parse is a fault."""
    known = world.memory.analyses
    key = text if context is NOWHERE else (text, context)
    found: Analysis | None = known.get(key)
    if found is None:
        found = known[key] = _analysis(text, world, context)
    return found


def _analysis(text: str, world: World, context: Context) -> Analysis:
    candidates = replacements(text)
    failure = ""
    for candidate in candidates:
        try:
            node = _parse(candidate)
        except PromQLError as problem:
            failure = failure or str(problem)
            continue
        return _of(node, Walk(candidate, world, context, recorded_type))
    if len(candidates) > 1:
        return Analysis(OPEN, ())
    return Analysis(OPEN, (error("syntax", failure, "Prometheus refuses the query as it is: mend it there"),))


def _of(node: Any, walk: Walk) -> Analysis:
    world, context = walk.world, walk.context
    placed = context.place is not None
    if placed and world.recordings:
        walk.forms = _forms(world)
    found = walk.type_of(node)
    faults = walk.faults
    if world.prometheus < DURATIONS_AS_NUMBERS:
        faults += number_faults(walk.source, world, walk.odd_numbers)
    if placed:
        faults += result_faults(found, node)
        faults += budget_faults(found, context.budget)
        faults += recorded_faults(world, walk.recordable, walk.series, partial(recorded_type, world))
    return Analysis(found, tuple(dict.fromkeys(faults)) if faults else (), tuple(walk.series), tuple(walk.comparisons))


def recorded_type(world: World, name: str) -> Type:
    """The type of a recorded series, by its rules; open where the rules go round in a circle."""
    known = world.memory.recorded
    if name not in known:
        known[name] = None
        types = [
            as_recorded(analyse(rule.expr, world).type, name, rule.labels, rule.interval)
            for rule in world.recordings[name]
        ]
        known[name] = either_recording(types)
    return known[name] or OPEN


def _forms(world: World) -> Mapping[int, str]:
    """What is recorded as it is, by its form."""
    memory = world.memory
    if memory.forms is None:
        memory.forms = {}
        for name, rules in world.recordings.items():
            if len(rules) == 1 and not rules[0].labels:
                memory.forms.setdefault(analyse(rules[0].expr, world).type.form, name)
    return memory.forms
