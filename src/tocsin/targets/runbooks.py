"""Runbooks: each alert's page with what it fires on, so that the page is never older than the rule.

The words are a person's, in the site's runbook folder. What the rule says is put behind the page's first heading.
"""

from __future__ import annotations

from collections.abc import Iterator

from tocsin.annotations import bound_text, panel_of
from tocsin.display import OPERATOR_WORDS
from tocsin.documents import Draft
from tocsin.model.alert import Alert
from tocsin.plan import Plan, PlannedAlert
from tocsin.promql.durations import milliseconds_of
from tocsin.promql.parse import prettify


def documents(plan: Plan) -> Iterator[Draft]:
    by_page: dict[str, list[PlannedAlert]] = {}
    for planned in plan.alerts:
        by_page.setdefault(planned.alert.runbook, []).append(planned)
    for page, alerts in by_page.items():
        yield Draft(f"runbooks/{page}.md", "text", _page(plan, plan.definitions.runbooks[page], alerts))


def _page(plan: Plan, words: str, alerts: list[PlannedAlert]) -> str:
    heading, _, rest = words.partition("\n")
    facts = "\n".join(_facts(plan, planned) for planned in alerts)
    return f"{heading}\n\n{facts}\n{rest.strip()}\n"


def _facts(plan: Plan, planned: PlannedAlert) -> str:
    alert = planned.alert
    place = panel_of(plan, alert)
    rows = [
        ("fires", _condition(alert)),
        ("severity", alert.severity.value),
        ("one alert for each", ", ".join(f"`{name}`" for name in planned.labels) or "site"),
        ("reads", ", ".join(f"`{record.name}`" for record in plan.records_read(planned.left)) or "no recorded series"),
    ]
    if place:
        uid, number = place
        url = f"{plan.definitions.site.grafana_url.rstrip('/')}/d/{uid}?viewPanel={number}"
        rows.append(("look at", f"[the panel]({url})"))
    table = "\n".join(f"| {name} | {text} |" for name, text in rows)
    expression = prettify(planned.expr)
    return f"**{alert.name}**\n\n| | |\n|---|---|\n{table}\n\n```promql\n{expression}\n```\n"


def _condition(alert: Alert) -> str:
    hold = f", for {alert.hold}" if milliseconds_of(alert.hold) else ""
    return f"{alert.when.left.title} {OPERATOR_WORDS[alert.when.operator]} {bound_text(alert.when)}{hold}"
