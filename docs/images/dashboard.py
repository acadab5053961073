"""Draws dashboard.svg: how a generated dashboard is laid out. Titles, places, units, thresholds, legends and columns
are the dashboard's own; the grey shapes stand where its data will be.

    python docs/images/dashboard.py        (after `make generate`)
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
SOURCE = HERE.parent.parent / "generated/grafana/dashboards/ai-agents.json"
PICTURE = HERE / "dashboard.svg"

COLUMN, LINE, MARGIN, HEAD = 42, 24, 16, 72
COLORS = {"green": "#73bf69", "orange": "#ff9830", "red": "#f2495c", "blue": "#5794f2", "yellow": "#fade2a"}
SHAPE, SERIES = "#3a4250", ("#8ab8ff", "#b877d9", "#96d98d")
UNITS = {"s": " s", "percentunit": "%", "currencyUSD": " USD", "short": ""}


def text(x: float, y: float, words: str, size: float = 12, color: str = "#ccccdc", **more: str) -> str:
    extra = "".join(f' {name.replace("_", "-")}="{value}"' for name, value in more.items())
    return f'<text x="{x:g}" y="{y:g}" font-size="{size:g}" fill="{color}"{extra}>{escape(words)}</text>'


def box(x: float, y: float, width: float, height: float, fill: str, more: str = "") -> str:
    return f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" fill="{fill}"{more}/>'


def course(seed: int, x: float, y: float, width: float, height: float) -> str:
    """A curve that stands for data."""
    points = []
    for step in range(41):
        angle = step / 40 * math.tau
        level = 0.5 + 0.25 * math.sin(angle * (1 + seed % 3) + seed) + 0.12 * math.sin(angle * 5 + seed)
        points.append(f"{x + width * step / 40:.1f},{y + height * (1 - level):.1f}")
    return " ".join(points)


def threshold_steps(panel: dict[str, Any]) -> list[tuple[float, str]]:
    steps = panel["fieldConfig"]["defaults"]["thresholds"]["steps"]
    return [(step["value"], COLORS.get(step["color"], step["color"])) for step in steps if step["value"] is not None]


def with_unit(value: float, unit: str) -> str:
    return f"{value * 100 if unit == 'percentunit' else value:g}{UNITS.get(unit, '')}"


def stat(panel: dict[str, Any], x: float, y: float, width: float, height: float) -> Iterator[str]:
    yield f'<polygon points="{x:g},{y + height:g} {course(panel["id"], x, y + height * 0.4, width, height * 0.6)} '
    yield f'{x + width:g},{y + height:g}" fill="{SHAPE}"/>'
    defaults = panel["fieldConfig"]["defaults"]
    bounds = ", ".join(with_unit(value, defaults["unit"]) for value, _ in threshold_steps(panel))
    yield text(x, y + 14, f"changes colour at {bounds}" if bounds else "", 11, "#8e9099")


def timeseries(panel: dict[str, Any], x: float, y: float, width: float, height: float) -> Iterator[str]:
    plot = height - 22
    for number in range(4):
        yield box(x, y + plot * number / 3, width, 1, "#22252b")
    left = x
    for number, target in enumerate(panel["targets"]):
        color = SERIES[number % len(SERIES)]
        line = course(panel["id"] + number * 7, x, y + plot * (0.35 + 0.15 * number), width, plot * 0.5)
        yield f'<polyline points="{line}" fill="none" stroke="{SHAPE}" stroke-width="2"/>'
        yield box(left, y + height - 10, 10, 3, color) + text(left + 14, y + height - 5, target["legendFormat"], 10)
        left += 36 + 6 * len(target["legendFormat"])
    steps = threshold_steps(panel)
    for number, (value, color) in enumerate(reversed(steps)):
        level = y + plot * (0.1 + 0.24 * number)
        yield f'<path d="M{x:g} {level:g}h{width:g}" stroke="{color}" stroke-dasharray="8 5"/>'
        yield text(x + 2, level - 3, with_unit(value, panel["fieldConfig"]["defaults"]["unit"]), 10, color)


def heatmap(panel: dict[str, Any], x: float, y: float, width: float, height: float) -> Iterator[str]:
    across, up = 24, 8
    yield text(x + width, y - 15, f"buckets in {panel['options']['yAxis']['unit']}", 11, "#8e9099", text_anchor="end")
    for column in range(across):
        for row in range(up):
            near = math.exp(-((row - 2.5 - math.sin(column / 4)) ** 2) / 3)
            place = (x + column * width / across, y + height - (row + 1) * height / up)
            yield box(*place, width / across - 2, height / up - 2, SHAPE, f' opacity="{0.15 + 0.85 * near:.2f}"')


def bargauge(panel: dict[str, Any], x: float, y: float, width: float, height: float) -> Iterator[str]:
    for number, share in enumerate((1, 0.62, 0.4, 0.18)):
        top = y + number * height / 4
        yield text(x, top + height / 8 + 4, panel["targets"][0]["legendFormat"], 10)
        yield box(x + 84, top + 4, (width - 84) * share, height / 4 - 9, SHAPE, ' rx="2"')


def table(panel: dict[str, Any], x: float, y: float, width: float, height: float) -> Iterator[str]:
    overrides = {one["matcher"]["options"]: one["properties"] for one in panel["fieldConfig"]["overrides"]}
    ids = {name: {one["id"] for one in properties} for name, properties in overrides.items()}
    columns = [one["text"] for one in panel["targets"][0].get("columns", ())]
    columns = [name for name in columns if "custom.hidden" not in ids.get(name, ())]
    for number, name in enumerate(columns):
        left, room = x + number * width / len(columns), width / len(columns) - 8
        links = "links" in ids.get(name, ())
        yield text(left, y + 10, name, 11, "#6e9fff" if links else "#ccccdc", font_weight="600")
        for line in range(1, int(height // 22)):
            yield box(left, y + 22 * line, room, 7, "#33507f" if links else SHAPE, ' rx="3"')


KINDS = {"stat": stat, "timeseries": timeseries, "heatmap": heatmap, "bargauge": bargauge, "table": table}


def drawn_panel(panel: dict[str, Any]) -> Iterator[str]:
    grid = panel["gridPos"]
    x, y = MARGIN + grid["x"] * COLUMN, HEAD + grid["y"] * LINE
    width, height = grid["w"] * COLUMN - 8, grid["h"] * LINE - 8
    if panel["type"] == "row":
        yield text(x, y + 16, f"⌄ {panel['title']}", 14, font_weight="600")
        return
    yield box(x, y, width, height, "#181b1f", ' stroke="#2c2f36" rx="3"')
    yield text(x + 10, y + 19, panel["title"], 13, font_weight="500")
    if panel["links"]:
        yield text(x + width - 10, y + 19, "runbook ↗", 11, "#6e9fff", text_anchor="end")
    yield from KINDS[panel["type"]](panel, x + 10, y + 34, width - 20, height - 44)


def picture(dashboard: dict[str, Any]) -> str:
    """The dashboard's layout as SVG."""
    width = 24 * COLUMN + 2 * MARGIN - 8
    bottom = max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in dashboard["panels"])
    height = HEAD + bottom * LINE + MARGIN - 8
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        'font-family="Inter, system-ui, Segoe UI, Helvetica, Arial, sans-serif">',
        box(0, 0, width, height, "#111217", ' rx="8"'),
        text(MARGIN, 28, dashboard["title"], 18, font_weight="600"),
    ]
    left = MARGIN
    for variable in dashboard["templating"]["list"]:
        parts.append(box(left, 40, 116, 22, "#181b1f", ' stroke="#2c2f36" rx="3"'))
        parts.append(text(left + 8, 55, f"{variable['label']} ⌄", 11))
        left += 124
    for panel in dashboard["panels"]:
        parts.extend(drawn_panel(panel))
    return "\n".join([*parts, "</svg>", ""])


if __name__ == "__main__":
    PICTURE.write_text(picture(json.loads(SOURCE.read_text(encoding="utf-8"))), encoding="utf-8")
