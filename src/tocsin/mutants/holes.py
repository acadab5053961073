"""What promtool lets pass beside tests that expect nothing: series that are not loaded, rules that no test touches."""

from __future__ import annotations

from collections.abc import Iterator

from tocsin.findings import Finding, Severity
from tocsin.mutants.suite import Suite, Test


def holes(suite: Suite) -> list[Finding]:
    """An error for each hole that the suite has, in the order of the files."""
    found = [*_untouched(suite)]
    for test in suite.tests:
        found += _without_interval(test)
    return found


def _untouched(suite: Suite) -> Iterator[Finding]:
    touched = frozenset().union(*(test.rules for test in suite.tests))
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
    if "interval" not in test.data:
        yield Finding(
            "test-hollow",
            Severity.ERROR,
            "it has no `interval`: promtool 2 loads none of its series then",
            "state one, for example `interval: 1m`",
            test.source,
            test.name,
        )
