"""Grafana's alert rules, as provisioning files and its API have them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tocsin.reading.fields import as_text, flag, items, mapping, mappings, number, text, texts
from tocsin.reading.located import Located
from tocsin.reading.values import Evaluator, GrafanaRule, Step

_EXPRESSIONS = frozenset({"__expr__", "-100"})
_CLASSIC = ("query", "reducer", "operator")


def is_grafana_rule(value: Any) -> bool:
    """Whether it looks like a rule of Grafana's."""
    return isinstance(value, dict) and ("grafana_alert" in value or ("data" in value and "condition" in value))


def grafana_rules(document: Located, group: dict[str, Any], folder: str = "") -> Iterator[GrafanaRule]:
    """The rules of a group that look like Grafana's."""
    for rule in mappings(group, "rules"):
        if is_grafana_rule(rule):
            yield _rule(document, group, rule, folder)


def _rule(document: Located, group: dict[str, Any], rule: dict[str, Any], folder: str) -> GrafanaRule:
    # The ruler's API nests what a provisioning file has flat.
    inner = mapping(rule, "grafana_alert") or rule
    source = document.at(rule)
    return GrafanaRule(
        text(inner, "title"),
        text(inner, "condition"),
        tuple(_step(document, step) for step in mappings(inner, "data")),
        source if source.line else document.at(inner),
        text(inner, "uid"),
        text(group, "name"),
        text(group, "folder") or folder,
        text(group, "interval"),
        text(rule, "for"),
        text(inner, "noDataState") or text(inner, "no_data_state"),
        text(inner, "execErrState") or text(inner, "exec_err_state"),
        texts(rule.get("labels")),
        texts(rule.get("annotations")),
        "grafana_alert" not in rule,
        text(group, "orgId"),
    )


def _step(document: Located, step: dict[str, Any]) -> Step:
    model = mapping(step, "model")
    source = mapping(model, "datasource")
    uid = text(step, "datasourceUid") or text(source, "uid")
    is_expression = uid in _EXPRESSIONS or text(source, "type") == "__expr__"
    span = mapping(step, "relativeTimeRange")
    return Step(
        text(step, "refId") or text(model, "refId"),
        (text(model, "type") or "math") if is_expression else "query",
        document.at(model, "expr") if "expr" in model else document.at(step),
        uid,
        "" if is_expression else text(source, "type"),
        "" if is_expression else text(model, "expr"),
        text(model, "expression") if is_expression else "",
        text(model, "reducer") if is_expression else "",
        text(mapping(model, "settings"), "mode"),
        tuple(_evaluator(condition) for condition in mappings(model, "conditions")),
        flag(model.get("instant")) is True,
        number(span.get("from")),
        number(span.get("to")),
    )


def _evaluator(condition: dict[str, Any]) -> Evaluator:
    evaluator = mapping(condition, "evaluator")
    params = (number(param) for param in items(evaluator, "params"))
    return Evaluator(
        text(evaluator, "type"),
        tuple(param for param in params if param is not None),
        tuple(name for name in _CLASSIC if condition.get(name)),
        tuple(as_text(ref) for ref in items(mapping(condition, "query"), "params")[:1]),
        text(mapping(condition, "reducer"), "type"),
    )
