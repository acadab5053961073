"""What `tocsin check` and `tocsin test` do: hold the project to its checks, its output, and promtool."""

from __future__ import annotations

import contextlib
import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from tocsin.checks import check
from tocsin.documents import rendered
from tocsin.findings import Finding, Severity, errors_in
from tocsin.output import Changes, Document, compare_tree, write_tree
from tocsin.plan import Plan
from tocsin.project import Settings
from tocsin.promql.durations import milliseconds_of
from tocsin.promtool import LONG, Result, check_rules, test_rules_surely
from tocsin.source import Source
from tocsin.targets import drafts
from tocsin.targets.prometheus_recorded import RecordsFile, records_files
from tocsin.targets.prometheus_tables import tables_files
from tocsin.targets.prometheus_tests import AlertsFile, alerts_files
from tocsin.targets.prometheus_thresholds import threshold_test_path, thresholds_files

# Somebody's words may look like it too.
_EVAL_TIME = re.compile(r"^ +(?:- )?eval_time: ((?:\d+(?:ms|[smhdwy]))+)$", re.MULTILINE)
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
    tests = [document for document in documents if document.path in names]
    with written(documents) as folder:
        results = test_rules_surely(folder, [test.path for test in tests], short_tests(tests))
    return [replace(result, name=names[result.name]) for result in results]


def short_tests(tests: Iterable[Document]) -> list[str]:
    """The files of tests that do not reach over days."""
    times = {test.path: _EVAL_TIME.findall(test.content.decode()) for test in tests}
    return [path for path, found in times.items() if max(map(milliseconds_of, found), default=0) <= LONG]


def _proven(plan: Plan) -> dict[str, str]:
    """The test files, with the name and the place of what each of them proves."""
    root = plan.definitions.root
    alerts = {file.path: f"{_alerts(file)}  ({_place(plan, file).relative(root)})" for file in alerts_files(plan)}
    groups = {
        file.path: f"recording rules {_groups(file)}  ({file.groups[0].source.relative(root)})"
        for file in records_files(plan)
    }
    thresholds = {
        threshold_test_path(alert): f"{alert.name} at its threshold  ({alert.source.relative(root)})"
        for alert in plan.definitions.alerts
    }
    thresholds |= {
        file.path: f"thresholds of {_several([alert.name for alert in file.alerts])}"
        f"  ({file.alerts[0].source.relative(root)})"
        for file in thresholds_files(plan)
        if len(file.alerts) > 1
    }
    tables = {
        file.path: f"table {_several([table.name for table in file.tables])}  ({file.tables[0].source.relative(root)})"
        for file in tables_files(plan)
    }
    return {**groups, **tables, **alerts, **thresholds}


def _groups(file: RecordsFile) -> str:
    return _several([group.name for group in file.groups])


def _alerts(file: AlertsFile) -> str:
    names = _several([alert.name for alert in file.alerts])
    return f"{names}, {file.note}" if file.note else names


def _several(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more, told at once"


def _place(plan: Plan, file: AlertsFile) -> Source:
    """The author's proof, or the first alert where all is derived."""
    first = file.alerts[0]
    proofs = plan.definitions.proofs_of(first) if file.is_stated else ()
    return next((proof.source for proof in proofs if proof.claims), first.source)


@contextlib.contextmanager
def written(documents: Sequence[Document]) -> Iterator[Path]:
    """The documents in a folder that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="tocsin-") as folder:
        output = Path(folder) / "generated"
        write_tree(output, documents)
        yield output
