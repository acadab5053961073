"""Rule files in the forms that people keep them in, and what promtool says of each."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from tocsin import promtool
from tocsin.cli import main

GROUP = "{{name: {}, rules: [{{alert: {}, expr: x > 5}}]}}"
TESTS = """rule_files: [rules.yml]
evaluation_interval: 1m
tests:
- interval: 1m
  input_series: [{series: x, values: 6x9}]
  alert_rule_test:
  - {eval_time: 1m, alertname: A, exp_alerts: [{}]}
  - {eval_time: 1m, alertname: B, exp_alerts: [{}]}
"""
HEAD = "apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\nmetadata: {name: NAME}\n"
SIGN = "{name: s, rules: [{alert: A, expr: x > 5, labels: {sign: =}}]}"
ONE, OTHER = GROUP.format("g", "A"), GROUP.format("g", "B")
FORMS = {
    "resource for Thanos": f"{HEAD}spec:\n  groups:\n  - {ONE[:-1]}, partial_response_strategy: warn}}\n"
    + f"  - {GROUP.format('h', 'B')}\n",
    "resources with a group of one name": "---\n".join(f"{HEAD}spec: {{groups: [{one}]}}\n" for one in (ONE, OTHER)),
    "list of resources": "kind: List\nitems:\n"
    + "".join(f"- kind: PrometheusRule\n  spec: {{groups: [{one}]}}\n" for one in (ONE, OTHER)),
    "ConfigMap of files": "kind: ConfigMap\nmetadata: {name: c}\ndata:\n  note: groups of people\n"
    + "".join(f"  {name}.yml: |\n    groups:\n    - {one}\n" for name, one in (("a", ONE), ("b", OTHER))),
    "list without kinds": "kind: PrometheusRuleList\nitems:\n"
    + "".join(f"- spec: {{groups: [{one}]}}\n" for one in (ONE, OTHER)),
    "resource beside others": f"kind: Service\nspec: {{ports: []}}\n---\n{HEAD}"
    + f"spec: {{groups: [{ONE}, {GROUP.format('h', 'B')}]}}\n",
}


def proven(folder: Path, rules: str, *, tests: str = TESTS) -> dict[str, Any]:
    (folder / "rules.yml").write_text(rules)
    (folder / "tests.yml").write_text(tests)
    command = ["prove", "--rules", str(folder / "rules.yml"), "--tests", str(folder / "tests.yml"), "--format", "json"]
    answer = CliRunner().invoke(main, command)
    assert answer.exit_code == 1, answer.output
    return json.loads(answer.stdout)  # type: ignore[no-any-return]


def told(found: dict[str, Any], kind: str = "promtool") -> list[tuple[int, str]]:
    return [(one["line"], one["message"]) for one in found["findings"] if one["id"] == kind]


@pytest.mark.parametrize("form", FORMS)
def test_resources_are_proven_as_the_operator_gives_them_to_prometheus(form: str, tmp_path: Path) -> None:
    found = proven(tmp_path, FORMS[form])
    assert told(found) == []
    assert [(rule["name"], rule["killed"] > 0) for rule in found["rules"]] == [("A", True), ("B", True)]


def test_sign_that_yaml_has_a_meaning_for_is_a_text(tmp_path: Path) -> None:
    tests = TESTS.replace("A, exp_alerts: [{}]", "A, exp_alerts: [{exp_labels: {sign: =}}]").replace(
        "  - {eval_time: 1m, alertname: B, exp_alerts: [{}]}\n", ""
    )
    found = proven(tmp_path, f"groups: [{SIGN}]\n", tests=tests)
    assert told(found, "test-fails") == []
    assert [rule["unbroken"] for rule in found["rules"]] == [None]


def test_document_that_prometheus_never_reads_is_told_and_has_no_rules(tmp_path: Path) -> None:
    first = f"groups: [{ONE}]\n"
    tests = TESTS.replace("  - {eval_time: 1m, alertname: B, exp_alerts: [{}]}\n", "")
    found = proven(tmp_path, f"{first}---\ngroups: [{OTHER}]\n", tests=tests)
    why = "Prometheus reads the first document of a file alone: this one is never loaded"
    assert told(found) == [(3, why)]
    assert [rule["name"] for rule in found["rules"]] == ["A"]


def test_field_that_nobody_knows_is_told_where_it_stands_in_the_resource(tmp_path: Path) -> None:
    rules = "".join(f"    - alert: {name}\n      expr: x > 5\n      fro: 5m\n" for name in "AB")
    found = proven(tmp_path, f"{HEAD}spec:\n  groups:\n  - name: g\n    rules:\n{rules}")
    assert [line for line, why in told(found) if why.startswith("field fro not found")] == [10, 13]


def test_rule_in_a_config_map_is_told_at_its_line(tmp_path: Path) -> None:
    rules = "  - alert: A\n    expr: x > 5\n    for: 5m\n  - alert: B\n    expr: x{{ > 5\n"
    text = "".join(f"    {line}\n" for line in f"groups:\n- name: g\n  rules:\n{rules}".splitlines())
    found = proven(tmp_path, f"kind: ConfigMap\ndata:\n  a.rules: |\n{text}")
    assert [(line, why[:27]) for line, why in told(found)] == [(10, "could not parse expression:")]


def test_older_promtool_is_told_from_a_mistake(tmp_path: Path) -> None:
    found = proven(tmp_path, "groups:\n- {name: g, labels: {a: b}, rules: [{alert: A, expr: x > 5}]}\n")
    major, minor = promtool.version()
    why = f"promtool {major}.{minor} is too old: field labels not found in type rulefmt.RuleGroup"
    assert told(found) == ([(2, why)] if 0 < major < 3 else [])
