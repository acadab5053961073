"""`tocsin lint`: files of others, in any mix, from the command line."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from projects import REPOSITORY
from pydantic_sarif.model import StaticAnalysisResultsFormatSarifVersion210JsonSchema

from tocsin.cli import main
from tocsin.commands.command import print_findings

RULES = """\
groups:
  - name: web
    interval: 1m
    rules:
      - record: job:http_requests:rate5m
        expr: sum by (job) (rate(http_requests_total[5m]))
      - alert: Broken
        expr: |
          sum(rate(http_requests_total[5m])
        for: 5m
"""
DASHBOARD = {
    "title": "Web",
    "panels": [
        {
            "id": 1,
            "title": "Requests",
            "type": "timeseries",
            "datasource": {"type": "prometheus", "uid": "x"},
            "targets": [
                {"refId": "A", "expr": "sum by (code) (job:http_requests:rate5m) / sum(rate(http_requests_total[5m]))"}
            ],
        }
    ],
}


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "rules.yaml").write_text(RULES)
    (tmp_path / "web.json").write_text(json.dumps(DASHBOARD, indent=1))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def lint(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["lint", *arguments])


def found(*arguments: str) -> list[dict[str, Any]]:
    answer: list[dict[str, Any]] = json.loads(lint(*arguments, "--format", "json").stdout)
    return answer


@pytest.mark.usefixtures("files")
def test_a_finding_names_file_line_object_and_fragment() -> None:
    (broken,) = found("rules.yaml", "--select", "syntax")

    assert set(broken) == {"id", "severity", "file", "line", "object", "expr", "message", "help"}
    assert (broken["file"], broken["line"], broken["object"]) == ("rules.yaml", 9, "Broken")
    assert lint("rules.yaml").exit_code == 1


@pytest.mark.usefixtures("files")
def test_a_dashboard_knows_what_a_rule_file_records() -> None:
    linked = found(".", "--select", "label-unknown")
    alone = found("web.json", "--select", "label-unknown")

    assert [(one["file"], one["line"], one["object"]) for one in linked] == [("web.json", 15, "Web / Requests")]
    assert alone == []


@pytest.mark.usefixtures("files")
def test_checks_are_selected_and_ignored_by_name_and_by_severity() -> None:
    ids = {one["id"] for one in found(".")}
    errors = {one["id"] for one in found(".", "--min-severity", "error")}

    assert {"syntax", "label-unknown"} <= errors < ids
    assert {one["id"] for one in found(".", "--ignore", "syntax,label-unknown")} == ids - {"syntax", "label-unknown"}
    assert lint(".", "--select", "rate-interval").exit_code == 0
    wrong = lint(".", "--ignore", "labl-unknown")
    assert (wrong.exit_code, "did you mean label-unknown?" in wrong.stderr) == (2, True)
    assert "did you mean syntax?" in lint(".", "--select", "SYNTAX").stderr
    assert (lint(".", "--select", "").exit_code, lint(".", "--ignore", ", ").exit_code) == (2, 2)
    wrong = lint(".", "--select", "alert-unproven")
    assert (wrong.exit_code, "alert-unproven looks at definitions" in wrong.stderr) == (2, True)


def test_what_cannot_be_read_is_told_and_the_others_are_linted(files: Path) -> None:
    (files / "torn.yaml").write_text("groups:\n  - name: 'x\n")

    answer = lint(".", "missing.json", "--format", "json")

    assert answer.exit_code == 2
    assert {one["id"] for one in json.loads(answer.stdout)} >= {"syntax"}
    assert "torn.yaml:3: error: it is no YAML" in answer.stderr
    assert "missing.json: error: it cannot be read: No such file or directory" in answer.stderr


def test_a_template_is_noted_and_the_others_are_linted(files: Path) -> None:
    (files / "chart.yaml").write_text("{{- if .Values.on }}\ngroups: []\n{{- end }}\n")

    answer = lint(".", "--format", "json")

    assert (answer.exit_code, bool(json.loads(answer.stdout))) == (1, True)
    assert answer.stderr == "chart.yaml: note: it is a template: render it, and lint what comes out\n"


@pytest.mark.usefixtures("files")
def test_a_catalog_and_the_scrape_interval_tell_more(files: Path) -> None:
    (files / "metrics.prom").write_text(
        '# TYPE http_requests_total counter\nhttp_requests_total{job="web",code="200"} 5\n'
    )
    (files / "one.yaml").write_text(
        "groups:\n- name: x\n  rules:\n  - record: a:b\n    expr: rate(http_request_total[15s])\n"
        "  - record: a:c\n    expr: rate(http_requests_total[15s])\n"
    )

    assert {one["id"] for one in found("one.yaml", "--min-severity", "error")} == set()
    with_catalog = ["one.yaml", "--catalog", "metrics.prom", "--select", "metric-unknown,range-short"]
    assert [(one["id"], one["severity"]) for one in found(*with_catalog)] == [("metric-unknown", "warning")]
    assert {one["id"] for one in found(*with_catalog, "--scrape-interval", "15s")} == {"metric-unknown", "range-short"}
    alone = found("one.yaml", "--scrape-interval", "15s", "--min-severity", "error")
    assert [one["id"] for one in alone] == ["range-short", "range-short"]
    for option in ("--scrape-interval", "--prometheus", "--catalog"):
        for value in ("soon", ""):
            wrong = lint("one.yaml", option, value)
            assert (wrong.exit_code, "error: " in wrong.stderr) == (2, True)
    assert lint("one.yaml", "--scrape-interval", "0s").exit_code == 2
    assert lint("").exit_code == 2


@pytest.mark.parametrize(("everything", "told"), [(None, True), (".+", True), (".*", False)])
def test_an_all_that_drops_series_is_told_by_what_was_seen(files: Path, everything: str | None, told: bool) -> None:
    (files / "metrics.prom").write_text(
        '# TYPE asked_total counter\nasked_total{tenant="a"} 5\nasked_total{tenant=""} 5\n'
    )
    query = {"refId": "A", "expr": 'sum(rate(asked_total{tenant=~"${tenant:regex}"}[5m]))'}
    variable = {"name": "tenant", "type": "query", "includeAll": True, "allValue": everything, "refresh": 2}
    dashboard = {
        "title": "Tenants",
        "panels": [{"id": 1, "type": "stat", "title": "Requests", "targets": [query]}],
        "templating": {"list": [{**variable, "query": "label_values(asked_total, tenant)"}]},
    }
    (files / "tenants.json").write_text(json.dumps(dashboard))

    ids = {one["id"] for one in found("tenants.json", "--catalog", "metrics.prom")}

    assert ("variable-query" in ids) == told


AGENTS = ("--catalog", "agentmetrics.catalog:CATALOG")


@pytest.mark.parametrize(
    ("query", "refresh", "told"),
    [
        ("label_values(agent_active_sessions, agent_name)", 2, set()),
        ("label_values(agent_active_sessions, agent_name)", 1, {"info"}),
        ("label_values(agent_name)", 2, set()),
        ("label_values(agent)", 2, {"error"}),
        ('label_values(agent_active_sessions{tenant="x"}, agent_name)', 2, {"error"}),
        ('label_values(agent_active_sessions{tenant_id="$tenant"}, agent_name)', 2, set()),
        ("query_result(sum by (agent_name) (agent_active_session))", 2, {"error"}),
        ("query_result(sum by (agent_name) (agent_active_sessions))", 2, set()),
    ],
)
def test_what_a_variable_asks_for_exists(files: Path, query: str, refresh: int, told: set[str]) -> None:
    variable = {"name": "agent", "type": "query", "query": query, "refresh": refresh}
    (files / "agents.json").write_text(json.dumps({**DASHBOARD, "templating": {"list": [variable]}}))

    answer = found("agents.json", *AGENTS, "--select", "variable-query")

    assert {one["severity"] for one in answer} == told


CLEAN = "sum by (model) (rate(llm_rate_limit_errors_total[5m]))"


@pytest.mark.parametrize(
    ("expr", "said", "hold", "told"),
    [
        (CLEAN, "{{ $labels.model }}: {{ $values.B.Value | humanize }}", "5m", set()),
        (CLEAN.replace("rate(", "irate("), "", "5m", {"flapping"}),
        (CLEAN.replace("5m", "1m"), "", "", {"for-missing", "flapping"}),
        (CLEAN, "{{ $labels.provider }}", "5m", {"label-unknown"}),
        (f"{CLEAN} / ({CLEAN} > 0)", "{{ $values.B.Value }}%", "5m", {"template"}),
        (f"{CLEAN} / ({CLEAN} > 0)", "{{ $values.C.Value }}%", "5m", set()),
    ],
)
def test_a_rule_of_grafana_is_judged_like_an_alert(
    files: Path, expr: str, said: str, hold: str, told: set[str]
) -> None:
    query = {"expr": expr, "datasource": {"type": "prometheus", "uid": "p"}}
    span = {"relativeTimeRange": {"from": 600, "to": 0}}
    reduced = {"type": "reduce", "expression": "A", "reducer": "last"}
    threshold = {"type": "threshold", "expression": "B", "conditions": [{"evaluator": {"type": "gt", "params": [0.5]}}]}
    rule = {
        "uid": "u",
        "title": "RateLimits",
        "condition": "C",
        "for": hold,
        "noDataState": "OK",
        "execErrState": "Error",
        "labels": {"severity": "warning"},
        "annotations": {
            "summary": f"Errors {said}",
            "description": "Users wait.",
            "runbook_url": "https://r.example.com",
        },
        "data": [
            {"refId": "A", "datasourceUid": "p", **span, "model": query},
            {"refId": "B", "datasourceUid": "__expr__", "model": reduced},
            {"refId": "C", "datasourceUid": "__expr__", "model": threshold},
        ],
    }
    group = {"orgId": 1, "name": "g", "folder": "f", "interval": "1m", "rules": [rule]}
    (files / "alerts.json").write_text(json.dumps({"apiVersion": 1, "groups": [group]}))

    answer = found("alerts.json", *AGENTS, "--scrape-interval", "30s", "--ignore", "range-short")

    assert {one["id"] for one in answer} == told


@pytest.mark.usefixtures("files")
def test_sarif_is_what_its_schema_says_and_names_rules_and_places() -> None:
    document = json.loads(lint(".", "--format", "sarif").stdout)

    StaticAnalysisResultsFormatSarifVersion210JsonSchema.model_validate(document)
    (run,) = document["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert len({rule["id"] for rule in rules}) == len(rules)
    assert run["results"]
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        (place,) = result["locations"]
        assert place["physicalLocation"]["artifactLocation"]["uri"] in ("rules.yaml", "web.json")
        assert place["physicalLocation"]["region"]["startLine"] >= 1


def test_names_of_any_bytes_can_be_told(files: Path) -> None:
    odd = files / os.fsdecode(b"f\xfc r.yaml")
    odd.write_text(RULES)
    (run,) = json.loads(lint(odd.name, "--format", "sarif").stdout)["runs"]
    places = [place for result in run["results"] for place in result["locations"]]
    assert {place["physicalLocation"]["artifactLocation"]["uri"] for place in places} == {"f%FC%20r.yaml"}


@pytest.mark.usefixtures("files")
def test_a_closed_output_is_no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout", None)
    print_findings([], "text", ".")


def test_what_tocsin_itself_writes_has_no_error() -> None:
    generated = str(REPOSITORY / "generated")
    exporters = ("blackbox", "dcgm", "kubernetes", "prometheus", "vllm")
    names = ("catalog", "otel", "litellm", "langfuse.catalog", *(f"exporters.{name}" for name in exporters))
    catalogs = [f"--catalog=agentmetrics.{name}:CATALOG" for name in names]
    assert found(generated, "--min-severity", "error") == []
    assert found(generated, *catalogs, "--min-severity", "error") == []


@pytest.mark.parametrize(
    ("expr", "told"),
    [
        ("job:elsewhere:rate5m > 5", False),
        ("process_start_time_seconds > 5", False),
        ("http_request_total > 5", True),
        ("vllm:num_request_waiting > 5", True),
    ],
)
def test_a_name_that_others_may_have_made_is_not_unknown(files: Path, expr: str, told: bool) -> None:
    (files / "metrics.prom").write_text("# TYPE vllm:num_requests_waiting gauge\nvllm:num_requests_waiting 5\n")
    (files / "one.yaml").write_text(f"groups:\n- name: x\n  rules:\n  - alert: A\n    expr: {expr}\n")

    linted = found("one.yaml", "--catalog", "metrics.prom", "--select", "metric-unknown")

    assert bool(linted) is told


@pytest.mark.parametrize(
    ("expr", "told"),
    [
        ("sum by (cluster) (job:http_requests:rate5m)", {}),
        ('sum by (job, cluster) (job:http_requests:rate5m{cluster="eu"} / job:http_requests:rate5m) > 2', {}),
        ("sum by (code) (job:http_requests:rate5m)", {"label-unknown": "error"}),
        ('job:http_requests:rate5m{pod="a"}', {"label-unknown": "error"}),
    ],
)
def test_what_is_recorded_may_be_read_where_external_labels_are_added(
    files: Path, expr: str, told: dict[str, str]
) -> None:
    (files / "one.yaml").write_text(f"groups:\n- name: x\n  rules:\n  - alert: A\n    expr: {expr}\n")

    linted = found("one.yaml", "rules.yaml", "--select", "label-unknown,label-value,join-many,join-empty")

    assert {one["id"]: one["severity"] for one in linted} == told


def test_a_rule_without_a_name_is_told_once(files: Path) -> None:
    (files / "one.yaml").write_text(
        "groups:\n- name: x\n  rules:\n  - record: a:b:c\n    expr: '{__name__=~\".+\"} + a:b:d'\n"
        "  - record: ''\n    expr: a:b:c\n"
    )

    assert [one["id"] for one in found("one.yaml")] == ["rule-refused"]
