"""Samples in the notation of promtool's unit tests: `_ 0+1.5x20 stale _x3`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal

from tocsin.metrics import Gauge, Matcher, Metric
from tocsin.promql.tree import Select
from tocsin.scenarios.samples import Marker, Sample, Series
from tocsin.units import plain

Samples = Sequence[Sample]


def input_series(series: Series) -> dict[str, str]:
    """One entry of a test's `input_series`."""
    matchers = tuple(Matcher(name, "=", value) for name, value in series.labels)
    return {"series": Select(series.name, matchers).text(), "values": notation(series.samples, series.metric)}


def notation(samples: Samples, metric: Metric | None = None) -> str:
    """The samples, with runs of equal steps written as one."""
    parts: list[str] = []
    place, reached = 0, -math.inf
    while place < len(samples):
        length = _run(samples, place)
        value = samples[place]
        if value is None:
            parts.append(f"_x{length}" if length > 1 else "_")
        elif isinstance(value, Marker):
            parts.append(value.value)
        else:
            if place and value == samples[place - 1] and not isinstance(metric, Gauge):
                # promtool adds a run up in floats; a counter that stands still must not fall, or grow, by a bit.
                value = Decimal(repr(reached))
            step = _step(samples, place) if length > 1 else None
            parts.append(_written(value, step, length))
            reached = _reached(value, step, length)
        place += length
    return " ".join(parts)


def _run(samples: Samples, start: int) -> int:
    """How many samples from there on are missing, or are apart by the same step."""
    end = start + 1
    if samples[start] is None:
        while end < len(samples) and samples[end] is None:
            end += 1
        return end - start
    step = _step(samples, start)
    while step is not None and end < len(samples) and _step(samples, end - 1) == step:
        end += 1
    return end - start


def _step(samples: Samples, place: int) -> Decimal | None:
    if place + 1 >= len(samples):
        return None
    value, following = samples[place], samples[place + 1]
    return following - value if isinstance(value, Decimal) and isinstance(following, Decimal) else None


def _written(value: Decimal, step: Decimal | None, length: int) -> str:
    if step is None:
        return plain(value)
    return f"{plain(value)}{'-' if step < 0 else '+'}{plain(abs(step))}x{length - 1}"


def _reached(value: Decimal, step: Decimal | None, length: int) -> float:
    """The last value of a run, as promtool computes it."""
    reached = float(value)
    for _ in range(length - 1 if step else 0):
        reached += float(step or 0)
    return reached
