"""What operators make of types, and the types of numbers: each worked out once in a world."""

from __future__ import annotations

from math import inf
from typing import Any

from tocsin.promql.labels import NO_LABELS
from tocsin.promql.matching import Join, Matching
from tocsin.promql.node_faults import faults_of_operator, met
from tocsin.promql.operators import PLAIN, SETS, combined
from tocsin.promql.quotes import Faults
from tocsin.promql.types import Kind, Type
from tocsin.promql.variables import is_stand_in_number
from tocsin.promql.world import Memory, World


def number_type(memory: Memory, value: float) -> Type:
    """The type of a number; its text is how it is usually written."""
    key = value or repr(value)  # 0 is equal to -0
    found: Type | None = memory.kept.get(key)
    if found is None:
        low, high = (-inf, inf) if value != value or is_stand_in_number(value) else (value, value)
        found = memory.kept[key] = Type(
            "scalar",
            Kind.OPEN,
            NO_LABELS,
            None,
            low,
            high,
            low == high and abs(value) != inf,
            False,
            low != high,
            True,
            text=f"{value:g}",
        )
    return found


def operated(world: World, operator: str, modifier: Any, left: Type, right: Type) -> tuple[Type, Faults]:
    """What an operator makes of two types, and what is wrong with that."""
    memory = world.memory
    how = str(modifier) if modifier is not None else None
    key = (operator, how, left, right)
    entry: tuple[Type, Faults] | None = memory.kept.get(key)
    if entry is None:
        matching = PLAIN
        if how is not None:
            matching = memory.modifiers.get(how) or memory.modifiers.setdefault(how, Matching.of(modifier))
        join: Join | None = None
        faults: Faults = ()
        if left.value == "vector" == right.value:
            join, faults = met(world, operator, matching, left.labels, right.labels)
        found = combined(operator, matching, left, right, join)
        if operator not in SETS:
            faults += faults_of_operator(operator, matching, left, right, found)
        entry = memory.kept[key] = (found, faults)
    return entry
