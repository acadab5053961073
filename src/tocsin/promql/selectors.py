"""Selectors: the type of the series that a name and some matchers select, and what is wrong with them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, cast

import promql_parser as parser

from tocsin.findings import Severity
from tocsin.metrics import Matcher, MatchOperator, bound_text, nearest
from tocsin.promql.aggregations import Grouping
from tocsin.promql.faults import Fault, error, warning
from tocsin.promql.labels import ANY, Known, LabelSet, make
from tocsin.promql.matched import alternatives, compiled, hits, is_mandatory
from tocsin.promql.patterns import pattern_faults
from tocsin.promql.types import GROWING, OPEN, Kind, Origin, Type
from tocsin.promql.variables import has_variable, stands_in
from tocsin.promql.world import AMBIENT, World

_OPERATORS: dict[str, MatchOperator] = {
    "MatchOp.Equal": "=",
    "MatchOp.NotEqual": "!=",
    "MatchOp.Re": "=~",
    "MatchOp.NotRe": "!~",
}
_FLOAT_SUFFIXES = ("_bucket", "_total", "_sum", "_count")
_UP = OPEN.but(kind=Kind.GAUGE, low=0.0, high=1.0, finite=True, maybe_nan=False, floats=True)
_OPEN_FLOATS = OPEN.but(floats=True)
_ALL_BUCKETS = frozenset({'le="+Inf"'})
_ALTERNATIVES = error(
    "syntax",
    "`or` between matchers is not PromQL: Prometheus refuses the query",
    "write one selector for each side and put `or` between them",
)


def selected(
    world: World, node: Any, text: str, shift: str, recorded: Callable[[World, str], Type]
) -> tuple[str, Type, tuple[Fault, ...]]:
    """The name that a selector reads, its type, and its faults.

    `text` is it as the parser prints it, `shift` its offset and `@`; `recorded` types recorded series.
    """
    given = node.matchers if "{" in text else None
    raw = [(matcher.name, str(matcher.op), matcher.value) for matcher in given.matchers] if given is not None else []
    name = node.name or next((value for label, op, value in raw if label == "__name__" and op == "MatchOp.Equal"), "")
    base = _base(world, name, recorded)
    # Series of which nothing is known are alike: what their matchers leave is worked out once.
    if raw or (base.kind in GROWING and name):
        key = ("selected", base, shift, *raw)
        entry = world.memory.kept.get(key)
        if entry is None:
            matchers = [_read(world, one) for one in raw]
            entry = world.memory.kept[key] = _selected(world, name, base, matchers, shift)
        found, faults = entry
    else:
        found, faults = base, ()
    if (world.closed or name in world.histograms) and name not in world.series and name not in world.recordings:
        faults = (*_unknown(world, name), *faults)
    if given is not None and given.or_matchers:
        faults = (_ALTERNATIVES, *faults)
    return name, found, faults


class _Read(NamedTuple):
    """A matcher with what can be said of it alone: its faults, and what it leaves of a label that nobody knows."""

    label: str
    operator: MatchOperator
    value: str
    faults: tuple[Fault, ...]
    unknown: bool
    left: Known | None

    @property
    def matcher(self) -> Matcher:
        return Matcher(self.label, self.operator, self.value)


def _read(world: World, raw: tuple[str, str, str]) -> _Read:
    known = world.memory.matchers
    found = known.get(raw)
    if found is None:
        label, written, value = raw
        operator = _OPERATORS[written]
        unknown = has_variable(value)
        faults: tuple[Fault, ...] = ()
        if operator in ("=~", "!~"):
            faults = tuple(pattern_faults(Matcher(label, operator, value)))
        left = ANY if unknown else _let_through(ANY, operator, value)
        found = known[raw] = _Read(label, operator, value, faults, unknown, left)
    return found


def _selected(world: World, name: str, base: Type, matchers: list[_Read], shift: str) -> tuple[Type, tuple[Fault, ...]]:
    labels, faults = _narrowed(world, name, base, matchers)
    if base.kind not in GROWING or not name:
        return (base if labels is base.labels else base.labelled(labels)), faults
    buckets = base.buckets
    if buckets and (le := labels.get("le")) is not None and le.values is not None:
        buckets = tuple(bound for bound in buckets if bound_text(bound) in le.values)
    origin = _origin(world, name, base, matchers, labels, shift)
    return base.but(labels=labels, buckets=buckets, origin=origin), faults


def matchers_of(node: Any) -> tuple[Matcher, ...]:
    """A selector's matchers as values."""
    return tuple(
        [Matcher(matcher.name, _OPERATORS[str(matcher.op)], matcher.value) for matcher in node.matchers.matchers]
    )


def labels_of_absence(node: Any) -> LabelSet | None:
    """The labels that `absent` gives of a selector: those that a `=` matcher states, for certain if it alone does."""
    while type(node) is parser.ParenExpr:
        node = node.expr
    if type(node) is parser.MatrixSelector:
        node = node.vector_selector
    if type(node) is not parser.VectorSelector:
        return None
    found: dict[str, Known] = {}
    matchers = [matcher for matcher in matchers_of(node) if matcher.label != "__name__"]
    names = [matcher.label for matcher in matchers]
    for matcher in matchers:
        if matcher.operator == "=" and matcher.value:
            alone = names.count(matcher.label) == 1
            written = alone and not has_variable(matcher.value)
            found[matcher.label] = Known(frozenset({matcher.value}) if written else None, written, 1)
    return LabelSet(found, True)


def _base(world: World, name: str, recorded: Callable[[World, str], Type]) -> Type:
    if name in world.series:
        return world.exported_type(name)
    if name in world.recordings:
        return recorded(world, name)
    if name == "up":
        return _UP
    if ":" in name:  # recorded, somewhere else
        return _OPEN_FLOATS if name.endswith(_FLOAT_SUFFIXES) else OPEN
    return world.unseen_floats if name.endswith(_FLOAT_SUFFIXES) else world.unseen


def _unknown(world: World, name: str) -> Iterator[Fault]:
    """metric-unknown, and a histogram's base name (type-function)."""
    if not name or name in AMBIENT or stands_in(name):
        return
    histogram = world.histograms.get(name)
    if histogram is not None:
        parts = f"take {name}_bucket, {name}_sum or {name}_count"
        _, catalog = world.series.get(histogram.bucket.name, (None, None))
        if catalog is None or catalog.observed:
            # A native histogram beside the buckets is not in what a program shows as text.
            why = f"{name} showed buckets and no series of that name: without native histograms the result is empty"
            yield warning("type-function", why, parts)
        else:
            why = f"{name} is a histogram and has no series of that name: the result is always empty"
            yield error("type-function", why, parts)
    elif world.closed:
        near = nearest(name, world.named_like(name))
        if ":" in name and not world.recordings and (near is None or ":" not in near):
            return  # recorded by rules that nobody gave
        if world.stated:
            yield error(
                "metric-unknown",
                f"nothing exports or records {name}: the result is always empty",
                f"did you mean {near}?" if near else "add it to a catalog, or name a series that a catalog has",
            )
        else:
            yield warning(
                "metric-unknown",
                f"nothing that was seen exports or records {name}: the result is empty until something does",
                f"did you mean {near}?" if near else "give a catalog of what exports it, if there is something",
            )


def _origin(world: World, name: str, base: Type, matchers: list[_Read], labels: LabelSet, shift: str) -> Origin | None:
    if base.kind is Kind.BUCKETS:
        if name not in world.series:  # what is recorded as its _count may be another's
            return None
        name = name.removesuffix("_bucket") + "_count"
        le = labels.get("le")
        if le is None or not le.pinned:
            return None
    mine = [one for one in matchers if one.label != "__name__"]
    conditions = frozenset([str(one.matcher) for one in mine]) - _ALL_BUCKETS
    restricted = frozenset([one.label for one in mine if one.label != "le"])
    return Origin(name, conditions, restricted, frozenset(labels.known), shift, labels)


def _narrowed(world: World, name: str, base: Type, matchers: list[_Read]) -> tuple[LabelSet, tuple[Fault, ...]]:
    """The labels that matchers leave, with label-unknown, label-value and le-value."""
    labels = base.labels
    may_miss = labels.closed or labels.seen
    left: dict[str, Known | None] | None = None
    faults: tuple[Fault, ...] = ()
    for one in matchers:
        label, operator, value, own, unknown, alone = one
        if label == "__name__" or stands_in(label):
            continue
        if own:
            faults += own
        known = labels.get(label)
        if may_miss and (known is None or known is ANY) and labels.misses(label):
            faults += tuple(_label_unknown(name, labels, one.matcher))
        if known is None:
            continue
        if unknown and operator != "=":
            continue
        if not unknown and known.values is not None and value and (operator != "=" or value not in known.values):
            faults += tuple(_label_value(world, name, base, known.values, one.matcher))
        before = known if left is None else left.get(label, known)
        if unknown:  # one value, whichever that is
            after = before._replace(cardinality=1) if before is not None else None
        else:
            after = alone if before is ANY else _let_through(before, operator, value) if before is not None else None
        if after is not before:
            left = {**labels.known} if left is None else left
            left[label] = after
    if left is None:
        return labels, faults
    if None in left.values():
        return LabelSet({label: known for label, known in left.items() if known is not None}, *labels[1:]), faults
    return make(LabelSet, (cast("dict[str, Known]", left), *labels[1:])), faults


def _label_unknown(name: str, labels: LabelSet, matcher: Matcher) -> Iterator[Fault]:
    if matcher.operator == "=" and matcher.value == "":
        return
    near = nearest(matcher.label, labels.shown)
    misses = matcher.operator in ("=", "=~")
    yield Fault(
        "label-unknown",
        Severity.ERROR if labels.closed else Severity.WARNING,
        f"{name} {'has' if labels.closed else 'showed'} no label {matcher.label}: `{matcher}` "
        + ("selects nothing" if misses else "leaves nothing out"),
        f"did you mean {near}?" if near else f"its labels are {labels.listed}",
    )


def _label_value(world: World, name: str, base: Type, values: frozenset[str], matcher: Matcher) -> Iterator[Fault]:
    if base.kind is Kind.BUCKETS and matcher.label == "le":
        yield from _le_value(world, name, base, values, matcher)
        return
    listed = ", ".join(sorted(values))
    if matcher.operator in ("=", "!="):
        if matcher.value not in values:
            near = nearest(matcher.value, values)
            yield error(
                "label-value",
                f"{matcher.label} of {name} is never {matcher.value!r}: `{matcher}` "
                + ("selects nothing" if matcher.operator == "=" else "leaves nothing out"),
                f"did you mean {near!r}?" if near else f"it is one of {listed}",
            )
        return
    matched = hits(matcher.value, values)
    if matched is None or matcher.value in (".*", ".+"):
        return
    if matched == (frozenset() if matcher.operator == "=~" else values):
        yield error(
            "label-value",
            f"`{matcher}` lets through no value that {matcher.label} of {name} takes: the result is always empty",
            f"it is one of {listed}",
        )
    elif matched == (values if matcher.operator == "=~" else frozenset()):
        yield warning(
            "label-value",
            f"`{matcher}` lets through every value that {matcher.label} of {name} takes: it leaves nothing out",
            f"leave the matcher away, or narrow it: the values are {listed}",
        )


def grouping_faults(operator: str, grouping: Grouping, labels: LabelSet) -> Iterator[Fault]:
    """label-unknown: in `by` or `without` a label that no series has."""
    word = "without" if grouping.without else "by"
    for label in grouping.labels:
        if not labels.misses(label) or label == "__name__" or stands_in(label):
            continue
        near = nearest(label, labels.shown)
        effect = "takes nothing away" if grouping.without else "never appears in the result"
        yield Fault(
            "label-unknown",
            Severity.ERROR if labels.closed else Severity.WARNING,
            f"{operator} {word} ({label}): the series here {'have' if labels.closed else 'showed'} no such label, "
            f"so it {effect}",
            f"did you mean {near}?" if near else f"the labels are {labels.listed}",
        )


def _le_value(world: World, name: str, base: Type, values: frozenset[str], matcher: Matcher) -> Iterator[Fault]:
    """le-value: a bound that the histogram has not, or that is written in another way."""
    if matcher.operator in ("=", "!="):
        if matcher.value in values:
            return
        same = _same_bound(matcher.value, values)
        if same is None:
            bounds = ", ".join(bound_text(bound) for bound in base.buckets or ())
            yield error(
                "le-value",
                f"{name} has no bucket up to {matcher.value}: `{matcher}` selects nothing",
                f"its bounds are {bounds} and +Inf",
            )
            return
        certain = _knows_bounds(world, name)
        yield Fault(
            "le-value",
            Severity.ERROR if certain else Severity.WARNING,
            f"the bucket's label is written {same!r}, not {matcher.value!r}: `{matcher}` selects nothing"
            if certain
            else f"Prometheus 3 and some client libraries write the bucket's label {same!r}: there `{matcher}` selects "
            "nothing",
            f'write le="{same}", or le=~"{_short(same)}(\\\\.0)?" for exporters of either kind',
        )
        return
    written = values if _knows_bounds(world, name) else values | {_short(value) for value in values}
    if hits(matcher.value, written) == frozenset() and matcher.operator == "=~":
        yield error(
            "le-value",
            f"`{matcher}` matches no bound of {name}: the result is always empty",
            f"its bounds are {', '.join(sorted(values, key=float))}",
        )


def _knows_bounds(world: World, name: str) -> bool:
    """Whether it is known how bounds are written: 1 or 1.0."""
    _, catalog = world.series.get(name, (None, None))
    stated = catalog is not None and not catalog.observed and catalog.name not in world.open_catalogs
    return world.prometheus >= (3, 0) or stated


def _same_bound(value: str, values: frozenset[str]) -> str | None:
    try:
        number = float(value)
    except ValueError:
        return None
    return next((bound for bound in values if math.isclose(float(bound), number)), None)


def _short(bound: str) -> str:
    return bound.removesuffix(".0")


def _let_through(known: Known, operator: MatchOperator, value: str) -> Known | None:
    """What is known of the label on the series that a matcher lets through; None where none of them has it."""
    if operator == "=":
        return known.narrowed(frozenset({value}), sure=True) if value else None
    if operator == "!=":
        if known.values is None:
            return known if value or known.sure else known._replace(sure=True)
        return known.narrowed(known.values - {value}, sure=not value)
    positive = operator == "=~"
    values = alternatives(value)
    if values is not None:
        needed = ("" not in values) == positive
    elif known.values is None and is_mandatory(value):
        needed = positive
    else:
        pattern = compiled(value)
        if pattern is None:
            return known
        needed = (pattern.fullmatch("") is None) == positive
        if known.values is not None:
            values = frozenset([one for one in known.values if pattern.fullmatch(one)])
    if known.values is not None and values is not None:
        values = known.values & values if positive else known.values - values
    elif not positive or values is None:
        return known if known.sure or not needed else known._replace(sure=True)
    return known.narrowed(values - {""}, sure=needed)
