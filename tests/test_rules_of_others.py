"""Checks on rule files of others that the pages do not show: files beside each other, and where to be silent."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from others import SAID, alert, found, ids, rules

from tocsin.reading import read_text


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


def test_of_no_labels_none_is_named() -> None:
    [told] = [
        one
        for one in found(rules(alert("sum(x) > 1", annotations={**SAID, "summary": "{{ $labels.job }}"})), catalogs=())
        if one.id == "label-unknown"
    ]
    assert told.help == "keep job in the grouping"


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
        ("increase(dead_letter_seconds_count[5m]) == 2", {"increase-exact"}),
        ("increase(llm_spend_metric_total{model=~'a.+'}[1d]) > 2", set()),
        ("increase(stalled_seconds_total[15m]) > 2", set()),
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
        ("a == 0 # isn't that of up == 0?", False),
        ("rate(a_total[ 1m ]) > 5", True),
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


@pytest.mark.parametrize("expr", ["vector(1)", "(vector( 1 ))", "vector(1) # always"])
def test_each_file_may_have_a_watchdog(expr: str) -> None:
    assert "duplicate-alert" not in ids(rules(alert(expr)), rules(alert(expr), group="h"), catalogs=())


def test_alert_of_two_files_is_there_once() -> None:
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


LOGS = 'sum(rate({app="x"} |= "error" [5m])) > 1'


@pytest.mark.parametrize(
    "expr", [LOGS, 'sum by (a) (rate({a="}"} | json | b="c" [1m]))', '{a=~".+"} !~ "b"', 'count({a="b"} != `c`)']
)
def test_rules_for_loki_are_told_once_and_left_alone(expr: str) -> None:
    recorded = {"record": "a:b:c", "expr": 'topk(3, rate({app="y"}[5m]))'}
    loki = rules(alert(expr), recorded, alert(LOGS, alert="B"))
    told = [(one.id, str(one.severity)) for one in found(loki, rules(alert("a:b:c > 5")))]
    assert told == [("rule-refused", "warning")]


@pytest.mark.parametrize(
    "expr", ["up == 0 || up == 1", 'up{a="b"} | json', "sum(rate({a='b'}[5m]) > 1", 'x{a="{} |"} >']
)
def test_what_is_no_promql_is_not_taken_for_logql(expr: str) -> None:
    assert "syntax" in ids(rules(alert(expr)), catalogs=())


@pytest.mark.parametrize(
    ("expr", "told"),
    [("rate(x_total) > 5 keep_metric_names", {"info"}), ("sum(rate(x_total[5m]) > 5", {"error"}), ("up > 5", set())],
)
def test_what_victoriametrics_may_understand_is_no_error(expr: str, told: set[str]) -> None:
    resource = {"kind": "VMRule", "spec": {"groups": [{"name": "g", "rules": [alert(expr)]}]}}
    contents = read_text(yaml.safe_dump(resource).encode(), "vm.yaml")
    assert {str(one.severity) for one in found(contents, catalogs=()) if one.id == "syntax"} == told
    logs = read_text(
        yaml.safe_dump({"groups": [{"name": "g", "type": "vlogs", "rules": [alert("a | b")]}]}).encode(), "v"
    )
    assert [one.id for one in found(logs, catalogs=())] == ["rule-refused"]


@pytest.mark.parametrize(
    ("expr", "word"), [("count(x) == 0", "absent"), ("count(x) <= 0.5", "absent"), ("avg(up) > 5", "ratio")]
)
def test_what_can_never_fire_says_what_was_meant(expr: str, word: str) -> None:
    [never] = [one for one in found(rules(alert(expr)), catalogs=()) if one.id == "never-fires"]
    assert word in never.help


def test_money_is_not_counted_in_whole_dollars() -> None:
    assert "increase-exact" not in ids(rules(alert("sum(increase(llm_cost_dollars_total[1d])) > 2")))
    assert "increase-exact" in ids(rules(alert("sum(increase(agent_errors_total[1d])) > 2")))
