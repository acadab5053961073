"""One number, large, over a sparkline."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from tocsin.panels.panel import Panel, Placed


@dataclass(frozen=True, slots=True, eq=False, init=False)
class Stat(Panel):
    """The last value of an indicator, with its course behind it."""

    HEIGHT: ClassVar[int] = 5

    def grafana(self, placed: Placed) -> Any:
        from grafanalib import core

        return core.Stat(
            colorMode="value",
            graphMode="area",
            reduceCalc="lastNotNull",
            textMode="value" if len(placed.queries) == 1 else "auto",
            format=placed.unit,
            color={"mode": "thresholds"},
            thresholds=placed.threshold_steps,
            noValue="-",
        )
