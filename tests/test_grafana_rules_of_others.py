"""Checks on Grafana alert rules of others that the pages do not show."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import yaml
from others import P99, found, ids

from tocsin.reading import Contents, read_text

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


def test_what_provisioning_takes_for_a_variable_is_named_whole() -> None:
    document = grafana_document("sum(up)", {"type": "gt", "params": [60]})
    document["groups"][0]["rules"][0]["labels"] = {"severity": "warning", "level": "{{ $values.B.Value }}"}
    told = [one.message for one in found(read_text(yaml.safe_dump(document).encode(), "g.yaml"))]
    assert [one for one in told if "takes $values for a variable of the environment" in one]


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
