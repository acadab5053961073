"""Prometheus's rule groups, and promtool's tests of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tocsin.reading.fields import as_text, items, mapping, mappings, text, texts
from tocsin.reading.languages import language_of
from tocsin.reading.located import Located
from tocsin.reading.values import AlertCase, Rule, RuleGroup, Series, TestCase, TestFile, ValueCase


def is_rule(value: Any) -> bool:
    """Whether it looks like a rule of Prometheus's."""
    return isinstance(value, dict) and ("alert" in value or "record" in value) and "grafana_alert" not in value


def rule_group(document: Located, group: dict[str, Any], namespace: str = "", kind: str = "") -> RuleGroup:
    """A group as rule files have it, with the rules that look like some and have an expression.

    `kind` is that of the resource around it, if there is one.
    """
    said = [rule for rule in mappings(group, "rules") if is_rule(rule) and text(rule, "expr").strip()]
    return RuleGroup(
        text(group, "name"),
        tuple(_rule(document, rule) for rule in said),
        document.at(group),
        text(group, "interval"),
        namespace,
        texts(group.get("labels")),
        language_of(group, said, kind),
    )


def _rule(document: Located, rule: dict[str, Any]) -> Rule:
    return Rule(
        "alert" if text(rule, "alert") or "record" not in rule else "record",
        text(rule, "alert") or text(rule, "record"),
        text(rule, "expr"),
        document.at(rule),
        document.at(rule, "expr"),
        text(rule, "for"),
        text(rule, "keep_firing_for"),
        texts(rule.get("labels")),
        texts(rule.get("annotations")),
    )


def test_file(document: Located, value: dict[str, Any]) -> TestFile:
    """A file for `promtool test rules`."""
    return TestFile(
        tuple(as_text(name) for name in items(value, "rule_files")),
        tuple(_case(document, case) for case in mappings(value, "tests")),
        document.at(value),
        text(value, "evaluation_interval"),
        not document.index,
    )


def _case(document: Located, case: dict[str, Any]) -> TestCase:
    return TestCase(
        text(case, "name"),
        document.at(case),
        text(case, "interval"),
        tuple(Series(text(one, "series"), text(one, "values")) for one in mappings(case, "input_series")),
        tuple(_alert_cases(document, case)),
        tuple(_value_cases(document, case)),
        texts(mapping(case, "external_labels")),
    )


def _alert_cases(document: Located, case: dict[str, Any]) -> Iterator[AlertCase]:
    for test in mappings(case, "alert_rule_test"):
        expected = tuple(
            (texts(alert.get("exp_labels")), texts(alert.get("exp_annotations")))
            for alert in mappings(test, "exp_alerts")
        )
        yield AlertCase(text(test, "alertname"), text(test, "eval_time"), expected, document.at(test))


def _value_cases(document: Located, case: dict[str, Any]) -> Iterator[ValueCase]:
    for test in mappings(case, "promql_expr_test"):
        expected = tuple((text(sample, "labels"), text(sample, "value")) for sample in mappings(test, "exp_samples"))
        yield ValueCase(text(test, "expr"), text(test, "eval_time"), expected, document.at(test))
