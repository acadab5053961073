"""Who stands at a threshold has labels that somebody can have, and no other has."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from shapes import DEFINITIONS, alert

from tocsin import promtool
from tocsin.define import RATIO, Catalog, Gauge, Indicator, Label, Record, RuleGroup, promql, quantity
from tocsin.documents import Document, rendered
from tocsin.output import write_tree
from tocsin.plan import Plan
from tocsin.targets import prometheus_alerts, prometheus_rules, prometheus_tests, prometheus_thresholds
from tocsin.targets.prometheus_thresholds import thresholds_files


def planned(*labels: Label, hold: str = "5m", every: str = "30s", own: Mapping[str, str] | None = None) -> Plan:
    """An alert on a recorded series with these labels; `own` are those that it adds."""
    names = sorted(label.name for label in labels)
    load = Gauge("load", "Load.", labels=labels, unit=RATIO)
    record = Record(Indicator(promql(f"max by ({', '.join(names)}) (load)"), title="Load"), "load:max")
    busy = alert("Busy", f"{'_'.join(names) or 'all'}:load:max", ">", quantity(3, RATIO), hold)
    busy = replace(busy, every=every, labels=dict(own or {}))
    group, catalog = RuleGroup("loads", "1m", (record,)), Catalog("web", (load,))
    return Plan(replace(DEFINITIONS, catalogs=(catalog,), alerts=(busy,), groups=(group,), proofs=()))


def documents(plan: Plan) -> list[Document]:
    return [one for target in (prometheus_tests, prometheus_thresholds) for one in rendered(target.documents(plan))]


def told(*labels: Label) -> tuple[list[str], list[str]]:
    """The names of the tests' files, and who stands at the threshold in them."""
    written = documents(planned(*labels))
    files = [str(one.path) for one in written if "busy" in str(one.path)]
    return files, re.findall(r"load:max(\{.*\})", "".join(one.content.decode() for one in written))


@pytest.mark.parametrize(
    ("labels", "files", "standing"),
    [
        ([Label("zone")], 1, '{zone="at-threshold"}'),
        ([Label("zone", values=tuple("abcdefgh"))], 1, '{zone="e"}'),
        ([Label("zone", values=("a", "b"))], 2, '{zone="a"}'),
        ([Label("pod"), Label("zone", values=("a", "b"))], 1, '{pod="at-threshold",zone="a"}'),
    ],
)
def test_who_stands_at_a_threshold_has_values_that_the_labels_can_have(
    labels: list[Label], files: int, standing: str
) -> None:
    written, stand = told(*labels)
    assert (len(written), stand) == (files, [standing])


def test_who_is_beyond_the_threshold_in_the_end_is_seen_to_wait_or_to_fire_at_once() -> None:
    def last(hold: str) -> tuple[list[str], list[str]]:
        """Who fires in the end, and the alerts that are read as a series."""
        (test,) = yaml.safe_load(documents(planned(Label("zone"), hold=hold))[0].content)["tests"]
        firing = [one["exp_labels"]["zone"] for one in test["alert_rule_test"][-1]["exp_alerts"]]
        return firing, [one["exp_samples"][0]["labels"] for one in test.get("promql_expr_test", ())]

    waiting = 'ALERTS{alertname="Busy",alertstate="pending",severity="warning",zone="at-threshold"}'
    assert last("5m") == ([], [waiting])
    assert last("0s") == (["at-threshold"], [])


def complaints(plan: Plan, out: Path) -> list[str]:
    """What promtool says of the alert's tests that do not pass."""
    tests = documents(plan)
    rules = [one for target in (prometheus_rules, prometheus_alerts) for one in rendered(target.documents(plan))]
    write_tree(out, [*rules, *tests])
    assert tests
    return [one.output for one in promtool.test_rules(out, [test.path for test in tests]) if not one.passed]


@pytest.mark.parametrize("labels", [(), (Label("zone", values=("a", "b")),)], ids=["no label", "few values"])
@pytest.mark.parametrize("hold", ["0s", "45s", "1m", "90s", "5m"])
def test_who_stands_at_the_threshold_alone_is_seen_for_as_long_as_it_takes(
    hold: str, labels: tuple[Label, ...], tmp_path: Path
) -> None:
    assert complaints(planned(*labels, hold=hold, every="1m"), tmp_path / "out") == []


@pytest.mark.parametrize(
    ("names", "own"),
    [
        (("severity", "zone"), {}),
        (("team", "zone"), {"team": "web"}),
        (("alertname", "zone"), {}),
        (("alertstate", "zone"), {}),
    ],
)
def test_who_waits_has_the_labels_that_come_last(names: Sequence[str], own: dict[str, str], tmp_path: Path) -> None:
    assert complaints(planned(*map(Label, names), own=own), tmp_path / "out") == []


def test_alerts_that_no_label_tells_apart_share_a_test_of_their_thresholds(tmp_path: Path) -> None:
    gauges = [Gauge(name, "A load.", unit=RATIO) for name in ("here", "there", "elsewhere")]
    records = [
        Record(Indicator(promql(f"max({gauge.name})"), title=gauge.name), f"{gauge.name}:max") for gauge in gauges
    ]
    holds = zip(("Here", "There", "Elsewhere"), gauges, ("5m", "15m", "0s"), strict=True)
    alerts = [alert(name, f"all:{gauge.name}:max", ">", quantity(3, RATIO), hold) for name, gauge, hold in holds]
    again = alert("Again", "all:here:max", ">", quantity(4, RATIO), "5m")
    plan = Plan(
        replace(
            DEFINITIONS,
            catalogs=(Catalog("web", tuple(gauges)),),
            alerts=(*alerts, again),
            groups=(RuleGroup("loads", "1m", tuple(records)),),
            proofs=(),
        )
    )
    assert {file.path.rpartition("/")[2]: [one.name for one in file.alerts] for file in thresholds_files(plan)} == {
        "alerts-threshold-5m.yaml": ["Here", "There", "Elsewhere"],
        "again-threshold.yaml": ["Again"],
    }
    assert complaints(plan, tmp_path / "out") == []
    # Each would be noticed if its threshold was a little lower.
    for one in alerts:
        rules = tmp_path / f"out/prometheus/alerts/{one.slug}.yaml"
        whole = rules.read_text()
        rules.write_text(whole.replace("> 3", ">= 3"))
        assert not promtool.test_rules(tmp_path / "out", ["prometheus/tests/alerts-threshold-5m.yaml"])[0].passed
        rules.write_text(whole)
