"""The type of an expression, and what is wrong with it."""

from __future__ import annotations

import re
from contextlib import suppress
from functools import partial
from typing import Any, NamedTuple

from promql_parser import BinaryExpr, NumberLiteral

from tocsin.promql.context import NOWHERE, Context
from tocsin.promql.faults import Fault, error
from tocsin.promql.forms import Recorded, recorded_parts
from tocsin.promql.functions import know_old_functions
from tocsin.promql.labels import make
from tocsin.promql.operations import number_type, operated
from tocsin.promql.operators import COMPARISONS
from tocsin.promql.parse import PromQLError, TooDeepError, parse
from tocsin.promql.queries import budget_faults, recorded_faults, result_faults
from tocsin.promql.quotes import quote, quoted
from tocsin.promql.recorded import as_recorded, either_recording
from tocsin.promql.types import OPEN, Comparison, Type
from tocsin.promql.variables import has_variable, replacements
from tocsin.promql.versions import QUOTED_NAMES, number_faults, quoted_faults, unread
from tocsin.promql.walk import Noted, Walk
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
    world.memory.trim()
    try:
        node = _parse(text)
        return _compared(text, node, world, context) or _of(node, Walk(text, world, context, recorded_type, node))
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


class _Compared(NamedTuple):
    """What is known of what is compared with a number: its type and what a walk has noted.

    `is_plain` says that there is nothing more to find in it: neither in its text nor in what is recorded.
    """

    left: Type
    noted: Noted
    is_plain: bool


def _compared(text: str, node: Any, world: World, context: Context) -> Analysis | None:
    """The analysis of what is compared with a number; None of all else.

    It is often compared with other numbers too: what stands to the left is walked once.
    """
    if type(node) is not BinaryExpr or type(node.rhs) is not NumberLiteral or "#" in text:
        return None
    operator = str(node.op)
    if operator not in COMPARISONS or node.modifier is not None:
        return None
    memory = world.memory
    key = (text[: text.rfind(operator)].rstrip(), context)
    known: _Compared | None = memory.compared.get(key)
    right = number_type(memory, node.rhs.val)
    if known is not None and known.is_plain and (right.text or "") in text:
        left, (_, faults, series, _, _, comparisons), _ = known
        found, own = operated(world, operator, None, left, right)
        if context.budget is not None and found.labels.closed:
            own += tuple(budget_faults(found, context.budget))
        if own:
            faults = tuple(dict.fromkeys(faults + quoted(node, own, text)))
        if found.comparison is not None:
            comparisons += (found.comparison,)
        return make(Analysis, (found, faults, series, comparisons))
    walk = Walk(text, world, context, recorded_type, node)
    if known is None:
        left = walk.type_of(node.lhs)
        noted = walk.noted()
    else:
        left, noted, _ = known
        walk.note(noted)
    found = walk.compared(node, operator, left)
    told, is_plain = _judged(node, walk, found)
    memory.compared[key] = make(_Compared, (left, noted, is_plain and left.value == "vector"))
    return told


def _of(node: Any, walk: Walk) -> Analysis:
    return _judged(node, walk, walk.type_of(node))[0]


def _judged(node: Any, walk: Walk, found: Type) -> tuple[Analysis, bool]:
    """What a walk has found, and whether that is all: nothing in the text as such, nothing of what is recorded."""
    world, context = walk.world, walk.context
    faults = walk.faults
    is_plain = True
    if world.prometheus < QUOTED_NAMES:  # what an older one does not read is looked for only where it may be
        source = walk.source
        before = len(faults)
        if walk.odd or walk.spans != _SPAN.findall(source):
            is_plain = False
            faults += number_faults(source, world)
        if '"' in source or "'" in source or "`" in source:
            faults += quoted_faults(source, world)
            is_plain = is_plain and len(faults) == before
    if context.place is not None:
        if found.value != "vector":
            faults += result_faults(found, node)
        if context.budget is not None and found.labels.closed:
            walk.report(node, tuple(budget_faults(found, context.budget)))
        if world.recordings:
            recorded = _recorded(world)
            # Most hold nothing of what is recorded: their forms need not be made.
            if recorded.may_be_in(walk.marks, context.record):
                is_plain = False
                recordable = recorded_parts(node, recorded.names, context.record)
                faults += recorded_faults(world, recordable, walk.series, partial(recorded_type, world))
    told = tuple(dict.fromkeys(faults)) if len(faults) > 1 else tuple(faults)
    return make(Analysis, (found, told, tuple(walk.series), tuple(walk.comparisons))), is_plain


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
