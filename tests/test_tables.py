"""Tables: series that people state, and Prometheus makes."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from projects import Copy

from agentmetrics.catalog import agent_active_sessions, tenant_daily_budget, tenant_id, tenant_monthly_budget
from tocsin.define import Definitions, Site, Table, seconds, usd
from tocsin.findings import DefinitionError
from tocsin.plan import Plan
from tocsin.promtool import test_rules as promtool_test
from tocsin.source import Source
from tocsin.targets.prometheus_tables import tables_files

BUDGETS = "rules/budgets.yaml"
COLUMNS = {"daily": tenant_daily_budget, "monthly": tenant_monthly_budget}


@pytest.fixture
def agreed(project_copy: Copy) -> Copy:
    """The project with budgets that fit its scenarios."""
    (project_copy.root / BUDGETS).write_text("acme: {daily: 60.5, monthly: 1000}\nglobex: {monthly: 2000}\n")
    done = project_copy.tocsin("generate")
    assert done.returncode == 0, done.stderr
    return project_copy


def test_a_budget_becomes_a_series_that_is_proven(agreed: Copy) -> None:
    rules = yaml.safe_load((agreed.root / "generated/prometheus/rules/tenant-budgets.yaml").read_text())
    assert rules["groups"][0]["rules"] == [
        {"record": "tenant_daily_budget_usd", "expr": "vector(60.5)", "labels": {"tenant_id": "acme"}},
        {"record": "tenant_monthly_budget_usd", "expr": "vector(1000)", "labels": {"tenant_id": "acme"}},
        {"record": "tenant_monthly_budget_usd", "expr": "vector(2000)", "labels": {"tenant_id": "globex"}},
    ]
    done = agreed.tocsin("test")
    assert done.returncode == 0
    assert "ok     table tenant-budgets and 1 more, told at once  (rules/budgets.py:6)" in done.stdout


def test_a_wrong_value_fails_the_tables_proof(agreed: Copy) -> None:
    agreed.replace("generated/prometheus/rules/tenant-budgets.yaml", "vector(60.5)", "vector(60.6)")
    (result,) = promtool_test(agreed.root / "generated", ["prometheus/tests/tables-15s.yaml"])
    assert "tenant_daily_budget_usd" in result.output
    assert not result.passed


def test_the_alert_reads_budgets_that_nobody_exports(agreed: Copy) -> None:
    """acme spends 10 USD a minute: more than 60.5 a day after 7 minutes; globex has 100 by default."""
    tests = agreed.root / "generated/prometheus/tests"
    test: dict[str, Any] = yaml.safe_load((tests / "daily-cost-budget-exceeded.yaml").read_text())
    test["rule_files"].append("../rules/tenant-budgets.yaml")
    test["group_eval_order"] = ["tenant-budgets", *test["group_eval_order"]]
    spending = test["tests"][0]
    spending["input_series"] = [
        one for one in spending["input_series"] if "budget" not in one["series"] and "initech" not in one["series"]
    ]
    early = next(claim for claim in spending["alert_rule_test"] if claim["eval_time"] == "15m")
    assert early["exp_alerts"][0]["exp_labels"]["tenant_id"] == "acme"
    test["tests"] = [spending]
    (tests / "stated.yaml").write_text(yaml.safe_dump(test))
    (result,) = promtool_test(agreed.root / "generated", ["prometheus/tests/stated.yaml"])
    assert result.passed, result.output


@pytest.mark.parametrize(
    ("text", "line", "message", "way_out"),
    [
        ("acme: {daily: 1}\nacme: {daily: 2}", 2, "acme is there twice; the other one stands in line 1", "keep one"),
        ("acme: {daily: -5}", 1, "acme: daily is -5", "it is 0 USD or more"),
        ("acme: {daily: lots}", 1, "'lots' is no number", "write it plainly"),
        ("acme: {daily: .inf}", 1, "'.inf' is no number", "write it plainly"),
        ("a: {daily: 1}\nb: {dayly: 1}", 2, "b: there is no column dayly", "did you mean daily?"),
        ("acme: {}", 1, "acme: nothing is stated of it", "state daily or monthly"),
        ("acme: 50", 1, "names with values are expected here", "write `name: value`"),
        ("- acme", 1, "names with values are expected here", "write `name: value`"),
        ("acme: {daily: [", 1, "is no YAML", "mend the line"),
        ("", None, "is empty", "or do without it"),
        (None, None, "cannot be read", "see its name"),
    ],
)
def test_a_wrong_file_is_told_with_its_line(
    tmp_path: Path, text: str | None, line: int | None, message: str, way_out: str
) -> None:
    file = tmp_path / "budgets.yaml"
    if text is not None:
        file.write_text(text)
    with pytest.raises(DefinitionError) as wrong:
        Table("budgets", by=tenant_id, columns=COLUMNS, rows=str(file))
    assert wrong.value.source == Source(str(file), line)
    assert wrong.value.message.startswith(message)
    assert way_out in wrong.value.help


def test_a_wrong_file_stops_the_command_in_one_line(project_copy: Copy) -> None:
    (project_copy.root / BUDGETS).write_text("acme: {daily: lots}\n")
    done = project_copy.tocsin("generate")
    assert done.returncode in (1, 2)
    assert "rules/budgets.yaml:1: error: 'lots' is no number" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_daily_budget_above_the_monthly_one_is_a_warning_at_its_line(project_copy: Copy) -> None:
    (project_copy.root / BUDGETS).write_text("acme: {daily: 50, monthly: 900}\nglobex: {daily: 900, monthly: 50}\n")
    assert project_copy.tocsin("generate").returncode == 0
    done = project_copy.tocsin("check")
    told = "rules/budgets.yaml:2: warning[table-order] tenant-budgets: globex: daily is USD 900, more than monthly"
    assert told in done.stdout
    assert "acme" not in done.stdout


def test_a_table_may_be_stated_in_python() -> None:
    table = Table("budgets", by=tenant_id, columns=COLUMNS, rows={"acme": {"daily": usd("0.5")}})
    ((series, value),) = table.series()
    assert (series.metric, str(series.matchers[0]), value) == (tenant_daily_budget, 'tenant_id="acme"', Decimal("0.5"))


def test_a_table_states_gauges_of_its_label_in_their_unit() -> None:
    with pytest.raises(DefinitionError, match="daily is measured in USD, 5 seconds is not"):
        Table("budgets", by=tenant_id, columns=COLUMNS, rows={"acme": {"daily": seconds(5)}})
    with pytest.raises(DefinitionError, match="whose labels are agent_name, tenant_id"):
        Table("sessions", by=tenant_id, columns={"open": agent_active_sessions}, rows={})


def test_two_groups_of_one_name_are_told(project_copy: Copy) -> None:
    project_copy.replace("rules/budgets.py", '"tenant-budgets"', '"ai-cost"')
    done = project_copy.tocsin("generate")
    assert done.returncode == 1
    assert "the rule group ai-cost is defined twice" in done.stdout


def test_a_gauge_that_no_catalog_has_is_told(project_copy: Copy) -> None:
    project_copy.append(
        "rules/budgets.py",
        "\nfrom dataclasses import replace\n\nmisnamed = Table(\n    'other', by=tenant_id, rows={}, "
        "columns={'daily': replace(tenant_daily_budget, name='tenant_budget')}\n)\n",
    )
    done = project_copy.tocsin("generate")
    assert done.returncode == 1
    assert "error[metric-unknown] other: no catalog has tenant_budget" in done.stdout


def test_tables_that_state_other_series_as_often_share_a_test() -> None:
    daily, monthly = {"daily": tenant_daily_budget}, {"monthly": tenant_monthly_budget}
    rows = {"acme": {"daily": usd(1)}}
    tables = (
        Table("one", by=tenant_id, columns=daily, rows=rows),
        Table("two", by=tenant_id, columns=monthly, rows={"acme": {"monthly": usd(2)}}),
        Table("again", by=tenant_id, columns=daily, rows=rows),
        Table("seldom", by=tenant_id, columns=monthly, rows={"acme": {"monthly": usd(3)}}, interval="1m"),
        Table("empty", by=tenant_id, columns=monthly, rows={}),
    )
    found = tables_files(Plan(Definitions(Site(runbooks_url="https://runbooks.example.com"), tables=tables)))
    assert {file.path: [table.name for table in file.tables] for file in found} == {
        "prometheus/tests/tables-15s.yaml": ["one", "two"],
        "prometheus/tests/rules-again.yaml": ["again"],
        "prometheus/tests/rules-seldom.yaml": ["seldom"],
    }
