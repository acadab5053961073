"""Joins: sides that cannot meet, sides that meet too often, labels that are not there."""

from __future__ import annotations

from collections.abc import Iterator

from tocsin.metrics import nearest
from tocsin.promql.faults import Fault, error, warning
from tocsin.promql.labels import LabelSet
from tocsin.promql.matching import Matching
from tocsin.promql.variables import stands_in

# A key with one of these names one target, and with it all labels that the scrape adds.
_TARGETS = frozenset({"instance", "pod"})


def join_faults(operator: str, matching: Matching, left: LabelSet, right: LabelSet) -> Iterator[Fault]:
    """What is wrong with the way in which two vectors of these labels are matched."""
    if "__name__" in matching.labels or any(map(stands_in, matching.labels)):
        return
    if matching.labels:
        unknown = list(_label_unknown(matching, left, right))
        yield from unknown
        if unknown:
            return
    if operator == "or" or matching.filled:
        return
    if matching.never_meets(left, right) is not None:
        yield from _join_empty(operator, matching, left, right)
    elif (matching.labels or matching.on) and operator not in ("and", "unless"):
        yield from _join_many(matching, left, right)


def _label_unknown(matching: Matching, left: LabelSet, right: LabelSet) -> Iterator[Fault]:
    """label-unknown: in `on` and `ignoring` a label that no side has, included ones that the one side has not."""
    word = "on" if matching.on else "ignoring"
    for label in matching.labels:
        if left.misses(label) and right.misses(label):
            names = sorted({*left.shown, *right.shown})
            text = f"{word} ({label}): no series on either side has that label"
            yield _unknown(text, label, names, certain=left.closed and right.closed)
    if matching.group is None:
        return
    one = right if matching.group == "left" else left
    for label in matching.include:
        if one.misses(label) and not stands_in(label):
            side = "right" if matching.group == "left" else "left"
            text = (
                f"group_{matching.group} ({label}): the series on the {side} have no such label, so the result has none"
            )
            yield _unknown(text, label, list(one.shown), certain=one.closed)


def _unknown(message: str, label: str, names: list[str], *, certain: bool) -> Fault:
    near = nearest(label, names)
    way_out = f"did you mean {near}?" if near else f"the labels are {', '.join(names) or 'none'}"
    return (error if certain else warning)("label-unknown", message, way_out)


def _join_empty(operator: str, matching: Matching, left: LabelSet, right: LabelSet) -> Iterator[Fault]:
    label = matching.never_meets(left, right)
    if label is None:
        return
    ours, theirs = left.get(label), right.get(label)
    effect = "nothing is ever taken away" if operator == "unless" else "the result is always empty"
    if ours is None or theirs is None:
        side = "left" if theirs is None else "right"
        reason = f"only the {side} side has the label {label}"
        shared = [name for name in matching.keys(left, right) if left.get(name) and right.get(name)]
        mend = f"match on ({', '.join(shared)})"
        if operator not in ("and", "unless"):
            mend += f" with group_{side}, or sum {label} away"
    else:
        reason = f"{label} is {_listed(ours.values)} on the left and {_listed(theirs.values)} on the right"
        mend = f"ignore the label, ignoring ({label}), or match the same values on both sides"
    yield error("join-empty", f"no series of the two sides can meet: {reason}; {effect}", mend)


def _listed(values: frozenset[str] | None) -> str:
    return " or ".join(repr(value) for value in sorted(values or ()))


def _join_many(matching: Matching, left: LabelSet, right: LabelSet) -> Iterator[Fault]:
    several_left = () if matching.group == "left" else _several(matching, left)
    several_right = () if matching.group == "right" else _several(matching, right)
    if not several_left and not several_right:
        return
    if several_left and several_right:
        which = f"both sides have several series for a match, by {', '.join(several_left)}"
    else:
        side, labels = ("left", several_left) if several_left else ("right", several_right)
        which = f"the {side} side has several series for a match, by {', '.join(labels)}"
    fix = "aggregate that side to one series for a match first: max by (...) or sum by (...)"
    if matching.group is None and not (several_left and several_right):
        fix += f", or say group_{'left' if several_left else 'right'} if the many are meant"
    yield error("join-many", f"{which}: the query fails at runtime as soon as two of them exist", fix)


def _several(matching: Matching, side: LabelSet) -> tuple[str, ...]:
    """The labels by which a side has several series for one match.

    Of targets nobody knows whether there are several, unless the catalog says so: an exporter may run once.
    """
    if not side.closed or side.partial:
        return ()
    besides = tuple(matching.besides(side))
    named = any(label in _TARGETS for label in side.known if label not in besides)
    return tuple(
        label
        for label in besides
        if label not in matching.include
        and (known := side.known[label]).sure
        and known.cardinality != 1
        and not (known.target and (named or known.cardinality is None))
    )
