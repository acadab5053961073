"""One number, large, over a sparkline."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from tocsin.panels.panel import Look, Panel


@dataclass(frozen=True, slots=True, eq=False, init=False)
class Stat(Panel):
    """The last value of an indicator, with its course behind it."""

    HEIGHT: ClassVar[int] = 5

    @property
    def settings(self) -> tuple[object, ...]:
        return (len(self.indicators) == 1,)

    def grafana(self, look: Look) -> Any:
        from grafanalib import core

        return core.Stat(
            colorMode="value",
            graphMode="area",
            reduceCalc="lastNotNull",
            textMode="value" if len(self.indicators) == 1 else "auto",
            format=look.unit,
            color={"mode": "thresholds"},
            thresholds=look.threshold_steps,
            noValue="-",
        )
