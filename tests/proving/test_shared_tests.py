"""Groups that have nothing in common are told of in one test, and each is told the same as alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from shapes import DEFINITIONS

from tocsin import promtool
from tocsin.define import (
    RATIO,
    REQUESTS,
    Catalog,
    Counter,
    Feed,
    Gauge,
    Indicator,
    Label,
    Record,
    RuleGroup,
    Scenario,
    an_hour,
    computes,
    growing,
    holding,
    instance,
    promql,
    prove,
)
from tocsin.documents import rendered
from tocsin.model.scenario import Proof
from tocsin.output import write_tree
from tocsin.plan import Plan
from tocsin.targets import prometheus_recorded, prometheus_rules

service = Label("service", cardinality=5)
served = Counter("served_total", "Served.", labels=(service,), unit=REQUESTS)
failed = Counter("failed_total", "Failed.", labels=(service,), unit=REQUESTS)
DEPTH = Gauge("depth", "Depth.", labels=(service,), unit=RATIO, minimum=0)
CATALOG = Catalog(
    "web",
    (
        served,
        failed,
        Gauge("load", "Load.", labels=(service,), unit=RATIO, minimum=0),
        DEPTH,
    ),
)
SERVED, FAILED = "sum by (service) (rate(served_total[5m]))", "sum by (service) (rate(failed_total[5m]))"
OTHERWISE = 'sum by (service) (increase({}{{service="a"}}[5m]))'
Tests = dict[str, list[str]]


def group(name: str, *exprs: str, every: str = "30s") -> RuleGroup:
    records = (
        Record(Indicator(promql(expr), title=f"{name} {number}"), f"{name}:r{number}")
        for number, expr in enumerate(exprs, 1)
    )
    return RuleGroup(name, every, tuple(records))


def made(out: Path, *groups: RuleGroup, proofs: tuple[Proof, ...] = ()) -> Tests:
    """Which records each file tells of; promtool has passed all of them, and each group's alone."""
    plan = Plan(replace(DEFINITIONS, catalogs=(CATALOG,), alerts=(), groups=groups, proofs=proofs))
    drafts = [draft for target in (prometheus_rules, prometheus_recorded) for draft in target.documents(plan)]
    write_tree(out, list(rendered(drafts)))
    files = sorted(f"prometheus/tests/{path.name}" for path in (out / "prometheus/tests").iterdir())
    assert [result.output for result in promtool.test_rules(out, files) if not result.passed] == []
    return {
        Path(file).stem: [
            one["expr"].removeprefix("round(service:").partition(",")[0]
            for test in yaml.safe_load((out / file).read_text())["tests"]
            for one in test["promql_expr_test"]
        ]
        for file in files
    }


def test_groups_of_different_series_share_a_test(tmp_path: Path) -> None:
    groups = group("served", SERVED), group("loads", "max by (service) (load)"), group("failed", FAILED)
    assert made(tmp_path, *groups) == {"rules-derived-12m": ["served:r1", "loads:r1", "failed:r1"]}
    (test,) = yaml.safe_load((tmp_path / "prometheus/tests/rules-derived-12m.yaml").read_text())["tests"]
    own = made(tmp_path / "alone", groups[0])
    assert own == {"rules-served": ["served:r1"]}
    (alone,) = yaml.safe_load((tmp_path / "alone/prometheus/tests/rules-served.yaml").read_text())["tests"]
    assert test["promql_expr_test"][0] == alone["promql_expr_test"][0]


def test_who_feeds_the_same_series_otherwise_is_told_of_apart(tmp_path: Path) -> None:
    other = group("other", OTHERWISE.format("served_total"))
    found = made(tmp_path, group("served", SERVED), other, group("failed", FAILED))
    assert found == {"rules-derived-12m": ["served:r1", "failed:r1"], "rules-other": ["other:r1"]}


@pytest.mark.parametrize(
    "other", ["service:served:r1 * 60", "service:served:r1 + on (service) max by (service) (load)"]
)
def test_who_reads_what_is_recorded_of_the_same_series_shares_their_test(other: str, tmp_path: Path) -> None:
    found = made(tmp_path, group("served", SERVED), group("other", other), group("failed", FAILED))
    assert found == {"rules-derived-12m": ["served:r1", "other:r1", "failed:r1"]}


def test_nobody_shares_a_test_of_another_moment(tmp_path: Path) -> None:
    found = made(tmp_path, group("served", SERVED), group("seldom", FAILED, every="2m"))
    assert found == {"rules-seldom": ["seldom:r1"], "rules-served": ["served:r1"]}


def test_a_second_test_of_the_same_moment_has_a_file_of_its_own(tmp_path: Path) -> None:
    exprs = SERVED, FAILED, OTHERWISE.format("served_total"), OTHERWISE.format("failed_total")
    groups = [group(name, expr) for name, expr in zip("abcd", exprs, strict=True)]
    found = made(tmp_path, *groups)
    assert found == {"rules-derived-12m": ["a:r1", "b:r1"], "rules-derived-12m-2": ["c:r1", "d:r1"]}


def test_what_looks_back_is_told_of_alone(tmp_path: Path) -> None:
    back = group("back", SERVED, "max_over_time(service:back:r1[2m]) + max by (service) (load) * 0")
    found = made(tmp_path, back, group("failed", FAILED))
    assert found["rules-failed"] == ["failed:r1"]
    assert found["rules-back"] == ["back:r1", "back:r2"]


def test_given_series_that_are_the_same_for_both_are_shared(tmp_path: Path) -> None:
    rates = group("rates", SERVED, FAILED)
    hours = [group(f"hour{number}", f"sum_over_time(service:rates:r1[1h:30s]) * {number}") for number in (30, 60)]
    found = made(tmp_path, rates, *hours)
    (shared,) = (name for name in found if name.startswith("rules-derived"))
    assert found[shared] == ["hour30:r1", "hour60:r1"]
    (test,) = yaml.safe_load((tmp_path / f"prometheus/tests/{shared}.yaml").read_text())["tests"]
    series = [one["series"] for one in test["input_series"]]
    assert len(series) == len(set(series))
    # The second of two given series changes otherwise than the first.
    other = group("other", "sum_over_time(service:rates:r2[1h:30s]) + sum_over_time(service:rates:r1[1h:30s])")
    apart = made(tmp_path / "apart", rates, hours[0], other)
    assert apart["rules-hour30-given"] == ["hour30:r1"]
    assert apart["rules-other-given"] == ["other:r1"]


def test_what_is_stated_of_other_moments_stands_in_another_file(tmp_path: Path) -> None:
    group_of = group("served", SERVED)
    stated = Scenario("one a second", Feed(served(service="shop"), growing(an_hour(3600), lasting="20m")))
    for at, files in (("10m", {"rules-served", "rules-served-derived"}), ("12m", {"rules-served"})):
        proof = prove(group_of.records[0].indicator, computes(stated, at, instance("1.00", service="shop")))
        found = made(tmp_path / at, group_of, proofs=(proof,))
        assert found.keys() == files
        assert found["rules-served"].count("served:r1") == 3 - len(files)


def test_what_is_stated_of_several_groups_as_often_stands_in_one_test(tmp_path: Path) -> None:
    groups = group("served", SERVED), group("failed", FAILED), group("loads", "max by (service) (load)")

    def one_a_second(counter: Counter, of: RuleGroup, at: str) -> Proof:
        rush = Scenario("one a second", Feed(counter(service="shop"), growing(an_hour(3600), lasting="20m")))
        return prove(of.records[0].indicator, computes(rush, at, instance("1.00", service="shop")))

    proofs = one_a_second(served, groups[0], "9m"), one_a_second(failed, groups[1], "9m")
    found = made(tmp_path, *groups, proofs=proofs)
    assert found["rules-stated-9m"] == ["served:r1", "failed:r1"]
    assert found["rules-derived-12m"] == ["served:r1", "failed:r1", "loads:r1"]
    apart = made(tmp_path / "apart", *groups, proofs=(proofs[0], one_a_second(failed, groups[1], "10m")))
    assert (apart["rules-served"], apart["rules-failed"]) == (["served:r1"], ["failed:r1"])


def test_what_may_read_any_series_shares_no_test(tmp_path: Path) -> None:
    # Alone nothing is fed that it reads; beside another it would read what that one feeds.
    any_of_them = group("any", 'count({__name__=~"served_total|depth"}) + max(depth)')
    rush = Scenario("one a second", Feed(served(service="shop"), growing(an_hour(3600), lasting="20m")))
    depth = Scenario("some depth", Feed(DEPTH(service="shop"), holding(3, lasting="20m")))
    rate_of = group("served", SERVED)
    proofs = (
        prove(rate_of.records[0].indicator, computes(rush, "9m", instance("1.00", service="shop"))),
        prove(any_of_them.records[0].indicator, computes(depth, "9m", instance("4"))),
    )
    assert "rules-any" in made(tmp_path, any_of_them, rate_of, proofs=proofs)
