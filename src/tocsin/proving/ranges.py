"""Functions over ranges of samples, as Prometheus computes them (promql/functions.go)."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import NamedTuple

from tocsin.proving.errors import UnderivableError
from tocsin.proving.vectors import least, most

Sample = tuple[float, float]  # seconds, value


class Span(NamedTuple):
    """A range of time, and the moment of its evaluation, which an offset sets apart from its end."""

    start: float
    end: float
    now: float


class Stretch(NamedTuple):
    """The `many` samples of a series in a range, as far as its growth needs them; `lost` is what resets took."""

    first: Sample
    last: Sample
    many: int
    lost: float


def _stretch_of(times: Sequence[float], values: Sequence[float]) -> Stretch | None:
    """The stretch of some samples; None where there are fewer than two."""
    if len(values) < 2:
        return None
    lost = sum(before for before, after in pairwise(values) if after < before)
    return Stretch((times[0], values[0]), (times[-1], values[-1]), len(values), lost)


def extrapolated(function: str, stretch: Stretch, span: Span) -> float:
    """`rate`, `increase` and `delta`: the growth between the samples, stretched to the whole range."""
    counter, rate = EXTRAPOLATED[function]
    first, last = stretch.first, stretch.last
    growth = last[1] - first[1] + (stretch.lost if counter else 0.0)
    sampled = last[0] - first[0]
    between = sampled / (stretch.many - 1)
    to_start, to_end = first[0] - span.start, span.end - last[0]
    if counter and growth > 0 and first[1] >= 0:
        to_start = min(to_start, sampled * (first[1] / growth))
    reach = between * 1.1
    stretched = sampled
    stretched += to_start if to_start < reach else between / 2
    stretched += to_end if to_end < reach else between / 2
    factor = stretched / sampled
    return growth * (factor / (span.end - span.start) if rate else factor)


def _regression(times: Sequence[float], values: Sequence[float], at: float) -> tuple[float, float]:
    """Slope and value at a time of the least-squares line."""
    mean_x = sum(time - at for time in times) / len(times)
    mean_y = sum(values) / len(values)
    covariance = sum((time - at - mean_x) * (value - mean_y) for time, value in zip(times, values, strict=True))
    variance = sum((time - at - mean_x) ** 2 for time in times)
    slope = covariance / variance
    return slope, mean_y - slope * mean_x


def _changes(values: list[float]) -> float:
    return float(sum(1 for before, after in pairwise(values) if before != after))


def _resets(values: list[float]) -> float:
    return float(sum(1 for before, after in pairwise(values) if after < before))


def _quantile(share: float, values: list[float]) -> float:
    if not 0 <= share <= 1:
        return math.nan if math.isnan(share) else math.copysign(math.inf, share)
    ordered = sorted(values)
    rank = share * (len(ordered) - 1)
    low = max(0, math.floor(rank))
    high = min(len(ordered) - 1, low + 1)
    weight = rank - math.floor(rank)
    return ordered[low] * (1 - weight) + ordered[high] * weight


OVER_TIME: dict[str, Callable[[list[float]], float]] = {
    "avg_over_time": lambda values: sum(values) / len(values),
    "min_over_time": least,
    "max_over_time": most,
    "sum_over_time": sum,
    "count_over_time": lambda values: float(len(values)),
    "last_over_time": lambda values: values[-1],
    "present_over_time": lambda values: 1.0,  # noqa: ARG005
    "changes": _changes,
    "resets": _resets,
}
EXTRAPOLATED = {"rate": (True, True), "increase": (True, False), "delta": (False, False)}


def over_range(
    function: str, times: Sequence[float], values: list[float], span: Span, parameters: tuple[float, ...]
) -> float | None:
    """What a function makes of one series' samples in a range; None where it has no value."""
    if function in EXTRAPOLATED:
        stretch = _stretch_of(times, values)
        return extrapolated(function, stretch, span) if stretch else None
    if function in OVER_TIME:
        return OVER_TIME[function](values) if values else None
    if function == "quantile_over_time":
        return _quantile(parameters[0], values) if values else None
    if function in ("irate", "idelta"):
        return _instant(function, times, values)
    if function in ("deriv", "predict_linear"):
        if len(values) < 2:
            return None
        if function == "deriv":
            return _regression(times, values, times[0])[0]
        slope, value = _regression(times, values, span.now)
        return value + slope * parameters[0]
    raise UnderivableError(f"the function {function}()")


def _instant(function: str, times: Sequence[float], values: Sequence[float]) -> float | None:
    if len(values) < 2:
        return None
    earlier, later = values[-2:]
    growth = later if function == "irate" and later < earlier else later - earlier
    return growth / (times[-1] - times[-2]) if function == "irate" else growth
