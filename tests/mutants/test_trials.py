"""What counts as noticed, and what is shown while it goes on."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from tocsin.cli import main
from tocsin.mutants.breaking import Mutant
from tocsin.mutants.holes import holes
from tocsin.mutants.outcome import table
from tocsin.mutants.score import Row
from tocsin.mutants.suite import read_suite
from tocsin.mutants.trials import verdicts

RULES = """groups:
- name: g
  rules:
  - {alert: Late, expr: 'ALERTS{alertname="High"} == 1', for: 1m}
  - {alert: High, expr: x > 1}
"""
TESTS = """rule_files: [rules.yaml]
evaluation_interval: 1m
tests:
- interval: 1m
  input_series: [{series: x, values: 0x5 2x10}]
  alert_rule_test:
  - {eval_time: 5m, alertname: High}
  - {eval_time: 6m, alertname: High, exp_alerts: [{}]}
"""

MORE = """- name: again
  interval: 1m
  input_series: [{series: x, values: 0x5 2x10}]
  alert_rule_test: [{eval_time: 6m, alertname: High, exp_alerts: [{}]}]
- name: at the threshold
  interval: 1m
  input_series: [{series: x, values: 1x10}]
  alert_rule_test: [{eval_time: 5m, alertname: High}]
"""


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    rules, tests = tmp_path / "rules.yaml", tmp_path / "tests.yaml"
    rules.write_text(RULES)
    tests.write_text(TESTS)
    return rules, tests


def test_what_promtool_refuses_is_no_mutant_and_not_noticed(files: tuple[Path, Path]) -> None:
    suite = read_suite(*([file] for file in files))
    (rule,) = (rule for rule in suite.rules if rule.name == "High")

    def broken(expr: str) -> Mutant:
        return Mutant(rule, "comparison", expr, "x > 1", expr, {**rule.data, "expr": expr}, "")

    refused, noticed, alive = broken("x >>> 1"), broken("x < 1"), broken("x > 1.5")
    torn = replace(broken("x > 2"), data={**rule.data, "annotations": {"summary": "{{ $v0.0 }}"}})
    judged = verdicts(suite, [refused, torn, noticed, alive], jobs=1, every=True)
    assert [(verdict.mutant.after, bool(verdict.killers)) for verdict in judged] == [
        ("x < 1", True),
        ("x > 1.5", False),
    ]


def test_mutant_that_reads_what_its_rule_does_not_finds_it(files: tuple[Path, Path]) -> None:
    rules, tests = files
    late, other = (f'count(ALERTS{{alertname{operator}"High"}}) >= 1' for operator in ("=", "!="))
    rules.write_text(RULES.replace('ALERTS{alertname="High"} == 1', late) + "  - {alert: Wet, expr: x > 0}\n")
    tests.write_text(TESTS + "  - {eval_time: 9m, alertname: Late, exp_alerts: [{}]}\n")
    suite = read_suite([rules], [tests])
    (rule,) = (rule for rule in suite.rules if rule.name == "Late")
    mutant = Mutant(rule, "matcher-negate", other, late, other, {**rule.data, "expr": other}, "")
    (verdict,) = verdicts(suite, [mutant], jobs=1, every=True)
    assert not verdict.killers
    assert [row.name for row in suite.rules if suite.tests_of(row)] == ["Late", "High"]


def test_all_tests_that_notice_are_named(files: tuple[Path, Path]) -> None:
    rules, tests = files
    tests.write_text(TESTS + MORE)
    command = ["prove", "High", "--rules", str(rules), "--tests", str(tests)]
    listed = CliRunner().invoke(main, [*command, "--each"]).output
    assert re.findall(r"^  (boundary|comparison): .*  noticed by (.*)", listed, re.MULTILINE) == [
        ("comparison", "1 2"),
        ("boundary", "3"),
    ]
    line = 1 + (TESTS + MORE).splitlines().index("- name: at the threshold")
    assert f"   3  at the threshold  ({tests}:{line})" in listed
    (told,) = json.loads(CliRunner().invoke(main, [*command, "--format", "json"]).output)["rules"]
    noticed = {one["operator"]: [by["name"] for by in one["by"]] for one in told["noticed"]}
    assert noticed["comparison"] == ["test 1", "again"]
    assert noticed["boundary"] == ["at the threshold"]


def test_tests_are_run_until_one_notices_unless_all_are_to_be_named(
    files: tuple[Path, Path], counted: tuple[dict[str, str], Path]
) -> None:
    rules, tests = files
    tests.write_text(TESTS + MORE)
    environment, note = counted

    def proven(*arguments: str) -> tuple[str, int]:
        """What is said last, and how many tests promtool has run for it."""
        note.write_text("")
        command = ["prove", "High", "--rules", str(rules), "--tests", str(tests), *arguments]
        output = CliRunner().invoke(main, command, env=environment).output
        return output.splitlines()[-1], sum(map(int, note.read_text().split()))

    last, some = proven("--all")
    assert proven() == (last, 0)
    # Who knows the first one that notices does not know all.
    again, more = proven("--each")
    assert again == last
    assert more > 0
    assert proven("--all", "--each")[1] > some
    # Who knows all knows the first.
    assert proven() == (last, 0)
    assert proven("--each") == (last, 0)


def test_test_touches_the_rules_that_it_asks_for_and_what_those_read(files: tuple[Path, Path]) -> None:
    rules, tests = files
    suite = read_suite([rules], [tests])
    assert {rule.name: len(suite.tests_of(rule)) for rule in suite.rules} == {"Late": 0, "High": 1}
    tests.write_text(TESTS.replace("alertname: High}", "alertname: Late}"))
    suite = read_suite([rules], [tests])
    assert {rule.name: len(suite.tests_of(rule)) for rule in suite.rules} == {"Late": 1, "High": 1}


def test_series_that_are_somewhere_native_histograms_are_no_numbers(files: tuple[Path, Path]) -> None:
    rules, tests = files
    given = "{series: x, values: 0x5}, {series: 'h{a=\"1\"}', values: 1}, {series: h, values: '{{schema:0}}x5'}"
    tests.write_text(TESTS.replace("{series: x, values: 0x5 2x10}", given))
    assert read_suite([rules], [tests]).floats() == {"x"}


def test_rule_that_promtool_cannot_read_is_told_where_it_stands(files: tuple[Path, Path]) -> None:
    rules, tests = files
    rules.write_text(RULES.replace("expr: x > 1", "expr: 'x >'"))
    done = CliRunner().invoke(main, ["prove", "--rules", str(rules), "--tests", str(tests)])
    assert done.exit_code == 1
    assert f"{rules}:5: error[promtool] High: could not parse expression: " in done.output
    assert "test-fails" not in done.output


@pytest.mark.parametrize(
    ("query", "names", "read"),
    [
        ('{{ with query "up" }}{{ . | first | value }}{{ end }}', [], []),
        ('{{ with query "sum(seen:rate)" }}{{ . | first | value }}{{ end }}', ["Seen"], []),
        ('{{ range `{__name__=~"seen:.*"}` | query }}{{ . }}{{ end }}', ["Seen"], []),
        ('{{ with printf "seen:rate{job=%q}" $labels.job | query }}{{ . }}{{ end }}', ["Seen"], ["Other"]),
    ],
)
def test_query_in_an_annotation_touches_what_it_reads_and_no_more(
    query: str, names: list[str], read: list[str], files: tuple[Path, Path]
) -> None:
    """What is put together when the alert fires may read anything, so all is kept; that is no test of it."""
    rules, tests = files
    alert = {"alert": "High", "expr": "x > 1", "annotations": {"summary": query}}
    recorded = [{"record": "seen:rate", "expr": "y"}, {"record": "other:rate", "expr": "z"}]
    rules.write_text(json.dumps({"groups": [{"name": "g", "rules": [alert, *recorded]}]}))
    known = {"High": "High", "seen:rate": "Seen", "other:rate": "Other"}
    suite = read_suite([rules], [tests])
    (test,) = suite.tests
    assert sorted(known[rule.name] for rule in test.reach.touched) == sorted(["High", *names])
    assert sorted(known[rule.name] for rule in test.reach.needed) == sorted(["High", *names, *read])
    missing = [finding.object for finding in holes(suite) if finding.id == "test-missing"]
    assert sorted(known[name] for name in missing if name) == sorted({"Seen", "Other"} - set(names))


def test_asserted_expression_beyond_us_touches_the_series_whose_names_stand_in_it(files: tuple[Path, Path]) -> None:
    rules, tests = files
    rules.write_text(RULES.replace("expr: x > 1", "expr: 'x > 1_000 and seen:rate'"))
    with rules.open("a") as text:
        text.write("  - {record: 'seen:rate', expr: y}\n  - {record: 'other:rate', expr: z}\n")
    (test,) = read_suite([rules], [tests]).tests
    assert {rule.name for rule in test.reach.touched} == {"High", "seen:rate"}
    assert {rule.name for rule in test.reach.needed} == {"Late", "High", "seen:rate", "other:rate"}


def test_progress_is_drawn_on_a_terminal(files: tuple[Path, Path]) -> None:
    rules, tests = files
    screen, terminal = pty.openpty()
    command = [sys.executable, "-m", "tocsin.cli", "prove", "High", "--rules", str(rules), "--tests", str(tests)]
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=terminal, check=False)
    os.close(terminal)
    drawn = os.read(screen, 100_000).decode()
    os.close(screen)
    assert "mutants" in drawn
    assert "100%" in drawn


def test_expression_that_cannot_be_taken_apart_is_told(files: tuple[Path, Path]) -> None:
    rules, tests = files
    # The newest Prometheus takes such a number.
    rules.write_text(RULES.replace("expr: x > 1", "expr: x > 1_000"))
    suite = read_suite([rules], [tests])
    rows = [Row(rule, suite.tests_of(rule)) for rule in suite.rules]
    told = [line for line in table(rows) if line.startswith("not broken")]
    assert told == ["not broken: High: its expression cannot be taken apart; only its other fields were broken"]
