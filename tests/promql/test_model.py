"""The model that proofs are derived with computes what Prometheus computes."""

from __future__ import annotations

import math
import random
import re
from collections import Counter
from typing import Any

import pytest
from expressions import Author
from synthetic import CATALOGS, END, START, exposition

from tocsin.promql.parse import PromQLError, tree_of
from tocsin.promql.tree import Subquery
from tocsin.proving.errors import UnderivableError
from tocsin.proving.evaluate import evaluate
from tocsin.proving.store import Moment, Store
from tocsin.proving.vectors import Value

TIMES = (START + 1207, END - 3)  # off the edges of ranges, where versions differ
EACH = 800
_SAMPLE = re.compile(r"(\w+)\{(.*)\} (\S+) (\d+)\Z")


@pytest.fixture(scope="module")
def store() -> Store:
    found = Store()
    for line in exposition().splitlines():
        sample = _SAMPLE.match(line)
        if sample:
            labels = frozenset(re.findall(r'(\w+)="([^"]*)"', sample.group(2)))
            found.append(sample.group(1), labels, [float(sample.group(4))], [float(sample.group(3))])
    return found


def same(ours: Value, theirs: dict[str, Any]) -> bool:
    if not isinstance(ours, dict):
        return theirs["resultType"] == "scalar" and near(ours, float(theirs["result"][1]))
    if theirs["resultType"] != "vector":
        return False
    seen = {
        frozenset((name, value) for name, value in one["metric"].items() if name != "__name__"): float(one["value"][1])
        for one in theirs["result"]
    }
    return ours.keys() == seen.keys() and all(near(value, seen[labels]) for labels, value in ours.items())


def near(one: float, other: float) -> bool:
    return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-9) or (math.isnan(one) and math.isnan(other))


@pytest.mark.parametrize("seed", range(2))
def test_model_computes_what_prometheus_computes(prometheus: Any, store: Store, seed: int) -> None:
    author = Author(random.Random(seed), CATALOGS)
    told: Counter[str] = Counter()
    wrong = []
    for _ in range(EACH):
        expr = author.expression()
        try:
            node = tree_of(expr)
        except PromQLError:  # the parser is of a newer Prometheus
            continue
        if any(isinstance(part, Subquery) for part in node.walk()):
            continue  # its steps lie on the edges of what it reads
        for at in TIMES:
            try:
                ours = evaluate(node, Moment(store, at))
            except UnderivableError:
                told["refused"] += 1
                continue
            answer = prometheus.query(expr, at)
            if answer is None:
                told["failed"] += 1
            elif same(ours, answer):
                told["equal"] += 1
            else:
                wrong.append((expr, at, ours, answer["result"]))
    assert wrong == []
    assert told["equal"] > EACH / 2
