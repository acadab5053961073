"""Groups that read each other: promtool evaluates them in no certain order, and a proof in a certain one."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tocsin.mutants.memory import Memory
from tocsin.mutants.order import Order, order_of
from tocsin.mutants.proof import prove
from tocsin.mutants.rule import RuleFile
from tocsin.mutants.rule_files import rule_file
from tocsin.mutants.suite import read_suite

RULES = """groups:
- name: alerts
  rules:
  - {alert: Hot, expr: room:temp:max > 30}
  - {alert: Cold, expr: temp < 3}
- name: averages
  rules:
  - {record: house:temp:avg, expr: avg(room:temp:max)}
- name: records
  rules:
  - {record: room:temp:max, expr: max by (room) (temp)}
- name: others
  rules:
  - {alert: Wet, expr: damp > 3}
"""
ONCE_IT_IS_HOT = """rule_files: [rules.yml]
evaluation_interval: 1m
tests:
- interval: 1m
  input_series: [{series: 'temp{room="a"}', values: 20x4 35x5}]
  alert_rule_test:
  - {eval_time: 4m, alertname: Hot}
  - {eval_time: 5m, alertname: Hot, exp_alerts: [{exp_labels: {room: a}}]}
"""


@pytest.fixture
def file(tmp_path: Path) -> RuleFile:
    (tmp_path / "rules.yml").write_text(RULES)
    return rule_file(tmp_path / "rules.yml", lambda source, _: source)


@pytest.mark.parametrize(
    ("stated", "needed", "expected"),
    [
        (None, ("Hot", "room:temp:max"), Order(("records", "alerts"), ())),
        (None, ("Hot", "room:temp:max", "house:temp:avg"), Order(("records", "alerts", "averages"), ())),
        (None, ("Hot", "Wet"), None),
        (None, ("Hot", "Cold"), None),
        (["records", "alerts"], ("Hot", "room:temp:max"), None),
        (["alerts"], ("Hot", "room:temp:max"), Order(("records", "alerts"), ())),
        (["others", "alerts"], ("Hot", "room:temp:max", "Wet"), None),
        (["others", "averages"], ("Hot", "room:temp:max"), Order(("records", "alerts"), ("averages",))),
    ],
)
def test_what_is_read_comes_first_where_no_order_is_stated(
    stated: object, needed: tuple[str, ...], expected: Order | None, file: RuleFile
) -> None:
    rules = [rule for rule in file.rules if rule.name in needed]
    found = order_of({"group_eval_order": stated} if stated else {}, [file], rules)
    # A group that is stated, and has no rule that is needed, changes nothing.
    assert (found and [name for name in found.uncertain if name != "others"]) == (expected and [*expected.uncertain])
    assert (found and found.last) == (expected and expected.last)


def test_test_that_passes_in_one_order_only_is_told_and_judges_mutants_in_a_certain_one(tmp_path: Path) -> None:
    (tmp_path / "rules.yml").write_text(RULES)
    test = tmp_path / "test.yml"
    test.write_text(ONCE_IT_IS_HOT)
    proof = prove(read_suite([tmp_path / "rules.yml"], [test]), Memory(None), 1, None, foreign=True)
    (told,) = (finding for finding in proof.findings if finding.id == "test-fails")
    assert "evaluates the groups records, alerts in no certain order, and only in one it passes" in told.message
    assert told.help == "state `group_eval_order: [records, alerts]`"
    assert next(row for row in proof.rows if row.rule.name == "Hot").tests

    test.write_text(yaml.safe_dump({**yaml.safe_load(ONCE_IT_IS_HOT), "group_eval_order": ["records", "alerts"]}))
    proof = prove(read_suite([tmp_path / "rules.yml"], [test]), Memory(None), 1, None, foreign=True)
    assert not [finding for finding in proof.findings if finding.id == "test-fails"]
