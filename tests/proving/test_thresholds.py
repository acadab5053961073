"""Who stands at a threshold has labels that somebody can have, and no other has."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from shapes import DEFINITIONS, alert

from tocsin.define import RATIO, Catalog, Gauge, Indicator, Label, Record, RuleGroup, promql, quantity
from tocsin.documents import rendered
from tocsin.plan import Plan
from tocsin.targets import prometheus_tests, prometheus_thresholds


def told(*labels: Label) -> tuple[list[str], list[str]]:
    """The names of the tests' files, and who stands at the threshold in them."""
    names = ", ".join(label.name for label in labels)
    load = Gauge("load", "Load.", labels=labels, unit=RATIO)
    record = Record(Indicator(promql(f"max by ({names}) (load)"), title="Load"), "load:max")
    busy = alert("Busy", f"{'_'.join(sorted(label.name for label in labels))}:load:max", ">", quantity(3, RATIO))
    group, catalog = RuleGroup("loads", "1m", (record,)), Catalog("web", (load,))
    plan = Plan(replace(DEFINITIONS, catalogs=(catalog,), alerts=(busy,), groups=(group,), proofs=()))
    written = [one for target in (prometheus_tests, prometheus_thresholds) for one in rendered(target.documents(plan))]
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
