"""Who has a threshold of their own is derived with it, whether it is higher than everybody's or lower."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from shapes import DEFINITIONS, alert

from agentmetrics.catalog import llm_cost, tenant_id
from tocsin import promtool
from tocsin.checks.alerts import findings_of_proofs
from tocsin.define import increase, usd
from tocsin.documents import rendered
from tocsin.output import write_tree
from tocsin.plan import Plan
from tocsin.proving.derive import derived
from tocsin.source import here
from tocsin.targets import prometheus_alerts, prometheus_rules, prometheus_tests
from tocsin.tenants import with_own_thresholds

SPENT = alert("Spent", increase(llm_cost, by=tenant_id, over="1h"), ">", usd(10))


@pytest.mark.parametrize(("limit", "text"), [(20, "USD 20.02"), (5, "USD 5.00")])
def test_own_threshold_is_derived_and_missed_where_it_is_left_out(limit: int, text: str, tmp_path: Path) -> None:
    definitions = replace(DEFINITIONS, alerts=(SPENT,), groups=())
    plan = Plan(with_own_thresholds(definitions, {SPENT: {"acme": usd(limit)}}, here()))
    (spent,) = plan.definitions.alerts
    found = [one for claim in derived(plan, spent).claims for one in claim.instances]
    assert text in {one.value for one in found if dict(one.labels)["tenant_id"] == "acme"}
    assert not [one for one in findings_of_proofs(plan) if one.object == "Spent"]
    targets = (prometheus_rules, prometheus_alerts, prometheus_tests)
    documents = [document for target in targets for document in rendered(target.documents(plan))]
    write_tree(tmp_path / "out", documents)
    results = promtool.test_rules(tmp_path / "out", ["prometheus/tests/spent.yaml"])
    assert [result.output for result in results if not result.passed] == []
