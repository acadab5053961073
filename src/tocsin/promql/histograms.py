"""Histograms: what `histogram_quantile` needs, and what must not be done to a quantile."""

from __future__ import annotations

from collections.abc import Iterator

from tocsin.promql.faults import Fault, error
from tocsin.promql.types import Kind, Type

SHARES = frozenset({"histogram_quantile", "histogram_quantiles", "quantile_over_time"})


def quantile_faults(name: str, arguments: tuple[Type, ...]) -> Iterator[Fault]:
    """quantile-range and le-missing: of a function whose first argument is a share."""
    if name == "histogram_quantiles":
        for share in arguments[2:]:
            yield from share_faults(name, share)
        yield from _le_missing(arguments[0])
        return
    yield from share_faults(name, arguments[0])
    if name == "histogram_quantile":
        yield from _le_missing(arguments[1])


def share_faults(name: str, share: Type) -> Iterator[Fault]:
    """quantile-range: a quantile is a share, not a percentage."""
    value = share.constant
    if value is None or 0 <= value <= 1:
        return
    meant = f"the {value:g}th percentile is {value / 100:g}" if 1 < value <= 100 else "write a number from 0 to 1"
    result = "+Inf" if value > 1 else "-Inf"
    yield error(
        "quantile-range",
        f"{name}({value:g}, ...) is {result} for every series: a quantile is a share from 0 to 1",
        meant,
    )


def _le_missing(of: Type) -> Iterator[Fault]:
    if not of.floats:
        return
    le = of.labels.get("le")
    if le is None:
        yield error(
            "le-missing",
            "histogram_quantile() needs the label le, and no series here has it: the result is always empty",
            "keep it in the aggregation: sum by (le, ...) (rate(..._bucket[5m]))",
        )
    elif le.values is not None and "+Inf" not in le.values:
        yield error(
            "le-missing",
            'histogram_quantile() needs the bucket le="+Inf", which is left out here: the result is always NaN',
            "take all buckets: no matcher on le",
        )


def aggregate_faults(operator: str, of: Type) -> Iterator[Fault]:
    """quantile-aggregated: quantiles do not add up, and have no average."""
    if operator in ("sum", "avg") and of.kind is Kind.QUANTILE:
        yield error(
            "quantile-aggregated",
            f"{operator} of quantiles is no quantile of anything: it can be far from what any request saw",
            "sum the buckets first, then take the quantile once: histogram_quantile(q, sum by (le) (rate(...)))",
        )
