"""Catalogs that were read off running programs: what nobody can know of these is no error, whatever their order."""

from __future__ import annotations

from itertools import permutations

import pytest

from agentmetrics.catalog import CATALOG
from tocsin.contract.exposition import parse_exposition
from tocsin.contract.inferred import catalog_of
from tocsin.contract.union import united
from tocsin.metrics import Catalog
from tocsin.promql.infer import analyse
from tocsin.promql.world import World

SHOP = """\
# TYPE asked_total counter
asked_total{route="/",zone="a"} 5
# TYPE took_seconds histogram
took_seconds_bucket{le="0.5"} 1
took_seconds_bucket{le="1"} 1
took_seconds_bucket{le="+Inf"} 1
took_seconds_sum 0.3
took_seconds_count 1
# TYPE same_seconds histogram
same_seconds_bucket{le="1"} 1
same_seconds_bucket{le="+Inf"} 1
same_seconds_sum 0.3
same_seconds_count 1
# TYPE waited_seconds summary
waited_seconds{quantile="0.99"} NaN
waited_seconds_sum 0
waited_seconds_count 0
# TYPE depth gauge
depth 3
"""
BATCH = SHOP.replace("0.5", "10").replace('took_seconds_bucket{le="1"}', 'took_seconds_bucket{le="60"}')
BATCH = BATCH.replace('route="/"', 'queue="slow"').replace("depth gauge", "depth counter")


def observed(text: str) -> Catalog:
    return catalog_of(parse_exposition(text, "seen.prom"))


def told(expr: str, *catalogs: Catalog) -> dict[str, str]:
    world = World.of(united(catalogs))
    return {fault.id: str(fault.severity) for fault in analyse(expr, world).faults if fault.id != "lazy-series"}


@pytest.mark.parametrize(
    ("expr", "check"),
    [
        ("sum by (squad) (rate(asked_total[5m]))", "label-unknown"),
        ('depth{shard="a"} > 2', "label-unknown"),
        ("depth * on (shard) group_left (squad) depth", "label-unknown"),
        ("rate(refused_total[5m])", "metric-unknown"),
        # Its text has no native histograms.
        ("histogram_quantile(0.9, rate(took_seconds[5m]))", "type-function"),
    ],
)
def test_what_was_not_seen_is_a_warning(expr: str, check: str) -> None:
    assert told(expr, observed(SHOP)) == {check: "warning"}
    assert told(expr, CATALOG, observed(SHOP)) == {check: "warning"}


@pytest.mark.parametrize("expr", ["sum by (agnt_name) (agent_active_sessions)", 'agent_active_sessions{agent="x"}'])
def test_what_is_stated_is_an_error_beside_what_was_seen(expr: str) -> None:
    assert told(expr, observed('agent_active_sessions{agent="x"} 1\n'), CATALOG) == {"label-unknown": "error"}


@pytest.mark.parametrize(
    ("expr", "checks"),
    [
        ("sum by (queue, route) (rate(asked_total[5m]))", {}),
        ("sum by (rout) (rate(asked_total[5m]))", {"label-unknown": "warning"}),
        ('took_seconds_bucket{le="0.5"}', {}),
        ('same_seconds_bucket{le="7"}', {"le-value": "error"}),
        ("rate(depth[5m])", {}),
    ],
)
def test_programs_that_export_one_name_are_seen_together(expr: str, checks: dict[str, str]) -> None:
    for catalogs in permutations((observed(SHOP), observed(BATCH))):
        assert told(expr, *catalogs) == checks


def test_a_quantile_has_a_ceiling_only_where_all_agree_on_the_bounds() -> None:
    expr = "histogram_quantile(0.99, sum by (le) (rate({}_seconds_bucket[5m])))"
    world = World.of(united((observed(SHOP), observed(BATCH))))

    assert analyse(expr.format("took"), world).type.high == float("inf")
    assert analyse(expr.format("same"), world).type.high == 1


def test_a_summary_without_observations_is_not_a_number() -> None:
    assert analyse('clamp_min(waited_seconds{quantile="0.99"}, 0)', World.of((observed(SHOP),))).type.maybe_nan


@pytest.mark.parametrize("declared", ["", "# TYPE served_seconds_count gauge\n"])
def test_counts_without_a_type_line_have_no_unit_of_what_is_counted(declared: str) -> None:
    """The share of two seconds would be a ratio; the average of what took seconds is seconds."""
    seen = observed(f"{declared}served_seconds_count 3\nserved_seconds_sum 0.4\nserved_seconds_bucket 3\n")
    for series in ("count", "bucket"):
        average = analyse(f"sum(served_seconds_sum) / sum(served_seconds_{series})", World.of([seen]))
        assert average.type.unit is None
