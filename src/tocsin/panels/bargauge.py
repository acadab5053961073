"""A bar for each series: who uses how much."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from tocsin.panels.panel import Look, Panel, reduced
from tocsin.promql.tree import Call, Node


@dataclass(frozen=True, slots=True, eq=False, init=False)
class BarGauge(Panel):
    """The value of each series now as a bar, longest first."""

    INSTANT: ClassVar[bool] = True

    def arranged(self, node: Node) -> Node:
        return Call("sort_desc", (node,))

    def grafana(self, look: Look) -> Any:
        from grafanalib import core

        defaults = {
            "unit": look.unit,
            "min": 0,
            "color": {"mode": "thresholds" if look.steps else "continuous-BlPu"},
            "thresholds": {"mode": "absolute", "steps": look.threshold_steps},
        }
        options = {
            "displayMode": "gradient",
            "orientation": "horizontal",
            "valueMode": "text",
            "namePlacement": "left",
            "sizing": "auto",
            "showUnfilled": True,
            "minVizHeight": 16,
            "minVizWidth": 8,
            "reduceOptions": reduced("lastNotNull"),
        }
        return core.BarGauge(
            dataSource=None,
            extraJson={"fieldConfig": {"defaults": defaults, "overrides": []}, "options": options},
        )
