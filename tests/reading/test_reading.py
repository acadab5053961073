"""Files that Tocsin did not write: every kind and form, with file and line, whatever they are mixed with."""

from __future__ import annotations

import json
from pathlib import Path
from textwrap import dedent, indent

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from projects import REPOSITORY

from tocsin.reading import Contents, read, read_text, read_value
from tocsin.reading.located import parsed
from tocsin.source import Source

GROUPS = """\
groups:
  - name: node
    interval: 1m
    rules:
      - record: instance:node_cpu:ratio
        expr: |
          1 - avg without (cpu) (rate(node_cpu_seconds_total{mode="idle"}[5m]))
      - alert: NodeDown
        expr: up == 0
        for: 5m
        labels: {severity: critical, page: true}
        annotations:
          summary: '{{ $labels.instance }} is down'
"""
PANEL = {
    "id": 2,
    "title": "CPU",
    "type": "timeseries",
    "datasource": {"type": "prometheus", "uid": "${datasource}"},
    "gridPos": {"x": 0, "y": 0, "w": 12, "h": 8},
    "fieldConfig": {"defaults": {"unit": "s", "thresholds": {"steps": [{"value": None}, {"value": 0.9}]}}},
    "targets": [{"refId": "A", "expr": 'rate(x{a="$b"}[5m])', "legendFormat": "{{a}}"}],
}
DASHBOARD = {
    "title": "Nodes",
    "uid": "nodes",
    "panels": [{"id": 1, "type": "row", "title": "Row", "collapsed": True, "panels": [PANEL]}],
    "templating": {"list": [{"name": "b", "type": "query", "query": {"query": "label_values(x, a)"}, "refresh": 2}]},
}
CONTACT_POINTS = "apiVersion: 1\ncontactPoints: []\n"


def folded(text: str, by: int) -> str:
    return indent(dedent(text), " " * by)


RULE_FORMS = {
    "rule file": (GROUPS, 0),
    "one of several documents": (f"---\na: b\n---\n{GROUPS}", 3),
    "PrometheusRule": (f"kind: PrometheusRule\nmetadata:\n  namespace: ops\nspec:\n{folded(GROUPS, 2)}", 4),
    "list": (f"kind: List\nitems:\n  - kind: PrometheusRule\n    spec:\n{folded(GROUPS, 6)}", 4),
    "ConfigMap": (f"kind: ConfigMap\ndata:\n  node.yaml: |\n{folded(GROUPS, 4)}", 3),
    "Cortex": (f"namespace: ops\n{GROUPS}", 1),
    "Mimir": (GROUPS.replace("groups:", "ops:"), 0),
    "values of kube-prometheus-stack": (f"additionalPrometheusRulesMap:\n  node:\n{folded(GROUPS, 4)}", 2),
    "the same as a list": (f"additionalPrometheusRules:\n  - name: node\n{folded(GROUPS, 4)}", 2),
    "values of Prometheus's chart": (f"serverFiles:\n  alerting_rules.yml:\n{folded(GROUPS, 4)}", 2),
    "HelmRelease": (f"kind: HelmRelease\nspec:\n  values:\n    rules:\n      node:\n{folded(GROUPS, 8)}", 5),
    "text in an Application": (f"kind: Application\nspec:\n  helm:\n    values: |\n{folded(GROUPS, 6)}", 4),
}


@pytest.mark.parametrize("form", RULE_FORMS)
def test_rules_are_found_in_every_form_that_they_come_in(form: str) -> None:
    text, above = RULE_FORMS[form]

    (group,) = read_text(text.encode(), "node.yaml").groups

    record, alert = group.rules
    assert (group.name, group.interval) == ("node", "1m")
    assert (record.kind, record.name) == ("record", "instance:node_cpu:ratio")
    assert record.expr.strip() == '1 - avg without (cpu) (rate(node_cpu_seconds_total{mode="idle"}[5m]))'
    assert record.source == Source("node.yaml", 5 + above)
    assert record.at == Source("node.yaml", 7 + above)
    assert (alert.name, alert.expr, alert.hold) == ("NodeDown", "up == 0", "5m")
    assert alert.labels == {"severity": "critical", "page": "true"}
    assert alert.annotations == {"summary": "{{ $labels.instance }} is down"}
    assert alert.at == Source("node.yaml", 9 + above)


def test_what_only_looks_like_rules_at_some_depth_is_left_alone() -> None:
    of_others = {"firewall": {"groups": [{"name": "web", "rules": [{"port": 80}]}]}, "teams": {"groups": ["a"]}}
    assert read_text(yaml.safe_dump(of_others).encode(), "x.yaml", named=False) == Contents()
    unknown = {"apiVersion": "elsewhere.example.com/v1", "kind": "Rules", "spec": {"more": yaml.safe_load(GROUPS)}}
    assert read_text(yaml.safe_dump(unknown).encode(), "x.yaml", named=False) == Contents()


def test_namespaces_are_kept() -> None:
    for form in ("PrometheusRule", "Cortex", "Mimir"):
        assert read_text(RULE_FORMS[form][0].encode(), "x.yaml").groups[0].namespace == "ops"


def in_config_map(content: str) -> str:
    return yaml.safe_dump({"kind": "ConfigMap", "data": {"nodes.json": content}})


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(DASHBOARD, indent=2),
        json.dumps({"dashboard": DASHBOARD, "meta": {}}, indent=2),
        in_config_map(json.dumps(DASHBOARD, indent=2)),
        yaml.safe_dump({"kind": "GrafanaDashboard", "spec": {"json": json.dumps(DASHBOARD)}}),
        yaml.safe_dump({"dashboards": {"default": {"nodes": {"json": json.dumps(DASHBOARD)}}}}),
    ],
    ids=["plain", "wrapped", "in a ConfigMap", "GrafanaDashboard", "values of Grafana's chart"],
)
def test_dashboards_are_found_in_every_form_that_they_come_in(text: str) -> None:
    (dashboard,) = read_text(text.encode(), "nodes.json" if text[0] == "{" else "nodes.yaml").dashboards

    row, panel = dashboard.panels
    assert (dashboard.title, dashboard.uid) == ("Nodes", "nodes")
    assert (row.kind, panel.title, panel.row, panel.unit, panel.steps) == ("row", "CPU", 1, "s", (0.9,))
    assert (panel.engine, panel.targets[0].engine) == ("prometheus", "prometheus")
    assert panel.targets[0].legend == "{{a}}"
    assert [(variable.name, variable.query, variable.refresh) for variable in dashboard.variables] == [
        ("b", "label_values(x, a)", 2)
    ]
    assert dashboard.mentions == {"datasource", "b"}


def test_lines_of_json_are_those_of_the_text() -> None:
    text = json.dumps(DASHBOARD, indent=2)
    lines = text.splitlines()

    (dashboard,) = read_text(text.encode(), "nodes.json").dashboards

    place = dashboard.panels[1].targets[0].source
    assert place.line is not None
    assert '"expr"' in lines[place.line - 1]
    assert dashboard.variables[0].source.line is not None
    assert '"name": "b"' in lines[dashboard.variables[0].source.line - 1]


keys = st.sampled_from(["expr", "name", "title", "type", "other", 'odd "expr":', "\\"])
documents = st.recursive(
    st.text(max_size=4) | st.sampled_from(['"expr": ', '\\"name":', "title"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(value=st.dictionaries(keys, documents, max_size=4))
def test_the_line_of_each_key_is_where_it_stands(value: dict[str, object]) -> None:
    text = json.dumps(value, indent=1)
    (document,) = parsed(text.encode(), "x.json")

    def look(of: object) -> None:
        for key, inner in of.items() if isinstance(of, dict) else ():
            if key in ("expr", "name", "title"):
                line = document.at(of, key).line
                assert line is not None
                assert text.splitlines()[line - 1].lstrip().startswith(f'"{key}": ')
            look(inner)
        for inner in of if isinstance(of, list) else ():
            look(inner)

    look(document.value)


def test_data_sources_tell_their_language() -> None:
    def engine(source: object, **more: object) -> str:
        panel = {**PANEL, "datasource": source}
        contents = read_value({**DASHBOARD, "panels": [panel], **more}, "x.json")
        return contents.dashboards[0].panels[0].targets[0].engine

    variable = {"list": [{"name": "ds", "type": "datasource", "query": "loki"}]}
    assert engine({"type": "loki", "uid": "x"}) == "loki"
    assert engine("$ds", templating=variable) == "loki"
    assert engine("${DS_X}", __inputs=[{"name": "DS_X", "pluginId": "prometheus"}]) == "prometheus"
    assert engine("$unknown") == ""
    assert engine("Loki (prod)") == "loki"
    assert engine(None) == ""


def test_old_rows_and_library_panels_are_read() -> None:
    old = {"title": "Old", "rows": [{"panels": [{"id": 1, "type": "graph", "yaxes": [{"format": "bytes"}]}]}]}
    library = {"title": "New", "panels": [{"id": 1, "libraryPanel": {"uid": "x"}}]}

    assert read_value(old, "x.json").dashboards[0].panels[0].unit == "bytes"
    assert read_value(library, "x.json").dashboards[0].panels[0].of_library


def test_grafana_alert_rules_are_read_as_pipelines() -> None:
    path = REPOSITORY / "generated/grafana/provisioning/alerting/agent-high-latency.yaml"
    (rule,) = read([path]).grafana_rules
    as_json = json.dumps(yaml.safe_load(path.read_text()))
    (again,) = read_text(as_json.encode(), "rule.json").grafana_rules
    (embedded,) = read_text(in_config_map(as_json).encode(), "map.yaml").grafana_rules

    assert (rule.name, rule.condition, rule.hold, rule.no_data) == ("AgentHighLatency", "C", "5m", "OK")
    assert [(step.ref, step.kind, step.of) for step in rule.steps] == [
        ("A", "query", ""),
        ("B", "reduce", "A"),
        ("C", "threshold", "B"),
    ]
    assert (rule.steps[0].engine, rule.steps[0].first, rule.steps[0].instant) == ("prometheus", 600, True)
    assert (rule.steps[2].evaluators[0].kind, rule.steps[2].evaluators[0].params) == ("gt", (10,))
    assert rule.steps[0].expr == again.steps[0].expr == embedded.steps[0].expr
    assert rule.source.line is not None


def test_promtool_tests_are_read() -> None:
    (file,) = read([REPOSITORY / "generated/prometheus/tests/agent-high-error-rate.yaml"]).tests

    case = file.cases[0]
    quiet = next(one for one in case.alerts if not one.expected)
    firing = next(one for one in case.alerts if one.expected)
    assert file.rule_files
    assert case.series[0].series.startswith("agent_")
    assert (quiet.name, firing.name) == ("AgentHighErrorRate", "AgentHighErrorRate")
    assert firing.expected[0][0]["severity"] == "critical"


def test_a_folder_is_walked_and_what_is_of_no_kind_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep/rules.yml").write_text(GROUPS)
    (tmp_path / "nodes.json").write_text(json.dumps(DASHBOARD))
    (tmp_path / "contact.yaml").write_text(CONTACT_POINTS)
    (tmp_path / "torn.yaml").write_text("groups: {\n")
    (tmp_path / "tsconfig.json").write_text('{\n// of another program\n"records": 1}')
    (tmp_path / "notes.md").write_text(GROUPS)
    (tmp_path / "package.json").write_text('{"name": "x"}')

    contents = read([tmp_path, tmp_path / "nodes.json"])

    assert (len(contents.groups), len(contents.dashboards), contents.files) == (1, 1, 2)
    assert [Path(failure.source.file).name for failure in contents.failures] == ["torn.yaml"]


def failures(contents: Contents) -> list[tuple[str, int | None, str]]:
    return [(failure.source.file, failure.source.line, failure.message) for failure in contents.failures]


def test_what_cannot_be_read_is_told_with_its_line(tmp_path: Path) -> None:
    missing = str(tmp_path / "missing.yaml")
    assert failures(read([missing])) == [(missing, None, "it cannot be read: No such file or directory")]
    ((_, line, message),) = failures(read_text(b'{\n"panels": [\n}', "x.json"))
    assert (line, "no JSON" in message) == (3, True)
    ((_, line, message),) = failures(read_text(b"groups:\n  - name: 'x\n", "x.yaml"))
    assert (line, "no YAML" in message) == (3, True)
    ((_, line, message),) = failures(read_text(b"groups: \xff", "x.yaml"))
    assert (line, "no UTF-8" in message) == (1, True)
    ((_, line, message),) = failures(read_text(CONTACT_POINTS.encode(), "x.yaml"))
    assert message == "it is no rule file, promtool test, Grafana dashboard or Grafana alert file"
    ((_, line, _),) = failures(read_text(b"kind: ConfigMap\ndata:\n  x.json: |\n    {\n    panels: ]", "x.yaml"))
    assert line == 5


@pytest.mark.parametrize(
    "text",
    [
        "groups: 5",
        "groups: [5, {name: x, rules: 7}, {rules: [{alert: [1], expr: {a: b}, labels: [x]}]}]",
        "rule_files: [a]\ntests: [{alert_rule_test: 5, input_series: [x]}]",
        '{"title": [], "panels": [5, {"id": "x", "gridPos": 5, "targets": [1], "fieldConfig": []}], "templating": 1}',
        '{"title": "x", "panels": [{"id": 1e400, "datasource": [], "yaxes": [3]}], "templating": {"list": [{}]}}',
        "groups: [{name: x, rules: [{condition: [], data: [{model: 3}]}]}]",
        "a: &a [*a, *b]\ngroups: *a",
        "groups: " + "[" * 3000,
        "? {a: b}\n: c\ngroups: []",
    ],
)
def test_no_shape_breaks_the_reading(text: str) -> None:
    assert isinstance(read_text(text.encode(), "x.yaml"), Contents)
