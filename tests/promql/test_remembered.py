"""What was worked out for one expression says nothing false of the next: it is as in a world that knows nothing yet."""

from __future__ import annotations

from itertools import product
from math import copysign

from agentmetrics.catalog import CATALOG
from tocsin.promql.infer import analyse
from tocsin.promql.types import Type
from tocsin.promql.world import World

LEFT = (
    "agent_active_sessions",
    "agent_errors_total",
    "sum by (agent_name) (increase(agent_errors_total[5m]))",
    "count(agent_active_sessions)",
    "unknown",
    "sum by (pod) (unknown * 0)",
    "vector(2)",
    "2",
)
OPERATORS = (">", ">=", "<", "<=", "==", "!=")
NUMBERS = ("5", "0", "1", "-3", "2", "1e400", "0.5", "7")


def said(of: Type) -> tuple[object, ...]:
    signs = copysign(1, of.low), copysign(1, of.high)
    labels = (of.labels.known, *of.labels[1:])
    return (*signs, *of[:2], *labels, *of[3:12], *of[14:])


def test_a_comparison_is_what_it_is_whatever_was_compared_before() -> None:
    for place, (left, operator) in enumerate(product(LEFT, OPERATORS)):
        shared = World.of([CATALOG])
        for number in (*NUMBERS[place % len(NUMBERS) :], *NUMBERS[: place % len(NUMBERS)]):
            expr = f"{left} {operator} {number}"
            ours, fresh = analyse(expr, shared), analyse(expr, World.of([CATALOG]))
            assert said(ours.type) == said(fresh.type), expr
            assert ours.faults == fresh.faults, expr
            assert [one.right.low for one in ours.comparisons] == [one.right.low for one in fresh.comparisons], expr
