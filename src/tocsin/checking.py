"""What `tocsin check` and `tocsin test` do: hold the project to its checks, its output, and promtool."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from tocsin.checks import check
from tocsin.documents import rendered
from tocsin.findings import Finding, Severity, errors_in
from tocsin.model.alert import Alert
from tocsin.model.scenario import Claim
from tocsin.output import Changes, Document, compare_tree, write_tree
from tocsin.plan import Plan
from tocsin.project import Settings
from tocsin.promtool import Result, check_rules, scratch, test_rules_surely
from tocsin.source import Source
from tocsin.targets import drafts
from tocsin.targets.prometheus_recorded import RecordsFile, records_files, rules_test_path
from tocsin.targets.prometheus_tests import alert_tests
from tocsin.targets.prometheus_thresholds import threshold_test_path

_RULES = ("prometheus/rules", "prometheus/alerts", "prometheus/mappings")


def check_project(settings: Settings, plan: Plan) -> list[Finding]:
    """All findings; with no error among them, also drift of the output and what promtool says of the rules."""
    findings = check(plan)
    if errors_in(findings):
        return findings
    documents = tuple(rendered(drafts(plan)))
    findings += drift(compare_tree(settings.output, documents))
    findings += _promtool(documents, settings)
    return findings


def drift(changes: Changes) -> Iterator[Finding]:
    """A finding for each file of the output that is not what the sources make."""
    told = (
        (changes.added, "is missing"),
        (changes.changed, "is not what the sources make"),
        (changes.removed, "is no longer made by any definition"),
    )
    for paths, what in told:
        for path in paths:
            source = Source(str(changes.output / path))
            yield Finding("drift", Severity.ERROR, f"the file {what}", "run `make generate` and commit it", source)


def _promtool(documents: Sequence[Document], settings: Settings) -> Iterator[Finding]:
    rules = [document.path for document in documents if document.path.startswith(_RULES)]
    with written(documents) as folder:
        for result in check_rules(folder, rules):
            if not result.passed:
                source = Source(str(settings.output / result.name))
                yield Finding(
                    "promtool", Severity.ERROR, result.output, "mend the definition that it comes from", source
                )


def test_project(plan: Plan) -> list[Result]:
    """What promtool's unit tests say of each alert and each group of recording rules."""
    documents = tuple(rendered(drafts(plan)))
    names = _proven(plan)
    files = [document.path for document in documents if document.path in names]
    with written(documents) as folder, scratch() as databases:
        results = test_rules_surely(folder, files, databases)
    return [replace(result, name=names[result.name]) for result in results]


def _proven(plan: Plan) -> dict[str, str]:
    """The test files, with the name and the place of what each of them proves."""
    root = plan.definitions.root
    alerts = {
        path: f"{alert.name}  ({_place(plan, alert, claims).relative(root)})"
        for alert in plan.definitions.alerts
        for path, _, claims in alert_tests(plan, alert)
    }
    groups = {
        file.path: f"recording rules {_groups(file)}  ({file.groups[0].source.relative(root)})"
        for file in records_files(plan)
    }
    thresholds = {
        threshold_test_path(alert): f"{alert.name} at its threshold  ({alert.source.relative(root)})"
        for alert in plan.definitions.alerts
    }
    tables = {
        rules_test_path(table): f"table {table.name}  ({table.source.relative(root)})"
        for table in plan.definitions.tables
    }
    return {**groups, **tables, **alerts, **thresholds}


def _groups(file: RecordsFile) -> str:
    names = [group.name for group in file.groups]
    return names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more, told at once"


def _place(plan: Plan, alert: Alert, claims: list[Claim]) -> Source:
    """The author's proof, or the alert where all claims are derived from it."""
    stated = (proof for proof in plan.definitions.proofs_of(alert) if any(claim in claims for claim in proof.claims))
    return next((proof.source for proof in stated), alert.source)


@contextlib.contextmanager
def written(documents: Sequence[Document]) -> Iterator[Path]:
    """The documents in a folder that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="tocsin-") as folder:
        output = Path(folder) / "generated"
        write_tree(output, documents)
        yield output
