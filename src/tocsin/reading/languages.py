"""Which language the rules of a group are written in, where it shows: rule files of several programs look alike."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from tocsin.promql.written import bare
from tocsin.reading.fields import text

LOKI = "loki"
VICTORIA = "victoriametrics"
# A selector without a name, and a filter of lines or a stage of a pipeline after it, neither of which PromQL has.
_PIPE = re.compile(r"(?<![\w:])\{[^{}]*\}\s*(?:\|(?!\|)|![=~>]\s*\"\")")
# VictoriaMetrics's groups name the language of others.
_TYPES = frozenset({"vlogs", "graphite"})


def language_of(group: dict[str, Any], rules: Iterable[dict[str, Any]], kind: str) -> str:
    """`loki`, `vlogs` or `graphite` where all of its rules are that; else that of the resource, or "": PromQL."""
    stated = text(group, "type")
    if stated in _TYPES:
        return stated
    if any(is_logql(text(rule, "expr")) for rule in rules):
        return LOKI
    return VICTORIA if kind == "VMRule" else ""


def is_logql(expr: str) -> bool:
    """Whether it must be LogQL: it reads lines."""
    return "{" in expr and ("|" in expr or "!" in expr) and _PIPE.search(bare(expr)) is not None
