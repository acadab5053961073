"""What no exporter could show is refused at its line, with the way out."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from agentmetrics.catalog import agent_request_duration, llm_cost, tenant_daily_budget
from agentmetrics.exporters.prometheus import up
from tocsin.define import SECONDS, Gauge, Histogram
from tocsin.findings import DefinitionError
from tocsin.model.amounts import exact
from tocsin.model.scenario import Feed, Scenario, growing, holding, observing, serving

SPENT = llm_cost(model="m", tenant_id="acme", agent_name="a")
BUDGET = tenant_daily_budget(tenant_id="acme")
SERVED = agent_request_duration(agent_name="a", model="m", tenant_id="acme")
UP = up(job="j", instance="i", namespace="n", pod="p")
DRIFT = Histogram("clock_drift_seconds", "Drift.", unit=SECONDS, buckets=(-1, 0, 1))
ROOM = Gauge("room_seconds", "Room.", unit=SECONDS, minimum=-5, maximum=5)
A_MINUTE = growing(1, lasting="1m")

IMPOSSIBLE: list[tuple[Callable[[], object], str, str]] = [
    (lambda: holding(1, lasting="0s"), "a stretch that lasts 0s is none", "a scrape or more"),
    (lambda: Feed(SERVED, serving(1, {-1: "100%"}, lasting="1m")), "cannot be -1: it is 0 or more", "that it can have"),
    (lambda: Feed(BUDGET, holding(1, to=-1, lasting="1m")), "cannot be -1: it is 0 or more", "that it can have"),
    (lambda: Feed(UP, holding(2, lasting="1m")), "cannot be 2: it is 0 to 1", "that it can have"),
    (lambda: serving(1, {1: "150%", 2: "-50%"}, lasting="1m"), "150% is no share", 'from "0%" to "100%"'),
    (lambda: serving(1, {1: "-50%", 2: "150%"}, lasting="1m"), "-50% is no share", 'from "0%" to "100%"'),
    (lambda: observing({1: -3}, lasting="1m"), "-3 is no number of observations", "0 or more"),
    (
        lambda: Feed(SPENT, A_MINUTE, resets=("2m",)),
        "resets names 2m, .* from the first scrape to 1m only",
        "in between",
    ),
    (
        lambda: Feed(SPENT, A_MINUTE, missed=("30s",), late="1m"),
        "missed names 30s, .* from 1m to 2m only",
        "in between",
    ),
    (lambda: Feed(SPENT, A_MINUTE, missed=("0s",)), "missed names 0s, .* from the first scrape", "in between"),
    (lambda: Scenario("s", Feed(SPENT, A_MINUTE), restarts=("5m",)), "restarts names 5m", "in between"),
    (lambda: Scenario("s", Feed(SPENT, A_MINUTE), missed=("20s",)), "missed names 20s, .* every 15s", "one is: 15s"),
    (lambda: Scenario("s", Feed(SPENT, A_MINUTE, resets=("50s",))), "resets names 50s, .* every 15s", "one is: 45s"),
    (lambda: Scenario("s", Feed(SPENT, A_MINUTE, late="5s")), "late names 5s, .* every 15s", "one is: 15s"),
    (lambda: Scenario("s", Feed(SPENT, A_MINUTE), every="7s"), "lasting names 1m, .* every 7s", "one is: 56s"),
    (lambda: Scenario("s", Feed(SPENT, A_MINUTE), every="0s"), "nothing is scraped every 0s", "such as 15s"),
    (lambda: Scenario("s", Feed(SPENT, A_MINUTE), every="20ms"), "nothing is scraped every 20ms", "such as 15s"),
    (lambda: Scenario("s", Feed(SPENT, A_MINUTE), Feed(SPENT, A_MINUTE)), "llm_cost_dollars_total twice", "one Feed"),
]


@pytest.mark.parametrize(("made", "message", "way_out"), IMPOSSIBLE)
def test_what_cannot_be_is_refused_at_its_line(made: Callable[[], object], message: str, way_out: str) -> None:
    with pytest.raises(DefinitionError, match=message) as caught:
        made()
    assert way_out in caught.value.help
    assert caught.value.source is not None
    assert caught.value.source.file == __file__


@pytest.mark.parametrize("amount", ["nan", "inf", "-Infinity%", "ten", ""])
def test_amount_is_a_number(amount: str) -> None:
    with pytest.raises(ValueError, match=r"is no amount: write a number, such as \"0\.1\""):
        exact(amount)


def test_what_can_be_is_taken() -> None:
    drifting = Feed(DRIFT, serving(1, {-2: "50%", "0.5": "50%"}, lasting="1m"))
    full = Feed(ROOM, holding(-5, to=5, lasting="1m"))
    spent = Feed(SPENT, A_MINUTE, resets=("1m15s",), missed=("45s", "1m"), late="30s")
    made = Scenario("s", drifting, full, spent, restarts=("1m30s",))
    assert made.lasting == 90_000
    assert exact("12.5%") == Decimal("0.125")
