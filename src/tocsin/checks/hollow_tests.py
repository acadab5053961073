"""promtool tests that cannot fail: promtool says SUCCESS to each of these."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path

from tocsin.findings import Finding, Severity
from tocsin.metrics import nearest
from tocsin.mutants.holes import is_unset, unset
from tocsin.reading import TestFile, read
from tocsin.reading.values import TestCase
from tocsin.source import Source
from tocsin.subject import Subject


def findings_in(subject: Subject) -> Iterator[Finding]:
    for file in subject.contents.tests:
        yield from _file(file)
        yield from (unset(case.source, case.name, case.interval) for case in file.cases if is_unset(case.interval))


def in_files(paths: Iterable[Path]) -> Iterator[Finding]:
    """The same in files of promtool's tests, whatever else is there; `mutants.holes` tells unset intervals."""
    for file in read(paths).tests:
        yield from _file(file)


def _found(source: Source, name: str | None, message: str, way_out: str) -> Finding:
    return Finding("test-hollow", Severity.ERROR, message, way_out, source, name or None)


def _file(file: TestFile) -> Iterator[Finding]:
    loaded: list[frozenset[str] | None] = []
    for pattern in file.rule_files:
        paths = sorted(glob.glob(os.path.join(os.path.dirname(file.source.file), pattern)))
        if not paths:
            yield _found(
                file.source,
                pattern,
                f"rule_files names {pattern}, and there is no such file: promtool only warns, and tests nothing",
                "the path is relative to the test file",
            )
        loaded += [_alerts_in(os.path.realpath(path), os.stat(path).st_mtime_ns) for path in paths]
    if not file.cases or not file.rule_files:
        what = "it holds no test" if file.rule_files else "it loads no rule file"
        way_out = "add one under tests:" if file.rule_files else "name the rules under rule_files:"
        if not file.rule_files and any(case.alerts for case in file.cases):
            yield _found(file.source, None, f"{what}: no alert of it can fire", way_out)
        elif not file.cases:
            yield _found(file.source, None, f"{what}, and passes", way_out)
    known = [names for names in loaded if names is not None]
    alerts = frozenset().union(*known) if known else None
    for case in file.cases:
        yield from _case(case, alerts)


@lru_cache(maxsize=256)
def _alerts_in(path: str, written: int) -> frozenset[str] | None:  # noqa: ARG001
    """The names of the alerts in a rule file as it was `written` last; None where it holds no group."""
    groups = read([path]).groups
    names = (rule.name for group in groups for rule in group.rules if rule.kind == "alert")
    return frozenset(names) if groups else None


def _case(case: TestCase, alerts: frozenset[str] | None) -> Iterator[Finding]:
    if not case.alerts and not case.values:
        yield _found(
            case.source,
            case.name,
            "it expects nothing: it passes whatever the rules say",
            "add alert_rule_test or promql_expr_test",
        )
    for test in case.alerts:
        if alerts is None or test.name in alerts:
            continue
        near = nearest(test.name, alerts)
        passes = "" if test.expected else ", and that it does not fire is true of any name"
        yield _found(
            test.source,
            case.name or test.name,
            f"none of its rule files has an alert {test.name}{passes}",
            f"did you mean {near}?" if near else f"the alerts are {', '.join(sorted(alerts)) or 'none'}",
        )
