"""The colours of a panel's values: those of its indicators' targets and alerts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from tocsin.display import number_of
from tocsin.model.alert import Severity
from tocsin.model.indicator import Comparison, Indicator
from tocsin.panels.panel import Panel, Step
from tocsin.plan import Plan, in_unit
from tocsin.units import Quantity, Unit

_FINE, _UNJUDGED, _AMBER, _RED = "green", "blue", "#EAB839", "red"
_ALERT_COLORS = {Severity.INFO: "yellow", Severity.WARNING: "orange", Severity.CRITICAL: _RED}
_RANKS = {_AMBER: 0, "yellow": 1, "orange": 2, _RED: 3}
# Grafana's steps begin at their value: "above 0" begins just above it, where "above 10 s" may as well begin there.
_JUST_ABOVE_ZERO = 1e-9


@dataclass(frozen=True, slots=True)
class _Band:
    """Values beyond a bound have a colour."""

    operator: Comparison
    bound: int | float
    color: str
    is_alert: bool = False

    @property
    def edge(self) -> int | float:
        return _JUST_ABOVE_ZERO if self.operator == ">" and self.bound == 0 else self.bound

    def has(self, value: float) -> bool:
        return value > self.bound if self.operator in (">", ">=") else value < self.bound


def steps_of(plan: Plan, panel: Panel, unit: Unit | None, *, of: str = "") -> tuple[tuple[Step, ...], str]:
    """From which value on a panel has which colour, and the colour below all of these values.

    `of` somebody who may have thresholds of its own; otherwise of all who have none.
    """
    bands = [band for indicator in panel.indicators for band in _bands(plan, indicator, unit, of)]
    if not bands:
        return (), _UNJUDGED
    edges = sorted({band.edge for band in bands})
    between = [edges[0] - 1, *((low + high) / 2 for low, high in pairwise(edges)), edges[-1] + 1]
    base, *colors = (_worst(bands, value) for value in between)
    alerts = {band.edge for band in bands if band.is_alert}
    steps = tuple(Step(edge, color, edge in alerts) for edge, color in zip(edges, colors, strict=True))
    return steps, base


def _worst(bands: list[_Band], value: float) -> str:
    return max((band.color for band in bands if band.has(value)), key=_RANKS.__getitem__, default=_FINE)


def _bands(plan: Plan, indicator: Indicator, unit: Unit | None, of: str) -> Iterator[_Band]:
    target = indicator.target
    if target is not None:
        bounds: tuple[tuple[Comparison, Quantity | None, str], ...] = (
            ("<", target.least, _AMBER),
            (">", target.most, _AMBER),
            ("<", target.red_below, _RED),
            (">", target.red_above, _RED),
        )
        for operator, quantity, color in bounds:
            if quantity is not None:
                yield _Band(operator, number_of(in_unit(quantity, unit)), color)
    for alert in plan.alerts_on(indicator):
        threshold = alert.when.own.stated.get(of, alert.when.right) if alert.when.own else alert.when.right
        if isinstance(threshold, Quantity):
            bound = number_of(in_unit(threshold, unit))
            yield _Band(alert.when.operator, bound, _ALERT_COLORS[alert.severity], is_alert=True)
