"""What an author states stands beside what is derived, in one test, where neither disturbs the other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from shapes import ALERTS, DEFINITIONS

from agentmetrics.catalog import agent_timeouts
from tocsin import promtool
from tocsin.define import Feed, Proof, Scenario, a_minute, fires, growing, instance, quiet
from tocsin.documents import rendered
from tocsin.output import write_tree
from tocsin.plan import Plan
from tocsin.promql.parse import tree_of
from tocsin.proving.simulation import Rules, settled_states
from tocsin.proving.store import Store
from tocsin.targets import prometheus_alerts, prometheus_tests

# Of a short `for`, so that what is derived is evaluated as often as the alert, and so is what is stated.
TIMEOUTS = next(replace(one, hold="2m") for one in ALERTS if one.name == "Timeouts")
FILE = "prometheus/tests/timeouts.yaml"


def stated(agent: str = "support", says: str = "9 requests/minute", every: str = "15s", until: str = "12m") -> Proof:
    feed = Feed(agent_timeouts(agent_name=agent, tenant_id="acme"), growing(a_minute(9), lasting=until))
    scenario = Scenario("nine requests a minute are given up", feed, every=every)
    return Proof(TIMEOUTS, quiet(scenario, "1m"), fires(scenario, until, instance(says, agent_name=agent)))


def written(folder: Path, *proofs: Proof) -> tuple[list[Mapping[str, Any]], bool]:
    """The tests of the alert, and whether promtool confirms them."""
    plan = Plan(replace(DEFINITIONS, alerts=(TIMEOUTS,), proofs=proofs))
    drafts = [draft for target in (prometheus_alerts, prometheus_tests) for draft in target.documents(plan)]
    write_tree(folder / "out", list(rendered(drafts)))
    (result,) = promtool.test_rules(folder / "out", [FILE])
    return yaml.safe_load((folder / "out" / FILE).read_text())["tests"], result.passed


def alerts_at(test: Mapping[str, Any]) -> dict[str, set[str]]:
    """Which agents' alerts are there, by the time."""
    return {
        one["eval_time"]: {alert["exp_labels"]["agent_name"] for alert in one["exp_alerts"]}
        for one in test["alert_rule_test"]
    }


def test_one_test_says_what_both_say(tmp_path: Path) -> None:
    (_, alone), _ = written(tmp_path / "alone", stated(agent="brief"))
    (both,), is_confirmed = written(tmp_path / "both", stated())
    assert is_confirmed
    told = alerts_at(both)
    assert (told["1m"], told["12m"] & {"support"}) == (set(), {"support"})
    assert {at: told[at] - {"support"} for at in alerts_at(alone)} == alerts_at(alone)
    series = {one["series"] for one in both["input_series"]}
    assert series > {one["series"] for one in alone["input_series"]}


@pytest.mark.parametrize(
    ("proof", "is_confirmed"),
    [
        (stated(agent="brief"), True),
        (stated(every="30s"), True),
        (stated(until="2h"), True),
        (stated(says="8 requests/minute"), False),
    ],
    ids=["same name", "other scrapes", "long", "wrong"],
)
def test_each_has_a_test_of_its_own_where_that_is_not_certain(proof: Proof, is_confirmed: bool, tmp_path: Path) -> None:
    tests, passed = written(tmp_path, proof)
    assert (len(tests), passed) == (2, is_confirmed)
    assert tests[0]["name"] == "nine requests a minute are given up"


def test_who_is_kept_firing_at_the_threshold_may_tell_of_another_value() -> None:
    store = Store()
    store.append("load", frozenset(), (60.0, 120.0, 180.0), (3.0, 2.0, 2.5))
    rules = Rules((), tree_of("load >= 2"), 0, 600)
    states = list(settled_states(rules, store, 60, 3))
    # Of 2, or kept and still of 3: floats decide.
    assert [(told, is_settled) for told, is_settled in states[1:]] == [
        ({frozenset(): ("firing", 3.0)}, True),
        ({frozenset(): ("firing", 2.0)}, False),
        ({frozenset(): ("firing", 2.5)}, True),
    ]
