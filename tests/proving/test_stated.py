"""Where nothing can be derived, what an author states must show more than that an alert can fire."""

from __future__ import annotations

from dataclasses import replace

import pytest
from shapes import DEFINITIONS, alert

from agentmetrics.catalog import llm_cost, tenant_id
from tocsin.checks.alerts import findings_of_proofs
from tocsin.define import Feed, Scenario, an_hour, fires, growing, increase, instance, percent, prove, quiet, share
from tocsin.model.scenario import Claim
from tocsin.plan import Plan

SHARE = alert("Share", share(increase(llm_cost, by=tenant_id, over="1h"), of=tenant_id), ">", percent(80))
LOPSIDED = Scenario(
    "one costs all",
    *(
        Feed(
            llm_cost(model="m", tenant_id=tenant, agent_name="a"),
            growing(an_hour(flow), lasting="30h"),
            growing(an_hour(10), lasting="30h"),
            late="5m",
        )
        for tenant, flow in (("large", 90), ("small", 10))
    ),
    every="5m",
)
UP, BEFORE, WAITING, OVER = (
    fires(LOPSIDED, "2h", instance("90%", tenant_id="large")),
    quiet(LOPSIDED, "0s"),
    quiet(LOPSIDED, "12m"),
    quiet(LOPSIDED, "59h"),
)


@pytest.mark.parametrize(
    ("claims", "found", "words"),
    [
        ((), "alert-unproven", "that it fires or that it stays quiet while its series are there"),
        ((UP, BEFORE), "alert-unproven", "that it stays quiet while its series are there"),
        ((UP, WAITING), "alert-half-proven", "that it resolves"),
        ((UP, OVER), "alert-half-proven", "that it waits for 5m"),
        ((UP, WAITING, OVER), None, ""),
    ],
)
def test_what_is_not_seen_is_asked_for(claims: tuple[Claim, ...], found: str | None, words: str) -> None:
    plan = Plan(replace(DEFINITIONS, alerts=(SHARE,), proofs=(prove(SHARE, *claims),)))
    told = [one for one in findings_of_proofs(plan) if one.id in ("alert-unproven", "alert-half-proven")]
    assert [one.id for one in told] == ([found] if found else [])
    assert all(f"nothing shows {words}, and" in one.message for one in told)
