"""Panels: words, queries, places on the grid, legends, and the form of what they ask for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from tocsin.display import GRAFANA_UNITS, grafana_unit
from tocsin.findings import Finding, Severity
from tocsin.metrics import nearest
from tocsin.promql.types import COUNTERS, Type
from tocsin.reading.values import Dashboard, Panel, Target
from tocsin.subject import PROMETHEUS, Subject, queries

_COLUMNS = 24
_GRAPHS = frozenset({"timeseries", "graph"})
_NUMBERS = frozenset({"timeseries", "graph", "stat", "singlestat", "gauge", "bargauge"})
_WITH_QUERIES = _NUMBERS | {
    *("table", "heatmap", "piechart", "grafana-piechart-panel", "histogram", "barchart"),
    *("xychart", "candlestick", "state-timeline", "status-history"),
}
_LEGEND = re.compile(r"\{\{\s*(\w+)\s*\}\}")
# A table that is made of series over time is one row a sample; these make it one row a series.
_SUMMARIES = frozenset({"reduce", "timeSeriesTable", "groupBy", "joinByField", "seriesToRows", "labelsToFields"}) | {
    *("timeseries_aggregations", "timeseries_to_columns"),
}

# What is made of a series that tells how it changed, and what has another unit than its samples.
_CHANGES = frozenset({"range", "diff", "diffperc", "delta", "step", "count", "changeCount", "distinctCount"})
_COUNTED = frozenset({"diffperc", "count", "changeCount", "distinctCount", "variance", "allIsZero", "allIsNull"})
# What may make other numbers of the answers.
_COMPUTED = frozenset({"calculateField", "groupBy", "reduce", "groupToMatrix", "histogram", "regression"})


def findings_on(subject: Subject, dashboard: Dashboard) -> Iterator[Finding]:
    yield from _places(dashboard)
    for panel in dashboard.panels:
        if not panel.of_library and panel.kind != "row":
            yield from _text(dashboard, panel)
            yield from _queries(dashboard, panel)
    for panel, target in queries(dashboard):
        found = subject.shown(target).type
        yield from _legend(dashboard, panel, target, found)
        yield from _form(dashboard, panel, target, found)
        yield from _unit(dashboard, panel, target, found)


def _found(
    dashboard: Dashboard,
    panel: Panel,
    check: str,
    severity: Severity,
    message: str,
    way_out: str,
    target: Target | None = None,
) -> Finding:
    source = target.source if target is not None else panel.source
    expr = " ".join(target.expr.split()) if target is not None else None
    return Finding(check, severity, message, way_out, source, f"{dashboard.title} / {panel.title}", expr)


def _text(dashboard: Dashboard, panel: Panel) -> Iterator[Finding]:
    missing = []
    if not panel.title.strip() and panel.kind != "text":
        missing.append("title")
    if not panel.description.strip() and panel.kind in _WITH_QUERIES:
        missing.append("description")
    if not panel.unit and panel.kind in _NUMBERS and "unit" not in panel.overrides and not panel.names:
        missing.append("unit")
    if missing:
        last = missing.pop()
        listed = f"{', no '.join(missing)} and no {last}" if missing else last
        yield _found(
            dashboard,
            panel,
            "panel-text",
            Severity.WARNING,
            f"it has no {listed}: who looks at it at night has to guess",
            "say what it shows, what is normal, and in which unit",
        )


def _queries(dashboard: Dashboard, panel: Panel) -> Iterator[Finding]:
    """panel-empty: nothing to show, or two answers of one name."""
    if panel.kind in _WITH_QUERIES and not panel.targets and panel.engine != "-- Dashboard --":
        yield _found(
            dashboard,
            panel,
            "panel-empty",
            Severity.ERROR,
            "it has no query: it shows 'No data' for ever",
            "add a target, or take the panel away",
        )
    elif panel.targets and all(target.engine in PROMETHEUS and not target.expr.strip() for target in panel.targets):
        yield _found(
            dashboard,
            panel,
            "panel-empty",
            Severity.ERROR,
            "its queries are empty: it shows 'No data' for ever",
            "write the query, or take the panel away",
        )
    elif panel.targets and all(target.hidden for target in panel.targets):
        yield _found(
            dashboard,
            panel,
            "panel-empty",
            Severity.WARNING,
            "all of its queries are hidden: it shows 'No data' for ever",
            "show one of them, or take the panel away",
        )
    for ref in _twice(target.ref for target in panel.targets) if len(panel.targets) > 1 else ():
        yield _found(
            dashboard,
            panel,
            "panel-empty",
            Severity.ERROR,
            f"two queries have the refId {ref}: Grafana asks only one of them",
            "give each a refId of its own",
        )


def _twice(values: Iterable[str]) -> list[str]:
    seen: set[str] = set()
    found = []
    for value in values:
        if value and value in seen and value not in found:
            found.append(value)
        seen.add(value)
    return found


def _places(dashboard: Dashboard) -> Iterator[Finding]:
    """panel-empty: ids twice, panels that leave the grid or lie on each other."""
    ids: dict[int, Panel] = {}
    placed: list[Panel] = []
    for panel in dashboard.panels:
        if panel.id and ids.setdefault(panel.id, panel) is not panel:
            yield _found(
                dashboard,
                panel,
                "panel-empty",
                Severity.ERROR,
                f"{ids[panel.id].title or 'another panel'} has the id {panel.id} as well: links and alerts that point "
                "to it show either",
                "give each panel an id of its own",
            )
        grid = panel.grid
        if grid is None or panel.repeat:
            continue
        if grid.x < 0 or grid.x + grid.width > _COLUMNS:
            yield _found(
                dashboard,
                panel,
                "panel-empty",
                Severity.WARNING,
                f"it leaves the grid: from column {grid.x} over {grid.width}, and there are {_COLUMNS}; Grafana moves "
                "it, and what is below",
                f"keep x + w at {_COLUMNS} at most",
            )
        elif (other := next((one for one in placed if _overlap(one, panel)), None)) is not None:
            yield _found(
                dashboard,
                panel,
                "panel-empty",
                Severity.WARNING,
                f"it lies on {other.title or 'another panel'}: Grafana moves one of them away",
                "give each a place of its own",
            )
        placed.append(panel)


def _overlap(one: Panel, other: Panel) -> bool:
    a, b = one.grid, other.grid
    if a is None or b is None or one.row != other.row:
        return False
    return a.x < b.x + b.width and b.x < a.x + a.width and a.y < b.y + b.height and b.y < a.y + a.height


def _legend(dashboard: Dashboard, panel: Panel, target: Target, of: Type) -> Iterator[Finding]:
    named = "{{" in target.legend and target.form != "table"  # whose columns have other names
    for label in dict.fromkeys(_LEGEND.findall(target.legend)) if named else ():
        if not of.labels.misses(label) or label == "__name__":
            continue
        near = nearest(label, of.labels.shown)
        yield _found(
            dashboard,
            panel,
            "legend",
            Severity.ERROR if of.labels.closed else Severity.WARNING,
            f"the legend names {label}, which the result has not: every series is called the same there",
            f"did you mean {{{{{near}}}}}?" if near else f"the labels of the result are {of.labels.listed}",
            target,
        )
    several = of.labels.closed and any(known.cardinality != 1 for known in of.labels.known.values())
    if not target.legend and several and panel.kind in _GRAPHS and not panel.legend_hidden and not target.hidden:
        names = " ".join(f"{{{{{name}}}}}" for name in of.labels.names)
        yield _found(
            dashboard,
            panel,
            "legend",
            Severity.WARNING,
            "it shows several series and has no legend: each is called by all that is known of it",
            f"write legendFormat: {names}",
            target,
        )


def _unit(dashboard: Dashboard, panel: Panel, target: Target, of: Type) -> Iterator[Finding]:
    """unit-mismatch: numbers of one unit, shown as another one."""
    shown = GRAFANA_UNITS.get(panel.unit)
    if shown is None or of.unit is None or of.unit == shown or "unit" in panel.overrides or target.hidden:
        return
    if panel.kind == "heatmap":
        return  # the unit of the axis, which shows the bounds
    if panel.calcs & _COUNTED or panel.transformations & _COMPUTED:
        return
    if of.unit.measures_like(shown):
        factor = of.unit.scale / shown.scale
        wrong = f"{factor if factor >= 1 else 1 / factor} times too {'small' if factor >= 1 else 'large'}"
        way_out = f"set the unit to {grafana_unit(of.unit)}"
    else:
        wrong = f"{shown} of what are {of.unit}"
        way_out = "set the unit of what the query gives" + (
            f": {grafana_unit(of.unit)}" if grafana_unit(of.unit) != "short" else ", or none"
        )
    yield _found(
        dashboard,
        panel,
        "unit-mismatch",
        Severity.ERROR,
        f"the panel's unit is {panel.unit}, and the query gives {of.unit}: it shows {wrong}",
        way_out,
        target,
    )


def _form(dashboard: Dashboard, panel: Panel, target: Target, of: Type) -> Iterator[Finding]:
    """instant-range: an answer of another form than the panel shows."""
    message = way_out = ""
    certain = target.engine in PROMETHEUS
    if panel.kind in ("stat", "singlestat", "gauge", "bargauge") and of.kind in COUNTERS and not panel.calcs & _CHANGES:
        message = "it shows a counter's raw value: how much there was since some restart or other"
        way_out = "show what it grew by: increase(...[$__range]), or its rate"
    elif panel.kind == "table" and certain and not target.instant and not _SUMMARIES & panel.transformations:
        message = "the table asks for samples over time: it shows one row for each of them"
        way_out = "set instant: true and format: table"
    elif panel.kind == "heatmap" and "le" in of.labels.known and target.form != "heatmap":
        message = "the heatmap gets cumulative buckets as if they were series: each one holds all that are below it"
        way_out = "set format: heatmap, and the legend {{le}}"
    if message:
        yield _found(dashboard, panel, "instant-range", Severity.WARNING, message, way_out, target)
