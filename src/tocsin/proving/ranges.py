"""Functions over ranges of samples, as Prometheus computes them (promql/functions.go)."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from tocsin.proving.errors import UnderivableError
from tocsin.proving.vectors import least, most

Sample = tuple[float, float]  # seconds, value


@dataclass(frozen=True, slots=True)
class Span:
    """A range of time, and the moment of its evaluation, which an offset sets apart from its end."""

    start: float
    end: float
    now: float


@dataclass(frozen=True, slots=True)
class Stretch:
    """The samples of a series in a range, as far as its growth needs them; `lost` is what resets took from it."""

    first: Sample
    last: Sample
    count: int
    lost: float


def stretch_of(samples: Sequence[Sample]) -> Stretch | None:
    """The stretch of some samples; None where there are fewer than two."""
    if len(samples) < 2:
        return None
    lost = sum(before for (_, before), (_, after) in pairwise(samples) if after < before)
    return Stretch(samples[0], samples[-1], len(samples), lost)


def extrapolated(function: str, stretch: Stretch, span: Span) -> float:
    """`rate`, `increase` and `delta`: the growth between the samples, stretched to the whole range."""
    counter, rate = EXTRAPOLATED[function]
    first, last = stretch.first, stretch.last
    growth = last[1] - first[1] + (stretch.lost if counter else 0.0)
    sampled = last[0] - first[0]
    between = sampled / (stretch.count - 1)
    to_start, to_end = first[0] - span.start, span.end - last[0]
    if counter and growth > 0 and first[1] >= 0:
        to_start = min(to_start, sampled * (first[1] / growth))
    reach = between * 1.1
    stretched = sampled
    stretched += to_start if to_start < reach else between / 2
    stretched += to_end if to_end < reach else between / 2
    factor = stretched / sampled
    return growth * (factor / (span.end - span.start) if rate else factor)


def _regression(samples: Sequence[Sample], at: float) -> tuple[float, float]:
    """Slope and value at a time of the least-squares line."""
    count = len(samples)
    mean_x = sum(time - at for time, _ in samples) / count
    mean_y = sum(value for _, value in samples) / count
    covariance = sum((time - at - mean_x) * (value - mean_y) for time, value in samples)
    variance = sum((time - at - mean_x) ** 2 for time, _ in samples)
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


def over_range(function: str, samples: Sequence[Sample], span: Span, parameters: tuple[float, ...]) -> float | None:
    """What a function makes of one series' samples in a range; None where it has no value."""
    if function in EXTRAPOLATED:
        stretch = stretch_of(samples)
        return extrapolated(function, stretch, span) if stretch else None
    if function in OVER_TIME:
        return OVER_TIME[function]([value for _, value in samples]) if samples else None
    if function == "quantile_over_time":
        return _quantile(parameters[0], [value for _, value in samples]) if samples else None
    if function in ("irate", "idelta"):
        return _instant(function, samples)
    if function in ("deriv", "predict_linear"):
        if len(samples) < 2:
            return None
        if function == "deriv":
            return _regression(samples, samples[0][0])[0]
        slope, value = _regression(samples, span.now)
        return value + slope * parameters[0]
    raise UnderivableError(f"the function {function}()")


def _instant(function: str, samples: Sequence[Sample]) -> float | None:
    if len(samples) < 2:
        return None
    (before, earlier), (after, later) = samples[-2], samples[-1]
    growth = later if function == "irate" and later < earlier else later - earlier
    return growth / (after - before) if function == "irate" else growth
