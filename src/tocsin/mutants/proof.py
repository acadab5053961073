"""A proof, from the suite to what is told of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from itertools import chain

from tocsin.findings import Finding, Severity
from tocsin.mutants.breaking import Facts, mutants_of
from tocsin.mutants.holes import holes
from tocsin.mutants.memory import Memory, text_of
from tocsin.mutants.order import FIELD
from tocsin.mutants.outcome import findings_of
from tocsin.mutants.rule import Rule
from tocsin.mutants.score import Row
from tocsin.mutants.suite import Suite, Test
from tocsin.mutants.trials import Failing, Verdict, failing_tests, verdicts
from tocsin.mutants.unbroken import Files, files_of

# What promtool says of a rule that it cannot read: the rule's name, and why.
_REFUSED = re.compile(r'rule \d+, "([^"]+)": (could not parse expression: .*)')
Progress = Callable[[int], AbstractContextManager[Callable[[int], None]]]


@dataclass(frozen=True, slots=True)
class Proof:
    """What was found of a suite, and what became of its rules' mutants."""

    findings: tuple[Finding, ...]
    rows: tuple[Row, ...]

    @property
    def was_broken(self) -> bool:
        return any(row.verdicts for row in self.rows)


@dataclass(frozen=True, slots=True)
class _Sound:
    """What is left of a suite without the tests that fail already, which would say nothing of mutants."""

    whole: Suite
    suite: Suite
    refused: Mapping[Rule, str]
    findings: tuple[Finding, ...]

    def row(self, rule: Rule, verdicts: Iterable[Verdict] = ()) -> Row:
        tests = self.suite.tests_of(rule)
        left = set(tests)
        left_out = tuple(test for test in self.whole.tests_of(rule) if test not in left)
        none_left = "all its tests fail already" if left_out and not tests else ""
        return Row(rule, tests, tuple(verdicts), left_out, self.refused.get(rule, none_left))


def prove(
    suite: Suite, memory: Memory, jobs: int, progress: Progress | None, *, every: bool = True, foreign: bool = False
) -> Proof:
    """Runs the suite's tests; with `progress`, breaks every rule in every way, and sees which tests notice: `every` one
    that does, or whether there is one, which takes half the time.

    `foreign` files are first given to promtool as they are: only what it reads and passes is broken.
    """
    with files_of(suite, memory, jobs) if foreign else nullcontext() as files:
        sound = _sound(suite, memory, jobs, files)
    found = (*sound.findings, *holes(suite))
    if progress is None:
        return Proof(found, tuple(sound.row(rule) for rule in suite.rules))
    rows = tuple(_broken(sound, memory, jobs, progress, every=every))
    return Proof((*found, *findings_of(rows)), rows)


def _sound(suite: Suite, memory: Memory, jobs: int, files: Files | None) -> _Sound:
    refused = files.refused_rules() if files else {}
    loadable = suite.without(test for test in suite.tests if refused.keys() & set(test.files))
    whole = files.failing_tests(dict.fromkeys(test.file for test in loadable.tests)) if files else {}
    run = loadable.without(test for test in loadable.tests if test.file in whole and not whole[test.file].run)
    failing = _failing_of(run, memory, jobs)
    explained = {test.file for test in failing}
    unexplained = {file: failure.finding for file, failure in whole.items() if file not in explained}
    left = run.without(test for test, failed in failing.items() if not failed.passes)
    return _Sound(
        suite,
        left.without(test for test in left.tests if test.file in unexplained),
        {rule: "Prometheus does not load its file" for file in refused for rule in file.rules},
        tuple(dict.fromkeys((*chain(*refused.values()), *unexplained.values(), *map(_failing, failing.values())))),
    )


def _failing_of(suite: Suite, memory: Memory, jobs: int) -> dict[Test, Failing]:
    """The tests that fail with nothing broken."""
    unknown = [test for test in suite.tests if not memory.has_passed(text_of(test))]
    failing = {failed.test: failed for failed in failing_tests(unknown, jobs)}
    for test in unknown:
        if test not in failing:
            memory.note_passed(text_of(test))
    return failing


def _broken(sound: _Sound, memory: Memory, jobs: int, progress: Progress, *, every: bool) -> Iterator[Row]:
    suite = sound.suite
    facts = Facts(suite.labels(), suite.buckets, suite.floats())
    mutants = {
        rule: tuple(mutants_of(rule, facts, suite.tested_every(rule)))
        for rule in suite.rules
        if not sound.row(rule).unbroken
    }
    known = {rule: memory.verdicts(suite, rule, broken, every=every) for rule, broken in mutants.items()}
    new = [mutant for rule, broken in mutants.items() if known[rule] is None for mutant in broken]
    with progress(len(new)) as tick:
        judged = verdicts(suite, new, jobs, tick, every=every)
    for rule in suite.rules:
        found = known.get(rule) or [verdict for verdict in judged if verdict.mutant.rule is rule]
        if rule in mutants and known[rule] is None:
            memory.note_verdicts(suite, rule, mutants[rule], found, every=every)
        yield sound.row(rule, found)


def _failing(failed: Failing) -> Finding:
    test, output = failed.test, failed.output
    refused = _REFUSED.search(output)
    named = (rule for file in test.files for rule in file.rules if refused and rule.name == refused[1])
    rule = next(named, None)
    if refused and rule is not None:
        return Finding("promtool", Severity.ERROR, refused[2], "mend its expression", rule.source, rule.name)
    why, way_out = "it fails with nothing broken, so it says nothing of mutants", "mend the rule or the test"
    if failed.order is not None:
        names = ", ".join(failed.order.uncertain)
        why = f"promtool evaluates the groups {names} in no certain order, and only in one it passes"
        way_out = f"state `{FIELD}: [{', '.join(failed.order.stated())}]`"
    return Finding("test-fails", Severity.ERROR, f"{why}:\n{output}", way_out, test.source, test.name)
