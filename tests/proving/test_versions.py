"""What an author claims where a sample lies on the edge of a window is told, and that both engines are of one mind."""

from __future__ import annotations

from dataclasses import replace

import pytest
from shapes import DEFINITIONS, alert

from agentmetrics.catalog import agent_timeouts
from tocsin.checks.edges import findings_of_proofs
from tocsin.define import (
    REQUESTS,
    SECONDS,
    Feed,
    Indicator,
    Record,
    RuleGroup,
    Scenario,
    a_second,
    computes,
    growing,
    instance,
    promql,
    prove,
    quantity,
    quiet,
)
from tocsin.plan import Plan

RATE = "sum by (agent_name) (rate(agent_timeout_total[5m]))"
RUSH = Scenario(
    "a rush of ten minutes",
    Feed(agent_timeouts(agent_name="a", tenant_id="t"), growing(a_second(2), lasting="10m")),
)


def told(window: str, at: str) -> list[str]:
    peak = alert("Peak", f"max_over_time({RATE}{window})", ">", quantity(1, REQUESTS / SECONDS), "0s")
    peak = replace(peak, every="1m")
    plan = Plan(replace(DEFINITIONS, alerts=(peak,), proofs=(prove(peak, quiet(RUSH, at)),)))
    return [f"{one.message} {one.help}" for one in findings_of_proofs(plan) if one.id == "claim-edge"]


@pytest.mark.parametrize(("at", "instead"), [("42m", "43m"), ("41m", "39m")])
def test_claim_on_an_edge_is_told_with_a_time_beside_it(at: str, instead: str) -> None:
    (words,) = told("[30m:1m]", at)
    assert f"at {at} a sample lies where `{RATE}[30m:1m]` begins" in words
    assert f"claim it at {instead}" in words


@pytest.mark.parametrize(("window", "at"), [("[30m:1m]", "20m"), ("[30m:1m]", "50m"), ("[30m:1m] offset 1s", "42m")])
def test_claim_that_both_answer_alike_is_not(window: str, at: str) -> None:
    assert told(window, at) == []


@pytest.mark.parametrize(("window", "at", "differs"), [("[10m:1m]", "20m", True), ("[10m:1m] offset 1s", "20m", False)])
def test_stated_value_on_an_edge_is_told(window: str, at: str, differs: bool) -> None:
    summed = Indicator(promql(f"sum_over_time({RATE}{window})"), title="Summed")
    group = RuleGroup("sums", "1m", (Record(summed, "timeouts:sum10m"),))
    proof = prove(summed, computes(RUSH, at, instance("7.5", agent_name="a")))
    plan = Plan(replace(DEFINITIONS, alerts=(), groups=(group,), proofs=(proof,)))
    words = [one.message for one in findings_of_proofs(plan)]
    assert [one.startswith(f"at {at} a sample lies where `{RATE}{window}` begins") for one in words] == [True] * differs
