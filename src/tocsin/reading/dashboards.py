"""Grafana's dashboards in the classic schema, old rows and today's panels alike."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from tocsin.reading.fields import as_text, flag, items, mapping, mappings, number, text, whole
from tocsin.reading.located import Located, Place
from tocsin.reading.values import Dashboard, Grid, Panel, Target, Variable

_MENTIONED = (re.compile(rb"\$\{?(\w+)"), re.compile(rb"\[\[(\w+)"))
_VARIABLE = re.compile(r"\$(?:\{(\w+)(?::\w+)?\}|(\w+))|\[\[(\w+)\]\]")
_HINTS = ("loki", "tempo", "cloudwatch", "elastic", "prometheus")
_BUILT_IN = frozenset({"-- Grafana --", "grafana", "-- Dashboard --", "-- Mixed --", "__expr__"})


def is_dashboard(value: Any) -> bool:
    """Whether it looks like a dashboard in the classic schema."""
    if not isinstance(value, dict):
        return False
    has_panels = isinstance(value.get("panels"), list) or isinstance(value.get("rows"), list)
    return has_panels and ("title" in value or "schemaVersion" in value or "templating" in value)


def dashboard(document: Located, value: dict[str, Any]) -> Dashboard:
    """The dashboard. `document` is what it stands in, alone or not."""
    engines = _engines(value)
    panels = tuple(_panels(document, value, engines))
    variables = tuple(_variables(document, value, engines))
    return Dashboard(
        text(value, "title"),
        Place(document, value, "title"),
        text(value, "uid"),
        panels,
        variables,
        frozenset(text(one, "name") for one in mappings(value, "__inputs")),
        _mentions(document, value) | {panel.repeat for panel in panels if panel.repeat},
        any(flag(link.get("includeVars")) for link in mappings(value, "links")),
        tuple(_marks(document, value, engines)),
    )


def _marks(document: Located, value: dict[str, Any], engines: Mapping[str, str]) -> Iterator[Target]:
    for one in mappings(mapping(value, "annotations"), "list"):
        query = one if text(one, "expr") else mapping(one, "target")
        if text(query, "expr"):
            name, engine = _source(one, engines)
            yield Target(text(one, "name"), text(query, "expr"), Place(document, query, "expr"), "", name, engine)


def _mentions(document: Located, value: dict[str, Any]) -> frozenset[str]:
    raw = document.text or repr(value).encode()
    return frozenset(name.decode() for pattern in _MENTIONED for name in set(pattern.findall(raw)))


def _engines(value: dict[str, Any]) -> Mapping[str, str]:
    """What `${name}` is where a data source stands: the type of the variable's or input's plug-in."""
    inputs = {text(one, "name"): text(one, "pluginId") for one in mappings(value, "__inputs")}
    variables = {
        text(one, "name"): text(one, "query")
        for one in mappings(mapping(value, "templating"), "list")
        if text(one, "type") == "datasource"
    }
    return {**inputs, **variables}


def _source(of: dict[str, Any], engines: Mapping[str, str]) -> tuple[str, str]:
    """A data source as it is named, and the type of its plug-in where that can be told."""
    value = of.get("datasource")
    if isinstance(value, dict):
        name, engine = text(value, "uid"), text(value, "type")
    else:
        name, engine = as_text(value), ""
    if not engine and (found := _VARIABLE.fullmatch(name)):
        engine = engines.get(found[1] or found[2] or found[3], "")
    if name in _BUILT_IN:
        engine = name
    # Only a hint, but one that keeps LogQL from being read as PromQL.
    return name, engine or next((hint for hint in _HINTS if hint in name.lower()), "")


def _panels(document: Located, value: dict[str, Any], engines: Mapping[str, str]) -> Iterator[Panel]:
    for panel in mappings(value, "panels"):
        yield _panel(document, panel, engines, None)
        for inner in mappings(panel, "panels"):
            yield _panel(document, inner, engines, whole(panel.get("id")) or 0)
    for row in mappings(value, "rows"):
        for panel in mappings(row, "panels"):
            yield _panel(document, panel, engines, None)


def _panel(document: Located, panel: dict[str, Any], engines: Mapping[str, str], row: int | None) -> Panel:
    fields = mapping(panel, "fieldConfig")
    defaults = mapping(fields, "defaults")
    options = mapping(panel, "options")
    legend = mapping(options, "legend")
    reduced = mapping(options, "reduceOptions")
    name, engine = _source(panel, engines)
    return Panel(
        whole(panel.get("id")),
        text(panel, "title"),
        text(panel, "type"),
        Place(document, panel),
        text(panel, "description"),
        text(defaults, "unit") or _old_unit(panel),
        name,
        engine,
        tuple([_target(document, target, engines, name, engine) for target in mappings(panel, "targets")]),
        _grid(mapping(panel, "gridPos")),
        _steps(defaults),
        text(panel, "repeat"),
        row,
        "libraryPanel" in panel,
        _overridden(fields),
        flag(legend.get("showLegend")) is False or text(legend, "displayMode") == "hidden",
        _transformations(panel),
        frozenset(map(as_text, items(reduced, "calcs"))) or frozenset({text(panel, "valueName")}) - {""} or _NONE,
        bool(text(reduced, "fields")) or text(options, "textMode") == "name",
    )


def _old_unit(panel: dict[str, Any]) -> str:
    """The unit of a panel from before there were field options."""
    axes = items(panel, "yaxes")
    return text(axes[0], "format") if axes and isinstance(axes[0], dict) else text(panel, "format")


def _overridden(fields: dict[str, Any]) -> frozenset[str]:
    overrides = mappings(fields, "overrides")
    if not overrides:
        return _NONE
    return frozenset(text(one, "id") for override in overrides for one in mappings(override, "properties"))


def _transformations(panel: dict[str, Any]) -> frozenset[str]:
    """What is done with the answers; panels from before there were transformations had one `transform`."""
    found = [text(panel, "transform"), *(text(one, "id") for one in mappings(panel, "transformations"))]
    return frozenset(found) - {""} if any(found) else _NONE


_NONE: frozenset[str] = frozenset()


def _steps(defaults: dict[str, Any]) -> tuple[float, ...]:
    thresholds = mapping(defaults, "thresholds")
    if text(thresholds, "mode") == "percentage":
        return ()
    values = [number(step.get("value")) for step in mappings(thresholds, "steps")]
    return tuple([value for value in values if value is not None])


def _grid(place: dict[str, Any]) -> Grid | None:
    width, height = whole(place.get("w")), whole(place.get("h"))
    if width is None or height is None:
        return None
    return Grid(whole(place.get("x")) or 0, whole(place.get("y")) or 0, width, height)


def _target(
    document: Located, target: dict[str, Any], engines: Mapping[str, str], of_panel: str, its_engine: str
) -> Target:
    name, engine = _source(target, engines)
    if not name:
        # A target without a data source has its panel's; in a mixed one it has the default.
        name, engine = (of_panel, its_engine) if of_panel != "-- Mixed --" else ("", engine)
    instant = flag(target.get("instant"))
    if instant is None and (ranged := flag(target.get("range"))) is not None:
        instant = not ranged
    return Target(
        text(target, "refId"),
        text(target, "expr"),
        Place(document, target, "expr"),
        text(target, "legendFormat"),
        name,
        engine,
        instant,
        text(target, "format"),
        flag(target.get("hide")) is True,
    )


def _variables(document: Located, value: dict[str, Any], engines: Mapping[str, str]) -> Iterator[Variable]:
    for one in mappings(mapping(value, "templating"), "list"):
        name, engine = _source(one, engines)
        query = one.get("query")
        current = mapping(one, "current").get("value")
        yield Variable(
            text(one, "name"),
            text(one, "type"),
            Place(document, one, "name"),
            text(query, "query") if isinstance(query, dict) else as_text(query),
            name,
            engine,
            _refresh(one),
            flag(one.get("multi")) is True,
            flag(one.get("includeAll")) is True,
            text(one, "allValue"),
            tuple(as_text(item) for item in (current if isinstance(current, list) else [current]) if item),
        )


def _refresh(variable: dict[str, Any]) -> int | None:
    value = variable.get("refresh")
    said = flag(value)
    return int(said) if said is not None else whole(value)
