"""Dashboards' variables and data sources: defined, used, alive, and applied where they could be."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tocsin.findings import Finding, Severity
from tocsin.metrics import nearest
from tocsin.promql.infer import analyse, recorded_type
from tocsin.promql.labels import LabelSet
from tocsin.promql.selectors import compiled
from tocsin.promql.world import SYNTHETIC
from tocsin.reading.values import Dashboard, Panel, Target, Variable
from tocsin.source import Source
from tocsin.subject import PROMETHEUS, Subject, may_be_promql, queries

_USED = re.compile(r"\$(?:\{([A-Za-z_]\w*)|([A-Za-z_]\w*))|\[\[([A-Za-z_]\w*)(?::\w+)?\]\]")
_LABEL_VALUES = re.compile(r"\s*label_values\s*\(\s*(?:(?P<selector>.+),\s*)?(?P<label>\w+)\s*\)\s*\Z", re.DOTALL)
_ASKED = re.compile(
    r"\s*(?:label_values\s*\(\s*(?P<selector>.+),\s*\w+|query_result\s*\(\s*(?P<expr>.+?))\s*\)\s*\Z", re.DOTALL
)
_METRIC = re.compile(r"\s*([a-zA-Z_:][\w:]*)")
_SELECTOR = re.compile(r"(?P<metric>[a-zA-Z_:][\w:]*)\s*\{(?P<matchers>(?:[^\"}]|\"(?:\\.|[^\"\\])*\")*)\}")
_BY_VARIABLE = re.compile(r"(?P<label>\w+)\s*=~\s*\"(?:\$\{(\w+)(?::\w+)?\}|\$(\w+)|\[\[(\w+)(?::\w+)?\]\])\"")
# Those of Grafana itself, and of versions before it wrote two underscores.
_BUILT_IN = frozenset({"timeFilter", "interval", "timeFrom", "timeTo"})
_NAMED_GROUP = re.compile(r"\(\?P?<(\w+)>")
_STATIC = frozenset({"datasource", "adhoc", "system"})
_SOURCE = re.compile(r"\$|\[\[")


def findings_on(subject: Subject, dashboard: Dashboard) -> Iterator[Finding]:
    defined = {variable.name for variable in dashboard.variables} | dashboard.inputs
    for variable in dashboard.variables:
        yield from _undefined(dashboard, variable.query, variable.source, variable.name, defined)
        yield from _unused(dashboard, variable)
        yield from _query(subject, variable)
        yield from _dropping(subject, dashboard, variable)
        yield from _fixed(dashboard, variable.name, variable.source, variable)
    for panel in dashboard.panels:
        yield from _of_panel(subject, dashboard, panel, defined)


def _of_panel(subject: Subject, dashboard: Dashboard, panel: Panel, defined: set[str]) -> Iterator[Finding]:
    name = f"{dashboard.title} / {panel.title}"
    fixed = False
    if panel.repeat:
        yield from _undefined(dashboard, f"${panel.repeat}", panel.source, name, defined)
    for target in panel.targets:
        if may_be_promql(target):
            yield from _undefined(dashboard, target.expr, target.source, name, defined)
            if not fixed:
                found = list(_fixed(dashboard, name, target.source, target))
                fixed = bool(found)
                yield from found
            yield from _ignored(subject, dashboard, target, name)


def _used_in(text: str) -> frozenset[str]:
    if "$" not in text and "[[" not in text:
        return frozenset()
    groups = set(_NAMED_GROUP.findall(text))
    found = (braced or bare or old for braced, bare, old in _USED.findall(text))
    return frozenset(name for name in found if name not in groups and not name.startswith("__"))


def _undefined(dashboard: Dashboard, text: str, source: Source, name: str, defined: set[str]) -> Iterator[Finding]:
    for used in sorted(_used_in(text) - defined - _BUILT_IN):
        near = nearest(used, defined)
        yield Finding(
            "variable-undefined",
            Severity.ERROR,
            f"${used} is no variable of {dashboard.title}: it is sent as it stands, and the query finds nothing",
            f"did you mean ${near}?" if near else "add the variable to the dashboard",
            source,
            name,
            " ".join(text.split()),
        )


def _unused(dashboard: Dashboard, variable: Variable) -> Iterator[Finding]:
    if variable.name in dashboard.mentions or variable.kind == "adhoc" or dashboard.hands_on:
        return
    yield Finding(
        "variable-unused",
        Severity.INFO,
        f"nothing on {dashboard.title} uses ${variable.name}: who chooses a value sees no change",
        f'use it: {variable.name}=~"${variable.name}", or take it away',
        variable.source,
        variable.name,
    )


@dataclass(frozen=True, slots=True)
class _Offered:
    """What a query variable offers: the values of a label, of a metric's series where one is named."""

    label: str
    metric: str


def _offered(variable: Variable) -> _Offered | None:
    found = _LABEL_VALUES.match(variable.query) if variable.kind == "query" else None
    if found is None:
        return None
    metric = _METRIC.match(found["selector"] or "")
    return _Offered(found["label"], metric[1] if metric else "")


def _query(subject: Subject, variable: Variable) -> Iterator[Finding]:
    if variable.kind != "query" or (variable.engine and variable.engine not in PROMETHEUS):
        return
    offered = _offered(variable)
    if offered is not None and offered.metric and "$" not in offered.metric:
        yield from _known(subject, variable, offered)
    elif offered is not None and not offered.metric:
        yield from _anywhere(subject, variable, offered.label)
    yield from _asked(subject, variable)
    if variable.refresh == 1:
        yield Finding(
            "variable-query",
            Severity.INFO,
            f"${variable.name} is refreshed when the dashboard is opened: it does not follow the time range",
            "set refresh: 2, on time range change",
            variable.source,
            variable.name,
            variable.query or None,
        )
    elif not variable.refresh:
        yield Finding(
            "variable-query",
            Severity.WARNING,
            f"${variable.name} is never refreshed: it offers what there was when the dashboard was saved",
            "set refresh: 2, on time range change",
            variable.source,
            variable.name,
            variable.query or None,
        )


def _known(subject: Subject, variable: Variable, offered: _Offered) -> Iterator[Finding]:
    world = subject.world
    metric, label = offered.metric, offered.label
    labels = _labels(subject, metric)
    if labels is None:
        if world.closed and metric not in SYNTHETIC and metric not in world.histograms:
            near = nearest(metric, [*world.series, *world.recordings])
            yield _broken(
                variable,
                f"nothing exports or records {metric}: ${variable.name} offers nothing",
                f"did you mean {near}?" if near else "name a series that a catalog has",
            )
        return
    if not labels.may_have(label) and label != "__name__":
        near = nearest(label, labels.names)
        yield _broken(
            variable,
            f"{metric} has no label {label}: ${variable.name} offers nothing",
            f"did you mean {near}?" if near else f"its labels are {', '.join(labels.names) or 'none'}",
        )


def _anywhere(subject: Subject, variable: Variable, label: str) -> Iterator[Finding]:
    """A label without a metric: one that no series has."""
    world = subject.world
    names = {*world.series, *world.recordings} if world.closed else ()
    known = [labels for labels in (_labels(subject, name) for name in names) if labels is not None]
    if known and label != "__name__" and not any(labels.may_have(label) for labels in known):
        near = nearest(label, {name for labels in known for name in labels.known})
        yield _broken(
            variable,
            f"no series has the label {label}: ${variable.name} offers nothing",
            f"did you mean {near}?" if near else "choose by a label that series have",
        )


def _asked(subject: Subject, variable: Variable) -> Iterator[Finding]:
    """The selector or the query that a variable is made of."""
    found = _ASKED.match(variable.query)
    if found is None:
        return
    # The metric of a selector is looked up already, with the label.
    told = {"label-unknown", "label-value"} | ({"metric-unknown"} if found["expr"] else set())
    for fault in analyse(found["selector"] or found["expr"], subject.world).faults:
        if fault.severity is Severity.ERROR and fault.id in told:
            yield _broken(variable, f"{fault.message}: ${variable.name} offers nothing", fault.help)


def _broken(variable: Variable, message: str, way_out: str) -> Finding:
    source, name, query = variable.source, variable.name, variable.query
    return Finding("variable-query", Severity.ERROR, message, way_out, source, name, query)


def _dropping(subject: Subject, dashboard: Dashboard, variable: Variable) -> Iterator[Finding]:
    """variable-query: an `All` that stands for a list of values, or for any value, and not for none."""
    everything = compiled(variable.all_value)
    if not variable.include_all or everything is None or (variable.all_value and everything.fullmatch("")):
        return
    for panel, target in queries(dashboard):
        for metric, label in _narrowed(target, variable.name) if variable.name in target.expr else ():
            labels = _labels(subject, metric)
            known = labels.get(label) if labels is not None else None
            if known is not None and known.optional:
                yield Finding(
                    "variable-query",
                    Severity.WARNING,
                    f"some series of {metric} have no label {label}: with All chosen, {panel.title or 'a panel'} drops "
                    "them, and shows less than all",
                    'set allValue: ".*", which matches series without the label too',
                    variable.source,
                    variable.name,
                    " ".join(target.expr.split()),
                )
                return


def _narrowed(target: Target, variable: str) -> Iterator[tuple[str, str]]:
    """The metrics that a variable narrows in a query, each with the label that it is about."""
    for selector in _SELECTOR.finditer(target.expr):
        for matcher in _BY_VARIABLE.finditer(selector["matchers"]):
            if variable in matcher.groups() and len(re.findall(rf"\b{matcher['label']}\b\s*[=!]", selector[0])) == 1:
                yield selector["metric"], matcher["label"]


def _labels(subject: Subject, metric: str) -> LabelSet | None:
    world = subject.world
    if metric in world.series:
        return world.exported_type(metric).labels
    return recorded_type(world, metric).labels if metric in world.recordings else None


def _fixed(dashboard: Dashboard, name: str, source: Source, of: Target | Variable) -> Iterator[Finding]:
    """datasource-fixed: a dashboard that works for one Prometheus only."""
    if of.engine in PROMETHEUS and of.datasource and not _SOURCE.search(of.datasource) and of.datasource != "default":
        variable = next((one.name for one in dashboard.variables if one.kind == "datasource"), None)
        yield Finding(
            "datasource-fixed",
            Severity.WARNING,
            f"it asks {of.datasource} whatever is chosen: on another Grafana it finds no data source",
            f"take the variable: ${{{variable}}}" if variable else "add a variable of type datasource, and take that",
            source,
            name,
        )


def _ignored(subject: Subject, dashboard: Dashboard, target: Target, name: str) -> Iterator[Finding]:
    """variable-ignored: a choice that this panel does not follow, though its series could."""
    analysis = subject.shown(target)
    known = [_labels(subject, series) for series in analysis.series]
    if not known or any(labels is None or not labels.closed for labels in known):
        return
    used = _used_in(target.expr)
    for variable in dashboard.variables:
        offered = _offered(variable)
        if offered is None or variable.name in used or variable.kind in _STATIC:
            continue
        label = offered.label
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
