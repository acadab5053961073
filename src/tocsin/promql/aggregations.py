"""Aggregations: the type of `sum by (...)` and its kin."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import inf
from typing import Any

from tocsin.promql.dimensions import product
from tocsin.promql.labels import ANY, NO_LABELS, OPEN_LABELS, Known, LabelSet
from tocsin.promql.quantiles import is_share, quantile_among
from tocsin.promql.ranges import derived
from tocsin.promql.types import GROWING, OPEN_SCALAR, Kind, Type
from tocsin.promql.variables import has_variable, stands_in


@dataclass(frozen=True, slots=True, eq=False)
class Grouping:
    """`by` or `without` some labels; neither is `by` none. Each is equal to itself alone; `form` is not."""

    labels: tuple[str, ...] = ()
    without: bool = False
    open: bool = False
    form: int = 0

    @classmethod
    def written(cls, modifier: Any) -> Grouping:
        """What promql-parser's modifier says. Where a variable stands, other labels may be meant: it is `open`."""
        labels = tuple(sorted(modifier.labels))
        without = str(modifier.type).endswith("Without")
        return cls(labels, without, any(map(stands_in, labels)), hash((without, labels)))

    def of(self, labels: LabelSet) -> LabelSet:
        if self.without:
            left = labels.drop(self.labels)
            return left.unsure() if self.open else left
        if not self.labels:
            return NO_LABELS
        kept = labels.keep(self.labels)
        if "__name__" in self.labels:
            kept = kept.with_label("__name__", ANY)
        return kept.opened() if self.open else kept


# Those that give some of the series as they are.
CHOOSING = frozenset({"topk", "bottomk", "limitk", "limit_ratio"})
SINCE: Mapping[str, tuple[int, int]] = {"limitk": (2, 54), "limit_ratio": (2, 54)}
_BELOW_THE_LARGEST = frozenset({"min", "max", "avg", "quantile"})


def aggregated(operator: str, grouping: Grouping, labels: LabelSet, parameter: Type | None, of: Type) -> Type:
    """The type of an aggregation; `labels` are those that its grouping leaves."""
    if operator in CHOOSING:
        return _chosen(operator, parameter or OPEN_SCALAR, of)
    if operator == "count_values":
        return _count(of).but(labels=_valued(grouping, labels, parameter), window=of.window)
    buckets = _buckets(operator, of, labels) if of.buckets else None
    if operator == "sum":
        return _sum(of, labels, buckets)
    value = _VALUES.get(operator, _open)
    if operator == "quantile":
        share = parameter or OPEN_SCALAR
        return quantile_among(share, of).but(labels=labels, buckets=buckets if is_share(share) else None)
    return value(of).but(labels=labels, buckets=buckets, window=of.window)


def _valued(grouping: Grouping, labels: LabelSet, parameter: Type | None) -> LabelSet:
    """The labels of `count_values`: its own is there, unless the grouping takes it away again."""
    name = parameter.text if parameter is not None else None
    if name is None or has_variable(name):
        return OPEN_LABELS
    if grouping.without and name in grouping.labels:
        return labels.chosen()
    sure = name != "__name__" and not (grouping.without and grouping.open)
    return labels.with_label(name, Known(sure=sure)).chosen()


def _buckets(operator: str, of: Type, labels: LabelSet) -> tuple[float, ...] | None:
    """The bounds, where `le` is still there, or where the value is still none above the last."""
    if of.kind is Kind.QUANTILE:
        return of.buckets if operator in _BELOW_THE_LARGEST else None
    return of.buckets if labels.may_have("le") else None


def _chosen(operator: str, parameter: Type, of: Type) -> Type:
    some = operator in ("topk", "bottomk", "limitk") and parameter.low >= 1
    origin = of.origin.some() if of.origin else None
    return of.but(
        labels=of.labels.chosen(),
        comparison=None,
        origin=origin,
        maybe_absent=of.maybe_absent or not some or not of.floats,
    )


def _kind(of: Type) -> Kind:
    return Kind.SUMMED if of.kind in GROWING else of.kind


def _sum(of: Type, labels: LabelSet, buckets: tuple[float, ...] | None) -> Type:
    return derived(
        of,
        kind=_kind(of) if of.kind is not Kind.QUANTILE else Kind.OPEN,
        unit=of.unit,
        low=of.low if of.low >= 0 else -inf,
        high=of.high if of.high <= 0 else inf,
        finite=of.finite,
        maybe_nan=of.maybe_nan or not of.finite,
        labels=labels,
        buckets=buckets,
        window=of.window,
        origin=of.origin.summed(labels) if of.origin else None,
    )


def _average(of: Type) -> Type:
    return _extreme(of).but(maybe_nan=of.maybe_nan or not of.finite)


def _extreme(of: Type) -> Type:
    return derived(of, kind=_kind(of), unit=of.unit, low=of.low, high=of.high, finite=of.finite)


def _count(of: Type) -> Type:
    return derived(of, kind=Kind.COUNT, low=1.0, finite=True, maybe_nan=False, floats=True, nan="")


def _group(of: Type) -> Type:
    return derived(of, kind=Kind.BOOL, low=1.0, high=1.0, finite=True, maybe_nan=False, floats=True, nan="")


def _deviation(of: Type) -> Type:
    return derived(of, unit=of.unit, low=0.0, maybe_nan=of.maybe_nan or not of.finite, floats=True)


def _variance(of: Type) -> Type:
    return _deviation(of).but(unit=product(of.unit, of.unit))


def _open(of: Type) -> Type:
    return derived(of, maybe_nan=True)


_VALUES: Mapping[str, Callable[[Type], Type]] = {
    "avg": _average,
    "min": _extreme,
    "max": _extreme,
    "count": _count,
    "group": _group,
    "stddev": _deviation,
    "stdvar": _variance,
}
