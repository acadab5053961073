"""`histogram_quantile`, as Prometheus computes it over classic histograms (promql/quantile.go)."""

from __future__ import annotations

import math
from functools import lru_cache

from tocsin.proving.vectors import Labels, Vector, divided


def histogram_quantile(quantile: float, vector: Vector) -> Vector:
    """The quantile of each histogram of the vector."""
    histograms: dict[Labels, list[tuple[float, float]]] = {}
    for labels, count in vector.items():
        upper, rest = _bucket(labels)
        if upper is not None:
            histograms.setdefault(rest, []).append((upper, count))
    return {labels: _quantile(quantile, sorted(buckets)) for labels, buckets in histograms.items()}


@lru_cache(4096)
def _bucket(labels: Labels) -> tuple[float | None, Labels]:
    """The bound of a bucket, where it is one, and its histogram's labels."""
    bound = next((value for name, value in labels if name == "le"), None)
    return None if bound is None else float(bound), frozenset(pair for pair in labels if pair[0] != "le")


def _quantile(quantile: float, buckets: list[tuple[float, float]]) -> float:
    if not 0 <= quantile <= 1:
        return math.nan if math.isnan(quantile) else math.copysign(math.inf, quantile)
    if len(buckets) < 2 or buckets[-1][0] != math.inf:
        return math.nan
    highest, cumulative = 0.0, []
    for upper, count in buckets:
        highest = max(highest, count)
        cumulative.append((upper, highest))
    observations = cumulative[-1][1]
    if not observations > 0:
        return math.nan
    rank = quantile * observations
    place = next((at for at, (_, count) in enumerate(cumulative[:-1]) if count >= rank), len(cumulative) - 1)
    if place == len(cumulative) - 1:
        return cumulative[-2][0]
    upper, count = cumulative[place]
    if place == 0:
        return upper if upper <= 0 else upper * divided(rank, count)
    lower, below = cumulative[place - 1]
    return lower + (upper - lower) * divided(rank - below, count - below)
