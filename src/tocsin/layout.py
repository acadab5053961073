"""Where panels stand: rows of equal height on Grafana's grid of 24 columns."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from tocsin.model.dashboard import Dashboard, Row
from tocsin.panels.panel import Panel

COLUMNS = 24
_LINE = 6
_NARROWEST = COLUMNS // _LINE


@dataclass(frozen=True, slots=True)
class Place:
    """A panel (or a row's heading) with its id and its place on the grid."""

    of: Panel | Row
    id: int
    x: int
    y: int
    width: int
    height: int


def placed_panels(dashboard: Dashboard) -> Iterator[Place]:
    """Every row's heading and panel, in reading order.

    An id is made of the titles, so that it stays when panels come or go around it.
    """
    taken: set[int] = set()
    y = 0
    for row in dashboard.rows:
        yield Place(row, _free_id(row.title, taken), 0, y, COLUMNS, 1)
        y += 1
        for line in _lines(row.panels):
            height = max(panel.HEIGHT for panel in line)
            x = 0
            for panel, width in zip(line, _widths(line), strict=True):
                yield Place(panel, _free_id(f"{row.title}\n{panel.title}", taken), x, y, width, height)
                x += width
            y += height


def _free_id(text: str, taken: set[int]) -> int:
    number = zlib.crc32(text.encode()) % 99_991 + 1
    while number in taken:
        number += 1
    taken.add(number)
    return number


def _lines(panels: tuple[Panel, ...]) -> Iterator[list[Panel]]:
    line: list[Panel] = []
    taken = 0
    for panel in panels:
        needed = panel.width or _NARROWEST
        if line and (len(line) == _LINE or taken + needed > COLUMNS):
            yield line
            line, taken = [], 0
        line.append(panel)
        taken += needed
    if line:
        yield line


def _widths(line: list[Panel]) -> list[int]:
    open_panels = sum(1 for panel in line if panel.width is None)
    if not open_panels:
        return [panel.width or 0 for panel in line]
    free = COLUMNS - sum(panel.width or 0 for panel in line)
    share, rest = divmod(free, open_panels)
    widths = []
    for panel in line:
        if panel.width is not None:
            widths.append(panel.width)
        else:
            widths.append(share + (1 if rest > 0 else 0))
            rest -= 1
    return widths
