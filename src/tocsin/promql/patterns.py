"""Patterns in matchers: regular expressions that are not needed, or that match more than was meant."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import promql_parser as parser

from tocsin.metrics import Matcher
from tocsin.promql.faults import Fault, warning
from tocsin.promql.variables import has_variable

_META = re.compile(r"[\\^$.|?*+()\[\]{}]")
# Before a single letter it is a wildcard: mmcblk.p1.
_LOOSE_DOT = re.compile(r"(?<=[A-Za-z0-9])(?<!\\.)\.(?=[0-9]|[A-Za-z0-9]{2})")
_CLASS = re.compile(r"\[[^\]]*\]")
_MANY = 3


def pattern_faults(matcher: Matcher) -> Iterator[Fault]:
    """regex: what is wrong with the pattern of a `=~` or `!~`."""
    pattern = matcher.value
    if has_variable(pattern):
        return
    plain = "=" if matcher.operator == "=~" else "!="
    if not _META.search(pattern):
        yield _regex(
            f"`{matcher}` needs no regular expression: nothing in it is a pattern",
            f'write {matcher.label}{plain}"{pattern}"',
        )
        return
    if pattern.startswith("^") or (pattern.endswith("$") and not pattern.endswith("\\$")):
        yield _regex(
            f"`{matcher}` is anchored twice: Prometheus matches the whole value anyway",
            "leave ^ and $ away",
        )
    if pattern == ".*":
        effect = "lets everything through" if matcher.operator == "=~" else "lets nothing through"
        yield _regex(f"`{matcher}` {effect}", "leave the matcher away")
    if "." in pattern and _LOOSE_DOT.search(_CLASS.sub("", pattern)):
        effect = "selected" if matcher.operator == "=~" else "left out"
        yield _regex(
            f"the dot in `{matcher}` matches any character, so that more is {effect} than was meant",
            "escape it: \\\\.",
        )


def _regex(message: str, mend: str) -> Fault:
    return warning("regex", message, mend)


def or_faults(left: Any, right: Any) -> Iterator[Fault]:
    """regex: an `or` of many selectors that differ in one label's value only."""
    sides = [*_chain(left), *_chain(right)]
    if len(sides) < _MANY or any(type(side) is not parser.VectorSelector for side in sides):
        return
    found = [{matcher.name: matcher for matcher in side.matchers.matchers} for side in sides]
    read = {(side.name, str(side.offset), str(side.at)) for side in sides}
    if len(read) > 1 or any(set(matchers) != set(found[0]) for matchers in found):
        return
    differing = [label for label in found[0] if len({str(matchers[label]) for matchers in found}) > 1]
    if len(differing) != 1 or any(str(matchers[differing[0]].op) != "MatchOp.Equal" for matchers in found):
        return
    values = "|".join(dict.fromkeys(_META.sub(r"\\\\\g<0>", matchers[differing[0]].value) for matchers in found))
    yield _regex(
        f"{len(sides)} selectors that differ in {differing[0]} alone are looked up one by one",
        f'select them at once: {differing[0]}=~"{values}"',
    )


def _chain(node: Any) -> list[Any]:
    """The sides of a chain of `or`."""
    if type(node) is parser.ParenExpr:
        return _chain(node.expr)
    if type(node) is parser.BinaryExpr and str(node.op) == "or" and str(node.modifier or "") == "":
        return [*_chain(node.lhs), *_chain(node.rhs)]
    return [node]
