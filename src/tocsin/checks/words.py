"""What alerts say: labels that they have, values in their unit, and everything that must be said."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from tocsin.findings import Finding, Severity
from tocsin.metrics import nearest
from tocsin.promql.labels import LabelSet
from tocsin.promql.parse import PromQLError, tree_of
from tocsin.promql.tree import Aggregate, Binary, Node, Number
from tocsin.promql.types import Type
from tocsin.reading.values import Rule
from tocsin.subject import GrafanaAlert, Placed, Subject, is_watchdog
from tocsin.templates import Print, template
from tocsin.units import PERCENT, RATIO, SECONDS

_ABSENT = re.compile(r"\babsent(?:_over_time)?\s*\(", re.IGNORECASE)
_VALUE = re.compile(r"\$values\.(\w+)\.Value")
_SECONDS = re.compile(r"\s*(?:s\b|sec|second)", re.IGNORECASE)
_IN_SECONDS = re.compile(r"\b(?:seconds|secs|sec|s)\b[^.!?{}]*\Z", re.IGNORECASE)
_FORMAT = re.compile(r"%[-+.\d]*[a-z]\s*(?:s\b|sec|second)|%[-+.\d]*[sdx]", re.IGNORECASE)
# These leave the labels of the series that they choose.
_CHOOSING = frozenset({"topk", "bottomk", "limitk", "limit_ratio"})
# These leave a number without a unit.
_BARE = frozenset({"humanize", "printf"})
_DROPPED = "that differ by it alone become duplicates, and Prometheus drops the whole evaluation"
_MERGED = "that differ by it alone are one to Grafana, which shows the state of the last that it looks at"


def findings_in(subject: Subject) -> Iterator[Finding]:
    for placed in subject.alerts:
        of = subject.analysis(placed).type
        yield from _texts(placed, of)
        yield from _collisions(placed, of.labels, f"alerts {_DROPPED}")
        if not subject.is_ours:  # definitions cannot be without, and say so themselves
            yield from _missing(placed.rule)
    for placed in subject.records:
        yield from _collisions(placed, subject.analysis(placed).type.labels, f"series {_DROPPED}")
    if not subject.is_ours:  # of definitions these are the same texts again
        for alert in subject.grafana_alerts:
            yield from _grafana_texts(alert)
        for rule in subject.contents.grafana_rules:
            yield from _missing(
                Rule("alert", rule.name, "", rule.source, rule.source, "", "", rule.labels, rule.annotations)
            )


def _grafana_texts(alert: GrafanaAlert) -> Iterator[Finding]:
    """Labels and units only: what else may be wrong is told as grafana-template."""
    placed, of = alert.placed, alert.comparison.left
    yield from _collisions(placed, of.labels, f"alerts {_MERGED}")
    for kind, texts in (("annotation", placed.rule.annotations), ("label", placed.rule.labels)):
        for name, text in texts.items():
            found = template(text.replace("$$", "$"), "grafana")
            for label in sorted(found.labels):
                yield from _label(placed, of.labels, label, f"the {kind} {name}")
            for action in found.prints:
                value = _VALUE.fullmatch(action.variable)
                if value is not None and value[1] in alert.refs:
                    yield from _value(placed, of, replace(action, variable="$value"), f"the {kind} {name}")


def _found(
    placed: Placed, check: str, message: str, way_out: str, severity: Severity = Severity.ERROR, expr: str | None = None
) -> Finding:
    return Finding(check, severity, message, way_out, placed.rule.source, placed.rule.name, expr)


def _texts(placed: Placed, of: Type) -> Iterator[Finding]:
    told: set[str] = set()
    for kind, texts in (("annotation", placed.rule.annotations), ("label", placed.rule.labels)):
        for name, text in texts.items():
            found = template(text)
            place = f"the {kind} {name}"
            if found.problem:
                way_out = "mend the template: what it fails with is printed in place of the text"
                yield _found(placed, "template", f"{place}: {found.problem}", way_out, expr=text.strip())
            for label in sorted(found.labels - told):
                yield from _label(placed, of.labels, label, place)
            told |= found.labels
            if kind == "label" and "value" in found.variables:
                yield _found(
                    placed,
                    "template",
                    f"{place} is made of $value: with each new value the old alert is resolved and another one begins",
                    "name the value in an annotation",
                    expr=text.strip(),
                )
            for action in found.prints:
                yield from _value(placed, of, action, place)


def _label(placed: Placed, labels: LabelSet, label: str, place: str) -> Iterator[Finding]:
    taken_away = "without" in placed.rule.expr and label in _taken_away(placed.rule.expr)
    if not (labels.misses(label) or taken_away) or label in ("__name__", "alertname"):
        return
    has = labels.listed
    if _ABSENT.search(placed.rule.expr):
        yield _found(
            placed,
            "absent-labels",
            f"{place} names {label}, and absent() gives only labels that a `=` matcher states: it prints nothing there",
            f"write {label} out, or match it with `{label}=`; the labels here are {has}",
            expr=placed.rule.expr.strip(),
        )
        return
    near = nearest(label, labels.shown)
    if label in placed.rule.labels:
        way_out = "write its value out: a text sees the labels of the expression, not those that the rule adds"
    else:
        instead = f"name one that it has ({has}), or " if has != "none" else ""
        way_out = f"did you mean {near}?" if near else f"{instead}keep {label} in the grouping"
    yield _found(
        placed,
        "label-unknown",
        f"{place} names {label}, which the expression has not: it prints nothing there",
        way_out,
        Severity.ERROR if labels.closed or taken_away else Severity.WARNING,
        placed.rule.expr.strip(),
    )


def _taken_away(expr: str) -> frozenset[str]:
    """The labels that a `without` around the whole of the left side takes away."""
    try:
        node: Node = tree_of(expr)
    except (PromQLError, ValueError):
        return frozenset()
    while isinstance(node, Binary) and node.operator != "or" and node.matching.group is None:
        node = node.right if isinstance(node.left, Number) else node.left
    if isinstance(node, Aggregate) and node.without and node.operator not in _CHOOSING:
        return frozenset(node.grouping or ())
    return frozenset()


def _value(placed: Placed, of: Type, action: Print, place: str) -> Iterator[Finding]:
    """A value in the wrong unit."""
    if action.variable != "$value":
        return
    through = set(action.through)
    scaled = "humanizePercentage" in through
    behind = action.after.lstrip().startswith("%")
    percent = behind or ("printf" in through and "%%" in action.action)
    if scaled and percent:
        message, way_out = "prints the percent sign twice: humanizePercentage writes one", "take the second away"
    elif of.unit == RATIO and percent and not {"humanizePercentage", "query"} & through:
        message, way_out = (
            "prints a ratio with a percent sign: 0.07 is shown as 0.07 %",
            "write {{ $value | humanizePercentage }}, without a sign",
        )
    elif scaled and of.unit == PERCENT:
        message, way_out = (
            "takes a percentage for a ratio: 7 is shown as 700 %",
            'write {{ printf "%.1f" $value }}%',
        )
    elif scaled and of.unit is not None and of.unit != RATIO:
        message, way_out = f"prints {of.unit} as a percentage", "write {{ $value | humanize }} and the unit"
    elif "humanizeDuration" in through and of.unit is not None and of.unit != SECONDS:
        message, way_out = (
            f"prints {of.unit} as a duration: humanizeDuration takes seconds",
            "write {{ $value | humanize }} and the unit",
        )
    elif of.unit == SECONDS and through <= _BARE and not _says_seconds(action):
        message, way_out = (
            "prints seconds as a bare number: 93784 and no unit",
            "write {{ $value | humanizeDuration }}",
        )
        yield _found(placed, "template", f"{place} {message}", way_out, Severity.WARNING, action.action)
        return
    else:
        return
    yield _found(placed, "template", f"{place} {message}", way_out, expr=action.action)


def _says_seconds(action: Print) -> bool:
    """Whether a text says what the number is: around it, or within the format of printf."""
    around = _SECONDS.match(action.after) or _IN_SECONDS.search(action.before)
    return around is not None or _FORMAT.search(action.action) is not None


def _collisions(placed: Placed, labels: LabelSet, effect: str) -> Iterator[Finding]:
    """label-collision: alerts that differ by a label become the same when a rule writes its own value into it."""
    for name, text in placed.rule.labels.items():
        known = labels.known.get(name)
        if known is None or known.pinned or name in template(text.replace("$$", "$")).labels:
            continue
        several = known.sure and known.cardinality != 1
        yield _found(
            placed,
            "label-collision",
            f"the label {name} overrides the one of the expression: {effect}",
            f"aggregate {name} away, or call the rule's label otherwise",
            Severity.ERROR if several else Severity.WARNING,
            placed.rule.expr.strip(),
        )


def _missing(rule: Rule) -> Iterator[Finding]:
    """annotations: what whoever is woken needs to know."""
    if is_watchdog(rule.expr):  # a watchdog says by its silence what it has to say
        return
    said: Mapping[str, str] = rule.annotations
    missing = []
    if not any(said.get(name, "").strip() for name in ("summary", "message")):
        missing.append("summary")
    if not any(said.get(name, "").strip() for name in ("description", "message")):
        missing.append("description")
    if not rule.labels.get("severity", "").strip():
        missing.append("severity")
    if missing:
        yield _unsaid(
            rule,
            f"it has no {' and no '.join(missing)}: whoever is woken does not know what it means, or how bad it is",
            "say who suffers, and how; the severity is a label",
            Severity.WARNING,
        )
    if not any("runbook" in name and text.strip() for name, text in said.items()):
        way_out = "annotate it with runbook_url: what it means, and what to do"
        yield _unsaid(rule, "it has no runbook", way_out, Severity.INFO)


def _unsaid(rule: Rule, message: str, way_out: str, severity: Severity) -> Finding:
    return Finding("annotations", severity, message, way_out, rule.source, rule.name)
