"""Samples over time: what is remembered of a store changes nothing of what it answers."""

from __future__ import annotations

import pytest

from tocsin.promql.parse import tree_of
from tocsin.proving.evaluate import evaluate
from tocsin.proving.store import Moment, Store
from tocsin.proving.vectors import Labels, Value

TIMES = [30.0 * number for number in range(41)]


def store(*, closed: bool = False) -> Store:
    """Two counters, one of which starts again, and a gauge that comes and goes."""
    made = Store(closed=closed)
    made.append("c_total", frozenset({("a", "1")}), TIMES, [2.0 * time for time in TIMES])
    made.append("c_total", frozenset({("a", "2")}), TIMES, [time % 450 for time in TIMES])
    there = [time for time in TIMES if not 300 <= time < 660]
    made.append("g", frozenset({("a", "1")}), there, [time % 70 for time in there])
    made.mark("g", frozenset({("a", "1")}), [300.0])
    return made


@pytest.mark.parametrize(
    "expr",
    [
        "max_over_time(sum(rate(c_total[2m]))[5m:1m])",
        'sum_over_time(g{a="1"}[4m:30s])',
        "avg_over_time(max_over_time(g[1m])[3m:1m] offset 1m)",
        "sum_over_time(max_over_time(g[2m:30s])[3m:1m])",
        "count_over_time(vector(1)[5m:1m])",
    ],
)
@pytest.mark.parametrize("closed", [False, True])
def test_subquery_asked_again_answers_as_if_it_were_asked_once(expr: str, closed: bool) -> None:
    node = tree_of(expr)

    def fresh(now: float) -> Value:
        return evaluate(tree_of(expr), Moment(store(closed=closed), now))

    again = store(closed=closed)
    for now in (90.0, 300.0, 310.0, 330.0, 360.0, 1200.0, 600.0, 60.0, 615.0, 1000.0):
        assert evaluate(node, Moment(again, now)) == fresh(now), now


def test_steps_before_anything_is_there_count_where_something_is_there_all_the_same() -> None:
    def at_30(expr: str) -> Value:
        return evaluate(tree_of(expr), Moment(store(), 30.0))

    nobody: Labels = frozenset()
    assert at_30("sum_over_time(vector(time())[3m:1m])") == {nobody: -60.0 - 120.0}
    assert at_30("count_over_time((vector(time()) > -100)[3m:1m])") == {nobody: 2.0}
    assert at_30("count_over_time(absent(g)[3m:1m])") == {nobody: 2.0}
    assert at_30("count_over_time((g offset -2m)[5m:1m])") == {frozenset({("a", "1")}): 3.0}
    assert at_30("count_over_time(max_over_time(g[2m] offset -2m)[5m:1m])") == {frozenset({("a", "1")}): 3.0}
    assert at_30("count_over_time(g[5m:1m])") == {frozenset({("a", "1")}): 1.0}


def test_step_that_is_now_may_still_change() -> None:
    """What is recorded after a rule, at the same moment, is seen by the next one."""
    node, made = tree_of("count_over_time(r[2m:1m])"), Store()
    assert evaluate(node, Moment(made, 60.0)) == {}
    made.record("r", 60.0, {frozenset(): 1.0})
    assert evaluate(node, Moment(made, 60.0)) == {frozenset(): 1.0}
    assert evaluate(node, Moment(made, 120.0)) == {frozenset(): 2.0}


def test_series_that_comes_later_is_met_by_a_selector_that_was_asked_before() -> None:
    node, made = tree_of('r{a="1"}'), Store()
    made.record("r", 60.0, {frozenset({("a", "2")}): 2.0})
    assert evaluate(node, Moment(made, 60.0)) == {}
    made.record("r", 120.0, {frozenset({("a", "1")}): 1.0})
    assert evaluate(node, Moment(made, 120.0)) == {frozenset({("a", "1")}): 1.0}
