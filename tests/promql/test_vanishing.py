"""What is left of an expression where a scrape fails."""

from __future__ import annotations

import pytest

from agentmetrics.catalog import CATALOG
from agentmetrics.exporters.prometheus import CATALOG as TARGETS
from tocsin.define import BYTES, Catalog, Gauge
from tocsin.promql.parse import tree_of
from tocsin.promql.vanishing import Vanishing, vanishing
from tocsin.promql.world import Recording, World

GAUGE = "agent_active_sessions"
RECORDED = {
    "sessions": (Recording(f"sum by (agent_name) ({GAUGE})"),),
    "recent": (Recording(f"max by (agent_name) (max_over_time({GAUGE}[2m]))"),),
    "once": (Recording(GAUGE), Recording("vector(1)")),
    "circle": (Recording("round + 1"),),
    "round": (Recording("circle + 1"),),
    # A rule makes it, and no exporter need.
    "tenant_daily_budget_usd": (Recording("label_replace(vector(5), 'tenant_id', 'acme', '', '')"),),
}
CADVISOR = Catalog("cadvisor", (Gauge("container_memory_rss", "Resident.", unit=BYTES),))
WORLD = World.of([CATALOG, TARGETS, CADVISOR], RECORDED)


@pytest.mark.parametrize(
    ("expr", "alone"),
    [
        (f"{GAUGE} > 5", True),
        (f"max by (instance) ({GAUGE}) > 5", True),
        (f"sum without (tenant_id) ({GAUGE}) > 5", True),
        (f"sum({GAUGE}) > 5", False),
        (f"sum without (instance) ({GAUGE}) > 5", False),
        (f"clamp_min({GAUGE}, 1) > 5", True),
        (f"time() - {GAUGE} > 5", True),
        (f"rate(agent_errors_total[5m]) > 5 and on () {GAUGE} > 1", True),
        (f"{GAUGE} unless on () rate(agent_errors_total[5m])", True),
        (f"{GAUGE} / sum({GAUGE}) > 0.5", True),
        (f"{GAUGE} or {GAUGE} * 2", True),
        ("sessions > 5", False),
    ],
)
def test_gauge_takes_the_result_with_it(expr: str, alone: bool) -> None:
    assert vanishing(tree_of(expr), WORLD) == Vanishing(GAUGE, alone)


@pytest.mark.parametrize(
    "expr",
    [
        f"last_over_time({GAUGE}[2m]) > 5",
        f"max_over_time(sum({GAUGE})[5m:]) > 5",
        f"absent({GAUGE})",
        f"{GAUGE} < 1 or absent({GAUGE})",
        f"rate(agent_errors_total[5m]) > 5 unless on () {GAUGE} > 1",
        f"{GAUGE} offset 5m > 5",
        "rate(agent_errors_total[5m]) > 5",
        "agent_errors_total > 5",
        "nobody_knows > 5",
        "up == 0",
        "container_memory_rss > 5",
        "recent > 5",
        "once > 5",
        "circle > 5",
        "tenant_daily_budget_usd > 5",
        "vector(1) > 0",
    ],
)
def test_something_is_left_or_nothing_is_known(expr: str) -> None:
    assert vanishing(tree_of(expr), WORLD) is None
