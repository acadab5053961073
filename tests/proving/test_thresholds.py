"""Who stands at a threshold has labels that somebody can have, and no other has."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
import yaml
from shapes import DEFINITIONS, alert

from tocsin.define import RATIO, Catalog, Gauge, Indicator, Label, Record, RuleGroup, promql, quantity
from tocsin.documents import Document, rendered
from tocsin.plan import Plan
from tocsin.targets import prometheus_tests, prometheus_thresholds


def told(*labels: Label) -> tuple[list[str], list[str]]:
    """The names of the tests' files, and who stands at the threshold in them."""
    written = documents(*labels)
    files = [str(one.path) for one in written if "busy" in str(one.path)]
    return files, re.findall(r"load:max(\{.*\})", "".join(one.content.decode() for one in written))


def documents(*labels: Label, hold: str = "5m") -> list[Document]:
    names = ", ".join(label.name for label in labels)
    load = Gauge("load", "Load.", labels=labels, unit=RATIO)
    record = Record(Indicator(promql(f"max by ({names}) (load)"), title="Load"), "load:max")
    busy = alert("Busy", f"{'_'.join(sorted(label.name for label in labels))}:load:max", ">", quantity(3, RATIO), hold)
    group, catalog = RuleGroup("loads", "1m", (record,)), Catalog("web", (load,))
    plan = Plan(replace(DEFINITIONS, catalogs=(catalog,), alerts=(busy,), groups=(group,), proofs=()))
    return [one for target in (prometheus_tests, prometheus_thresholds) for one in rendered(target.documents(plan))]


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
        (test,) = yaml.safe_load(documents(Label("zone"), hold=hold)[0].content)["tests"]
        firing = [one["exp_labels"]["zone"] for one in test["alert_rule_test"][-1]["exp_alerts"]]
        return firing, [one["exp_samples"][0]["labels"] for one in test.get("promql_expr_test", ())]

    waiting = 'ALERTS{alertname="Busy",alertstate="pending",severity="warning",zone="at-threshold"}'
    assert last("5m") == ([], [waiting])
    assert last("0s") == (["at-threshold"], [])
