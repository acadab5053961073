"""`tocsin prove --rules --tests`: anybody's rule files and promtool tests, in any folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

RULES = """groups:
- name: api
  rules:
  - record: job:errors:ratio5m
    expr: sum by (job) (rate(errors_total[5m])) / sum by (job) (rate(requests_total[5m]))
  - alert: HighErrorRate
    expr: job:errors:ratio5m > 0.05
    for: 5m
    labels: {severity: page}
    annotations:
      summary: '{{ $labels.job }} fails {{ $value | humanizePercentage }} of its requests'
- name: instances
  rules:
  - alert: InstanceDown
    expr: up{env="prod"} == 0
    for: 2m
"""
TESTS = """rule_files: [../rules/*.yml]
evaluation_interval: 1m
tests:
- name: half of the requests fail
  interval: 1m
  input_series:
  - {series: 'errors_total{job="shop",pod="1"}', values: 0+30x30}
  - {series: 'requests_total{job="shop",pod="1"}', values: 0+60x30}
  alert_rule_test:
  - eval_time: 20m
    alertname: HighErrorRate
    exp_alerts:
    - exp_labels: {job: shop, severity: page}
      exp_annotations: {summary: shop fails 50% of its requests}
- name: an instance is down
  interval: 1m
  input_series:
  - {series: 'up{instance="a",env="prod"}', values: 1 1 1 0x20}
  - {series: 'up{instance="b",env="dev"}', values: 0x20}
  alert_rule_test:
  - {eval_time: 4m, alertname: InstanceDown}
  - eval_time: 5m
    alertname: InstanceDown
    exp_alerts: [{exp_labels: {instance: a, env: prod}}]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in (("rules/api.yml", RULES), ("tests/api_test.yml", TESTS)):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text(text)
    return tmp_path


def tocsin(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tocsin.cli", "prove", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        env={**os.environ},
        check=False,
    )


def prove(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return tocsin(folder, "--rules", "rules/api.yml", "--tests", "tests/api_test.yml", *arguments)


def survivors(told: dict[str, Any]) -> dict[str, list[str]]:
    return {
        rule["name"]: [f"{mutant['operator']}: {mutant['what']}" for mutant in rule["survivors"]]
        for rule in told["rules"]
    }


def test_these_weak_tests_let_exactly_these_mutants_live(folder: Path) -> None:
    answer = prove(folder, "--format", "json")
    assert answer.returncode == 1
    told = json.loads(answer.stdout)
    # One pod only, at a constant rate of one request a second: neither windows nor sums nor `/ 1` can matter.
    # Half of the requests fail for good: neither the threshold nor `for` is come near.
    assert survivors(told) == {
        "job:errors:ratio5m": [
            "window: [5m] -> [2m30s]",
            "window: [5m] -> [10m]",
            "window: [5m] -> [2m30s]",
            "window: [5m] -> [10m]",
            "arithmetic: / -> *",
            "aggregation: sum -> max",
            "aggregation: sum -> avg",
            "aggregation: sum -> max",
            "aggregation: sum -> avg",
        ],
        "HighErrorRate": [
            "threshold-near: 0.05 -> 0.055",
            "threshold-near: 0.05 -> 0.045",
            "threshold-far: 0.05 -> 0.1",
            "threshold-far: 0.05 -> 0.025",
            "boundary: > -> >=",
            "for: 5m -> 4m",
            "for: 5m -> 6m",
            "for: 5m -> 2m30s",
            "for: 5m -> 10m",
            "for: without for",
        ],
        "InstanceDown": [],
    }
    assert [(rule["tests"], rule["mutants"], rule["killed"]) for rule in told["rules"]] == [
        (1, 17, 8),
        (1, 15, 5),
        (1, 8, 8),
    ]
    assert told["score"] == pytest.approx(21 / 40)


def test_survivor_is_told_at_its_line_with_both_texts_and_a_way_out(folder: Path) -> None:
    answer = prove(folder)
    assert answer.returncode == 1
    assert (
        "rules/api.yml:6: error[mutant-survives] HighErrorRate: "
        "no test notices when it is broken (boundary: > -> >=)\n"
        "    - job:errors:ratio5m > 0.05\n"
        "    + job:errors:ratio5m >= 0.05\n"
        "  = help: state a test whose value is the threshold itself\n"
    ) in answer.stdout
    assert answer.stdout.splitlines()[-1] == "21 of 40 mutants noticed: 52.5 %"
    assert answer.stderr == ""


def test_sharp_test_leaves_no_survivor_and_the_exit_code_says_so(folder: Path) -> None:
    answer = prove(folder, "InstanceDown")
    assert answer.returncode == 0
    assert answer.stdout.splitlines()[-1] == "8 of 8 mutants noticed: 100.0 %"


def test_only_a_stated_interval_makes_two_lengths_one(folder: Path) -> None:
    """The tests' own interval says nothing of production, where the server's may be a shorter one."""
    rules = folder / "rules/api.yml"
    # Quiet after half of `for`, once the tests look then.
    rules.write_text(RULES.replace("for: 2m", "for: 1m"))
    tests = TESTS.replace("eval_time: 4m, alertname: InstanceDown", "eval_time: 3m, alertname: InstanceDown")
    tests = tests.replace("eval_time: 5m\n    alertname: InstanceDown", "eval_time: 4m\n    alertname: InstanceDown")
    (folder / "tests/api_test.yml").write_text(tests)
    answer = prove(folder, "InstanceDown")
    assert answer.returncode == 1
    assert "(for: 1m -> 30s)\n    - 1m\n    + 30s\n  = help: the tests evaluate every 1m, when both" in answer.stdout
    assert answer.stdout.splitlines()[-1] == "7 of 8 mutants noticed: 87.5 %"
    rules.write_text(rules.read_text().replace("- name: instances", "- name: instances\n  interval: 1m"))
    told = json.loads(prove(folder, "InstanceDown", "--format", "json").stdout)
    (rule,) = told["rules"]
    assert [one["what"] for one in rule["equivalent"]] == ["1m -> 30s"]
    assert told["score"] == 1


def test_named_alert_brings_the_recording_rules_that_it_reads(folder: Path) -> None:
    told = json.loads(prove(folder, "HighErrorRate", "--format", "json").stdout)
    assert [rule["name"] for rule in told["rules"]] == ["job:errors:ratio5m", "HighErrorRate"]


def test_files_of_the_user_are_left_as_they_were(folder: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    prove(folder)
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before


def test_rules_of_a_kubernetes_operator_are_taken_as_they_are(folder: Path) -> None:
    lines = "".join(f"  {line}\n" for line in RULES.splitlines())
    head = "apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\nmetadata: {name: api}\nspec:\n"
    (folder / "rules/api.yml").write_text(head + lines)
    answer = prove(folder, "InstanceDown", "--format", "json")
    assert answer.returncode == 0
    (rule,) = json.loads(answer.stdout)["rules"]
    assert (rule["file"], rule["line"], rule["killed"]) == ("rules/api.yml", 18, 8)


def test_rules_in_a_file_that_is_only_loaded_are_not_broken(folder: Path) -> None:
    record, alerts = RULES.split("  - alert: HighErrorRate", 1)
    (folder / "rules/records.yml").write_text(record)
    (folder / "rules/api.yml").write_text(f"groups:\n- name: api2\n  rules:\n  - alert: HighErrorRate{alerts}")
    tests = (folder / "tests/api_test.yml").read_text()
    (folder / "tests/api_test.yml").write_text(tests.replace("tests:", "group_eval_order: [api, api2]\ntests:", 1))
    told = json.loads(prove(folder, "--format", "json").stdout)
    assert [rule["name"] for rule in told["rules"]] == ["HighErrorRate", "InstanceDown"]
    assert told["rules"][0]["killed"] == 5


def test_test_that_fails_by_itself_is_told_and_nothing_is_broken(folder: Path) -> None:
    tests = folder / "tests/api_test.yml"
    tests.write_text(TESTS.replace("fails 50%", "fails 49%"))
    answer = prove(folder)
    assert answer.returncode == 1
    assert "tests/api_test.yml:4: error[test-fails] half of the requests fail: it fails with" in answer.stdout
    assert "fails 49%" in answer.stdout
    assert "mutants" not in answer.stdout.splitlines()[-1]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "eval_time: 4m, alertname: InstanceDown",
            "eval_time: 4m, alertname: InstanceDwon",
            "tests/api_test.yml:21: error[test-hollow] an instance is down: none of its rule files has an alert Inst",
        ),
        ("  interval: 1m\n  input_series:\n  - {series: 'up", "  input_series:\n  - {series: 'up", "no `interval`"),
        ("alertname: HighErrorRate", "alertname: InstanceDown", "rules/api.yml:6: error[test-missing] HighErrorRate"),
        (TESTS[TESTS.rindex("  alert_rule_test") :], "", "test-hollow] an instance is down: it expects nothing"),
    ],
)
def test_holes_of_promtool_are_errors(folder: Path, old: str, new: str, expected: str) -> None:
    assert old in TESTS
    (folder / "tests/api_test.yml").write_text(TESTS.replace(old, new, 1))
    answer = prove(folder)
    assert answer.returncode == 1
    assert expected in answer.stdout


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--rules", "rules/api.yml"], "--rules and --tests belong together"),
        (["--rules", "no.yml", "--tests", "tests/api_test.yml"], "no.yml: error: cannot read it: No such file"),
        (["--rules", "tests/api_test.yml", "--tests", "tests/api_test.yml"], "no rule file: it has no list `groups`"),
        (["--rules", "rules/api.yml", "--tests", "rules/api.yml"], "no test file: it has no list `tests`"),
        (["HighErorRate", "--rules", "rules/api.yml", "--tests", "tests/api_test.yml"], "did you mean HighErrorRate?"),
    ],
)
def test_what_cannot_be_read_is_told_in_words(folder: Path, arguments: list[str], expected: str) -> None:
    answer = tocsin(folder, *arguments)
    assert answer.returncode == 2
    assert expected in answer.stderr
    assert "Traceback" not in answer.stderr


def test_rule_files_that_match_nothing_are_told_at_their_line(folder: Path) -> None:
    (folder / "tests/api_test.yml").write_text(TESTS.replace("../rules/*.yml", "rules/*.yml"))
    answer = prove(folder)
    assert answer.returncode == 2
    assert "tests/api_test.yml:1: error: `rule_files` names rules/*.yml, and no file matches it" in answer.stderr
