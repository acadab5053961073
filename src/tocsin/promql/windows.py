"""Windows: ranges that are too short for the samples, for the evaluation, or for a panel."""

from __future__ import annotations

from collections.abc import Iterator

from tocsin.promql.context import Context
from tocsin.promql.durations import duration_text
from tocsin.promql.faults import Fault, error, warning
from tocsin.promql.types import Type

# They need two samples in the window.
_OF_TWO = frozenset(
    {"rate", "increase", "irate", "delta", "idelta", "deriv", "predict_linear", "holt_winters"}
    | {"double_exponential_smoothing"}
)
GROWTH = frozenset({"rate", "increase", "irate"})
# They look at all samples of the window.
_OF_ALL = frozenset(
    {"avg_over_time", "count_over_time", "max_over_time", "min_over_time", "quantile_over_time", "stddev_over_time"}
    | {"stdvar_over_time", "sum_over_time", "changes", "resets", "last_over_time", "delta"}
)
# What happens between their windows is never seen.
SEEING = GROWTH | (_OF_ALL - {"last_over_time"})
_HOUR = 3_600_000


def range_faults(name: str, of: Type) -> Iterator[Fault]:
    """range-short: fewer than two samples (error) or four (warning) in the window."""
    if of.window is None or of.scrape is None:
        return
    if name not in _OF_TWO:
        if name in _OF_ALL and of.window < of.scrape:
            yield error(
                "range-short",
                f"{name}() finds no sample now and then: {duration_text(of.window)} is less than the "
                f"{duration_text(of.scrape)} between two of them",
                f"use a window of at least {duration_text(2 * of.scrape)}",
            )
        return
    needed = 2 if name in ("irate", "idelta") else 4
    if of.window < 2 * of.scrape:
        yield error(
            "range-short",
            f"{name}() needs two samples, and {duration_text(of.window)} holds one at best when they come every "
            f"{duration_text(of.scrape)}: the result is empty, always or now and then",
            f"use a window of at least {duration_text(4 * of.scrape)}",
        )
    elif of.window < needed * of.scrape:
        yield warning(
            "range-short",
            f"one missed sample leaves a gap: {duration_text(of.window)} holds few samples when they come every "
            f"{duration_text(of.scrape)}",
            f"use a window of at least {duration_text(4 * of.scrape)}",
        )


def faults_of_place(context: Context, name: str, of: Type) -> Iterator[Fault]:
    """What is wrong with the window of a function that sees what happens in it, for where it stands."""
    if context.place == "panel":
        if name in GROWTH and not context.instant:
            yield from panel_faults(name, of)
        return
    if context.is_alert and name in GROWTH:
        yield from alert_faults(name, of)
    if context.interval is not None:
        yield from interval_faults(of, context.interval)


def alert_faults(name: str, of: Type) -> Iterator[Fault]:
    """flapping: an alert on a rate of two or three samples. On `irate` it is told whatever the window."""
    if name == "irate" or of.window is None or of.scrape is None:
        return
    if 2 * of.scrape <= of.window < 4 * of.scrape:
        yield warning(
            "flapping",
            f"{name}() of two or three samples jumps with each of them, and has no value when one is missed: the alert "
            "goes on and off, or its `for` begins anew",
            f"look back over four scrapes or more: {duration_text(4 * of.scrape)}",
        )


def interval_faults(of: Type, interval: int) -> Iterator[Fault]:
    """range-interval: what happens between two windows is never seen."""
    if of.window is not None and of.window < interval:
        yield warning(
            "range-interval",
            f"the rule runs every {duration_text(interval)} and looks back {duration_text(of.window)}: "
            f"what happens in between is never seen",
            f"look back at least {duration_text(interval)}, or evaluate the group more often",
        )


def panel_faults(name: str, of: Type) -> Iterator[Fault]:
    """rate-interval: a fixed window in a panel. Windows of an hour and more are meant as they are."""
    if of.window is not None and of.window < _HOUR:
        yield warning(
            "rate-interval",
            f"with a fixed window of {duration_text(of.window)} the panel skips events when it is zoomed out, "
            "and shows gaps where scrapes are further apart",
            f"{name}(...[$__rate_interval]) follows the panel's resolution",
        )
