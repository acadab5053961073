"""Checks on files of others that the pages do not show: files beside each other, and where to be silent."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import yaml

from agentmetrics.catalog import CATALOG
from tocsin.checks import judge
from tocsin.findings import Finding
from tocsin.metrics import Catalog
from tocsin.reading import Contents, read_text
from tocsin.whole import of_files

P99 = "histogram_quantile(0.99, sum by (le) (rate(agent_request_duration_seconds_bucket[5m])))"
SAID = {"summary": "s", "description": "d", "runbook_url": "r"}


def alert(expr: str, **more: Any) -> dict[str, Any]:
    return {"alert": "A", "expr": expr, "for": "5m", "labels": {"severity": "warning"}, "annotations": SAID, **more}


def rules(*made: Mapping[str, Any], group: str = "g", file: str = "rules.yaml") -> Contents:
    return read_text(yaml.safe_dump({"groups": [{"name": group, "rules": list(made)}]}).encode(), file)


def dashboard(*panels: Mapping[str, Any], variables: tuple[Mapping[str, Any], ...] = (), **more: Any) -> Contents:
    document = {"title": "D", "panels": list(panels), "templating": {"list": list(variables)}, **more}
    return read_text(json.dumps(document).encode(), "d.json")


def panel(expr: str, source: Any = None, unit: str = "short", **more: Any) -> dict[str, Any]:
    target = {"refId": "A", "expr": expr, "datasource": source or {"type": "prometheus", "uid": "$ds"}}
    about = {"title": "P", "description": "d", "type": "timeseries", "fieldConfig": {"defaults": {"unit": unit}}}
    return {"id": 1, **about, "targets": [target], **more}


def found(*contents: Contents, catalogs: tuple[Catalog, ...] = (CATALOG,)) -> list[Finding]:
    together = Contents(
        tuple(group for one in contents for group in one.groups),
        tuple(rule for one in contents for rule in one.grafana_rules),
        tuple(one for content in contents for one in content.dashboards),
        refused=tuple(one for content in contents for one in content.refused),
    )
    return list(judge(of_files([together], catalogs)))


def ids(*contents: Contents, catalogs: tuple[Catalog, ...] = (CATALOG,)) -> set[str]:
    return {finding.id for finding in found(*contents, catalogs=catalogs)}


SAID = {
    "labels": {"severity": "warning"},
    "annotations": {"summary": "s", "description": "d", "runbook_url": "https://runbooks.example.com/g"},
}


def grafana(expr: str, evaluator: Mapping[str, Any], reducer: str = "last") -> Contents:
    return read_text(yaml.safe_dump(grafana_document(expr, evaluator, reducer)).encode(), "g.yaml")


def grafana_document(expr: str, evaluator: Mapping[str, Any], reducer: str = "last") -> dict[str, Any]:
    query = {"datasource": {"type": "prometheus", "uid": "p"}, "expr": expr, "instant": True}
    steps = [
        {"refId": "A", "datasourceUid": "p", "relativeTimeRange": {"from": 600, "to": 0}, "model": query},
        {"refId": "B", "datasourceUid": "__expr__", "model": {"type": "reduce", "expression": "A", "reducer": reducer}},
        {
            "refId": "C",
            "datasourceUid": "__expr__",
            "model": {"type": "threshold", "expression": "B", "conditions": [{"evaluator": evaluator}]},
        },
    ]
    rule = {
        "title": "G",
        "condition": "C",
        "data": steps,
        "noDataState": "OK",
        "execErrState": "OK",
        "for": "5m",
    } | SAID
    return {"apiVersion": 1, "groups": [{"name": "g", "rules": [rule]}]}


def test_a_threshold_of_grafana_is_judged_like_a_comparison() -> None:
    above = {"type": "gt", "params": [60]}
    assert ids(grafana(P99, above)) == {"bucket-ceiling"}
    assert ids(grafana(P99, {"type": "gt", "params": [8]})) == {"bucket-gap"}
    assert ids(grafana(P99, {"type": "gt", "params": [10]})) == set()
    # A sum over time is not bounded by what it sums.
    assert ids(grafana(P99, above, reducer="sum")) == set()


def test_fields_of_classic_conditions_that_grafana_itself_writes_are_no_fault() -> None:
    contents = grafana("up", {"type": "lt", "params": [1]})
    steps = contents.grafana_rules[0].steps
    assert steps[2].evaluators[0].classic == ()
    exported = yaml.safe_load(
        "apiVersion: 1\ngroups: [{name: g, rules: [{title: G, condition: C, noDataState: OK, execErrState: OK, data: ["
        "{refId: A, datasourceUid: p, relativeTimeRange: {from: 600, to: 0}, model: {datasource: {type: prometheus},"
        " expr: up, instant: true}}, {refId: C, datasourceUid: __expr__, model: {type: threshold, expression: A,"
        " conditions: [{evaluator: {type: lt, params: [1]}, operator: {type: and}, query: {params: [C]},"
        " reducer: {type: last}, type: query}]}}]}]}]"
    )
    exported["groups"][0]["rules"][0] |= SAID
    assert ids(read_text(yaml.safe_dump(exported).encode(), "g.yaml")) == set()


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({1: {"reducer": "avg"}}, {("grafana-pipeline", "error")}),
        ({1: {"type": "redcue"}}, {("grafana-pipeline", "error")}),
        ({1: {"expression": "C"}}, {("grafana-pipeline", "error")}),
        ({1: {"type": "math", "expression": "$A"}, "condition": "B"}, {("grafana-pipeline", "warning")}),
        ({1: {"type": "math", "expression": "$A < 1"}, "condition": "B"}, set()),
        ({2: {"conditions": [{"evaluator": {"type": "above", "params": [1]}}]}}, {("grafana-pipeline", "error")}),
        (
            {2: {"conditions": [{"evaluator": {"type": "within_range", "params": [1]}}]}},
            {("grafana-pipeline", "error")},
        ),
        ({"condition": "A"}, {("grafana-pipeline", "warning")}),
        ({0: {"expr": "up < 1"}, "condition": "A"}, set()),
        ({1: {"conditions": [{"evaluator": {"type": "gt", "params": [5]}}]}}, {("grafana-pipeline", "warning")}),
        ({1: {"conditions": [{"evaluator": {"type": "gt", "params": [0, 0]}}]}}, set()),
        (
            {2: {"type": "classic_conditions", "conditions": [{"query": {"params": ["X"]}}]}},
            {("grafana-pipeline", "error")},
        ),
        ({2: {"type": "classic_conditions", "conditions": [{"query": {"params": ["A"]}}]}}, set()),
    ],
)
def test_steps_of_a_grafana_rule_give_its_condition_a_number(
    changes: Mapping[int | str, Any], told: set[tuple[str, str]]
) -> None:
    document = grafana_document("up", {"type": "lt", "params": [1]})
    rule = document["groups"][0]["rules"][0]
    for place, change in changes.items():
        if isinstance(place, int):
            rule["data"][place]["model"] |= change
        else:
            rule[place] = change
    read = read_text(yaml.safe_dump(document).encode(), "g.yaml")
    assert {(one.id, str(one.severity)) for one in found(read) if one.id == "grafana-pipeline"} == told


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


def test_a_label_that_is_asked_for_first_need_not_be_there() -> None:
    expr = "sum by (agent_name) (rate(agent_errors_total[5m])) > 1"
    plain = {**SAID, "summary": "{{ $labels.cluster }}"}
    guarded = {**SAID, "summary": "{{ with $labels.cluster }} on {{ . }}{{ end }}"}
    in_a_loop = {**SAID, "summary": '{{ range query "up" }}{{ .Labels.cluster }}{{ end }}'}
    assert "label-unknown" in ids(rules(alert(expr, annotations=plain)))
    assert "label-unknown" not in ids(rules(alert(expr, annotations=guarded)))
    assert "label-unknown" not in ids(rules(alert(expr, annotations=in_a_loop)))


def test_a_label_that_was_taken_away_is_not_there() -> None:
    named = {**SAID, "summary": "{{ $labels.instance }}"}
    assert "label-unknown" in ids(rules(alert("avg without (instance) (up) < 0.5", annotations=named)), catalogs=())
    assert "label-unknown" not in ids(rules(alert("avg without (pod) (up) < 0.5", annotations=named)), catalogs=())
    kept = "topk without (instance) (1, up) < 0.5"
    assert "label-unknown" not in ids(rules(alert(kept, annotations=named)), catalogs=())


def test_a_label_that_only_the_rule_adds_is_not_seen_by_its_texts() -> None:
    made = alert("sum(rate(agent_errors_total[5m])) > 1", annotations={**SAID, "summary": "{{ $labels.severity }}"})
    (told,) = [finding for finding in found(rules(made)) if finding.id == "label-unknown"]
    assert "not those that the rule adds" in told.help


@pytest.mark.parametrize(
    ("expr", "told"),
    [
        ("up >= 0", True),
        ('up{job!="a"} >= 0', True),
        ("count(up{job='a'}) > 0", False),
        ("sum(up == bool 1) by (job) >= 0", False),
        ("count(up == 0) > 0", False),
        ("vector(1) > 0", False),
    ],
)
def test_whether_there_are_such_series_is_a_condition(expr: str, told: bool) -> None:
    assert ("always-fires" in ids(rules(alert(expr)), catalogs=())) is told


@pytest.mark.parametrize(
    ("expr", "told"),
    [
        ("sum by (queue) (increase(dead_letters_total[5m])) == 2", {"increase-exact"}),
        ("2 != increase(dead_letters_total[5m])", {"increase-exact"}),
        ("round(increase(dead_letters_total[5m])) == 2", set()),
        ("increase(dead_letters_total[5m]) == 0", set()),
        ("increase(dead_letters_total[5m]) > 10", set()),
        ("increase(dead_letters_total[5m]) >= 1", {"for-interval"}),
        ("rate(dead_letters_total[5m]) * 300 > 0", {"for-interval"}),
        ("rate(dead_letters_total[5m]) > 0.3", set()),
        ("increase(dead_letters_total[10m]) > 0.5", set()),
    ],
)
def test_events_are_counted_whatever_is_known_of_the_series(expr: str, told: set[str]) -> None:
    assert ids(rules(alert(expr)), catalogs=()) & {"increase-exact", "for-interval"} == told


@pytest.mark.parametrize(
    ("expr", "told"),
    [
        ('avg by (job) (up{job="x"}) < 0.5', True),
        ('probe_success{job="x"} == 0', True),
        ("count(up == 0) > 2", True),
        ("a == 1 and on (instance) up == 1", False),
        ("a == 0 unless on (job) up == 0", False),
        ("avg_over_time(up[5m]) < 0.9", False),
    ],
)
def test_one_round_of_scrapes_is_noise(expr: str, told: bool) -> None:
    made = alert(expr)
    del made["for"]
    assert ("for-missing" in ids(rules(made), catalogs=())) is told


def test_a_file_that_is_a_copy_of_another_repeats_nothing() -> None:
    record = {"record": "a:b:sum", "expr": "sum(agent_active_sessions)"}
    one, copy = (rules(record, alert("a:b:sum > 1"), file=file) for file in ("a.yaml", "b.yaml"))
    other = rules(record, alert("a:b:sum > 1"), group="other", file="b.yaml")
    assert not {"rule-duplicate", "duplicate-alert"} & ids(one, copy)
    assert {"rule-duplicate", "duplicate-alert"} <= ids(one, other)
    # Two files may be for two servers.
    severities = {str(finding.severity) for finding in found(one, other) if finding.id == "rule-duplicate"}
    assert severities == {"warning"}


def test_one_name_is_recorded_of_parts_that_do_not_meet() -> None:
    def part(code: str) -> dict[str, Any]:
        return {"record": "code:requests:rate5m", "expr": f'sum by (code) (rate(requests_total{{code=~"{code}"}}[5m]))'}

    assert "rule-duplicate" not in ids(rules(part("2.."), part("5..")), catalogs=())
    assert "rule-duplicate" in ids(rules(part("2.."), part("2..")), catalogs=())


def test_what_is_read_over_a_range_may_be_recorded_later() -> None:
    later = {"record": "a:errors:rate5m", "expr": "sum(rate(agent_errors_total[5m]))"}
    assert "rule-order" in ids(rules({"record": "a:errors:max", "expr": "a:errors:rate5m * 2"}, later))
    over = {"record": "a:errors:max1h", "expr": "max_over_time(a:errors:rate5m[1h])"}
    assert "rule-order" not in ids(rules(over, later))


def test_a_low_value_is_watched_by_an_alert_on_the_targets() -> None:
    low = alert("sum(agent_active_sessions) < 1")
    assert "no-data-blind" in ids(rules(low))
    assert "no-data-blind" not in ids(rules(low, alert("up == 0", alert="Down")))
    assert "no-data-blind" not in ids(rules(alert("sum(agent_active_sessions) < 1")), catalogs=())


SOURCE = {"name": "ds", "type": "datasource", "query": "prometheus"}
AGENT = {"name": "agent_name", "type": "custom", "query": "support,search"}


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


def test_each_file_may_have_a_watchdog() -> None:
    assert "duplicate-alert" not in ids(rules(alert("vector(1)")), rules(alert("vector(1)"), group="h"), catalogs=())
    assert "duplicate-alert" in ids(rules(alert("up == 0")), rules(alert("up == 0"), group="h"), catalogs=())


@pytest.mark.parametrize(("value", "told"), [("mmcblk.p.+", False), ("db.example.com|x", True), ("10.1.2.3:.*", True)])
def test_a_dot_before_a_letter_alone_is_meant(value: str, told: bool) -> None:
    assert ("regex" in ids(rules(alert(f'x{{instance=~"{value}"}} > 5')), catalogs=())) is told


@pytest.mark.parametrize(
    "rule",
    [
        {"expr": "up"},
        {"alert": "A", "record": "a:b:c", "expr": "up"},
        {"record": "a:b:c", "for": "5m", "expr": "up"},
        {"record": "a:b:c", "expr": ""},
        {"record": 'a{b="c"}', "expr": "up"},
        "up",
    ],
)
def test_a_rule_that_prometheus_does_not_load_is_told(rule: Any) -> None:
    assert "rule-refused" in ids(rules(rule), catalogs=())
    assert "rule-refused" not in ids(rules({"record": "a:b:c", "expr": "up"}, alert("up == 0")), catalogs=())


def test_two_groups_of_one_name_are_told_in_one_file_and_not_in_two() -> None:
    group = {"name": "g", "rules": [alert("up == 0")]}
    twice = read_text(yaml.safe_dump({"groups": [group, group]}).encode(), "x.yaml")
    assert "rule-refused" in ids(twice, catalogs=())
    assert "rule-refused" not in ids(rules(alert("up == 0")), rules(alert("up == 0"), file="y.yaml"), catalogs=())


ODD = (None, [], {}, "", -1, 1.5, True, ["a"], {"a": "b"}, "{{", "$x", "1e999", "sum(", "up > ", "[[", "${", 10**30)


def places(value: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in inner:
        yield (*above, key)
        yield from places(part, (*above, key))


@pytest.mark.parametrize("seed", range(60))
def test_nothing_that_stands_in_the_wrong_place_breaks_a_check(seed: int) -> None:
    grid = {"x": 0, "y": 0, "w": 12, "h": 8}
    variable = {"name": "ds", "type": "query", "query": "label_values(up, job)", "refresh": 2}
    documents: list[Any] = [
        {
            "groups": [
                {"name": "g", "interval": "1m", "rules": [alert(f"{P99} > 8"), {"record": "a:b:c", "expr": "up"}]}
            ]
        },
        {"title": "D", "panels": [panel(P99, gridPos=grid, repeat="ds")], "templating": {"list": [variable]}},
        {"rule_files": ["x.yaml"], "tests": [{"alert_rule_test": [{"alertname": "A", "exp_alerts": []}]}]},
    ]
    chance = random.Random(seed)
    document = chance.choice(documents)
    *way, last = chance.choice(list(places(document)))
    for key in way:
        document = document[key]
    document[last] = chance.choice(ODD)

    for one in documents:
        contents = read_text(yaml.safe_dump(one).encode(), "x.yaml", named=False)
        assert isinstance(list(judge(of_files([contents], (CATALOG,)))), list)
