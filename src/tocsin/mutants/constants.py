"""Numbers that an expression is made of: what they come to, and which expressions mean the same by them."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType

from tocsin.promql.tree import Binary, Negate, Node, Number

_COMPUTED: Mapping[str, Callable[[Decimal, Decimal], Decimal]] = MappingProxyType(
    {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv}
)


def number_in(node: Node) -> Decimal | None:
    """The number that a node is, with its sign: of `14.4 * 0.001` too. None for what no number is known of."""
    match node:
        case Number(value):
            return value if value.is_finite() else None
        case Negate(of):
            inner = number_in(of)
            return None if inner is None else -inner
        case Binary(symbol, left, right) if symbol in _COMPUTED:
            one, other = number_in(left), number_in(right)
            if one is None or other is None or (symbol == "/" and not other):
                return None
            return _COMPUTED[symbol](one, other)
    return None


def meaning_of(node: Node) -> Node:
    """The expression with its numbers computed, and all factors of a product in one: `x / 10 * 5` is `x * 0.5`."""
    return node.rewrite(_simpler)


def _simpler(node: Node) -> Node | None:
    value = number_in(node)
    if value is not None:
        return Number(value)
    factor, rest = factor_of(node)
    if rest is node:
        return None
    as_decimal = Decimal(factor.numerator) / Decimal(factor.denominator)
    return Binary("*", meaning_of(rest), Number(as_decimal))


def factor_of(node: Node) -> tuple[Fraction, Node]:
    """By which number a node multiplies, and what."""
    match node:
        case Binary("*" | "/" as symbol, left, right):
            times, by = number_in(left), number_in(right)
            if by is not None and (by or symbol == "*"):
                inner, rest = factor_of(left)
                return (inner * Fraction(by) if symbol == "*" else inner / Fraction(by)), rest
            if times is not None and symbol == "*":
                inner, rest = factor_of(right)
                return inner * Fraction(times), rest
    return Fraction(1), node
