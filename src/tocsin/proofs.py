"""The project's own rules and tests as a suite: what is broken and proven is what would be written."""

from __future__ import annotations

from dataclasses import replace

from tocsin.checking import written
from tocsin.documents import rendered
from tocsin.mutants.suite import Suite, read_suite
from tocsin.plan import Plan
from tocsin.project import Settings
from tocsin.source import Source
from tocsin.targets import drafts


def project_suite(settings: Settings, plan: Plan) -> Suite:
    """The suite of all alerts and recording rules; each is told at its definition, each test in the output."""
    defined = {alert.name: alert.source for alert in plan.definitions.alerts}
    defined |= {record.name: record.record.source for record in plan.records}
    documents = tuple(rendered(draft for draft in drafts(plan) if draft.path.startswith("prometheus/")))
    with written(documents) as folder:

        def told_at(source: Source, name: str) -> Source:
            inside = source.relative(str(folder))
            return defined.get(name) or Source(str(settings.output / inside.file), inside.line)

        tests = sorted(folder.glob("prometheus/tests/*.yaml"))
        rules = [file for kind in ("alerts", "rules") for file in sorted(folder.glob(f"prometheus/{kind}/*.yaml"))]
        return replace(read_suite(rules, tests, told_at), buckets=_buckets(plan))


def _buckets(plan: Plan) -> frozenset[str]:
    """The buckets of all histograms of the contract: it states them once, for every instance."""
    return frozenset(
        name
        for name, (metric, _) in plan.world.series.items()
        if any(label.name == "le" and label.values for label in metric.labels)
    )
