"""Checks on dashboards of others that the pages do not show: variables, other languages, where to be silent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from others import P99, alert, dashboard, found, ids, panel, rules

from tocsin.reading import Contents

SOURCE = {"name": "ds", "type": "datasource", "query": "prometheus"}
AGENT = {"name": "agent_name", "type": "custom", "query": "support,search"}


@pytest.mark.parametrize(
    ("unit", "told"), [("s", False), ("ms", True), ("percentunit", True), ("short", False), ("reqps", False)]
)
def test_a_panel_shows_its_query_in_the_unit_that_it_has(unit: str, told: bool) -> None:
    assert ("unit-mismatch" in ids(dashboard(panel(P99, unit=unit)))) is told


def test_what_may_be_another_language_is_left_alone() -> None:
    logs = '{app="x"} |= "error" | json'
    loki = {"name": "ds", "type": "datasource", "query": "loki"}
    assert "syntax" in ids(dashboard(panel(logs)))
    assert "syntax" not in ids(dashboard(panel(logs, source={"uid": "unknown"})))
    assert "syntax" not in ids(dashboard(panel(logs, source="$ds"), variables=(loki,)))
    assert "metric-unknown" in ids(dashboard(panel("upp", source={"uid": "unknown"})))


SESSIONS = "agent_active_sessions"


@pytest.mark.parametrize(
    ("expr", "told"),
    [
        (f'sum by (agent_name) ({SESSIONS}{{agent_name=~"$agent_name"}})', True),
        (f'sum by (agent_name) ({SESSIONS}{{agent_name="$agent_name"}})', False),
        (f'sum by (agent_name, tenant_id) ({SESSIONS}{{agent_name="$agent_name"}})', True),
        (f'absent({SESSIONS}{{agent_name="$agent_name"}})', False),
        (f'absent({SESSIONS}{{agent_name="a", agent_name="b"}})', False),
    ],
)
def test_only_several_series_need_a_legend(expr: str, told: bool) -> None:
    assert ("legend" in ids(dashboard(panel(expr), variables=(SOURCE, AGENT)))) is told


@pytest.mark.parametrize(
    ("variable", "use"),
    [
        (SOURCE, "use it: ${ds} as the data source of its panels,"),
        ({"name": "of", "type": "query", "query": "label_values(up, job)"}, 'use it: job=~"$of",'),
        ({"name": "every", "type": "interval", "query": "1m,5m"}, "use it: [$every],"),
        ({"name": "mode", "type": "custom", "query": "a,b"}, "use it: $mode,"),
    ],
)
def test_an_unused_variable_is_used_as_what_it_is(variable: Mapping[str, Any], use: str) -> None:
    content = dashboard(panel("up", source="prometheus"), variables=(variable,))
    [unused] = [finding for finding in found(content) if finding.id == "variable-unused"]
    assert unused.help.startswith(use)


@pytest.mark.parametrize("kind", ["adhoc", "groupby"])
def test_what_grafana_puts_into_each_query_is_used(kind: str) -> None:
    assert "variable-unused" not in ids(dashboard(panel("up"), variables=(SOURCE, {"name": "of", "type": kind})))


def test_variables_of_grafana_and_groups_of_a_pattern_are_no_variables_of_the_dashboard() -> None:
    def told(*panels: Mapping[str, Any]) -> bool:
        return "variable-undefined" in ids(dashboard(*panels, variables=(SOURCE,)), catalogs=())

    expr = 'label_replace(rate(x[$__rate_interval]), "a", "$name-$1", "b", "(?P<name>.*)-(.*)")'
    assert not told(panel(expr))
    assert told(panel("x", repeat="node"))
    assert told(panel('x{a="[[node]]"}'))


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"title": "Of ${agent_nam}"}, {"warning"}),
        ({"title": "Cost in $US"}, set()),
        ({"title": "Of $agent_name"}, set()),
        ({"datasource": "$dss"}, {"error"}),
        ({"datasource": {"uid": "${DS_PROMETHEUS}"}}, {"warning"}),
        ({"datasource": {"uid": "-- Mixed --"}}, set()),
    ],
)
def test_variables_stand_in_titles_and_for_data_sources(changes: Mapping[str, Any], told: set[str]) -> None:
    shown = dashboard(panel("x") | changes, variables=(SOURCE, AGENT))
    severities = {str(one.severity) for one in found(shown, catalogs=()) if one.id == "variable-undefined"}
    assert severities == told


def test_a_panel_without_a_query_to_show_is_empty() -> None:
    hidden = panel("x")
    hidden["targets"][0]["hide"] = True
    beside = panel("x")
    beside["targets"] = [hidden["targets"][0], {**beside["targets"][0], "refId": "B"}]
    empty = {"panel-empty"}
    assert empty <= ids(dashboard(panel(" "), variables=(SOURCE,)), catalogs=())
    assert empty <= ids(dashboard(hidden, variables=(SOURCE,)), catalogs=())
    assert not empty & ids(dashboard(beside, variables=(SOURCE,)), catalogs=())
    traces = {"type": "tempo", "uid": "t"}
    assert not empty & ids(dashboard(panel("", source=traces), variables=(SOURCE,)), catalogs=())


def test_the_axis_of_a_heatmap_has_the_unit_of_its_buckets() -> None:
    expr = "sum by (le) (rate(agent_request_duration_seconds_bucket[$__rate_interval]))"
    assert "unit-mismatch" not in ids(dashboard(panel(expr, unit="s", type="heatmap")))
    assert "unit-mismatch" in ids(dashboard(panel(expr, unit="s")))


def test_colours_agree_with_the_alert_whatever_the_range_and_whatever_is_chosen() -> None:
    watched = rules(alert("sum by (agent_name) (rate(agent_errors_total[5m])) > 2"))

    def shown(step: float) -> Contents:
        steps = {"steps": [{"value": None}, {"value": step}]}
        expr = 'sum by (agent_name) (rate(agent_errors_total{model=~"$model"}[$__rate_interval]))'
        return dashboard(panel(expr, fieldConfig={"defaults": {"unit": "short", "thresholds": steps}}))

    assert "threshold-disagrees" in ids(watched, shown(5))
    assert "threshold-disagrees" not in ids(watched, shown(2))


def test_panels_in_rows_that_are_folded_up_do_not_lie_on_others() -> None:
    grid = {"x": 0, "y": 1, "w": 12, "h": 8}
    inner = panel("up", id=2, gridPos=grid)
    folded = {"id": 3, "type": "row", "title": "R", "collapsed": True, "panels": [inner], "gridPos": {**grid, "h": 1}}
    assert "panel-empty" not in ids(dashboard(folded, panel("up", gridPos={**grid, "y": 2})), catalogs=())
    assert "panel-empty" in ids(dashboard(panel("up", gridPos=grid), panel("up", id=2, gridPos=grid)), catalogs=())


@pytest.mark.parametrize("nested", [False, True])
def test_queries_of_annotations_are_queries(nested: bool) -> None:
    def marked(expr: str, engine: str = "prometheus") -> Contents:
        query = {"target": {"expr": expr}} if nested else {"expr": expr}
        mark = {"name": "Restarts", "datasource": {"type": engine, "uid": "x"}, **query}
        return dashboard(annotations={"list": [{"type": "dashboard", "builtIn": 1}, mark]})

    assert "syntax" in ids(marked("changes(process_start_time_seconds[5m]"))
    assert "syntax" not in ids(marked("changes(process_start_time_seconds[5m])"))
    assert "syntax" not in ids(marked('{app="agents"} |= "restarted"', "loki"))
    recorded = rules({"record": "job:restarts:changes5m", "expr": "sum by (job) (changes(starts[5m]))"})
    assert "rule-unused" in ids(recorded, dashboard())
    assert "rule-unused" not in ids(recorded, marked("job:restarts:changes5m > 0"))


@pytest.mark.parametrize(("asked", "told"), [({}, True), ({"instant": True}, False), ({"range": True}, True)])
def test_a_fixed_window_is_looked_through_once_where_one_instant_is_asked_for(
    asked: Mapping[str, Any], told: bool
) -> None:
    shown = panel("sum(rate(x_total[5m]))")
    shown["targets"][0].update(asked)
    assert ("rate-interval" in ids(dashboard(panel("y"), shown), catalogs=())) is told
    beside = panel("sum(rate(x_total[5m]))")
    assert "rate-interval" in ids(dashboard(shown, beside), catalogs=())


@pytest.mark.parametrize(
    ("kind", "options", "told"),
    [
        ("stat", {"options": {"reduceOptions": {"calcs": ["lastNotNull"]}}}, True),
        ("stat", {"options": {"reduceOptions": {"calcs": ["delta"]}}}, False),
        ("gauge", {"options": {"reduceOptions": {"calcs": ["range"]}}}, False),
        ("singlestat", {"valueName": "current"}, True),
        ("singlestat", {"valueName": "diff"}, False),
    ],
)
def test_how_a_counter_changed_may_be_shown(kind: str, options: Mapping[str, Any], told: bool) -> None:
    shown = panel("agent_errors_total", type=kind, **options)
    assert ("instant-range" in ids(dashboard(shown))) is told


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({}, True),
        ({"transformations": [{"id": "organize"}]}, True),
        ({"transformations": [{"id": "calculateField"}]}, False),
        ({"type": "stat", "options": {"reduceOptions": {"calcs": ["count"]}}}, False),
    ],
)
def test_what_is_computed_of_answers_may_have_another_unit(more: Mapping[str, Any], told: bool) -> None:
    assert ("unit-mismatch" in ids(dashboard(panel(P99, unit="ms", **more)))) is told


@pytest.mark.parametrize(
    ("options", "told"),
    [({}, True), ({"reduceOptions": {"fields": "/^version$/"}}, False), ({"textMode": "name"}, False)],
)
def test_a_name_has_no_unit(options: Mapping[str, Any], told: bool) -> None:
    shown = panel("build_info", type="stat", unit="", options=options)
    assert ("panel-text" in ids(dashboard(shown), catalogs=())) is told


@pytest.mark.parametrize(("form", "told"), [("time_series", True), ("table", False)])
def test_columns_of_a_table_are_not_called_by_the_legend(form: str, told: bool) -> None:
    shown = panel("sum by (a) (x)", type="table")
    shown["targets"][0].update(format=form, legendFormat="{{b}}", instant=True)
    assert ("legend" in ids(dashboard(shown), catalogs=())) is told
