"""What promtool lets pass: tests that cannot fail, and rules that no test touches."""

from __future__ import annotations

from collections.abc import Iterator

from tocsin.findings import Finding, Severity
from tocsin.metrics import nearest
from tocsin.mutants.documents import line_of
from tocsin.mutants.suite import Suite, Test
from tocsin.source import Source


def holes(suite: Suite) -> list[Finding]:
    """An error for each hole that the suite has, in the order of the files."""
    found = [*_untouched(suite)]
    for test in suite.tests:
        found += _hollow(test)
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


def _hollow(test: Test) -> Iterator[Finding]:
    def finding(message: str, way_out: str, line: int | None = None) -> Finding:
        source = Source(test.source.file, line or test.source.line)
        return Finding("test-hollow", Severity.ERROR, message, way_out, source, test.name)

    if "interval" not in test.data:
        yield finding(
            "it has no `interval`: promtool 2 loads none of its series then", "state one, for example `interval: 1m`"
        )
    if not test.asserts:
        yield finding("it asserts nothing", "state an `alert_rule_test` or a `promql_expr_test`")
    known = {rule.name: None for file in test.files for rule in file.rules if rule.is_alert}
    for one in test.data.get("alert_rule_test") or ():
        name = one.get("alertname")
        if name not in known:
            near = nearest(str(name), known)
            way_out = f"did you mean {near}?" if near else "name one of the alerts in its `rule_files`"
            message = f"it names the alert {name}, which none of its rule files has: with nothing expected, that passes"
            yield finding(message, way_out, line_of(name) or line_of(one))
