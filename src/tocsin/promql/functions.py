"""PromQL's functions: from which Prometheus on they exist, and the type of what they give.

From Prometheus's change log up to 3.16, experimental functions included: whether a server allows them nobody knows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import ceil, copysign, floor, inf, isfinite, pi

import promql_parser as parser

from tocsin.promql.dimensions import product, quotient
from tocsin.promql.labels import ANY, NO_LABELS, Known, LabelSet
from tocsin.promql.quantiles import fraction, quantile_of_buckets, quantile_over_time
from tocsin.promql.ranges import HALF_TURN, derived, monotone, natural
from tocsin.promql.relabel import joined, replaced
from tocsin.promql.types import GROWING, OPEN, Kind, Type
from tocsin.units import SECONDS

Arguments = tuple[Type, ...]
Result = Callable[[Arguments], Type]


@dataclass(frozen=True, slots=True)
class Function:
    """`since` is the first Prometheus that has it, `until` the first that has it no more."""

    result: Result
    since: tuple[int, int] = (2, 0)
    until: tuple[int, int] | None = None


def _magnitude(arguments: Arguments) -> Type:
    of = arguments[0]
    low = 0.0 if of.low <= 0 <= of.high else min(abs(of.low), abs(of.high))
    return derived(of, kind=of.kind, unit=of.unit, low=low, high=max(abs(of.low), abs(of.high)), finite=of.finite)


def _sign(arguments: Arguments) -> Type:
    of = arguments[0]
    return derived(of, low=0.0 if of.low >= 0 else -1.0, high=1.0, finite=True)


# Prometheus multiplies by 1 / step and divides again: steps beyond these can give NaN.
_LEAST_STEP, _LARGEST_STEP = 1e-9, 1e9


def _rounded(step: Callable[[float], float]) -> Result:
    def result(arguments: Arguments) -> Type:
        of = arguments[0]
        if len(arguments) > 1 and arguments[1].constant != 1:
            to = arguments[1].constant
            sound = to is not None and _LEAST_STEP <= to <= _LARGEST_STEP
            low = 0.0 if sound and of.low >= 0 else -inf
            return derived(of, unit=of.unit, low=low, maybe_nan=of.maybe_nan or not sound)
        return monotone(of, step, unit=of.unit)

    return result


def _clamped(least: int | None, most: int | None) -> Result:
    """The range where the arguments at these places bound it; without a bound it is that of the first."""

    def result(arguments: Arguments) -> Type:
        of = arguments[0]
        bounds = [arguments[place] for place in (least, most) if place is not None]
        low = -inf if least is None else arguments[least].low
        high = inf if most is None else arguments[most].high
        inverted = least is not None and most is not None and not arguments[least].high <= arguments[most].low
        known = all(bound.constant is not None for bound in bounds)
        signed = any(bound.low == 0 and copysign(1, bound.low) < 0 for bound in bounds)
        kept = of.kind if known and not signed and of.kind not in GROWING else Kind.OPEN
        ends = all(isfinite(bound.low) for bound in bounds)
        return derived(
            of,
            kind=kept,
            unit=of.unit,
            low=min(max(of.low, low), high) if known else low if most is None else -inf,
            high=max(min(of.high, high), low) if known else inf,
            finite=known and ends and (of.finite or len(bounds) == 2),
            maybe_absent=of.maybe_absent or inverted or not of.floats,
            maybe_nan=of.maybe_nan or not known,
        )

    return result


def _bounded(low: float = -inf, high: float = inf, *, least: float = -inf, most: float = inf) -> Result:
    """Results between `low` and `high`; arguments below `least` or above `most`, or infinite, may give NaN."""

    def result(arguments: Arguments) -> Type:
        of = arguments[0]
        inside = of.finite and of.low >= least and of.high <= most
        return derived(of, low=low, high=high, maybe_nan=of.maybe_nan or not inside)

    return result


def _part_of_date(low: float, high: float = inf) -> Result:
    def result(arguments: Arguments) -> Type:
        if not arguments:
            return _instant(low, high)
        return derived(arguments[0], low=low, high=high, finite=True, maybe_nan=False)

    return result


def _instant(low: float, high: float) -> Type:
    return Type(
        "vector", Kind.OPEN, NO_LABELS, None, low, high, finite=True, maybe_absent=False, maybe_nan=False, floats=True
    )


def _number(low: float, high: float) -> Result:
    found = _instant(low, high).but(value="scalar")
    return lambda _arguments: found


def _time(_arguments: Arguments) -> Type:
    return _instant(-inf, inf).but(value="scalar", kind=Kind.TIME, unit=SECONDS)


def _timestamp(arguments: Arguments) -> Type:
    return derived(arguments[0], kind=Kind.TIME, unit=SECONDS, finite=True, maybe_nan=False, floats=True, lazy=())


def _sorted(arguments: Arguments) -> Type:
    of = arguments[0]
    return of.but(maybe_absent=of.maybe_absent or not of.floats)


def _vector(arguments: Arguments) -> Type:
    return arguments[0].but(value="vector", labels=NO_LABELS, maybe_absent=False, floats=True, text=None)


def _scalar(arguments: Arguments) -> Type:
    of = arguments[0]
    alone = of.labels.closed and not of.labels.known and not of.maybe_absent
    return derived(of, kind=of.kind, unit=of.unit, low=of.low, high=of.high, finite=of.finite).but(
        value="scalar",
        labels=NO_LABELS,
        maybe_absent=False,
        maybe_nan=of.maybe_nan or not alone,
    )


def _absent(arguments: Arguments) -> Type:
    """Its labels are those that the selector pins; the analysis puts them in."""
    return _instant(1.0, 1.0).but(
        kind=Kind.BOOL, labels=LabelSet({}, True), maybe_absent=True, window=arguments[0].window
    )


def _growth(name: str, kind: Kind) -> Result:
    per_second = kind is Kind.RATE

    def result(arguments: Arguments) -> Type:
        of = arguments[0]
        unit = quotient(of.unit, SECONDS) if per_second else of.unit
        growing = of.kind in GROWING
        # Behind a NaN a fall is not seen.
        rises = of.low >= 0 and not of.maybe_nan
        return derived(
            of,
            kind=kind if rises and natural(of) else Kind.OPEN,
            unit=unit,
            low=0.0 if rises else -inf,
            finite=of.finite,
            maybe_nan=of.maybe_nan or not of.finite,
            buckets=of.buckets if growing else None,
            origin=of.origin.through(f"{name} {of.window}") if growing and of.origin else None,
            window=of.window,
        )

    return result


def _change(*, per_second: bool = False, certain: bool = False) -> Result:
    """A change, `certain` where it is one of samples; what a line through them says can overflow."""

    def result(arguments: Arguments) -> Type:
        of = arguments[0]
        unit = quotient(of.unit, SECONDS) if per_second else of.unit
        nan = of.maybe_nan or not of.finite or not certain
        return derived(of, unit=unit, finite=of.finite and certain, maybe_nan=nan, window=of.window)

    return result


def _events(low: float, kind: Kind = Kind.COUNT) -> Result:
    def result(arguments: Arguments) -> Type:
        return derived(arguments[0], kind=kind, low=low, finite=True, maybe_nan=False, floats=True)

    return result


def _chosen_over_time(arguments: Arguments) -> Type:
    """One of the samples."""
    of = arguments[0]
    return derived(
        of,
        kind=of.kind,
        unit=of.unit,
        low=of.low,
        high=of.high,
        finite=of.finite,
        window=of.window,
        buckets=of.buckets,
    )


def _average_over_time(arguments: Arguments) -> Type:
    of = arguments[0]
    found = _chosen_over_time(arguments)
    kind = Kind.OPEN if of.kind in GROWING or of.kind is Kind.SUMMED else of.kind
    return found.but(kind=kind, maybe_nan=of.maybe_nan or not of.finite)


def _sum_over_time(arguments: Arguments) -> Type:
    of = arguments[0]
    return derived(
        of,
        unit=of.unit,
        low=of.low if of.low >= 0 else -inf,
        high=of.high if of.high <= 0 else inf,
        finite=of.finite,
        maybe_nan=of.maybe_nan or not of.finite,
        window=of.window,
    )


def _spread_over_time(*, squared: bool) -> Result:
    def result(arguments: Arguments) -> Type:
        of = arguments[0]
        unit = product(of.unit, of.unit) if squared else of.unit
        return derived(of, unit=unit, low=0.0, maybe_nan=of.maybe_nan or not of.finite, window=of.window)

    return result


def _smoothed(arguments: Arguments) -> Type:
    return derived(arguments[0], unit=arguments[0].unit, maybe_nan=True, window=arguments[0].window)


def _integral(arguments: Arguments) -> Type:
    return derived(arguments[0], unit=product(arguments[0].unit, SECONDS), maybe_nan=True, window=arguments[0].window)


def _of_native(low: float = -inf) -> Result:
    def result(arguments: Arguments) -> Type:
        return derived(arguments[0], low=low, maybe_nan=True, maybe_absent=True, floats=True)

    return result


def _unknown(_arguments: Arguments) -> Type:
    return OPEN


def _unknown_number(_arguments: Arguments) -> Type:
    return _instant(-inf, inf).but(value="scalar", maybe_nan=True, finite=False)


def _quantiles(arguments: Arguments) -> Type:
    label = arguments[1].text or ""
    labels = arguments[0].labels.drop(["le"]).with_label(label, Known(sure=True))
    return Type("vector", Kind.OPEN, labels, floats=True)


def _informed(arguments: Arguments) -> Type:
    """`info` adds labels that nobody can know here. With matchers it leaves series out that they do not fit."""
    of = arguments[0]
    labels = LabelSet(dict.fromkeys(of.labels.known, ANY), False, of.labels.partial)
    if len(arguments) == 1:
        return of.but(labels=labels, origin=None)
    return of.but(labels=labels.chosen(), origin=None, comparison=None, maybe_absent=True)


FUNCTIONS: Mapping[str, Function] = {
    "abs": Function(_magnitude),
    "absent": Function(_absent),
    "absent_over_time": Function(_absent),
    "acos": Function(_bounded(0.0, pi, least=-1, most=1)),
    "acosh": Function(_bounded(0.0, least=1)),
    "asin": Function(_bounded(-HALF_TURN, HALF_TURN, least=-1, most=1)),
    "asinh": Function(_bounded()),
    "atan": Function(_bounded(-HALF_TURN, HALF_TURN)),
    "atanh": Function(_bounded(least=-1, most=1)),
    "avg_over_time": Function(_average_over_time),
    "ceil": Function(_rounded(ceil)),
    "changes": Function(_events(0.0)),
    "clamp": Function(_clamped(1, 2)),
    "clamp_max": Function(_clamped(None, 1)),
    "clamp_min": Function(_clamped(1, None)),
    "cos": Function(_bounded(-1.0, 1.0)),
    "cosh": Function(_bounded(1.0)),
    "count_over_time": Function(_events(1.0)),
    "day_of_month": Function(_part_of_date(1, 31)),
    "day_of_week": Function(_part_of_date(0, 6)),
    "day_of_year": Function(_part_of_date(1, 366)),
    "days_in_month": Function(_part_of_date(28, 31)),
    "deg": Function(_bounded()),
    "delta": Function(_change(certain=True)),
    "deriv": Function(_change(per_second=True)),
    "double_exponential_smoothing": Function(_smoothed, (3, 0)),
    "end": Function(_unknown_number, (3, 12)),
    "exp": Function(_bounded(0.0)),
    "first_over_time": Function(_chosen_over_time, (3, 7)),
    "floor": Function(_rounded(floor)),
    "histogram_avg": Function(_of_native(), (2, 51)),
    "histogram_count": Function(_of_native(), (2, 40)),
    "histogram_fraction": Function(fraction, (2, 40)),
    "histogram_quantile": Function(quantile_of_buckets),
    "histogram_quantiles": Function(_quantiles, (3, 11)),
    "histogram_stddev": Function(_of_native(0.0), (2, 47)),
    "histogram_stdvar": Function(_of_native(), (2, 47)),
    "histogram_sum": Function(_of_native(), (2, 40)),
    "holt_winters": Function(_smoothed, until=(3, 0)),
    "hour": Function(_part_of_date(0, 23)),
    "idelta": Function(_change(certain=True)),
    "increase": Function(_growth("increase", Kind.INCREASE)),
    "info": Function(_informed, (2, 55)),
    "integral": Function(_integral, (3, 16)),
    "irate": Function(_growth("irate", Kind.RATE)),
    "label_join": Function(joined),
    "label_replace": Function(replaced),
    "last_over_time": Function(_chosen_over_time, (2, 26)),
    "ln": Function(_bounded(least=0.0)),
    "log10": Function(_bounded(least=0.0)),
    "log2": Function(_bounded(least=0.0)),
    "mad_over_time": Function(_spread_over_time(squared=False), (2, 49)),
    "max_of": Function(_unknown_number, (3, 13)),
    "max_over_time": Function(_chosen_over_time),
    "min_of": Function(_unknown_number, (3, 13)),
    "min_over_time": Function(_chosen_over_time),
    "minute": Function(_part_of_date(0, 59)),
    "month": Function(_part_of_date(1, 12)),
    "pi": Function(_number(pi, pi)),
    "predict_linear": Function(_change()),
    "present_over_time": Function(_events(1.0, Kind.BOOL)),
    "quantile_over_time": Function(quantile_over_time),
    "rad": Function(_bounded()),
    "range": Function(_unknown_number, (3, 12)),
    "rate": Function(_growth("rate", Kind.RATE)),
    "resets": Function(_events(0.0)),
    "round": Function(_rounded(lambda value: floor(value + 0.5))),
    "scalar": Function(_scalar),
    "sgn": Function(_sign),
    "sin": Function(_bounded(-1.0, 1.0)),
    "sinh": Function(_bounded()),
    "sort": Function(_sorted),
    "sort_by_label": Function(_sorted, (2, 49)),
    "sort_by_label_desc": Function(_sorted, (2, 49)),
    "sort_desc": Function(_sorted),
    "sqrt": Function(_bounded(0.0, least=0.0)),
    "start": Function(_unknown_number, (3, 12)),
    "start_timestamp": Function(_unknown, (3, 14)),
    "stddev_over_time": Function(_spread_over_time(squared=False)),
    "stdvar_over_time": Function(_spread_over_time(squared=True)),
    "step": Function(_unknown_number, (3, 12)),
    "sum_over_time": Function(_sum_over_time),
    "tan": Function(_bounded()),
    "tanh": Function(_bounded(-1.0, 1.0)),
    "time": Function(_time),
    "timestamp": Function(_timestamp),
    "ts_of_first_over_time": Function(_timestamp, (3, 7)),
    "ts_of_last_over_time": Function(_timestamp, (3, 5)),
    "ts_of_max_over_time": Function(_timestamp, (3, 5)),
    "ts_of_min_over_time": Function(_timestamp, (3, 5)),
    "vector": Function(_vector),
    "year": Function(_part_of_date(-inf)),
}
UNKNOWN = Function(_unknown)
# promql-parser knows the functions of Prometheus 3 alone.
_RANGE, _SCALAR = parser.ValueType.Matrix, parser.ValueType.Scalar
_HOLT_WINTERS = parser.Function("holt_winters", [_RANGE, _SCALAR, _SCALAR], parser.ValueType.Vector)


def know_old_functions() -> None:
    """Have the parser take functions that Prometheus 2 has. The parser keeps them for the whole process."""
    parser.register_extra_functions([_HOLT_WINTERS])
