"""Quantiles: of buckets, of samples over time, of series."""

from __future__ import annotations

from math import inf

from tocsin.promql.ranges import derived
from tocsin.promql.types import GROWING, Kind, Type
from tocsin.units import RATIO

_NO_OBSERVATIONS = "a histogram without observations in the window has no quantile"


def quantile_of_buckets(arguments: tuple[Type, ...]) -> Type:
    """`histogram_quantile`: never above the last finite bound, and NaN where nothing was observed.

    Below the first bound it interpolates from 0, unless that bound is negative.
    """
    share, of = arguments
    low, high = -inf, inf
    proper = is_share(share)
    if proper and of.buckets:
        low, high = min(0.0, of.buckets[0]), of.buckets[-1]
    found = derived(of, kind=Kind.QUANTILE, unit=of.observed, low=low, high=high, finite=proper and bool(of.buckets))
    return found.but(
        labels=of.labels.drop(["le"]),
        buckets=of.buckets if proper else None,
        maybe_absent=True,
        maybe_nan=True,
        nan=_NO_OBSERVATIONS if of.buckets else "",
        floats=True,
        window=of.window,
    )


def fraction(arguments: tuple[Type, ...]) -> Type:
    """`histogram_fraction`: which share of the observations lies between two bounds.

    A difference of histograms has negative buckets, and any share is possible.
    """
    of = arguments[2]
    found = derived(of, kind=Kind.RATIO, unit=RATIO)
    return found.but(labels=of.labels.drop(["le"]), maybe_absent=True, maybe_nan=True, floats=True)


def quantile_over_time(arguments: tuple[Type, ...]) -> Type:
    return quantile_among(arguments[0], arguments[1])


def quantile_among(share: Type, of: Type) -> Type:
    """A value among those of `of`, or between two of them. An improper share gives Inf."""
    proper = is_share(share)
    kind = Kind.OPEN if of.kind in GROWING else of.kind
    return derived(of, kind=kind, unit=of.unit, window=of.window, finite=proper and of.finite).but(
        low=of.low if proper else -inf,
        high=of.high if proper else inf,
        maybe_nan=of.maybe_nan or not proper or not of.finite,
    )


def is_share(share: Type) -> bool:
    value = share.constant
    return value is not None and 0 <= value <= 1
