"""A plan as a subject of checks: its documents, read back, each part placed where its author defined it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from itertools import chain

from tocsin.layout import placed_panels
from tocsin.model.indicator import Indicator
from tocsin.plan import Plan, PlannedRecord
from tocsin.promql.context import Context
from tocsin.promql.tree import Range
from tocsin.reading import Contents, Dashboard, GrafanaRule, Panel, Rule, RuleGroup, read_value
from tocsin.reading.located import Known
from tocsin.source import Source
from tocsin.subject import PANEL, RULE_BUDGET, Expression, length_of
from tocsin.targets import grafana_alerts, grafana_dashboards, prometheus_alerts, prometheus_rules
from tocsin.whole import Whole, of_plan


def compiled(plan: Plan, unsound: Collection[Source] = ()) -> Whole:
    """All that the plan will write, as its checks see it.

    Of definitions at `unsound` places nothing can be written; their expressions are judged all the same.
    """
    defined = plan.definitions
    alerts = tuple(alert for alert in defined.alerts if alert.source not in unsound)
    dashboards = tuple(one for one in defined.dashboards if one.source not in unsound)
    sound = plan if not unsound else Plan(replace(defined, alerts=alerts, dashboards=dashboards))
    return of_plan(_Reading(sound).contents(), plan.world, expressions(plan))


class _Reading:
    """One reading of a plan's documents."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.alerts = {alert.name: alert.source for alert in plan.definitions.alerts}
        self.dashboards = {dashboard.uid: dashboard for dashboard in plan.definitions.dashboards}
        self.groups = {group.name: group for group in plan.definitions.groups}
        self.records: dict[str, list[PlannedRecord]] = {}
        for record in plan.records:
            self.records.setdefault(record.group.name, []).append(record)

    def contents(self) -> Contents:
        targets = (prometheus_rules, prometheus_alerts, grafana_alerts, grafana_dashboards)
        drafts = chain.from_iterable(target.documents(self.plan) for target in targets)
        read = [read_value(draft.data, draft.path) for draft in drafts]
        return Contents(
            tuple(self.group(group) for one in read for group in one.groups),
            tuple(self.grafana_rule(rule) for one in read for rule in one.grafana_rules),
            tuple(self.dashboard(dashboard) for one in read for dashboard in one.dashboards),
        )

    def group(self, group: RuleGroup) -> RuleGroup:
        records = iter(self.records.get(group.name, ()))
        rules = tuple(self.rule(rule, records) for rule in group.rules)
        defined = self.groups.get(group.name)
        return replace(group, rules=rules, source=defined.source if defined else rules[0].source)

    def rule(self, rule: Rule, records: Iterator[PlannedRecord]) -> Rule:
        source = next(records).record.source if rule.kind == "record" else self.alerts[rule.name]
        return replace(rule, source=source, at=source)

    def grafana_rule(self, rule: GrafanaRule) -> GrafanaRule:
        source = self.alerts[rule.name]
        return replace(rule, source=source, steps=tuple(replace(step, source=source) for step in rule.steps))

    def dashboard(self, dashboard: Dashboard) -> Dashboard:
        defined = self.dashboards[dashboard.uid]
        own = Known(defined.source)
        places = {place.id: place.of.source for place in placed_panels(defined)}
        panels = tuple(_placed(panel, places.get(panel.id or 0, defined.source)) for panel in dashboard.panels)
        variables = tuple(replace(variable, place=own) for variable in dashboard.variables)
        return replace(dashboard, place=own, panels=panels, variables=variables)


def _placed(panel: Panel, source: Source) -> Panel:
    own = Known(source)
    return panel._replace(place=own, targets=tuple(one._replace(place=own) for one in panel.targets))


def expressions(plan: Plan) -> Iterator[Expression]:
    """Every expression of the project, the indicators' own first."""
    defined = plan.definitions
    for name, indicator in defined.indicators.items():
        if not _is_for_panels_only(indicator):
            yield Expression(plan.rule(indicator).text(), name, indicator.source)
    for record in plan.records:
        context = Context("rule", length_of(record.group.interval), RULE_BUDGET, record.name)
        yield Expression(record.expr, record.name, record.record.source, context, (record.record.indicator.source,))
    for planned in plan.alerts:
        condition = planned.alert.when
        origins = tuple(side.source for side in (condition.left, condition.right) if isinstance(side, Indicator))
        context = Context("rule", length_of(planned.alert.every), RULE_BUDGET)
        yield Expression(planned.expr, planned.alert.name, planned.alert.source, context, origins)
    for dashboard in defined.dashboards:
        for panel in dashboard.panels:
            for indicator in panel.indicators:
                text = plan.panel_text(panel, indicator, dashboard.variables)
                name = f"{dashboard.title} / {panel.title}"
                yield Expression(text, name, panel.source, PANEL, (indicator.source,))


def _is_for_panels_only(indicator: Indicator) -> bool:
    return any(isinstance(node, Range) and node.window.duration is None for node in indicator.expr.walk())
