"""What promtool lets pass beside tests that expect nothing: series that are not loaded, rules that no test touches."""

from __future__ import annotations

from collections.abc import Iterator

from tocsin.findings import Finding, Severity
from tocsin.mutants.suite import Suite, Test
from tocsin.promql.durations import milliseconds_of
from tocsin.source import Source


def holes(suite: Suite) -> list[Finding]:
    """An error for each hole that the suite has, in the order of the files."""
    found = [*_unread(suite), *_untouched(suite)]
    for test in suite.tests:
        found += _without_interval(test)
    return found


def _unread(suite: Suite) -> Iterator[Finding]:
    for file in suite.files:
        if file.unread:
            why = "Prometheus reads the first document of a file alone: this one is never loaded"
            yield Finding("promtool", Severity.ERROR, why, "give it a file of its own", file.unread)


def _untouched(suite: Suite) -> Iterator[Finding]:
    touched = frozenset().union(*(test.reach.touched for test in suite.tests))
    for rule in suite.rules:
        if rule not in touched:
            kind = "alert" if rule.is_alert else "recording rule"
            yield Finding(
                "test-missing",
                Severity.ERROR,
                f"no test touches this {kind}",
                "state a test that names it in `alert_rule_test`"
                if rule.is_alert
                else "state a test whose `promql_expr_test` reads it, or whose alert does",
                rule.source,
                rule.name,
            )


def _without_interval(test: Test) -> Iterator[Finding]:
    stated = test.data.get("interval")
    if is_unset("" if stated is None else str(stated)):
        yield unset(test.source, test.name, "" if stated is None else str(stated))


def is_unset(interval: str) -> bool:
    """Whether a test's `interval` is none: promtool reads 0 as nothing said."""
    try:
        return not interval or milliseconds_of(interval) == 0
    except ValueError:  # promtool refuses it
        return False


def unset(source: Source, name: str, interval: str) -> Finding:
    """What is wrong with a test whose interval is unset."""
    return Finding(
        "test-hollow",
        Severity.ERROR,
        f"its `interval` is {interval or 'not stated'}: promtool 2 loads none of its series then, and promtool 3 "
        "takes `evaluation_interval`",
        "state one, for example `interval: 1m`",
        source,
        name or None,
    )
