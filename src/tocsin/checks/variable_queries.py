"""What dashboards' query variables ask of Prometheus, and whether they get an answer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from tocsin.findings import Finding, Severity
from tocsin.metrics import nearest
from tocsin.promql.infer import analyse, recorded_type
from tocsin.promql.labels import LabelSet
from tocsin.promql.matched import compiled
from tocsin.promql.parse import PromQLError, tree_of
from tocsin.promql.tree import Select
from tocsin.promql.world import AMBIENT
from tocsin.reading.values import Dashboard, Target, Variable
from tocsin.subject import PROMETHEUS, Subject, queries

_FORM = re.compile(
    r"\s*(?P<form>label_names|label_values|metrics|query_result)\s*\(\s*(?P<inner>.*?)\s*\)\s*\Z", re.DOTALL
)
_LABEL = re.compile(r"(?:(?P<selector>.+),\s*)?(?P<label>\w+|\$\w+|\$\{\w+[^}]*\}|\[\[\w+[^\]]*\]\])", re.DOTALL)
_CALLED = re.compile(r"\s*(?P<name>\w+)\s*\(")
_FORMS = ("label_names", "label_values", "metrics", "query_result")
_METRIC = re.compile(r"\s*([a-zA-Z_:][\w:]*)")
_SELECTOR = re.compile(r"(?P<metric>[a-zA-Z_:][\w:]*)\s*\{(?P<matchers>(?:[^\"}]|\"(?:\\.|[^\"\\])*\")*)\}")
_BY_VARIABLE = re.compile(r"(?P<label>\w+)\s*=~\s*\"(?:\$\{(\w+)(?::\w+)?\}|\$(\w+)|\[\[(\w+)(?::\w+)?\]\])\"")
_VARIABLE = re.compile(r"\$|\[\[")
# With these faults a query has no answer; what is wrong with its values is no matter.
_EMPTY = frozenset(
    {"syntax", "metric-unknown", "label-unknown", "label-value", "join-empty", "join-many", "le-missing"}
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a query asks: `of` a selector, an expression or a pattern of names, for the values of a `label`.

    What is neither of Grafana's functions is asked as a selector.
    """

    form: Literal["label_names", "label_values", "metrics", "query_result", "series"]
    of: str = ""
    label: str = ""

    @property
    def metric(self) -> str:
        """The name that a selector begins with; "" where there is none, or a variable."""
        found = _METRIC.match(self.of) if self.form != "query_result" else None
        name = found[1] if found else ""
        return "" if _VARIABLE.match(self.of[found.end() :] if found else "") else name


@lru_cache(maxsize=1024)
def asked(query: str) -> Asked:
    """What a query of Grafana's Prometheus data source asks."""
    found = _FORM.match(query)
    if found is None:
        return Asked("series", query.strip())
    form, inner = found["form"], found["inner"]
    if form == "label_values":
        parts = _LABEL.fullmatch(inner)
        return (
            Asked("label_values", (parts["selector"] or "").strip(), parts["label"])
            if parts
            else Asked("series", query)
        )
    return Asked(form, inner)  # type: ignore[arg-type]


def offered_label(variable: Variable) -> str:
    """The label whose values a variable offers; "" where it offers something else, or a variable says which."""
    of = asked(variable.query) if variable.kind == "query" else None
    return of.label if of is not None and of.label and not _VARIABLE.search(of.label) else ""


def labels_of(subject: Subject, metric: str) -> LabelSet | None:
    """The labels of a series, where anything is known of it."""
    world = subject.world
    if metric in world.series:
        return world.exported_type(metric).labels
    return recorded_type(world, metric).labels if metric in world.recordings else None


def findings_on(subject: Subject, dashboard: Dashboard) -> Iterator[Finding]:
    for variable in dashboard.variables:
        if variable.kind == "query" and (not variable.engine or variable.engine in PROMETHEUS):
            yield from _answer(subject, variable)
            yield from _refreshed(variable)
        yield from _dropping(subject, dashboard, variable)


def _found(variable: Variable, message: str, way_out: str, severity: Severity = Severity.ERROR) -> Finding:
    source, name, query = variable.source, variable.name, variable.query
    return Finding("variable-query", severity, message, way_out, source, name, query or None)


def _answer(subject: Subject, variable: Variable) -> Iterator[Finding]:
    of = asked(variable.query)
    if of.form == "metrics":
        yield from _names(subject, variable, of.of)
    elif of.form == "series":
        yield from _series(subject, variable, of.of)
    else:
        if of.label and not _VARIABLE.search(of.label) and not of.of:
            yield from _anywhere(subject, variable, of.label)
        elif of.label and not _VARIABLE.search(of.label) and of.metric:
            yield from _known(subject, variable, of.metric, of.label)
        if of.of:
            yield from _faults(subject, variable, of, named=of.form == "label_values")


def _known(subject: Subject, variable: Variable, metric: str, label: str) -> Iterator[Finding]:
    world = subject.world
    labels = labels_of(subject, metric)
    if labels is None:
        if world.closed and metric not in AMBIENT and metric not in world.histograms:
            near = nearest(metric, world.named_like(metric))
            yield _found(
                variable,
                f"nothing exports or records {metric}: ${variable.name} offers nothing",
                f"did you mean {near}?" if near else "name a series that a catalog has",
                Severity.ERROR if world.stated else Severity.WARNING,
            )
        return
    if labels.misses(label) and label != "__name__":
        near = nearest(label, labels.shown)
        yield _found(
            variable,
            f"{metric} has no label {label}: ${variable.name} offers nothing",
            f"did you mean {near}?" if near else f"its labels are {labels.listed}",
            Severity.ERROR if labels.closed else Severity.WARNING,
        )


def _anywhere(subject: Subject, variable: Variable, label: str) -> Iterator[Finding]:
    """A label without a metric: one that no series has."""
    world = subject.world
    names = {*world.series, *world.recordings} if world.closed else ()
    known = [labels for labels in (labels_of(subject, name) for name in names) if labels is not None]
    if known and label != "__name__" and all(labels.misses(label) for labels in known):
        near = nearest(label, {name for labels in known for name in labels.known})
        yield _found(
            variable,
            f"no series has the label {label}: ${variable.name} offers nothing",
            f"did you mean {near}?" if near else "choose by a label that series have",
            Severity.ERROR if world.stated else Severity.WARNING,
        )


def _names(subject: Subject, variable: Variable, pattern: str) -> Iterator[Finding]:
    """Names of metrics by a pattern, which Grafana looks for anywhere in a name."""
    world = subject.world
    expression = None if _VARIABLE.search(pattern.removesuffix("$")) else compiled(pattern)
    if not world.closed or expression is None:
        return
    names = {*world.series, *world.recordings, *AMBIENT}
    if not any(expression.search(name) for name in names):
        near = nearest(re.sub(r"\W+", "", pattern), names)
        yield _found(
            variable,
            f"no metric's name has {pattern} in it: ${variable.name} offers nothing",
            f"did you mean {near}?" if near else "name what a catalog has",
            Severity.ERROR if world.stated else Severity.WARNING,
        )


def _series(subject: Subject, variable: Variable, text: str) -> Iterator[Finding]:
    """Anything but a function of Grafana's: it must be a selector, and is taken for one."""
    if not text or variable.engine not in PROMETHEUS:
        return
    called = _CALLED.match(text)
    try:
        is_selector = isinstance(tree_of(text), Select)
    except (PromQLError, ValueError):
        if _VARIABLE.search(text) and not called:
            return
        is_selector = False
    if is_selector:
        yield from _faults(subject, variable, Asked("series", text), named=False)
        return
    near = nearest(called["name"], _FORMS) if called else None
    yield _found(
        variable,
        f"the query is no selector and none of Grafana's functions: ${variable.name} offers nothing",
        f"did you mean {near}(...)?"
        if near
        else "write label_values(metric, label), metrics(pattern), or query_result(query)",
    )


def _faults(subject: Subject, variable: Variable, of: Asked, *, named: bool) -> Iterator[Finding]:
    """What is wrong with the selector or the query; of one that is `named` the metric is looked up already."""
    faults = analyse(of.of, subject.world).faults
    if variable.engine not in PROMETHEUS and any(fault.id == "syntax" for fault in faults):
        return  # another language, it seems
    for fault in faults:
        empty = fault.severity is Severity.ERROR or fault.id in ("metric-unknown", "label-unknown")
        if empty and fault.id in _EMPTY and not (named and fault.id == "metric-unknown"):
            yield _found(variable, f"{fault.message}: ${variable.name} offers nothing", fault.help, fault.severity)


def _refreshed(variable: Variable) -> Iterator[Finding]:
    if variable.refresh == 1:
        yield _found(
            variable,
            f"${variable.name} is refreshed when the dashboard is opened: it does not follow the time range",
            "set refresh: 2, on time range change",
            Severity.INFO,
        )
    elif not variable.refresh:
        yield _found(
            variable,
            f"${variable.name} is never refreshed: it offers what there was when the dashboard was saved",
            "set refresh: 2, on time range change",
            Severity.WARNING,
        )


def _dropping(subject: Subject, dashboard: Dashboard, variable: Variable) -> Iterator[Finding]:
    """variable-query: an `All` that stands for a list of values, or for any value, and not for none."""
    everything = compiled(variable.all_value)
    if not variable.include_all or everything is None or (variable.all_value and everything.fullmatch("")):
        return
    for panel, target in queries(dashboard):
        for metric, label in _narrowed(target, variable.name) if variable.name in target.expr else ():
            labels = labels_of(subject, metric)
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
