"""The type of an expression, and what is wrong with it."""

from __future__ import annotations

import re
from contextlib import suppress
from functools import partial
from typing import Any, NamedTuple

from tocsin.promql.context import NOWHERE, Context
from tocsin.promql.faults import Fault, error
from tocsin.promql.forms import Recorded, recorded_parts
from tocsin.promql.functions import know_old_functions
from tocsin.promql.labels import make
from tocsin.promql.parse import PromQLError, TooDeepError, parse
from tocsin.promql.queries import budget_faults, recorded_faults, result_faults
from tocsin.promql.quotes import quote
from tocsin.promql.recorded import as_recorded, either_recording
from tocsin.promql.types import OPEN, Comparison, Type
from tocsin.promql.variables import has_variable, replacements
from tocsin.promql.versions import QUOTED_NAMES, number_faults, quoted_faults, unread
from tocsin.promql.walk import Walk
from tocsin.promql.world import World

__all__ = ["NOWHERE", "Analysis", "Context", "analyse", "quote", "recorded_type"]

# Nodes are not kept: an expression is parsed once, and its analysis is what is remembered.
_parse = parse.__wrapped__
_SPAN = re.compile(r"\[[^\]]*\]")
know_old_functions()


class Analysis(NamedTuple):
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
    try:
        node = _parse(text)
        return _of(node, Walk(text, world, context, recorded_type, node))
    except (TooDeepError, RecursionError):
        return Analysis(OPEN, ())  # Nobody writes that by hand: it is not judged.
    except PromQLError as problem:
        failure = str(problem)
    for candidate in replacements(text):
        try:
            return _of(_parse(candidate), Walk(candidate, world, context, recorded_type))
        except PromQLError:
            continue
    if has_variable(text):
        return Analysis(OPEN, ())
    newer = unread(text, world)
    if newer is not None:
        return Analysis(OPEN, newer)
    return Analysis(OPEN, (error("syntax", failure, "Prometheus refuses the query as it is: mend it there"),))


def _of(node: Any, walk: Walk) -> Analysis:
    world, context = walk.world, walk.context
    found = walk.of_all() if walk.root is node else walk.type_of(node)
    faults = walk.faults
    if world.prometheus < QUOTED_NAMES:  # what an older one does not read is looked for only where it may be
        source = walk.source
        if walk.odd or walk.spans != _SPAN.findall(source):
            faults += number_faults(source, world)
        if '"' in source or "'" in source or "`" in source:
            faults += quoted_faults(source, world)
    if context.place is not None:
        if found.value != "vector":
            faults += result_faults(found, node)
        if context.budget is not None and found.labels.closed:
            walk.report(node, tuple(budget_faults(found, context.budget)))
        if world.recordings:
            recorded = _recorded(world)
            # Most hold nothing of what is recorded: their forms need not be made.
            if recorded.may_be_in(walk.marks, context.record):
                recordable = recorded_parts(node, recorded.names, context.record)
                faults += recorded_faults(world, recordable, walk.series, partial(recorded_type, world))
    told = tuple(dict.fromkeys(faults)) if len(faults) > 1 else tuple(faults)
    return make(Analysis, (found, told, tuple(walk.series), tuple(walk.comparisons)))


def recorded_type(world: World, name: str) -> Type:
    """The type of a recorded series, by its rules; open where the rules go round in a circle."""
    known = world.memory.recorded
    if name not in known:
        known[name] = None
        types = [
            as_recorded(analyse(rule.expr, world).type, rule.labels, rule.interval, world.external)
            for rule in world.recordings[name]
        ]
        known[name] = either_recording(types)
    return known[name] or OPEN


def _recorded(world: World) -> Recorded:
    """What is recorded as it is."""
    memory = world.memory
    if memory.forms is None:
        memory.forms = Recorded()
        for name, rules in world.recordings.items():
            if len(rules) == 1 and not rules[0].labels:
                with suppress(PromQLError):  # told where the rule stands
                    memory.forms.add(_parse(rules[0].expr), name)
    return memory.forms
