"""What is stated is evaluated as often as its alert, or less often where that shows the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from shapes import DEFINITIONS, alert, cache, model_name

from tocsin import promtool
from tocsin.define import Alert, Feed, Scenario, fires, holding, instance, maximum, percent, promql, prove, quiet
from tocsin.documents import rendered
from tocsin.model.scenario import Claim, Segment
from tocsin.output import write_tree
from tocsin.plan import Plan
from tocsin.promql.tree import Node
from tocsin.targets import prometheus_alerts, prometheus_rules, prometheus_tests

RECENT = maximum(cache, by=model_name, over="2m")
FULL = (holding("0.95", lasting="7h"),)
BRIEFLY_LESS = (holding("0.95", lasting="3h2m"), holding("0.91", lasting="6m"), holding("0.95", lasting="4h"))
BRIEFLY_NOT = (holding("0.95", lasting="3h2m"), holding("0.5", lasting="6m"), holding("0.95", lasting="4h"))


def full(expr: Node = RECENT, keep: str = "0s") -> Alert:
    return alert("Full", expr, ">", percent(90), "6h", keep)


def claims(segments: Sequence[Segment], *times: str, firing: str = "", missed: Sequence[str] = ()) -> list[Claim]:
    scenario = Scenario("the cache is full", Feed(cache(model_name="m"), *segments), every="1m", missed=missed)
    found = [quiet(scenario, at) for at in times]
    return [*found, fires(scenario, firing, instance("95%", model_name="m"))] if firing else found


@pytest.mark.parametrize(
    ("proven", "stated", "interval"),
    [
        pytest.param(full(), claims(FULL, firing="6h20m"), "20m", id="all times are multiples"),
        pytest.param(full(), claims(FULL, "10m", firing="6h20m"), "10m", id="a claim in between"),
        pytest.param(full(), claims(FULL, firing="6h15m30s"), "30s", id="a claim at an odd time"),
        pytest.param(full(keep="5m"), claims(FULL, firing="6h20m"), "5m", id="kept firing"),
        pytest.param(full(), claims(BRIEFLY_NOT, "6h20m"), "5m", id="what happens in between"),
        pytest.param(full(), claims(BRIEFLY_LESS, firing="6h20m"), "5m", id="something brief that is no matter now"),
        pytest.param(full(), claims(FULL, firing="6h20m", missed=("3h2m",)), "2m30s", id="a missed scrape"),
        pytest.param(full(), claims(FULL, "4m30s"), "30s", id="few evaluations"),
        pytest.param(
            full(promql(f"max_over_time(({RECENT.text()})[10m:1m])")),
            claims(FULL, firing="6h20m"),
            "20m",
            id="a subquery of what is scraped",
        ),
    ],
)
def test_as_seldom_as_shows_the_same(proven: Alert, stated: list[Claim], interval: str, tmp_path: Path) -> None:
    assert passing_tests(tmp_path / "out", proven, stated)["evaluation_interval"] == interval


def test_as_seldom_as_what_is_derived_and_in_one_file_with_it(tmp_path: Path) -> None:
    found = passing_tests(tmp_path / "out", full(keep="36m"), claims((holding("0.95", lasting="8h"),), firing="7h12m"))
    assert found["evaluation_interval"] == "36m"
    assert [test["name"] for test in found["tests"]] == ["the cache is full", "derived: several at once"]
    assert not list((tmp_path / "out").rglob("*-derived.yaml"))


def passing_tests(out: Path, proven: Alert, stated: Sequence[Claim]) -> dict[str, Any]:
    """The tests of an alert with stated proofs, which pass."""
    plan = Plan(replace(DEFINITIONS, alerts=(proven,), proofs=(prove(proven, *stated),)))
    targets = (prometheus_rules, prometheus_alerts, prometheus_tests)
    write_tree(out, list(rendered(draft for target in targets for draft in target.documents(plan))))
    file = "prometheus/tests/full.yaml"
    (result,) = promtool.test_rules(out, [file])
    assert result.passed, result.output
    found: dict[str, Any] = yaml.safe_load((out / file).read_text())
    return found
