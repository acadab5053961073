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
            "for: 5m -> 5m30s",
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


def test_test_that_fails_by_itself_is_told_and_the_others_are_scored(folder: Path) -> None:
    tests = folder / "tests/api_test.yml"
    tests.write_text(TESTS.replace("fails 50%", "fails 49%"))
    answer = prove(folder, "--min-score", "100")
    assert answer.returncode == 1
    assert "tests/api_test.yml:4: error[test-fails] half of the requests fail: it fails with" in answer.stdout
    assert "fails 49%" in answer.stdout
    assert answer.stdout.splitlines()[-3:] == [
        "not broken: job:errors:ratio5m: all its tests fail already",
        "not broken: HighErrorRate: all its tests fail already",
        "8 of 8 mutants noticed: 100.0 %; left out: 1 test that cannot pass",
    ]
    told = json.loads(prove(folder, "--format", "json").stdout)
    assert told["left_out"] == [{"name": "half of the requests fail", "file": "tests/api_test.yml", "line": 4}]
    assert [rule["unbroken"] for rule in told["rules"]] == ["all its tests fail already"] * 2 + [None]


def test_rule_that_some_failing_tests_touch_is_judged_by_the_rest(folder: Path) -> None:
    more = TESTS[TESTS.index("- name: an instance") :].replace("is down", "is up").replace("1 1 1 0x20", "1x20")
    (folder / "tests/api_test.yml").write_text(TESTS + more)
    answer = prove(folder, "InstanceDown")
    assert "tests/api_test.yml:25: error[test-fails] an instance is up" in answer.stdout
    assert answer.stdout.splitlines()[-2:] == [
        "left out: InstanceDown: 1 of its 2 tests, which fail already",
        "8 of 8 mutants noticed: 100.0 %; left out: 1 test that cannot pass",
    ]
    assert answer.returncode == 1


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("    for: 2m", "    fro: 2m", "rules/api.yml:16: error[promtool] field fro not found in type rulefmt.Rule"),
        ("expr: up{", "expr: up{{", "rules/api.yml:14: error[promtool] InstanceDown: could not parse expression"),
        ("$labels.job }}", "$labels.job", "rules/api.yml:6: error[promtool] HighErrorRate: annotation"),
        ("groups:", "gruops: []\ngroups:", "rules/api.yml:1: error[promtool] field gruops not found"),
        ("for: 5m", "for: soon", 'rules/api.yml: error[promtool] not a valid duration string: "soon"'),
    ],
)
def test_rules_that_prometheus_does_not_load_are_told_and_not_broken(
    folder: Path, old: str, new: str, expected: str
) -> None:
    """Also where no test needs the rule that is wrong."""
    assert old in RULES
    (folder / "rules/api.yml").write_text(RULES.replace(old, new))
    answer = prove(folder, "--min-score", "0")
    assert answer.returncode == 1
    assert expected in answer.stdout
    assert answer.stdout.count("not broken: ") == answer.stdout.count("does not load its file") == 3
    assert "\n0 of 0 mutants noticed" in answer.stdout
    assert "test-fails" not in answer.stdout
    assert "Traceback" not in answer.stderr


def test_test_file_that_promtool_does_not_take_is_told_though_its_tests_would_pass(folder: Path) -> None:
    (folder / "tests/api_test.yml").write_text(TESTS.replace("evaluation_interval: 1m", "evaluation_intervall: 1m"))
    answer = prove(folder)
    assert answer.returncode == 1
    assert "tests/api_test.yml:2: error[test-fails] promtool does not pass it as it is" in answer.stdout
    assert "field evaluation_intervall not found" in answer.stdout
    assert answer.stdout.count("[test-fails]") == 1
    assert "0 of 0 mutants noticed" in answer.stdout.splitlines()[-1]


def test_file_whose_unneeded_rule_fails_is_no_better_than_promtool_says(folder: Path) -> None:
    with (folder / "rules/api.yml").open("a") as rules:
        rules.write("  - {record: torn, expr: up / on (nobody) up}\n")
    answer = prove(folder)
    assert answer.returncode == 1
    assert "tests/api_test.yml: error[test-fails] promtool does not pass it as it is" in answer.stdout
    assert "many-to-many matching not allowed" in answer.stdout
    assert "not broken: HighErrorRate: all its tests fail already" in answer.stdout


@pytest.mark.parametrize(("asked", "code"), [("52.5", 0), ("52.6", 1)])
def test_minimum_score_decides_and_survivors_are_warnings_where_it_is_reached(
    folder: Path, asked: str, code: int
) -> None:
    answer = prove(folder, "--min-score", asked)
    assert answer.returncode == code
    assert ("warning[mutant-survives]" in answer.stdout) == (code == 0)
    assert ("error[mutant-survives]" in answer.stdout) == (code == 1)
    assert answer.stdout.splitlines()[-1] == (
        "21 of 40 mutants noticed: 52.5 %" if code == 0 else "--min-score asks for 52.6 %"
    )


def test_minimum_score_excuses_no_untested_rule(folder: Path) -> None:
    tests = folder / "tests/api_test.yml"
    tests.write_text(TESTS[: TESTS.index("- name: an instance")])
    answer = prove(folder, "--min-score", "0")
    assert answer.returncode == 1
    assert "error[test-missing] InstanceDown" in answer.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ["--rules", "all/a.yml", "all/a_test.yml", "all/b.yml", "--tests", "all/a_test.yml", "all/b_test.yml"],
        ["--rules", "all/*.yml", "--tests", "all/*.yml"],
        ["--rules=all", "--tests", "**/*_test.yml"],
        ["--tests", "all", "--jobs", "1", "--rules", "all/a.yml", "--rules", "all/b.yml"],
    ],
)
def test_files_are_named_as_a_shell_makes_them_of_wildcards(folder: Path, arguments: list[str]) -> None:
    """Rules and tests in one folder, several after one option: each is taken for what it is."""
    (folder / "all").mkdir()
    for name in "ab":
        rules = f"groups: [{{name: {name}, rules: [{{alert: {name.upper()}, expr: {name} > 1}}]}}]\n"
        tests = (
            f"rule_files: [{name}.yml]\ntests:\n- interval: 1m\n  input_series: [{{series: {name}, values: 2}}]\n"
            f"  alert_rule_test: [{{eval_time: 0m, alertname: {name.upper()}, exp_alerts: [{{}}]}}]\n"
        )
        (folder / f"all/{name}.yml").write_text(rules)
        (folder / f"all/{name}_test.yml").write_text(tests)
    # What else lies there, with keys of the same names.
    (folder / "all/prometheus.yml").write_text("global: {evaluation_interval: 1m}\nrule_files: [a.yml]\n")
    (folder / "all/teams.yml").write_text("groups: [{name: ops}]\ntests: [smoke]\n")
    answer = tocsin(folder, *arguments, "--format", "json")
    assert [rule["name"] for rule in json.loads(answer.stdout)["rules"]] == ["A", "B"]
    named = tocsin(folder, *arguments, "B", "--format", "json")
    assert [rule["name"] for rule in json.loads(named.stdout)["rules"]] == ["B"]


def test_what_is_known_of_files_is_remembered_by_content_and_not_beside_them(
    folder: Path, caches: Path, counted: tuple[dict[str, str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    promtool, note = counted
    monkeypatch.setenv("PROMTOOL", promtool["PROMTOOL"])
    before = sorted(folder.rglob("*"))
    first = prove(folder, "--format", "json")
    (memory,) = (caches / "tocsin").glob("*.json")
    known = json.loads(memory.read_text())
    assert note.read_text() != ""
    note.write_text("")
    assert prove(folder, "--format", "json").stdout == first.stdout
    assert note.read_text() == ""
    # What is proven again wipes nothing else out, and a changed test is run again.
    assert prove(folder, "InstanceDown", "--all").returncode == 0
    assert json.loads(memory.read_text()).items() >= known.items()
    assert sorted(folder.rglob("*")) == before
    note.write_text("")
    (folder / "tests/api_test.yml").write_text(TESTS.replace("eval_time: 20m", "eval_time: 19m"))
    prove(folder)
    assert note.read_text() != ""


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "eval_time: 4m, alertname: InstanceDown",
            "eval_time: 4m, alertname: InstanceDwon",
            "tests/api_test.yml:21: error[test-hollow] an instance is down: none of its rule files has an alert Inst",
        ),
        ("  interval: 1m\n  input_series:\n  - {series: 'up", "  input_series:\n  - {series: 'up", "is not stated"),
        (
            "  interval: 1m\n  input_series:\n  - {series: 'up",
            "  interval:\n  input_series:\n  - {series: 'up",
            "is not",
        ),
        (
            "  interval: 1m\n  input_series:\n  - {series: 'up",
            "  interval: 0s\n  input_series:\n  - {series: 'up",
            "is 0s",
        ),
        ("alertname: HighErrorRate", "alertname: InstanceDown", "rules/api.yml:6: error[test-missing] HighErrorRate"),
        (
            "tests:",
            "tests: []\n---\nrule_files: [r.yml]\ntests:",
            "tests/api_test.yml:5: error[test-hollow] promtool reads",
        ),
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
        (["--rules", "no/*.yml", "--tests", "tests/api_test.yml"], "no file matches no/*.yml"),
        (["--rules", "rules", "--tests", "rules"], "no file of promtool's tests is among rules"),
        (["--rules", "empty.yml", "nothing.yml", "--tests", "tests/api_test.yml"], "the rule files hold no rule"),
        (["--min-score", "50"], "--min-score needs --mutants"),
        (["HighErorRate", "--rules", "rules/api.yml", "--tests", "tests/api_test.yml"], "did you mean HighErrorRate?"),
    ],
)
def test_what_cannot_be_read_is_told_in_words(folder: Path, arguments: list[str], expected: str) -> None:
    (folder / "empty.yml").write_text("groups: []\n")
    (folder / "nothing.yml").write_text("groups:\n")
    answer = tocsin(folder, *arguments)
    assert answer.returncode == 2
    assert expected in answer.stderr
    assert "Traceback" not in answer.stderr


def test_rule_file_that_two_names_lead_to_is_loaded_once(folder: Path) -> None:
    (folder / "tests/api_test.yml").write_text(TESTS.replace("../rules/*.yml", "../rules/*.yml, ../rules/./api.yml"))
    answer = prove(folder, "--min-score", "0")
    assert answer.returncode == 0
    assert "21 of 40 mutants noticed" in answer.stdout


def test_rule_files_that_match_nothing_are_told_at_their_line(folder: Path) -> None:
    (folder / "tests/api_test.yml").write_text(TESTS.replace("../rules/*.yml", "rules/*.yml"))
    answer = prove(folder)
    assert answer.returncode == 2
    assert "tests/api_test.yml:1: error: `rule_files` names rules/*.yml, and no file matches it" in answer.stderr
