"""Panels beside alerts: colours that change where the alert fires."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

from tocsin.findings import Finding, Severity
from tocsin.promql.parse import PromQLError, tree_of
from tocsin.promql.tree import Binary, Node, Number, Range, Select, Subquery, Window
from tocsin.reading.values import Dashboard
from tocsin.subject import Subject, queries

_COMPARISONS = frozenset({">", ">=", "<", "<="})
_ANY = Window("5m")
_HAIR = 1e-6  # Grafana's steps begin at their value: a colour for "above 0" begins just above it


def findings_on(subject: Subject, dashboard: Dashboard) -> Iterator[Finding]:
    for panel, target in queries(dashboard):
        if not panel.steps or len(panel.targets) != 1:
            continue
        found = _thresholds_on(subject, subject.shown(target).series).get(_form(target.expr), {})
        if found and not any(abs(value - step) < _HAIR for value in found for step in panel.steps):
            value, alert = next(iter(found.items()))
            steps = ", ".join(f"{step:g}" for step in panel.steps)
            yield Finding(
                "threshold-disagrees",
                Severity.WARNING,
                f"its colours change at {steps}, and {alert} fires at {value:g}: it is green while people "
                "are woken, or red for nothing",
                f"set a threshold at {value:g}",
                panel.source,
                f"{dashboard.title} / {panel.title}",
                " ".join(target.expr.split()),
            )


def _thresholds_on(subject: Subject, names: Collection[str]) -> Mapping[str, Mapping[float, str]]:
    """The numbers that alerts on these series compare with, and the alerts' names, by what they compare."""
    found: dict[str, dict[float, str]] = {}
    for expr, name in subject.links.thresholds.get(hash(frozenset(names)), ()):
        try:
            node = tree_of(expr)
        except (PromQLError, ValueError):
            continue
        if isinstance(node, Binary) and node.operator in _COMPARISONS and isinstance(node.right, Number):
            found.setdefault(_plain(node.left), {})[float(node.right.value)] = name
    return found


def _form(expr: str) -> str:
    try:
        return _plain(tree_of(expr))
    except (PromQLError, ValueError):
        return ""


def _plain(node: Node) -> str:
    """What is measured, whatever the range and whatever is chosen on a dashboard."""

    def changed(part: Node) -> Node | None:
        if isinstance(part, Select):
            return replace(part, matchers=tuple(one for one in part.matchers if "$" not in one.value))
        if isinstance(part, Range):
            return Range(part.of.rewrite(changed), _ANY)  # type: ignore[arg-type]
        if isinstance(part, Subquery):
            return replace(part, of=part.of.rewrite(changed), window=_ANY)
        return None

    return node.rewrite(changed).text("panel")
