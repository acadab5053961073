"""Both engines are told the same: each Grafana rule, read back and turned into PromQL, is its Prometheus rule."""

from __future__ import annotations

import copy
import re
from decimal import Decimal
from typing import Any

import pytest

from tocsin.promql.parse import tree_of
from tocsin.promql.tree import Binary, Node, Number

OPERATORS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}


def prometheus_rules(documents: dict[str, Any]) -> dict[str, Any]:
    return {
        rule["alert"]: {**rule, "interval": group["interval"]}
        for path, data in documents.items()
        if path.startswith("prometheus/alerts/")
        for group in data["groups"]
        for rule in group["rules"]
    }


def grafana_rules(documents: dict[str, Any]) -> dict[str, Any]:
    return {
        rule["title"]: {**rule, "interval": group["interval"]}
        for path, data in documents.items()
        if path.startswith("grafana/provisioning/alerting/")
        for group in data.get("groups", ())
        for rule in group["rules"]
    }


def condition_of(rule: dict[str, Any]) -> Node:
    """The rule's pipeline as PromQL, followed from its condition back to its query."""
    steps = {step["refId"]: step["model"] for step in rule["data"]}
    threshold = steps[rule["condition"]]
    assert threshold["type"] == "threshold", "a condition must be a threshold: on a reduce any value but 0 fires"
    (condition,) = threshold["conditions"]
    (limit,) = condition["evaluator"]["params"]
    reduce = steps[threshold["expression"]]
    assert (reduce["type"], reduce["reducer"]) == ("reduce", "last")
    query = steps[reduce["expression"]]
    assert query["instant"]
    assert not query["range"]
    left, operator = tree_of(query["expr"]), OPERATORS[condition["evaluator"]["type"]]
    if limit == 0 and isinstance(left, Binary) and left.operator == "-":
        return Binary(operator, left.left, left.right)
    return Binary(operator, left, Number(Decimal(str(limit))))


def value_of(rule: dict[str, Any], ref: str) -> Node:
    """The expression whose value `$values.REF.Value` is."""
    steps = {step["refId"]: step["model"] for step in rule["data"]}
    assert steps[ref]["type"] == "reduce"
    return tree_of(steps[steps[ref]["expression"]]["expr"])


def same_number(node: Node) -> Node:
    """Numbers compare by value: 0.05 and 5e-2 are one."""
    return node.rewrite(lambda part: Number(part.value.normalize()) if isinstance(part, Number) else None)


@pytest.fixture
def pairs(project_documents: dict[str, Any]) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    theirs, ours = grafana_rules(project_documents), prometheus_rules(project_documents)
    assert set(theirs) == set(ours)
    assert len(ours) > 20
    return [(ours[name], theirs[name]) for name in ours]


def test_expression_and_threshold_are_the_same(pairs: list[tuple[dict[str, Any], dict[str, Any]]]) -> None:
    for prometheus, grafana in pairs:
        assert same_number(condition_of(grafana)) == same_number(tree_of(prometheus["expr"]))


def test_times_and_labels_are_the_same(pairs: list[tuple[dict[str, Any], dict[str, Any]]]) -> None:
    for prometheus, grafana in pairs:
        assert grafana["for"] == prometheus.get("for", "0s")
        assert grafana.get("keepFiringFor") == prometheus.get("keep_firing_for")
        assert grafana["interval"] == prometheus["interval"]
        assert {name: text.replace("$$", "$") for name, text in grafana["labels"].items()} == prometheus["labels"]


def test_words_are_the_same_and_print_the_same_value(pairs: list[tuple[dict[str, Any], dict[str, Any]]]) -> None:
    for prometheus, grafana in pairs:
        printed = re.compile(r"\$values\.([A-Z])\.Value")
        for name, text in grafana["annotations"].items():
            assert printed.sub("$value", text) == prometheus["annotations"][name]
            compared = tree_of(prometheus["expr"])
            assert isinstance(compared, Binary)
            for ref in printed.findall(text):
                assert value_of(grafana, ref) == compared.left
        assert grafana["annotations"].keys() == prometheus["annotations"].keys()


def test_rule_links_to_the_panel_that_its_annotation_names(
    pairs: list[tuple[dict[str, Any], dict[str, Any]]], project_documents: dict[str, Any]
) -> None:
    linked = [(prometheus, grafana) for prometheus, grafana in pairs if "dashboardUid" in grafana]
    # That nothing is exported is shown by no panel.
    assert len(linked) == len(pairs) - 1
    for prometheus, grafana in linked:
        dashboard = project_documents[f"grafana/dashboards/{grafana['dashboardUid']}.json"]
        assert grafana["panelId"] in {panel["id"] for panel in dashboard["panels"]}
        assert prometheus["annotations"]["dashboard_url"].endswith(
            f"/d/{grafana['dashboardUid']}?viewPanel={grafana['panelId']}"
        )


@pytest.mark.parametrize("change", ["threshold", "operator", "query"])
def test_rule_that_means_something_else_would_be_seen(change: str, project_documents: dict[str, Any]) -> None:
    rule = copy.deepcopy(grafana_rules(project_documents)["AgentHighLatency"])
    query, _, threshold = (step["model"] for step in rule["data"])
    evaluator = threshold["conditions"][0]["evaluator"]
    if change == "threshold":
        evaluator["params"] = [11]
    elif change == "operator":
        evaluator["type"] = "lt"
    else:
        query["expr"] = query["expr"].replace("p99", "p95")
    expected = tree_of(prometheus_rules(project_documents)["AgentHighLatency"]["expr"])
    assert same_number(condition_of(rule)) != same_number(expected)
