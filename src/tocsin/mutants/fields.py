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
_ARGUMENTS = r"""(?:\s+(?:"(?:\\.|[^"\\])*"|`[^`]*`|[\d.]+))*"""
_PIPE = re.compile(rf"\s*\|\s*\w+{_ARGUMENTS}(?=\s*-?\}}\}})")
_CALL = re.compile(rf"(\{{\{{-?\s*)\w+{_ARGUMENTS}\s+(\$value|\$?\.Value)(?=\s*-?\}}\}})")
_ASSIGNS = re.compile(r"\{\{-?\s*\$\w+\s*:?=")
_VALUE = re.compile(r"\$value\b|(?:\$\w*)?\.Value\b")
_CONTROL = re.compile(r"\{\{-?\s*(if|else|with|range)\b")
_CONDITION = re.compile(r"(\bif\s+)(.+?)(?=\s*-?\}\}$)", re.DOTALL)
_NO_HOLD, _SOME_HOLD = "0s", "5m"


def hold(rule: Rule, seen: int) -> Changes:
    """`for` is a little shorter or longer, half or twice as long, or gone; where there is none, there is one.

    A little is a tenth, and no less than it takes to be seen, where evaluations are `seen` milliseconds apart.
    """
    yield from _lengths(rule, "for", seen)


def keep_firing(rule: Rule, seen: int) -> Changes:
    """`keep_firing_for` is a little shorter or longer, half or twice as long, or gone."""
    if "keep_firing_for" in rule:
        yield from _lengths(rule, "keep_firing_for", seen)


def _lengths(rule: Rule, field: str, seen: int) -> Changes:
    if "alert" not in rule:
        return
    old = str(rule.get(field) or _NO_HOLD)
    length = milliseconds_of(old)
    if not length:
        yield f"{old} -> {_SOME_HOLD}", old, _SOME_HOLD, {**rule, field: _SOME_HOLD}
        return
    tenth = length // 10
    evaluations = -(-length // seen) if seen else 0
    # Just short of it, another evaluation is the first after that time; and just beyond.
    shorter = min(length - tenth, (evaluations - 1) * seen) if seen else length - tenth
    longer = max(length + tenth, evaluations * seen + 1000)
    near = (shorter, longer) if max(length - shorter, longer - length) < length // 2 else ()
    for new in map(duration_text, (*near, length // 2, length * 2)):
        yield f"{old} -> {new}", old, new, {**rule, field: new}
    yield f"without {field}", old, _NO_HOLD, {name: value for name, value in rule.items() if name != field}


def label(rule: Rule) -> Changes:
    """A label that the rule adds has another value, or is dropped."""
    labels = _texts(rule, "labels")
    for name, old in labels.items():
        new = _SEVERITIES.get(old, f"not-{old}")
        yield f"{name}: {old} -> {new}", old, new, {**rule, "labels": {**labels, name: new}}
        left = {other: value for other, value in labels.items() if other != name}
        yield f"without the label {name}", old, "", {**rule, "labels": left}


def annotation(rule: Rule) -> Changes:
    """An annotation says something else; its values are printed as others, or unformatted."""
    annotations = _texts(rule, "annotations")
    for name, old in annotations.items():
        for what, new in _words(old):
            yield f"{name}: {what}", old, new, {**rule, "annotations": {**annotations, name: new}}


def _texts(rule: Rule, field: str) -> Mapping[str, str]:
    """Names and texts; where nothing is written, that is an empty one."""
    return {name: "" if text is None else text for name, text in (rule.get(field) or {}).items()}


def _words(text: str) -> Iterator[tuple[str, str]]:
    templates = [found.group() for found in _TEMPLATE.finditer(text)]
    values = dict.fromkeys(found for found in templates if re.search(r"\$value|\.Value", found))
    printed = [found for found in values if not _CONTROL.match(found)]
    if not printed:
        yield "another text", f"not: {text}"
    for old in printed:
        # What is assigned is used later, as a number: without it the template would not be one.
        new = _VALUE.sub("0.0", old) if _ASSIGNS.match(old) else "0"
        yield f"{old} -> {new}", text.replace(old, new)
    for old in values:
        new = _unformatted(old) if old in printed else _CONDITION.sub(r"\1not (\2)", old)
        if new != old:
            yield f"{old} -> {new}", text.replace(old, new)


def _unformatted(action: str) -> str:
    """Without the last function that shapes the value: `| humanize`, `| printf "%.1f"`, or one that stands before."""
    piped = _PIPE.sub("", action)
    return piped if piped != action else _CALL.sub(r"\1\2", action)


def record(rule: Rule) -> Changes:
    """What is recorded has another name: those who read it find nothing."""
    if "record" in rule:
        old = str(rule["record"])
        new = f"{old}:lost"
        yield "another name", old, new, {**rule, "record": new}
