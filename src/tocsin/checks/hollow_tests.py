"""promtool tests that cannot fail: promtool says SUCCESS to each of these."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from tocsin.findings import Finding, Severity
from tocsin.metrics import nearest
from tocsin.reading import RuleGroup, TestFile, read
from tocsin.reading.values import TestCase
from tocsin.source import Source
from tocsin.subject import Subject


def findings_in(subject: Subject) -> Iterator[Finding]:
    known: dict[str, list[RuleGroup]] = {}
    for group in subject.contents.groups:
        known.setdefault(os.path.realpath(group.source.file), []).append(group)
    for file in subject.contents.tests:
        yield from _file(file, known)


def in_files(paths: Iterable[Path]) -> Iterator[Finding]:
    """The same in files of promtool's tests, whatever else is there."""
    known: dict[str, list[RuleGroup]] = {}
    for file in read(paths).tests:
        yield from _file(file, known)


def _found(source: Source, name: str | None, message: str, way_out: str) -> Finding:
    return Finding("test-hollow", Severity.ERROR, message, way_out, source, name or None)


def _file(file: TestFile, known: dict[str, list[RuleGroup]]) -> Iterator[Finding]:
    groups: list[RuleGroup] = []
    for pattern in file.rule_files:
        paths = sorted(glob.glob(os.path.join(os.path.dirname(file.source.file), pattern)))
        if not paths:
            yield _found(
                file.source,
                pattern,
                f"rule_files names {pattern}, and there is no such file: promtool only warns, and tests nothing",
                "the path is relative to the test file",
            )
        for path in map(os.path.realpath, paths):
            if path not in known:
                known[path] = list(read([path]).groups)
            groups += known[path]
    if not file.cases or not file.rule_files:
        what = "it holds no test" if file.rule_files else "it loads no rule file"
        way_out = "add one under tests:" if file.rule_files else "name the rules under rule_files:"
        if not file.rule_files and any(case.alerts for case in file.cases):
            yield _found(file.source, None, f"{what}: no alert of it can fire", way_out)
        elif not file.cases:
            yield _found(file.source, None, f"{what}, and passes", way_out)
    alerts = {rule.name for group in groups for rule in group.rules if rule.kind == "alert"}
    for case in file.cases:
        yield from _case(case, alerts if groups else None)


def _case(case: TestCase, alerts: set[str] | None) -> Iterator[Finding]:
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
