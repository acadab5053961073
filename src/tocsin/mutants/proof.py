"""A proof, from the suite to what is told of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass

from tocsin.findings import Finding, Severity
from tocsin.mutants.breaking import Facts, mutants_of
from tocsin.mutants.holes import holes
from tocsin.mutants.memory import Memory
from tocsin.mutants.outcome import findings_of
from tocsin.mutants.score import Row
from tocsin.mutants.suite import Suite, Test
from tocsin.mutants.trials import failing_tests, verdicts

# What promtool says of a rule that it cannot read: the rule's name, and why.
_REFUSED = re.compile(r'rule \d+, "([^"]+)": (could not parse expression: .*)')
Progress = Callable[[int], AbstractContextManager[Callable[[int], None]]]


@dataclass(frozen=True, slots=True)
class Proof:
    """What was found of a suite. Where a test fails with nothing broken, nothing was broken: it would say nothing."""

    findings: tuple[Finding, ...]
    rows: tuple[Row, ...]

    @property
    def was_broken(self) -> bool:
        return any(row.verdicts for row in self.rows)


def prove(suite: Suite, memory: Memory, jobs: int, progress: Progress | None) -> Proof:
    """Runs the suite's tests; with `progress`, breaks every rule in every way, and sees which tests notice."""
    unknown = [test for test in suite.tests if not memory.has_passed(test)]
    failing = failing_tests(unknown, jobs)
    failed = [test for test, _ in failing]
    memory.note_passed(test for test in unknown if test not in failed)
    found = [*holes(suite), *dict.fromkeys(_failing(test, output) for test, output in failing)]
    if failing or progress is None:
        return Proof(tuple(found), tuple(Row(rule, suite.tests_of(rule), ()) for rule in suite.rules))
    rows = tuple(_broken(suite, memory, jobs, progress))
    return Proof((*found, *findings_of(rows)), rows)


def _broken(suite: Suite, memory: Memory, jobs: int, progress: Progress) -> Iterator[Row]:
    facts = Facts(suite.labels(), suite.buckets)
    mutants = {rule: tuple(mutants_of(rule, facts, suite.tested_every(rule))) for rule in suite.rules}
    known = {rule: memory.verdicts(suite, rule, broken) for rule, broken in mutants.items()}
    new = [mutant for rule, broken in mutants.items() if known[rule] is None for mutant in broken]
    with progress(len(new)) as tick:
        judged = verdicts(suite, new, jobs, tick)
    for rule in suite.rules:
        found = known[rule]
        if found is None:
            found = [verdict for verdict in judged if verdict.mutant.rule is rule]
            memory.note_verdicts(suite, rule, mutants[rule], found)
        yield Row(rule, suite.tests_of(rule), tuple(found))


def _failing(test: Test, output: str) -> Finding:
    refused = _REFUSED.search(output)
    named = (rule for file in test.files for rule in file.rules if refused and rule.name == refused[1])
    rule = next(named, None)
    if refused and rule is not None:
        return Finding("promtool", Severity.ERROR, refused[2], "mend its expression", rule.source, rule.name)
    return Finding(
        "test-fails",
        Severity.ERROR,
        f"it fails with nothing broken, so nothing can be said of mutants:\n{output}",
        "mend the rule or the test",
        test.source,
        test.name,
    )
