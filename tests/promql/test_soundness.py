"""What the analysis claims, Prometheus tries to refute."""

from __future__ import annotations

import math
import random
from typing import Any

import pytest
from expressions import Author
from synthetic import CATALOG, END, START

from tocsin.promql.infer import Analysis, analyse
from tocsin.promql.types import Type
from tocsin.promql.world import World

WORLD = World.of([CATALOG])
TIMES = (START + 1207, END - 3)
SEEDS = range(6)
EACH = 500


def written_with(seed: int) -> list[str]:
    author = Author(random.Random(seed))
    return [author.expression() for _ in range(EACH)]


def refutations(expr: str, found: Analysis, answer: dict[str, Any]) -> list[str]:
    """Which claims about an expression an answer of Prometheus proves wrong."""
    of = found.type
    if answer["resultType"] == "scalar":
        return _value_refutations(of, float(answer["result"][1])) + (["value"] if of.value != "scalar" else [])
    wrong = [] if of.value == "vector" else ["value"]
    if not answer["result"] and not of.maybe_absent:
        wrong.append("maybe_absent")
    if answer["result"] and any(
        fault.expr and _is_empty(fault.message) and _whole(fault.expr, expr) for fault in found.faults
    ):
        wrong.append("a fault says that the result is always empty")
    for series in answer["result"]:
        labels = {name: value for name, value in series["metric"].items() if name != "__name__"}
        wrong += _label_refutations(of, labels)
        wrong += _value_refutations(of, float(series["value"][1]))
    return wrong


def _is_empty(message: str) -> bool:
    return "the result is always empty" in message


def _whole(quoted: str, expr: str) -> bool:
    """Whether a fault is about the whole expression."""
    return "".join(quoted.split()).replace("group_left()", "group_left") == "".join(expr.split()).replace(
        "group_left()", "group_left"
    )


def _label_refutations(of: Type, labels: dict[str, str]) -> list[str]:
    wrong = []
    if of.labels.closed:
        wrong += [f"label {name} of a closed set" for name in labels if name not in of.labels.known]
    for name, known in of.labels.known.items():
        if known.sure and name not in labels:
            wrong.append(f"label {name} is sure")
        if known.values is not None and name in labels and labels[name] not in known.values:
            wrong.append(f"label {name} is one of {sorted(known.values)}")
    return wrong


def _value_refutations(of: Type, value: float) -> list[str]:
    if math.isnan(value):
        return [] if of.maybe_nan else ["maybe_nan"]
    if math.isinf(value):
        return [f"finite, but {value}"] if of.finite else _bound_refutations(of, value)
    return _bound_refutations(of, value)


def _bound_refutations(of: Type, value: float) -> list[str]:
    slack = 1e-9 * max(1.0, abs(value)) if math.isfinite(value) else 0.0
    wrong = [f"low {of.low}, but {value}"] if value < of.low - slack else []
    return wrong + ([f"high {of.high}, but {value}"] if value > of.high + slack else [])


@pytest.mark.parametrize("seed", SEEDS)
def test_prometheus_refutes_no_claim(prometheus: Any, seed: int) -> None:
    refuted = []
    for expr in written_with(seed):
        found = analyse(expr, WORLD)
        assert not [fault for fault in found.faults if fault.id == "syntax"], (expr, found.faults)
        for at in TIMES:
            answer = prometheus.query(expr, at)
            wrong = refutations(expr, found, answer) if answer is not None else []
            refuted += [f"{expr} at {at}: {claim}" for claim in wrong]
    assert not refuted
