"""A distribution over time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from tocsin.metrics import Histogram, Selection
from tocsin.model.indicator import Indicator
from tocsin.model.silence import Silence
from tocsin.panels.panel import Look, Panel
from tocsin.promql.build import sum_by
from tocsin.promql.tree import ADAPTIVE, Call, Range, Select
from tocsin.source import here


@dataclass(frozen=True, slots=True, eq=False, init=False)
class Heatmap(Panel):
    """How a histogram's observations spread over its buckets, over time."""

    FORMAT: ClassVar[str] = "heatmap"

    def __init__(
        self,
        histogram: Histogram | Selection,
        *,
        title: str,
        description: str = "",
        width: int | None = None,
        allow: tuple[Silence, ...] = (),
    ) -> None:
        metric, matchers = (
            (histogram.metric, histogram.matchers) if isinstance(histogram, Selection) else (histogram, ())
        )
        assert isinstance(metric, Histogram), f"{metric.name} is no histogram"
        buckets = Range(Select(metric.bucket.name, matchers), ADAPTIVE)
        spread = Indicator(
            sum_by(Call("increase", (buckets,)), "le"),
            title=title,
            description=description or metric.help,
            unit=metric.unit,
            source=here(),
        )
        Panel.__init__(self, spread, width=width, allow=allow)

    def grafana(self, look: Look) -> Any:
        from grafanalib import core

        options = {
            "calculate": False,
            "cellGap": 1,
            "cellValues": {"unit": "short"},
            "color": {
                "exponent": 0.5,
                "fill": "dark-orange",
                "mode": "scheme",
                "reverse": False,
                "scale": "exponential",
                "scheme": "Oranges",
                "steps": 64,
            },
            "exemplars": {"color": "rgba(255,0,255,0.7)"},
            "filterValues": {"le": 1e-9},
            "legend": {"show": True},
            "rowsFrame": {"layout": "auto"},
            "tooltip": {"mode": "single", "showColorScale": False, "yHistogram": True},
            "yAxis": {"axisPlacement": "left", "reverse": False, "unit": look.unit},
        }
        return core.Heatmap(extraJson={"options": options})
