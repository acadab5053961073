"""Ratios: whether a numerator is a part of its denominator, and what goes wrong where it is not."""

from __future__ import annotations

from collections.abc import Iterator

from tocsin.promql.dimensions import same
from tocsin.promql.faults import Fault, warning
from tocsin.promql.matching import Matching
from tocsin.promql.quotes import Faults
from tocsin.promql.types import FLOWING, NATURAL, Kind, Type


def is_part(matching: Matching, left: Type, right: Type) -> bool:
    """Whether each number on the left is, for certain, a part of the number on the right that it meets."""
    part, whole = left.origin, right.origin
    if part is None or whole is None or not whole.whole or matching.filled or matching.open:
        return False
    if right.value == "scalar":
        return False
    if part.series != whole.series or part.view != whole.view or not part.conditions >= whole.conditions:
        return False
    if not whole.labels.closed:
        return False
    # A label of the whole that the part was summed over is a row of its own: of the series that have no such label.
    rows, on, labels = part.labels.known, matching.on, matching.labels
    return all(name in rows and (name in labels) is on for name in whole.labels.known)


def division_faults(matching: Matching, left: Type, right: Type) -> Iterator[Fault]:
    """What is wrong with a division."""
    yield from _division_by_zero(left, right, part=is_part(matching, left, right))
    yield from _ratio_shape(matching, left, right)


def term_faults(left: Type, right: Type, faults: Faults) -> Faults:
    """The faults of a division by a sum of which the dividend is a term: where nothing is below 0, only 0 meets 0."""
    if left.low < 0 or all(fault.id != "division-by-zero" for fault in faults):
        return faults
    others = (fault for fault in faults if fault.id != "division-by-zero")
    return (*others, *_division_by_zero(left, right, part=True))


def _division_by_zero(left: Type, right: Type, *, part: bool) -> Iterator[Fault]:
    """division-by-zero: the divisor is known to reach 0, and nothing keeps it from that."""
    if right.constant == 0:
        yield warning(
            "division-by-zero",
            "the divisor is always 0: the result is NaN or Inf, never a number",
            "divide by something else",
        )
    elif right.low == 0 and right.kind in NATURAL:
        silent = "0/0 is NaN, which every comparison but != takes for false"
        loud = "anything else divided by 0 is Inf, which is above every threshold"
        zero = left.low <= 0 <= left.high
        effect = silent if part else f"{silent}, and {loud}" if zero else loud
        yield warning(
            "division-by-zero",
            f"the divisor can be 0: {effect}",
            "put `> 0` behind the divisor, in brackets: where it is 0 there is then no result",
        )


def _ratio_shape(matching: Matching, left: Type, right: Type) -> Iterator[Fault]:
    """ratio-shape: the denominator leaves out, or sees through another window, what the numerator counts."""
    part, whole = left.origin, right.origin
    if part is None or whole is None or left.unit is None or not same(left.unit, right.unit):
        return
    if left.kind not in FLOWING or left.kind is not right.kind:
        return
    if left.window != right.window and None not in (left.window, right.window) and part.series != whole.series:
        yield warning(
            "ratio-shape",
            "the two sides look back over different windows: the result is no share of anything",
            "use the same window on both sides",
        )
    matched = set(matching.keys(left.labels, right.labels))
    lone = sorted(
        label for label in whole.restricted - part.restricted if label in part.selected and label not in matched
    )
    if lone:
        yield warning(
            "ratio-shape",
            f"the denominator is restricted by {', '.join(lone)} and the numerator is not: "
            "it counts what the denominator leaves out, so that the ratio can exceed 1",
            f"put the same matcher on {', '.join(lone)} into the numerator",
        )


def average_faults(operator: str, of: Type) -> Iterator[Fault]:
    """ratio-shape and nan-aggregated: an average of ratios, and NaN in a sum or an average."""
    if operator not in ("sum", "avg"):
        return
    if of.kind is Kind.RATIO:
        yield warning(
            "ratio-shape",
            f"{operator} of ratios weighs a series without traffic like the busiest one",
            "sum numerator and denominator first, then divide",
        )
    if of.maybe_nan and of.nan and of.kind is not Kind.QUANTILE:
        yield warning(
            "nan-aggregated",
            f"{of.nan}, and one NaN makes the whole {operator} NaN",
            "keep NaN out: put `> 0` behind the divisor, or `>= 0` behind the operand",
        )
