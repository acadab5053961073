"""The dashboard "AI Agents": every panel that its operators ask for, with all that a reader needs."""

from __future__ import annotations

import importlib.util
import re
from typing import Any

import pytest
from projects import REPOSITORY

from tocsin.display import number_of
from tocsin.plan import Plan, in_unit
from tocsin.units import Quantity

ROWS = {
    "Overview": {"Total requests", "Success rate", "Average latency", "Active sessions"},
    "Performance": {"Latency distribution", "Throughput", "Error rate"},
    "Cost & Usage": {"Token usage", "Cost by model, last 24 h", "Cost by tenant, last 24 h"},
    "Traces": {"Recent traces", "Slow requests", "Error traces"},
}


@pytest.fixture
def dashboard(project_documents: dict[str, Any]) -> Any:
    return project_documents["grafana/dashboards/ai-agents.json"]


@pytest.fixture
def panels(dashboard: Any) -> dict[str, Any]:
    return {panel["title"]: panel for panel in dashboard["panels"] if panel["type"] != "row"}


def test_every_row_has_its_panels(dashboard: Any) -> None:
    rows: dict[str, set[str]] = {}
    for panel in dashboard["panels"]:
        if panel["type"] == "row":
            rows[panel["title"]] = set()
        else:
            rows[next(reversed(rows))].add(panel["title"])
    assert list(rows) == list(ROWS)
    for title, wanted in ROWS.items():
        assert wanted <= rows[title]


def test_reader_can_choose_data_source_agent_model_and_tenant(dashboard: Any) -> None:
    names = [variable["name"] for variable in dashboard["templating"]["list"]]
    assert names == ["datasource", "agent_name", "model", "tenant_id"]


def test_every_panel_says_what_it_shows(panels: dict[str, Any]) -> None:
    for title, panel in panels.items():
        assert len(panel["description"]) > 10, title
        if panel["type"] != "table":
            assert panel["fieldConfig"]["defaults"].get("unit") or panel["options"]["yAxis"]["unit"], title
            assert all(target["legendFormat"] for target in panel["targets"]), title


def test_alerts_on_an_indicator_are_drawn_and_linked_where_it_is_shown(
    project_plan: Plan, panels: dict[str, Any]
) -> None:
    shown = 0
    for planned in project_plan.alerts:
        alert = planned.alert
        place = project_plan.place_of_panel(alert.when.left)
        if place is None or place[0].uid != "ai-agents":
            continue
        panel = panels[place[1].of.title]
        link = next(link for link in panel["links"] if link["title"] == f"Runbook: {alert.name}")
        assert (REPOSITORY / "docs/runbooks" / link["url"].rpartition("/")[2]).is_file()
        assert f"{alert.name} fires" in panel["description"]
        if isinstance(alert.when.right, Quantity):
            values = [step["value"] for step in panel["fieldConfig"]["defaults"]["thresholds"]["steps"]]
            assert number_of(in_unit(alert.when.right, planned.unit)) in values
            if panel["type"] == "timeseries":
                assert panel["fieldConfig"]["defaults"]["custom"]["thresholdsStyle"]["mode"] == "dashed"
            shown += 1
    assert shown == 4


def test_panels_of_a_line_are_equally_high_and_nothing_overlaps(dashboard: Any) -> None:
    taken: set[tuple[int, int]] = set()
    heights: dict[int, set[int]] = {}
    for panel in dashboard["panels"]:
        grid = panel["gridPos"]
        cells = {
            (x, y) for x in range(grid["x"], grid["x"] + grid["w"]) for y in range(grid["y"], grid["y"] + grid["h"])
        }
        assert not cells & taken, panel["title"]
        assert grid["x"] + grid["w"] <= 24
        taken |= cells
        heights.setdefault(grid["y"], set()).add(grid["h"])
    assert all(len(found) == 1 for found in heights.values())


def test_each_row_of_a_trace_table_leads_to_its_trace(panels: dict[str, Any]) -> None:
    for title in ROWS["Traces"]:
        overrides = panels[title]["fieldConfig"]["overrides"]
        properties = next(one["properties"] for one in overrides if one["matcher"]["options"] == "Trace")
        url = next(one["value"][0]["url"] for one in properties if one["id"] == "links")
        columns = {column["text"] for column in panels[title]["targets"][0]["columns"]}
        assert set(re.findall(r"\$\{__data\.fields\.(\w+)\}", url)) <= columns
        assert "${__data.fields.Trace}" in url


def test_picture_of_the_dashboard_is_the_generated_one(dashboard: Any) -> None:
    spec = importlib.util.spec_from_file_location("drawing", REPOSITORY / "docs/images/dashboard.py")
    assert spec
    assert spec.loader
    drawing = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(drawing)
    committed = (REPOSITORY / "docs/images/dashboard.svg").read_text(encoding="utf-8")
    assert drawing.picture(dashboard) == committed, "run `python docs/images/dashboard.py` and look at the picture"
