"""PromQL text, parsed by promql-parser: to its nodes for the analysis, to our tree for rewriting."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any

import promql_parser as parser

from tocsin.metrics import Matcher, MatchOperator
from tocsin.promql.durations import duration_text
from tocsin.promql.tree import (
    ADAPTIVE,
    SHOWN,
    Aggregate,
    Binary,
    Call,
    Matching,
    Negate,
    Node,
    Number,
    Range,
    Select,
    Subquery,
    Text,
    Window,
)

# Grafana's variables stand where PromQL wants a duration. Each is parsed as one that nobody writes.
_STAND_INS = {
    "$__rate_interval": 1_234_500_011,
    "$__interval": 1_234_500_022,
    "$__range": 1_234_500_033,
}
_STANDS_IN = duration_text(1_234_500_000)
_LONE_GROUP = re.compile(r"([-+*/%^<>=]|atan2|bool) (?=group_(?:left|right)\b)")
_DURATION_VARIABLE = re.compile(r"\$\{?(__rate_interval|__interval|__range)(?:_ms|_s)?\}?(?![A-Za-z0-9_])")
_PRINTED = {name: (duration_text(length), f"{length}ms") for name, length in _STAND_INS.items()}
_BY_LENGTH = {length: name for name, length in _STAND_INS.items()}


# The parser goes down a level for each of these; at some thousands it would overflow the stack of the process.
_STEP = re.compile(r"[-+*/%^(<>]|==|!=|\b(?:or|and|unless|atan2)\b")
_DEEPEST = 2000


class PromQLError(ValueError):
    """Text that is no PromQL."""


class TooDeepError(PromQLError):
    """Text that may be PromQL, and is too deep to be read."""


def stand_in(text: str) -> str:
    """The text with Grafana's interval variables replaced by durations that `parse` can take."""
    return _DURATION_VARIABLE.sub(lambda found: f"{_STAND_INS['$' + found.group(1)]}ms", text)


def put_back(text: str) -> str:
    """The reverse of `stand_in`, on text that the parser printed."""
    for name, (printed, written) in _PRINTED.items():
        text = text.replace(printed, name).replace(written, name)
    return text


# Few: the nodes of one expression take tens of kilobytes, in Rust, where nobody counts them.
@lru_cache(maxsize=128)
def parse(text: str) -> parser.Expr:
    """promql-parser's nodes for an expression. Raises PromQLError, quoting the expression."""
    if len(text) > _DEEPEST and len(_STEP.findall(text)) > _DEEPEST:
        raise TooDeepError(f"it has more than {_DEEPEST} operations: {text[:60]!r}...")
    try:
        return parser.parse(stand_in(text) if "$" in text and "__" in text else text)
    except ValueError as error:
        raise PromQLError(f"{str(error).strip()} in {text!r}") from None


def prettify(text: str) -> str:
    """The expression over several lines, where it is long."""
    return printed(parser.parse(stand_in(text)))


def printed(node: Any) -> str:
    """A node as text that parses again, over several lines where it is long."""
    text: str = node.prettify()
    if "group_" in text:  # The parser leaves out an `ignoring ()`, without which a group is no PromQL.
        text = _LONE_GROUP.sub(r"\1 ignoring () ", text)
    return put_back(text) if _STANDS_IN in text else text


def tree_of(text: str) -> Node:
    """The expression as our tree. Raises PromQLError."""
    return _node(parse(text))


_OPERATORS: dict[str, MatchOperator] = {"Equal": "=", "NotEqual": "!=", "Re": "=~", "NotRe": "!~"}
_MILLISECOND = timedelta(milliseconds=1)


def _length(duration: timedelta) -> int:
    return duration // _MILLISECOND


def _window(duration: timedelta | None) -> Window:
    length = _length(duration or timedelta())
    variable = _BY_LENGTH.get(length)
    if variable == ADAPTIVE.variable:
        return ADAPTIVE
    if variable:
        return Window(SHOWN.duration, variable)
    return Window(duration_text(length))


def _offset(offset: timedelta | None) -> str | None:
    if offset is None:
        return None
    length = _length(offset)
    return f"-{duration_text(-length)}" if length < 0 else duration_text(length)


def _at(at: Any) -> str | None:
    return str(at).removeprefix("@").strip() if at is not None else None


def _select(node: Any) -> Select:
    if node.matchers.or_matchers:
        raise PromQLError(f"{node.prettify()!r}: `or` between matchers is not PromQL")
    matchers = tuple(
        Matcher(matcher.name, _OPERATORS[str(matcher.op).rpartition(".")[2]], matcher.value)
        for matcher in node.matchers.matchers
    )
    return Select(node.name or "", matchers, _offset(node.offset), _at(node.at))


def _matching(modifier: Any) -> Matching:
    if modifier is None:
        return Matching()
    card = str(modifier.card).rpartition(".")[2]
    found = modifier.matching
    return Matching(
        labels=tuple(found.labels) if found is not None else None,
        ignoring=found is not None and str(found.type).endswith("Exclude"),
        group={"ManyToOne": "left", "OneToMany": "right"}.get(card),  # type: ignore[arg-type]
        include=tuple(modifier.group_labels or ()) if card in ("ManyToOne", "OneToMany") else (),
    )


def _aggregate(node: Any) -> Aggregate:
    modifier = node.modifier
    return Aggregate(
        str(node.op),
        _node(node.expr),
        grouping=tuple(modifier.labels) if modifier is not None else None,
        without=modifier is not None and str(modifier.type).endswith("Without"),
        parameter=_node(node.param) if node.param is not None else None,
    )


def _node(node: Any) -> Node:
    match node:
        case parser.ParenExpr():
            return _node(node.expr)
        case parser.NumberLiteral():
            return Number(Decimal(repr(node.val)))
        case parser.StringLiteral():
            return Text(node.val)
        case parser.VectorSelector():
            return _select(node)
        case parser.MatrixSelector():
            return Range(_select(node.vector_selector), _window(node.range))
        case parser.SubqueryExpr():
            step = duration_text(_length(node.step)) if node.step else None
            return Subquery(_node(node.expr), _window(node.range), step, _offset(node.offset), _at(node.at))
        case parser.Call():
            return Call(node.func.name, tuple(_node(argument) for argument in node.args))
        case parser.AggregateExpr():
            return _aggregate(node)
        case parser.BinaryExpr():
            modifier = node.modifier
            boolean = modifier is not None and modifier.return_bool
            return Binary(str(node.op), _node(node.lhs), _node(node.rhs), _matching(modifier), boolean)
        case parser.UnaryExpr():
            return Negate(_node(node.expr))
    raise PromQLError(f"{node.prettify()!r} is PromQL that is not supported here")
