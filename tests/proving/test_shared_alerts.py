"""What is derived of alerts that have nothing in common stands in one test, and each is told the same as alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from made import Files, made
from shapes import PODS, alert, busy

from tocsin import promtool
from tocsin.define import (
    MEBIBYTES,
    PERCENT,
    RATIO,
    Alert,
    Feed,
    Indicator,
    Record,
    RuleGroup,
    Scenario,
    fires,
    holding,
    instance,
    percent,
    promql,
    prove,
    quantity,
    quiet,
)
from tocsin.promql.durations import milliseconds_of

BUSY = alert("Busy", "max by (gpu) (DCGM_FI_DEV_GPU_UTIL)", ">", percent(90), unit=PERCENT)
FULL = alert("Full", "max by (model_name) (vllm:kv_cache_usage_perc)", ">", quantity("0.9", RATIO), unit=RATIO)
LARGE = alert("Large", "max by (gpu) (DCGM_FI_DEV_FB_USED)", ">", quantity(900, MEBIBYTES), unit=MEBIBYTES)


def told(files: Files) -> dict[str, set[str]]:
    """Which alerts each file tells of."""
    return {
        name: {one["alertname"] for test in tests for one in test["alert_rule_test"]} for name, tests in files.items()
    }


def test_alerts_of_different_series_share_a_test(tmp_path: Path) -> None:
    files = made(tmp_path, BUSY, FULL, LARGE)
    assert told(files) == {"alerts-derived-45s": {"Busy", "Full", "Large"}}
    (test,) = files["alerts-derived-45s"]
    assert test["name"] == "derived: several at once (Busy, Full, Large)"
    for one in (BUSY, FULL, LARGE):
        ((alone,),) = made(tmp_path / one.name, one).values()
        own = [claim for claim in test["alert_rule_test"] if claim["alertname"] == one.name]
        assert own == alone["alert_rule_test"]
        assert [series for series in test["input_series"] if series in alone["input_series"]] == alone["input_series"]


def test_an_alert_of_a_shared_test_that_is_broken_fails_it(tmp_path: Path) -> None:
    made(tmp_path, BUSY, FULL)
    rules = tmp_path / "prometheus/alerts/full.yaml"
    rules.write_text(rules.read_text().replace("> 0.9", "> 0.91"))
    (result,) = promtool.test_rules(tmp_path, ["prometheus/tests/alerts-derived-45s.yaml"])
    assert not result.passed
    assert "alertname: Full" in result.output
    assert "alertname: Busy" not in result.output


def test_who_is_told_of_for_a_little_longer_shares(tmp_path: Path) -> None:
    found = made(tmp_path, BUSY, replace(LARGE, keep_firing="5m"), FULL)
    assert told(found) == {"alerts-derived-45s": {"Busy", "Large", "Full"}}
    (test,) = found["alerts-derived-45s"]
    last = {one["alertname"]: milliseconds_of(one["eval_time"]) for one in test["alert_rule_test"]}
    assert last["Busy"] == last["Full"] < last["Large"]


@pytest.mark.parametrize(
    "other",
    [
        alert("Other", "min by (gpu) (DCGM_FI_DEV_GPU_UTIL)", ">", percent(80), unit=PERCENT),  # the same series
        replace(LARGE, hold="10m"),  # evaluated otherwise
        replace(LARGE, keep_firing="15m"),  # told of for much longer
    ],
    ids=["same series", "other interval", "much longer"],
)
def test_who_would_disturb_the_others_is_told_of_apart(other: Alert, tmp_path: Path) -> None:
    found = told(made(tmp_path, BUSY, other, FULL))
    assert found == {"alerts-derived-45s": {"Busy", "Full"}, other.slug: {other.name}}


@pytest.mark.parametrize(("limit", "files"), [(90, ["Busy First Full"]), (95, ["Busy Full", "First"])])
def test_what_is_recorded_for_two_is_shared_where_it_is_the_same(limit: int, files: list[str], tmp_path: Path) -> None:
    indicator = Indicator(promql("max by (gpu) (DCGM_FI_DEV_GPU_UTIL)"), title="busy", unit=PERCENT)
    group = RuleGroup("gpus", "15s", (Record(indicator, "gpu:busy:max"),))
    first = replace(BUSY, name="First", when=indicator > percent(limit))
    found = made(tmp_path, replace(BUSY, when=indicator > percent(90)), first, FULL, groups=(group,))
    assert [" ".join(sorted(names)) for names in told(found).values()] == files


def test_group_called_like_an_alert_is_told_from_it(tmp_path: Path) -> None:
    indicator = Indicator(promql("max by (gpu) (DCGM_FI_DEV_GPU_UTIL)"), title="busy", unit=PERCENT)
    group = RuleGroup(FULL.slug, "15s", (Record(indicator, "gpu:busy:max"),))
    found = told(made(tmp_path, replace(BUSY, when=indicator > percent(90)), FULL, LARGE, groups=(group,)))
    assert found == {"alerts-derived-45s": {"Busy", "Large", "Full"}}
    order = yaml.safe_load((tmp_path / "prometheus/tests/alerts-derived-45s.yaml").read_text())["group_eval_order"]
    assert order == ["full", "busy", "full-alert", "large"]


def test_a_second_test_that_is_shared_has_a_file_of_its_own(tmp_path: Path) -> None:
    busier = alert("Busier", "max by (gpu) (DCGM_FI_DEV_GPU_UTIL)", ">", percent(95), unit=PERCENT)
    other = alert("Waiting", "max by (namespace) (pods_waiting)", ">", quantity(5, PODS), unit=PODS)
    fuller = alert("Fuller", "max by (model_name) (vllm:kv_cache_usage_perc)", ">", quantity("0.8", RATIO), unit=RATIO)
    found = told(made(tmp_path, BUSY, FULL, busier, fuller, other))
    assert found == {"alerts-derived-45s": {"Busy", "Full", "Waiting"}, "alerts-derived-45s-2": {"Busier", "Fuller"}}


def test_what_somebody_states_stands_in_a_file_by_the_alerts_name(tmp_path: Path) -> None:
    scenario = Scenario("a busy GPU", Feed(busy(gpu="0"), holding(95, lasting="10m")))
    proof = prove(BUSY, quiet(scenario, "1m"), fires(scenario, "10m", instance("95%", gpu="0")))
    found = told(made(tmp_path, BUSY, FULL, LARGE, proofs=(proof,)))
    assert found == {"busy": {"Busy"}, "alerts-derived-45s": {"Busy", "Full", "Large"}}
