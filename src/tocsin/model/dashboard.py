"""Dashboards: rows of panels, with the labels to choose by."""

from __future__ import annotations

from dataclasses import dataclass, field

from tocsin.metrics import Label
from tocsin.model.silence import Silence
from tocsin.panels.panel import Panel
from tocsin.source import Source, here


@dataclass(frozen=True, slots=True, eq=False, init=False)
class Row:
    """Panels that stand side by side, as many to a line as fit; all of them as high as the highest."""

    title: str
    panels: tuple[Panel, ...]
    source: Source = field(repr=False)

    def __init__(self, title: str, *panels: Panel) -> None:
        object.__setattr__(self, "title", title)
        object.__setattr__(self, "panels", panels)
        object.__setattr__(self, "source", here())


@dataclass(frozen=True, slots=True, eq=False)
class Dashboard:
    """What people look at. `variables` are labels: every panel whose series have them can be narrowed by them."""

    title: str
    uid: str = field(kw_only=True)
    rows: tuple[Row, ...] = field(kw_only=True)
    variables: tuple[Label, ...] = field(default=(), kw_only=True)
    description: str = field(default="", kw_only=True)
    tags: tuple[str, ...] = field(default=(), kw_only=True)
    shows: str = field(default="6h", kw_only=True)
    refresh: str = field(default="30s", kw_only=True)
    allow: tuple[Silence, ...] = field(default=(), kw_only=True)
    source: Source = field(default_factory=here, kw_only=True, repr=False)

    @property
    def panels(self) -> tuple[Panel, ...]:
        return tuple(panel for row in self.rows for panel in row.panels)
