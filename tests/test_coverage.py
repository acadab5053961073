"""What is watched: docs/coverage.md says where each thing is seen, and it is seen there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from projects import REPOSITORY

from agentmetrics.catalog import CATALOG
from tocsin.display import quantity_text
from tocsin.metrics import series_of
from tocsin.panels.panel import Panel
from tocsin.plan import Plan
from tocsin.promql.tree import Node, Select
from tocsin.registry import CHECKS
from tocsin.units import Quantity

PAGE = (REPOSITORY / "docs/coverage.md").read_text()


def rows(heading: str) -> list[list[str]]:
    """A table of the page, without its head."""
    section = PAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


@pytest.fixture(scope="module")
def panels(project_plan: Plan) -> dict[str, Panel]:
    return {
        f"{dashboard.title} / {panel.title}": panel
        for dashboard in project_plan.definitions.dashboards
        for panel in dashboard.panels
    }


def series_read(plan: Plan, *nodes: Node) -> set[str]:
    """The exported series that expressions rest on, through recorded ones too."""
    names: set[str] = set()
    for node in nodes:
        for part in (node, *(record.node for record in plan.records_read(node))):
            names |= {select.name for select in part.walk() if isinstance(select, Select)}
    return names


def of_panel(plan: Plan, panel: Panel) -> set[str]:
    return series_read(plan, *(plan.panel(indicator) for indicator in panel.indicators))


@pytest.mark.parametrize(("series", "place", "alert"), rows("Series of the agents"), ids=lambda value: value or "none")
def test_series_is_seen_where_the_page_says(
    project_plan: Plan, panels: dict[str, Panel], series: str, place: str, alert: str
) -> None:
    (metric,) = [metric for metric in CATALOG if f"`{metric.name}`" == series]
    names = {one.name for one in series_of(metric)}
    assert names & of_panel(project_plan, panels[place])
    if alert:
        (planned,) = [one for one in project_plan.alerts if one.alert.name == alert]
        assert names & series_read(project_plan, planned.left, planned.right)


def test_page_names_every_series_that_agents_export() -> None:
    assert {row[0] for row in rows("Series of the agents")} == {f"`{metric.name}`" for metric in CATALOG}


@pytest.mark.parametrize(("when", "hold", "severity", "name"), rows("Thresholds"), ids=lambda value: value)
def test_threshold_is_the_alerts(project_plan: Plan, when: str, hold: str, severity: str, name: str) -> None:
    (alert,) = [alert for alert in project_plan.definitions.alerts if alert.name == name]
    assert (alert.hold, alert.severity.value) == (hold, severity)
    found = re.search(r"([<>]) (.*)", when)
    assert found
    assert found[1] == alert.when.operator
    if isinstance(alert.when.right, Quantity):
        assert found[2].removesuffix(" of the budget") == quantity_text(alert.when.right).strip()


@pytest.mark.parametrize(("promise", "window", "left", "burn", "alerts"), rows("Promises"), ids=lambda value: value)
def test_promise_is_watched_where_the_page_says(
    project_plan: Plan, panels: dict[str, Panel], promise: str, window: str, left: str, burn: str, alerts: str
) -> None:
    own = [alert for alert in project_plan.definitions.alerts if alert.name.startswith(alerts)]
    assert [alert.name.removeprefix(alerts) for alert in own] == ["3d", "1d", "6h", "1h"]
    (remaining,) = panels[left].indicators
    assert project_plan.panel(remaining).text().endswith(f":burn_rate{window}")
    (month,) = project_plan.records_read(project_plan.panel(remaining))[-1:]
    assert month.expr.endswith(f"(1 - {Decimal(promise.split('%')[0]) / 100})")
    assert {id(alert.when.left.root) for alert in own} == {id(indicator) for indicator in panels[burn].indicators}


def test_page_names_every_alert(project_plan: Plan) -> None:
    names = {alert.name for alert in project_plan.definitions.alerts}
    burns = {name for name in names if re.search(r"Burn\d+[hd]$", name)}
    assert {name[:-2] for name in burns} == {row[-1] for row in rows("Promises")}
    assert {row[-1] for row in rows("Thresholds")} == names - burns - {"LangfuseExporterFailing"}


def places() -> Iterator[str]:
    for heading in ("Numbers made of them", "Which trace to open", "Every day", "Every week", "Around the agents"):
        yield from (row[-1] for row in rows(heading))


@pytest.mark.parametrize("place", list(places()))
def test_check_is_on_the_dashboard_that_the_page_names(panels: dict[str, Panel], place: str) -> None:
    assert place in panels


@pytest.mark.parametrize(("target", "place"), rows("Targets"), ids=lambda value: value)
def test_target_is_the_panels(panels: dict[str, Panel], target: str, place: str) -> None:
    stated = [one.target.most for one in panels[place].indicators if one.target and one.target.most]
    assert [quantity_text(most) for most in stated] == [target.partition(" < ")[2]]


@pytest.mark.parametrize(("mistake", "check"), rows("Mistakes that are found"), ids=lambda value: value)
def test_mistake_has_its_check(mistake: str, check: str) -> None:  # noqa: ARG001
    (name,) = re.findall(r"\[(.+)\]", check)
    assert check == f"[{name}](checks/{name}.md)"
    assert name in CHECKS


def test_capacity_is_shown_over_weeks(project_documents: dict[str, Any]) -> None:
    shown = {panel["title"]: panel for panel in project_documents["grafana/dashboards/daily-check.json"]["panels"]}
    weekly = [place.partition(" / ")[2] for _, place in rows("Every week") if place.endswith("4 weeks")]
    assert {shown[title]["timeFrom"] for title in weekly} == {"4w"}


def test_every_dashboard_leads_to_the_others_and_keeps_what_was_chosen(project_documents: dict[str, Any]) -> None:
    dashboards = {path: data for path, data in project_documents.items() if path.startswith("grafana/dashboards/")}
    assert len(dashboards) == 7
    for dashboard in dashboards.values():
        (link,) = dashboard["links"]
        assert (link["includeVars"], link["keepTime"]) == (True, True)
        assert all(set(link["tags"]) <= set(other["tags"]) for other in dashboards.values())


def test_weekly_review_names_what_no_query_can_tell(panels: dict[str, Panel]) -> None:
    words = str(panels["Daily Operations Check / Weekly review"].settings)
    assert "Security patches" in words
    assert "Backups" in words


@pytest.mark.parametrize(("symptom", "page"), rows("When it breaks"), ids=lambda value: value)
def test_runbook_is_there(symptom: str, page: str) -> None:  # noqa: ARG001
    (path,) = re.findall(r"\((.+)\)", page)
    assert (REPOSITORY / "docs" / path).is_file()


# From which value on each has which colour: the limits that the page states, and that of the alert behind it.
DAILY = {
    "GPU nodes ready": [(None, "red"), (1, "green")],
    "Model pods running": [(None, "red"), (1, "green")],
    "Error rate": [(None, "green"), (0.01, "amber"), (0.05, "red")],
    "P99 latency": [(None, "green"), (5, "amber"), (10, "red")],
    "GPU utilisation": [(None, "amber"), (40, "green"), (80, "amber")],
    "GPU memory used": [(None, "green"), (0.9, "red")],
}
# A target's colour, and that of an alert that wakes nobody.
AMBER = {"#EAB839": "amber", "yellow": "amber"}


@pytest.mark.parametrize("title", DAILY)
def test_daily_check_changes_its_colour_at_its_limit_and_nowhere_else(
    project_documents: dict[str, Any], title: str
) -> None:
    panels = project_documents["grafana/dashboards/daily-check.json"]["panels"]
    (panel,) = [one for one in panels if one["title"] == title and one["type"] == "stat"]
    steps = panel["fieldConfig"]["defaults"]["thresholds"]["steps"]
    assert [(step["value"], AMBER.get(step["color"], step["color"])) for step in steps] == DAILY[title]
