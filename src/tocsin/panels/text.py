"""Words on a dashboard: a checklist, what to do next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from tocsin.panels.panel import Look, Panel


@dataclass(frozen=True, slots=True, eq=False, init=False)
class Text(Panel):
    """A page of Markdown."""

    markdown: str

    ASKS: ClassVar[bool] = False

    def __init__(self, markdown: str, *, title: str, description: str, width: int | None = None) -> None:
        Panel.__init__(self, title=title, description=description, width=width)
        object.__setattr__(self, "markdown", markdown)

    @property
    def settings(self) -> tuple[object, ...]:
        return (self.markdown,)

    def grafana(self, look: Look) -> Any:  # noqa: ARG002
        from grafanalib import core

        return core.Text(content=self.markdown, mode="markdown")
