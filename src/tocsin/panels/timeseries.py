"""Lines over time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tocsin.panels.panel import Look, Panel

if TYPE_CHECKING:
    from tocsin.model.indicator import Indicator
    from tocsin.model.silence import Silence


@dataclass(frozen=True, slots=True, eq=False, init=False)
class TimeSeries(Panel):
    """Indicators over time; `stacked` where the lines are parts of a whole."""

    stacked: bool

    def __init__(
        self,
        *indicators: Indicator,
        title: str = "",
        description: str = "",
        width: int | None = None,
        stacked: bool = False,
        allow: tuple[Silence, ...] = (),
        shows: str = "",
    ) -> None:
        Panel.__init__(self, *indicators, title=title, description=description, width=width, allow=allow, shows=shows)
        object.__setattr__(self, "stacked", stacked)

    @property
    def settings(self) -> tuple[object, ...]:
        return (self.stacked,)

    def grafana(self, look: Look) -> Any:
        from grafanalib import core

        return core.TimeSeries(
            unit=look.unit,
            fillOpacity=30 if self.stacked else 10,
            gradientMode="opacity",
            lineInterpolation="smooth",
            lineWidth=2,
            showPoints="never",
            stacking={"group": "A", "mode": "normal" if self.stacked else "none"},
            thresholds=look.threshold_steps,
            thresholdsStyleMode="dashed" if look.has_alert else "off",
            legendDisplayMode="table",
            legendPlacement="bottom",
            legendCalcs=["mean", "max", "lastNotNull"],
            tooltipMode="multi",
            tooltipSort="desc",
        )
