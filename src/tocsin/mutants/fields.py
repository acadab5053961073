"""Mutants of a rule's fields: how long it waits, and what it says."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from tocsin.promql.durations import duration_text, milliseconds_of

Rule = Mapping[str, Any]
Changes = Iterator[tuple[str, str, str, dict[str, Any]]]  # what, before, after, the rule

_SEVERITIES = MappingProxyType({"critical": "warning", "warning": "critical", "info": "warning", "page": "ticket"})
_TEMPLATE = re.compile(r"\{\{.*?\}\}", re.DOTALL)
_PIPE = re.compile(r"\s*\|\s*\w+(?=\s*\}\})")
_NO_HOLD, _SOME_HOLD = "0s", "5m"


def hold(rule: Rule) -> Changes:
    """`for` is half as long, twice as long, or gone; where there is none, there is one."""
    yield from _lengths(rule, "for", "alert")


def keep_firing(rule: Rule) -> Changes:
    """`keep_firing_for` is half as long, twice as long, or gone."""
    if "keep_firing_for" in rule:
        yield from _lengths(rule, "keep_firing_for", "alert")


def _lengths(rule: Rule, field: str, kind: str) -> Changes:
    if kind not in rule:
        return
    old = str(rule.get(field, _NO_HOLD))
    length = milliseconds_of(old)
    if not length:
        yield f"{old} -> {_SOME_HOLD}", old, _SOME_HOLD, {**rule, field: _SOME_HOLD}
        return
    for new in (duration_text(length // 2), duration_text(length * 2)):
        yield f"{old} -> {new}", old, new, {**rule, field: new}
    yield f"without {field}", old, _NO_HOLD, {name: value for name, value in rule.items() if name != field}


def label(rule: Rule) -> Changes:
    """A label that the rule adds has another value, or is dropped."""
    labels = rule.get("labels") or {}
    for name, old in labels.items():
        new = _SEVERITIES.get(old, f"not-{old}")
        yield f"{name}: {old} -> {new}", old, new, {**rule, "labels": {**labels, name: new}}
        left = {other: value for other, value in labels.items() if other != name}
        yield f"without the label {name}", old, "", {**rule, "labels": left}


def annotation(rule: Rule) -> Changes:
    """An annotation says something else; its values are printed as others, or unformatted."""
    annotations = rule.get("annotations") or {}
    for name, old in annotations.items():
        for what, new in _words(old):
            yield f"{name}: {what}", old, new, {**rule, "annotations": {**annotations, name: new}}


def _words(text: str) -> Iterator[tuple[str, str]]:
    templates = [found.group() for found in _TEMPLATE.finditer(text)]
    values = [found for found in templates if re.search(r"\$value|\.Value", found)]
    if not values:
        yield "another text", f"not: {text}"
    for old in dict.fromkeys(values):
        yield f"{old} -> 0", text.replace(old, "0")
        bare = _PIPE.sub("", old)
        if bare != old:
            yield f"{old} -> {bare}", text.replace(old, bare)


def record(rule: Rule) -> Changes:
    """What is recorded has another name: those who read it find nothing."""
    if "record" in rule:
        old = str(rule["record"])
        new = f"{old}:lost"
        yield "another name", old, new, {**rule, "record": new}
