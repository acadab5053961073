"""What every kind of panel has in common, and what a panel is given when its dashboard is compiled."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from tocsin.model.indicator import Indicator
from tocsin.model.silence import Silence
from tocsin.source import Source, here

if TYPE_CHECKING:
    from tocsin.model.site import Langfuse, Tempo
    from tocsin.promql.tree import Node
    from tocsin.units import Quantity


@dataclass(frozen=True, slots=True)
class Query:
    """One PromQL query of a panel, ready to be written."""

    ref: str
    expr: str
    legend: str


@dataclass(frozen=True, slots=True)
class Step:
    """From this value on, the panel has this colour."""

    value: float | int
    color: str
    is_alert: bool = False


@dataclass(frozen=True, slots=True)
class Look:
    """How a panel shows its values: their unit as Grafana names it, their colours; and where traces are."""

    unit: str
    base_color: str
    steps: tuple[Step, ...]
    traces: Langfuse | Tempo

    @property
    def threshold_steps(self) -> list[dict[str, Any]]:
        return threshold_steps(self.steps, self.base_color)

    @property
    def has_alert(self) -> bool:
        return any(step.is_alert for step in self.steps)


@dataclass(frozen=True, slots=True, eq=False, init=False)
class Panel:
    """A panel that shows indicators. Title, description and unit are the first indicator's, unless stated.

    A kind that does not `ASK` Prometheus shows none. `shows` is the time range, where it is not the dashboard's.
    """

    indicators: tuple[Indicator, ...]
    title: str
    description: str
    width: int | None
    allow: tuple[Silence, ...]
    shows: str
    source: Source = field(repr=False)

    ASKS: ClassVar[bool] = True
    HEIGHT: ClassVar[int] = 8
    INSTANT: ClassVar[bool] = False
    FORMAT: ClassVar[str] = "time_series"

    def __init__(
        self,
        *indicators: Indicator,
        title: str = "",
        description: str = "",
        width: int | None = None,
        allow: tuple[Silence, ...] = (),
        shows: str = "",
    ) -> None:
        first = indicators[0] if indicators and isinstance(indicators[0], Indicator) else None
        if not indicators and self.ASKS:
            raise ValueError(f"a {type(self).__name__} shows an indicator: name one")
        object.__setattr__(self, "indicators", indicators)
        object.__setattr__(self, "title", title or (first.title if first else ""))
        object.__setattr__(self, "description", description or (first.description if first else ""))
        object.__setattr__(self, "width", width)
        object.__setattr__(self, "allow", allow)
        object.__setattr__(self, "shows", shows)
        object.__setattr__(self, "source", here())

    def settled(self, threshold: Callable[[Indicator], Quantity]) -> Panel:  # noqa: ARG002
        """The panel with what it takes from alerts; `threshold` is that of the alerts on an indicator."""
        return self

    def arranged(self, node: Node) -> Node:
        """The expression as this kind of panel asks for it."""
        return node

    @property
    def settings(self) -> tuple[object, ...]:
        """What else makes this panel look otherwise than others of its kind."""
        return ()

    @abstractmethod
    def grafana(self, look: Look) -> Any:
        """The grafanalib panel. What it asks, its title and its place are added by the dashboard."""


def threshold_steps(steps: tuple[Step, ...], base_color: str) -> list[dict[str, Any]]:
    """Colours as Grafana has them, the lowest first."""
    lowest: list[dict[str, Any]] = [{"color": base_color, "value": None}]
    return lowest + [{"color": step.color, "value": step.value} for step in steps]


def reduced(by: str) -> dict[str, Any]:
    """How a panel that shows one number a series gets it from the series."""
    return {"calcs": [by], "fields": "", "values": False}
