"""promtool tests that cannot fail: promtool says SUCCESS to each of these."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from tocsin.findings import Finding, Severity
from tocsin.metrics import nearest
from tocsin.mutants.holes import is_unset, unset
from tocsin.mutants.nothing import missing
from tocsin.promql.parse import PromQLError, tree_of
from tocsin.promql.tree import Node, Select
from tocsin.reading import TestFile, read
from tocsin.reading.values import TestCase
from tocsin.source import Source
from tocsin.subject import Subject

_ALERTS = frozenset({"ALERTS", "ALERTS_FOR_STATE"})


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
    if not file.is_run:
        why = "promtool reads the first document of a file alone: the tests of this one never run"
        yield _found(file.source, None, why, "give it a file of its own")
        return
    loaded: list[_Names | None] = []
    found_all = True
    for pattern in file.rule_files:
        paths = sorted(glob.glob(os.path.join(os.path.dirname(file.source.file), pattern)))
        if not paths:
            found_all = False
            yield _found(
                file.source,
                pattern,
                f"rule_files names {pattern}, and there is no such file: promtool only warns, and tests nothing",
                "the path is relative to the test file",
            )
        loaded += [_names_in(os.path.realpath(path), os.stat(path).st_mtime_ns) for path in paths]
    if not file.cases or not file.rule_files:
        what = "it holds no test" if file.rule_files else "it loads no rule file"
        way_out = "add one under tests:" if file.rule_files else "name the rules under rule_files:"
        if not file.rule_files and any(case.alerts for case in file.cases):
            yield _found(file.source, None, f"{what}: no alert of it can fire", way_out)
        elif not file.cases:
            yield _found(file.source, None, f"{what}, and passes", way_out)
    known = [names for names in loaded if names is not None]
    alerts = frozenset().union(*(names.alerts for names in known)) if known else None
    for case in file.cases:
        yield from _case(case, alerts)
        if alerts is not None and found_all and None not in loaded:
            yield from _values(case, _Names(alerts, frozenset().union(*(names.records for names in known))))


@dataclass(frozen=True, slots=True)
class _Names:
    """What rule files define, by name."""

    alerts: frozenset[str]
    records: frozenset[str]


@lru_cache(maxsize=256)
def _names_in(path: str, written: int) -> _Names | None:  # noqa: ARG001
    """What a rule file as it was `written` last defines; None where it holds no group."""
    groups = read([path]).groups
    rules = [rule for group in groups for rule in group.rules]
    alerts = frozenset(rule.name for rule in rules if rule.kind == "alert")
    return _Names(alerts, frozenset(rule.name for rule in rules) - alerts) if groups else None


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


def _values(case: TestCase, defined: _Names) -> Iterator[Finding]:
    """Expressions that are said to have no sample, and that could have none under any rule."""
    given = [_parsed(series.series) for series in case.series]
    if not all(isinstance(one, Select) and one.name for one in given):
        return
    series = defined.records | {one.name for one in given if isinstance(one, Select)}
    for test in case.values:
        tree = None if test.expected else _parsed(test.expr)
        if tree is None:
            continue
        found = missing(tree, lambda read: _is_there(read, series, defined.alerts))
        if found is not None:
            yield _found(test.source, case.name, *_why(found, series, defined.alerts))


def _why(found: Select, series: frozenset[str], alerts: frozenset[str]) -> tuple[str, str]:
    passes = "and that it has no sample is true of any name"
    asked = _alert_asked(found)
    if found.name in _ALERTS:
        near = nearest(asked or "", alerts)
        why = f"none of its rule files has an alert{f' {asked}' if asked else ''}, {passes}"
    else:
        near = nearest(found.name, series)
        why = f"{found.name} is no input series, and none of its rule files records it, {passes}"
    return why, f"did you mean {near}?" if near else "name a series that is there"


def _is_there(read: Select, series: frozenset[str], alerts: frozenset[str]) -> bool:
    if read.name in _ALERTS and read.name not in series:
        asked = _alert_asked(read)
        return bool(alerts) if asked is None else asked in alerts
    return not read.name or read.name in series


def _alert_asked(read: Select) -> str | None:
    return next((one.value for one in read.matchers if (one.label, one.operator) == ("alertname", "=")), None)


def _parsed(text: str) -> Node | None:
    try:
        return tree_of(text)
    except PromQLError:
        return None
