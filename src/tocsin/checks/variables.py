"""Dashboards' variables and data sources: defined, used, alive, and applied where they could be."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from tocsin.checks.variable_queries import labels_of, offered_label
from tocsin.findings import Finding, Severity
from tocsin.metrics import nearest
from tocsin.reading.values import Dashboard, HasSource, Panel, Target, Variable
from tocsin.subject import PROMETHEUS, Subject, may_be_promql

_USED = re.compile(r"\$(?:\{([A-Za-z_]\w*)|([A-Za-z_]\w*))|\[\[([A-Za-z_]\w*)(?::\w+)?\]\]")
# Those of Grafana itself, and of versions before it wrote two underscores.
_BUILT_IN = frozenset({"timeFilter", "interval", "timeFrom", "timeTo"})
_NAMED_GROUP = re.compile(r"\(\?P?<(\w+)>")
_STATIC = frozenset({"datasource", "adhoc", "groupby", "system"})
# Grafana puts them into every query itself.
_PUT_IN = frozenset({"adhoc", "groupby"})
_SOURCE = re.compile(r"\$|\[\[")


def findings_on(subject: Subject, dashboard: Dashboard) -> Iterator[Finding]:
    defined = {variable.name for variable in dashboard.variables} | dashboard.inputs
    for variable in dashboard.variables:
        yield from _undefined(dashboard, variable.query, variable, variable.name, defined)
        yield from _no_source(dashboard, variable.datasource, variable, variable.name, defined)
        yield from _unused(dashboard, variable)
        yield from _fixed(dashboard, variable.name, variable)
    for panel in dashboard.panels:
        yield from _of_panel(subject, dashboard, panel, defined)


def _of_panel(subject: Subject, dashboard: Dashboard, panel: Panel, defined: set[str]) -> Iterator[Finding]:
    name = f"{dashboard.title} / {panel.title}"
    fixed = False
    if panel.repeat:
        yield from _undefined(dashboard, f"${panel.repeat}", panel, name, defined)
    for text in dict.fromkeys([panel.title, *[target.legend for target in panel.targets]]):
        if _names_variables(text):
            yield from _printed(dashboard, text, panel, name, defined)
    for datasource in dict.fromkeys([panel.datasource, *[target.datasource for target in panel.targets]]):
        if _names_variables(datasource):
            yield from _no_source(dashboard, datasource, panel, name, defined)
    for target in panel.targets:
        if may_be_promql(target):
            if _names_variables(target.expr):
                yield from _undefined(dashboard, target.expr, target, name, defined)
            if not fixed:
                found = list(_fixed(dashboard, name, target))
                fixed = bool(found)
                yield from found
            yield from _ignored(subject, dashboard, target, name)


def _names_variables(text: str) -> bool:
    """Whether a text may name any but Grafana's own: most do not."""
    return text.count("$") > text.count("$__") + text.count("${__") or "[[" in text


def _used_in(text: str) -> frozenset[str]:
    return _named_in(text) if _names_variables(text) else frozenset()


@lru_cache(maxsize=1024)
def _named_in(text: str) -> frozenset[str]:
    groups = set(_NAMED_GROUP.findall(text))
    found = (braced or bare or old for braced, bare, old in _USED.findall(text))
    return frozenset(name for name in found if name not in groups and not name.startswith("__"))


def _undefined(dashboard: Dashboard, text: str, of: HasSource, name: str, defined: set[str]) -> Iterator[Finding]:
    for used in sorted(_used_in(text) - defined - _BUILT_IN):
        near = nearest(used, defined)
        yield Finding(
            "variable-undefined",
            Severity.ERROR,
            f"${used} is no variable of {dashboard.title}: it is sent as it stands, and the query finds nothing",
            f"did you mean ${near}?" if near else "add the variable to the dashboard",
            of.source,
            name,
            " ".join(text.split()),
        )


def _printed(dashboard: Dashboard, text: str, of: HasSource, name: str, defined: set[str]) -> Iterator[Finding]:
    """Titles and legends: a dollar sign may be meant as one, unless what follows is nearly a variable."""
    for used in sorted(_used_in(text) - defined - _BUILT_IN):
        near = nearest(used, defined, alike=0.7)
        if near is not None:
            yield Finding(
                "variable-undefined",
                Severity.WARNING,
                f"${used} is no variable of {dashboard.title}: it is shown as it stands",
                f"did you mean ${near}?",
                of.source,
                name,
                text,
            )


def _no_source(dashboard: Dashboard, text: str, of: HasSource, name: str, defined: set[str]) -> Iterator[Finding]:
    for used in sorted(_used_in(text) - defined):
        near = nearest(used, {one.name for one in dashboard.variables if one.kind == "datasource"})
        yield Finding(
            "variable-undefined",
            # Names of an import, which whoever deploys it may fill in.
            Severity.WARNING if used.startswith("DS_") else Severity.ERROR,
            f"${used} is no variable of {dashboard.title}: Grafana finds no data source of that name",
            f"did you mean ${near}?" if near else "add a variable of type datasource, and take that",
            of.source,
            name,
            text,
        )


def _unused(dashboard: Dashboard, variable: Variable) -> Iterator[Finding]:
    if variable.name in dashboard.mentions or variable.kind in _PUT_IN or dashboard.hands_on:
        return
    yield Finding(
        "variable-unused",
        Severity.INFO,
        f"nothing on {dashboard.title} uses ${variable.name}: who chooses a value sees no change",
        f"use it: {_use_of(variable)}, or take it away",
        variable.source,
        variable.name,
    )


def _use_of(variable: Variable) -> str:
    if variable.kind == "datasource":
        return f"${{{variable.name}}} as the data source of its panels"
    if variable.kind == "interval":
        return f"[${variable.name}]"
    label = offered_label(variable)
    return f'{label}=~"${variable.name}"' if label else f"${variable.name}"


def _fixed(dashboard: Dashboard, name: str, of: Target | Variable) -> Iterator[Finding]:
    """datasource-fixed: a dashboard that works for one Prometheus only."""
    if of.engine in PROMETHEUS and of.datasource and not _SOURCE.search(of.datasource) and of.datasource != "default":
        variable = next((one.name for one in dashboard.variables if one.kind == "datasource"), None)
        yield Finding(
            "datasource-fixed",
            Severity.WARNING,
            f"it asks {of.datasource} whatever is chosen: on another Grafana it finds no data source",
            f"take the variable: ${{{variable}}}" if variable else "add a variable of type datasource, and take that",
            of.source,
            name,
        )


def _ignored(subject: Subject, dashboard: Dashboard, target: Target, name: str) -> Iterator[Finding]:
    """variable-ignored: a choice that this panel does not follow, though its series could."""
    analysis = subject.shown(target)
    known = [labels_of(subject, series) for series in analysis.series]
    if not known or any(labels is None or not labels.closed for labels in known):
        return
    used = _used_in(target.expr)
    for variable in dashboard.variables:
        label = offered_label(variable)
        if not label or variable.name in used or variable.kind in _STATIC:
            continue
        matched = re.search(rf"\b{label}\s*(?:=|!)", target.expr)  # narrowed already, by another hand
        if all(labels is not None and label in labels.known for labels in known) and not matched:
            yield Finding(
                "variable-ignored",
                Severity.WARNING,
                f"${variable.name} does not narrow it, though all of its series have the label {label}: it shows all "
                f"while the panels beside it show one",
                f'add {label}=~"${variable.name}" to each selector',
                target.source,
                name,
                " ".join(target.expr.split()),
            )
