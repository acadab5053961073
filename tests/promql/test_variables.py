"""Grafana's variables: what is claimed of an expression holds whatever they stand for."""

from __future__ import annotations

import pytest
from synthetic import CATALOGS

from tocsin.promql.infer import analyse
from tocsin.promql.types import Type
from tocsin.promql.world import World

WORLD = World.of(CATALOGS)


def typed(expr: str) -> Type:
    return analyse(expr, WORLD).type


def share(part: str, whole: str) -> Type:
    return typed(f'sum(rate(requests_total{{code="500"}}{part})) / sum(rate(requests_total{whole}))')


@pytest.mark.parametrize("window", ["[$__rate_interval]", "[$window]", "[5m] offset $back"])
def test_share_over_one_variable_is_at_most_1(window: str) -> None:
    assert share(window, window).high == 1


@pytest.mark.parametrize(
    ("part", "whole"),
    [("[$__rate_interval]", "[$__interval]"), ("[$a]", "[$b]"), ("[5m] offset $a", "[5m] offset $b"), ("[$a]", "[5m]")],
)
def test_share_over_two_variables_is_none(part: str, whole: str) -> None:
    assert share(part, whole).high > 1


@pytest.mark.parametrize(("operator", "some"), [("=", 1), ("=~", 3), ("!=", 3)])
def test_label_that_equals_a_variable_has_one_value(operator: str, some: int) -> None:
    known = typed(f'sum by (agent, code) (requests_total{{agent{operator}"$agent"}})').labels.known
    assert known["agent"].cardinality == some
    assert known["agent"].values == {"planner", "writer", "critic"}
    assert known["code"].cardinality == 3


def test_windows_are_quoted_as_variables() -> None:
    faults = analyse("rate(sessions[$a]) + rate(sessions[$b])", WORLD).faults
    assert {fault.expr for fault in faults} == {"rate(sessions[$interval])"}


@pytest.mark.parametrize(
    "expr",
    [
        'label_replace(sessions, "$label", "x", "agent", ".*")',
        'label_join(sessions, "$label", "-", "agent", "job")',
        'count_values("$label", sessions)',
        "sessions / on ($label) memory_bytes",
        "sum by ($label) (sessions)",
        "sessions * on (job) group_left ($label) load_percent",
    ],
)
def test_label_that_a_variable_names_may_be_any(expr: str) -> None:
    assert not typed(expr).labels.closed


@pytest.mark.parametrize(
    ("expr", "label"),
    [
        ("sum without ($label) (sessions)", "agent"),
        ('count_values without ($label) ("value", sessions)', "value"),
        ('label_replace(sessions, "x", "y", "$label", "")', "x"),
        ('label_join(sessions, "x", "$separator", "code", "tenant")', "x"),
        ('absent(sessions{agent="$agent"})', "agent"),
    ],
)
def test_label_may_be_missing_where_a_variable_decides(expr: str, label: str) -> None:
    known = typed(expr).labels.get(label)
    assert known is not None
    assert not known.sure


def test_bounds_are_lost_where_a_variable_names_the_label_that_is_written() -> None:
    buckets = 'label_replace(rate(duration_seconds_bucket[5m]), "$label", "9", "agent", ".*")'
    assert typed(f"histogram_quantile(1, {buckets})").buckets is None


def test_sides_may_miss_each_other_where_a_variable_names_the_label_to_match() -> None:
    one = 'label_replace(vector(1), "a", "b", "", "")'
    assert not typed(f"{one} + on () vector(1)").maybe_absent
    assert typed(f"{one} + on ($label) vector(1)").maybe_absent
