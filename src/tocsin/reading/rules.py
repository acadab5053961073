"""Prometheus's rule groups, and promtool's tests of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tocsin.reading.fields import as_text, items, mapping, mappings, text, texts
from tocsin.reading.located import Located
from tocsin.reading.values import AlertCase, Failure, Rule, RuleGroup, Series, TestCase, TestFile, ValueCase


def is_rule(value: Any) -> bool:
    """Whether it looks like a rule of Prometheus's."""
    return isinstance(value, dict) and ("alert" in value or "record" in value) and "grafana_alert" not in value


def rule_group(document: Located, group: dict[str, Any], namespace: str = "") -> RuleGroup:
    """A group as rule files have it, with the rules that look like some."""
    return RuleGroup(
        text(group, "name"),
        tuple(_rule(document, rule) for rule in mappings(group, "rules") if is_rule(rule)),
        document.at(group),
        text(group, "interval"),
        namespace,
        texts(group.get("labels")),
    )


def _rule(document: Located, rule: dict[str, Any]) -> Rule:
    return Rule(
        "alert" if "alert" in rule else "record",
        text(rule, "alert") or text(rule, "record"),
        text(rule, "expr"),
        document.at(rule),
        document.at(rule, "expr"),
        text(rule, "for"),
        text(rule, "keep_firing_for"),
        texts(rule.get("labels")),
        texts(rule.get("annotations")),
    )


def refused(document: Located, group: dict[str, Any], names: set[str]) -> Iterator[Failure]:
    """What Prometheus would not load of a group; `names` are those of the groups above it in the file."""
    name = text(group, "name")
    if not name or name in names:
        why = f"two groups of the file are called {name}" if name else "the group has no name"
        yield Failure(document.at(group, "name"), why)
    names.add(name)
    for rule in items(group, "rules"):
        if not isinstance(rule, dict):
            yield Failure(document.at(group), f"{as_text(rule) or 'a list'} stands where a rule should")
            continue
        why = _refusal(rule)
        if why:
            yield Failure(document.at(rule), why)


def _refusal(rule: dict[str, Any]) -> str:
    if not text(rule, "alert") and not text(rule, "record"):
        return "the rule has neither `alert` nor `record`"
    if "alert" in rule and "record" in rule:
        return "the rule has `alert` and `record`: it can be one of them only"
    alien = [key for key in ("for", "keep_firing_for", "annotations") if "record" in rule and key in rule]
    if alien:
        return f"the rule has `record`, and {' and '.join(f'`{key}`' for key in alien)}, which only alerts have"
    if set("{} ") & set(text(rule, "record")):
        return f"{text(rule, 'record')} is no name to record"
    return "the rule has no `expr`" if not text(rule, "expr").strip() else ""


def test_file(document: Located, value: dict[str, Any]) -> TestFile:
    """A file for `promtool test rules`."""
    return TestFile(
        tuple(as_text(name) for name in items(value, "rule_files")),
        tuple(_case(document, case) for case in mappings(value, "tests")),
        document.at(value),
        text(value, "evaluation_interval"),
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
