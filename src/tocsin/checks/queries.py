"""What the analysis finds in each expression: of recording rules, alerts and panels."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tocsin.findings import Finding
from tocsin.model.indicator import Indicator
from tocsin.plan import Plan
from tocsin.promql.context import NOWHERE, Context
from tocsin.promql.durations import milliseconds_of
from tocsin.promql.infer import analyse
from tocsin.promql.tree import Range
from tocsin.source import Source

_RULE_BUDGET = 10_000
_PANEL_BUDGET = 1_000


@dataclass(frozen=True, slots=True)
class Written:
    """An expression as it will be written, whose it is, and the indicators that it comes from."""

    text: str
    object: str
    source: Source
    indicators: tuple[Indicator, ...]
    context: Context


def expressions(plan: Plan) -> Iterator[Written]:
    """Every expression of the project, the indicators' own first."""
    defined = plan.definitions
    for name, indicator in defined.indicators.items():
        if not _is_for_panels_only(indicator):
            yield Written(plan.rule(indicator).text(), name, indicator.source, (), NOWHERE)
    for record in plan.records:
        indicator = record.record.indicator
        context = Context("rule", _length(record.group.interval), _RULE_BUDGET, record.name)
        yield Written(record.expr, record.name, record.record.source, (indicator,), context)
    for planned in plan.alerts:
        condition = planned.alert.when
        sides = (condition.left, condition.right)
        read = tuple(side for side in sides if isinstance(side, Indicator))
        context = Context("rule", _length(planned.alert.every), _RULE_BUDGET)
        yield Written(planned.expr, planned.alert.name, planned.alert.source, read, context)
    for dashboard in defined.dashboards:
        for panel in dashboard.panels:
            for indicator in panel.indicators:
                text = plan.panel_text(panel, indicator, dashboard.variables)
                context = Context("panel", budget=_PANEL_BUDGET)
                yield Written(text, f"{dashboard.title} / {panel.title}", panel.source, (indicator,), context)


def _length(interval: str) -> int | None:
    try:
        return milliseconds_of(interval)
    except ValueError:  # told elsewhere
        return None


def _is_for_panels_only(indicator: Indicator) -> bool:
    return any(isinstance(node, Range) and node.window.duration is None for node in indicator.expr.walk())


def findings(plan: Plan) -> Iterator[Finding]:
    told: dict[tuple[str, str], set[Source]] = {}
    for written in expressions(plan):
        for fault in analyse(written.text, plan.world, written.context).faults:
            # What is wrong with an indicator is told there, and not again for each panel and alert that reads it.
            sources = told.setdefault((fault.id, fault.message), set())
            if not any(indicator.source in sources for indicator in written.indicators):
                sources.add(written.source)
                yield Finding(
                    fault.id,
                    fault.severity,
                    fault.message,
                    fault.help,
                    written.source,
                    written.object,
                    fault.expr,
                )
