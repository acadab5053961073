"""Names that must be unique: of alerts, dashboards and rule groups."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tocsin.findings import Finding, Severity
from tocsin.model.alert import slug
from tocsin.model.recording import RuleGroup
from tocsin.model.table import Table
from tocsin.plan import Plan
from tocsin.source import Source

_Named = Iterable[tuple[str, Source]]


def findings(plan: Plan) -> Iterator[Finding]:
    defined = plan.definitions
    grouping: tuple[RuleGroup | Table, ...] = (*defined.groups, *defined.tables)
    names: tuple[tuple[str, _Named], ...] = (
        # File names and uids are made of slugs: AbcD and abc-d would meet there.
        ("alert", ((slug(one.name), one.source) for one in defined.alerts)),
        ("dashboard uid", ((one.uid.lower(), one.source) for one in defined.dashboards)),
        ("rule group", ((slug(one.name), one.source) for one in grouping)),
        ("mapping", ((slug(one.name), one.source) for one in defined.mappings)),
    )
    for kind, named in names:
        yield from _twice(kind, named, defined.root)
    yield from _retired(plan)


def _retired(plan: Plan) -> Iterator[Finding]:
    retired = {slug(name) for name in plan.definitions.site.retired}
    for alert in plan.definitions.alerts:
        if alert.slug in retired:
            yield Finding(
                "duplicate-name",
                Severity.ERROR,
                "the site retires it: Grafana would be told to make it and to delete it",
                "take its name out of `retired`, or give the alert another",
                alert.source,
                alert.name,
            )


def _twice(kind: str, named: _Named, root: str) -> Iterator[Finding]:
    first: dict[str, Source] = {}
    for name, source in named:
        other = first.setdefault(name, source)
        if other is not source:
            yield Finding(
                "duplicate-name",
                Severity.ERROR,
                f"the {kind} {name} is defined twice; the other one stands at {other.relative(root)}",
                f"give each {kind} a name of its own",
                source,
                name,
            )
