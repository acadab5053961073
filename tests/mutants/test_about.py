"""Of a test that asks many things, only what is about a rule is run where that is broken."""

from __future__ import annotations

from pathlib import Path

import pytest

from tocsin.mutants.about import about
from tocsin.mutants.suite import Suite, Test, read_suite
from tocsin.mutants.trials import failing_tests

RULES = """groups:
- name: g
  rules:
  - {record: a, expr: sum(x)}
  - {record: b, expr: sum(y)}
  - {record: both, expr: a + b}
  - {record: c, expr: sum(z)}
  - {alert: High, expr: a > 1}
"""
ASKED = """  - {expr: a, eval_time: 1m, exp_samples: [{labels: a, value: 2}]}
  - {expr: b, eval_time: 1m, exp_samples: [{labels: b, value: 3}]}
  - {expr: both, eval_time: 1m, exp_samples: [{labels: both, value: 5}]}
  - {expr: c, eval_time: 1m, exp_samples: [{labels: c, value: 4}]}
"""
TEST = f"""rule_files: [rules.yaml]
evaluation_interval: 1m
tests:
- interval: 1m
  input_series:
  - {{series: x, values: 2x5}}
  - {{series: y, values: 3x5}}
  - {{series: z, values: 4x5}}
  alert_rule_test: [{{eval_time: 1m, alertname: High, exp_alerts: [{{}}]}}]
  promql_expr_test:
{ASKED}"""


def read(folder: Path, text: str = TEST) -> tuple[Suite, Test]:
    (folder / "rules.yaml").write_text(RULES)
    (folder / "tests.yaml").write_text(text)
    suite = read_suite([folder / "rules.yaml"], [folder / "tests.yaml"])
    return suite, suite.tests[0]


def kept(suite: Suite, test: Test, name: str) -> tuple[str, str, str]:
    """What is left: the series, what is asked, and the rules that are loaded."""
    part = about(test, next(rule for rule in suite.rules if rule.name == name))
    assert failing_tests([part], 1) == []
    series = [one["series"] for one in part.data["input_series"]]
    asked = [one["alertname"] for one in part.data["alert_rule_test"]]
    asked += [one["expr"] for one in part.data["promql_expr_test"]]
    return " ".join(series), " ".join(asked), " ".join(sorted(rule.name for rule in part.loads))


@pytest.mark.parametrize(
    ("rule", "series", "asked", "loaded"),
    [
        ("a", "x y", "High a both", "High a b both"),
        ("b", "x y", "b both", "a b both"),
        ("both", "x y", "both", "a b both"),
        ("c", "z", "c", "c"),
        ("High", "x", "High", "High a"),
    ],
)
def test_what_a_rule_makes_a_difference_to_is_left(
    rule: str, series: str, asked: str, loaded: str, tmp_path: Path
) -> None:
    assert kept(*read(tmp_path), rule) == (series, asked, loaded)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("{expr: b, eval_time: 1m", "{expr: b, eval_time: 2m"),  # what is later may fail later
        ("{expr: c,", "{expr: 'c or {job=\"none\"}',"),  # it might read anything
        ("{expr: c,", "{expr: '{__name__=\"c\"}',"),
        ("{series: z,", "{series: '{__name__=\"z\"}',"),
    ],
)
def test_a_test_is_left_whole_where_that_is_not_certain(old: str, new: str, tmp_path: Path) -> None:
    assert old in TEST
    suite, test = read(tmp_path, TEST.replace(old, new))
    rule = next(rule for rule in suite.rules if rule.name == "c")
    assert about(test, rule) is test


def test_what_a_test_does_not_touch_leaves_it_whole(tmp_path: Path) -> None:
    suite, test = read(tmp_path, TEST.replace(ASKED.splitlines()[-1], ""))
    rule = next(rule for rule in suite.rules if rule.name == "c")
    assert about(test, rule) is test
