"""The project's own rules and tests as a suite: what is broken and proven is what would be written."""

from __future__ import annotations

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
        return read_suite(rules, tests, told_at)
