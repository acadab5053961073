"""A part of a condition that could be left out without any claim's noticing is told, and no other."""

from __future__ import annotations

from dataclasses import replace

import pytest
from shapes import DEFINITIONS, alert

from agentmetrics.catalog import agent_timeouts
from tocsin.checks.alerts import findings_of_proofs
from tocsin.define import REQUESTS, SECONDS, Feed, Scenario, fires, growing, instance, prove, quantity, quiet
from tocsin.model.alert import Alert
from tocsin.model.amounts import a_second
from tocsin.model.scenario import Proof
from tocsin.plan import Plan

TIMEOUTS = "sum by (agent_name) (rate(agent_timeout_total[5m]))"
LATER = "sum by (agent_name) (rate(agent_timeout_total[1h]))"
ERRORS = "sum by (agent_name) (rate(agent_errors_total[5m]))"
ALL = "sum by (agent_name) (rate(agent_request_duration_seconds_count[5m]))"


def of(expr: str, operator: str = ">", limit: str = "1") -> Alert:
    return alert("Odd", expr, operator, quantity(limit, REQUESTS / SECONDS), unit=REQUESTS / SECONDS)


def told(of: Alert, *proofs: Proof) -> list[str]:
    plan = Plan(replace(DEFINITIONS, alerts=(of,), proofs=proofs))
    found = [one for one in findings_of_proofs(plan) if one.id == "alert-half-proven"]
    return [one.message.split("`")[1] for one in found]


@pytest.mark.parametrize(
    ("expr", "parts"),
    [
        (f"{TIMEOUTS} and {LATER} > 0.01", [f"{LATER} > 0.01"]),
        (f"{TIMEOUTS} and {LATER} > 0.5", []),
        (f"{TIMEOUTS} > 3 or {LATER} > 1.5", [f"{TIMEOUTS} > 3"]),
        (f"{TIMEOUTS} > 2 or {ERRORS} > 3 or {ALL} > 7", []),
        (f"{TIMEOUTS} and on () hour() >= 0", ["hour() >= 0"]),
        (f"{TIMEOUTS} and {ERRORS} > 3", []),
        (f"{TIMEOUTS} unless {ERRORS} > 3", []),
    ],
)
def test_part_that_no_claim_shows_is_told(expr: str, parts: list[str]) -> None:
    assert told(of(expr)) == parts


@pytest.mark.parametrize(
    "expr",
    [
        f"({ERRORS} or {ALL} * 0) / ({ALL} > 0)",
        f"{ERRORS} / {ALL} and {ALL} > 0",
        f"sum({TIMEOUTS}) or vector(0)",
    ],
)
def test_part_without_any_effect_is_not_asked_for(expr: str) -> None:
    assert told(of(expr, limit="0.05")) == []


def test_what_an_author_states_shows_a_part() -> None:
    either = of(f"{TIMEOUTS} > 3 or {LATER} > 1.5")
    rush = Scenario("a rush", Feed(agent_timeouts(agent_name="a", tenant_id="t"), growing(a_second(4), lasting="15m")))
    assert told(either, prove(either, quiet(rush, "1m"))) == [f"{TIMEOUTS} > 3"]
    assert told(either, prove(either, fires(rush, "12m", instance("4 requests/second", agent_name="a")))) == []
