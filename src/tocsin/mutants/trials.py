"""Trials: each mutant before the tests that touch its rule. On all cores, many to a call."""

from __future__ import annotations

import contextlib
import re
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from tocsin.mutants.about import about
from tocsin.mutants.breaking import Mutant
from tocsin.mutants.documents import write
from tocsin.mutants.order import FIELD, Order, order_of
from tocsin.mutants.reach import entries
from tocsin.mutants.rule import Rule, RuleFile
from tocsin.mutants.suite import Suite, Test
from tocsin.promql.durations import milliseconds_of
from tocsin.promtool import LONG, Result, memory, test_rules

# A rule that promtool does not load, as no PromQL or for a torn template: that is no mutant, and no test has noticed
# anything.
_REFUSED = re.compile(r'\bgroup ".*", rule \d+, ".*": ')
# Few enough that the progress moves and no call takes long, many enough that starting it does not count.
_TO_A_CALL = 24


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a mutant: the tests that noticed it, or the first of them."""

    mutant: Mutant
    killers: tuple[Test, ...]


@dataclass(frozen=True, slots=True)
class _Trial:
    """A test with a rule of it broken, or with none. `backwards` are the groups whose order is not certain."""

    test: Test
    mutant: Mutant | None = None
    backwards: bool = False


@dataclass(slots=True)
class Bench:
    """Runs trials in a folder of its own, which is gone when they are done."""

    jobs: int
    folder: Path
    _texts: dict[tuple[Test, bool], bytes] = field(default_factory=dict)
    _rules: dict[tuple[Test, RuleFile], bytes] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=count)

    def run(self, trials: Sequence[_Trial]) -> Iterator[tuple[_Trial, Result]]:
        batches = [
            batch
            for long in (True, False)
            for batch in self._batches([trial for trial in trials if _is_long(trial.test) == long])
        ]
        with ThreadPoolExecutor(self.jobs) as pool:
            for batch, results in zip(batches, pool.map(self._call, batches), strict=True):
                yield from zip(batch, results, strict=True)

    def _batches(self, trials: Sequence[_Trial]) -> Iterator[Sequence[_Trial]]:
        size = max(1, min(_TO_A_CALL, -(-len(trials) // self.jobs)))
        return (trials[start : start + size] for start in range(0, len(trials), size))

    def _call(self, batch: Sequence[_Trial]) -> list[Result]:
        home = self.folder / str(next(self._numbers))
        home.mkdir()
        files = [self._write(trial, home, number) for number, trial in enumerate(batch)]
        results = test_rules(home, files, None if _is_long(batch[0].test) else memory())
        shutil.rmtree(home)
        return results

    def _write(self, trial: _Trial, home: Path, number: int) -> str:
        own = home / str(number)
        own.mkdir()
        test = about(trial.test, trial.mutant.rule) if trial.mutant else trial.test
        for place, file in enumerate(test.files):
            mutant = trial.mutant if trial.mutant and trial.mutant.rule in file.rules else None
            (own / _name(place)).write_bytes(self._rules_of(test, file, mutant))
        (own / "test.yaml").write_bytes(self._test_text(test, trial.backwards))
        return f"{number}/test.yaml"

    def _test_text(self, test: Test, backwards: bool) -> bytes:
        key = (test, backwards)
        if key not in self._texts:
            order = _order(test)
            stated = {FIELD: order.stated(backwards=backwards)} if order else {}
            files = [_name(number) for number in range(len(test.files))]
            self._texts[key] = write({"rule_files": files, **test.header, **stated, "tests": [test.data]})
        return self._texts[key]

    def _rules_of(self, test: Test, file: RuleFile, mutant: Mutant | None) -> bytes:
        if mutant is not None:
            return write(pruned(test, file, mutant))
        key = (test, file)
        if key not in self._rules:
            self._rules[key] = write(pruned(test, file, None))
        return self._rules[key]


def _is_long(test: Test) -> bool:
    """Whether its database does not belong in memory."""
    asserted = [one for kind in ("alert_rule_test", "promql_expr_test") for one in test.data.get(kind) or ()]
    return max((_milliseconds(one.get("eval_time")) for one in asserted), default=0) > LONG


def _milliseconds(duration: object) -> int:
    try:
        return milliseconds_of(str(duration))
    except ValueError:
        return 0


def _name(number: int) -> str:
    return f"rules-{number}.yaml"


def pruned(test: Test, file: RuleFile, mutant: Mutant | None) -> dict[str, Any]:
    """The rule file with the rules that the test needs, and the mutant in its rule's place."""
    kept: dict[int, list[Mapping[str, Any]]] = {}
    for rule in file.rules:
        if rule in test.loads:
            data = mutant.data if mutant is not None and mutant.rule is rule else rule.data
            kept.setdefault(rule.group, []).append(data)
    return {"groups": [{**file.groups[number], "rules": rules} for number, rules in kept.items()]}


@dataclass(frozen=True, slots=True)
class Failing:
    """A test that fails with nothing broken, and what promtool says of it.

    `order` is that of the groups if it passes in another: promtool has no certain one, and `passes` is what it does in
    this one.
    """

    test: Test
    output: str
    order: Order | None = None
    passes: bool = False


def failing_tests(tests: Sequence[Test], jobs: int) -> list[Failing]:
    """The tests that fail with nothing broken: twice, see `test_rules_surely`."""
    trials = [
        _Trial(test, None, backwards) for test in tests for backwards in ((False, True) if _order(test) else (False,))
    ]
    with _bench(jobs) as bench:
        failing = [trial for trial, result in bench.run(trials) if not result.passed]
        said = {(trial.test, trial.backwards): one.output for trial, one in bench.run(failing) if not one.passed}
    found = []
    for test in dict.fromkeys(test for test, _ in said):
        outputs = [said[test, backwards] for backwards in (False, True) if (test, backwards) in said]
        order = _order(test) if len(outputs) == 1 else None
        found.append(Failing(test, outputs[0], order, (test, False) not in said))
    return found


def _order(test: Test) -> Order | None:
    return order_of(test.header, test.files, test.loads)


def verdicts(
    suite: Suite, mutants: Iterable[Mutant], jobs: int, tick: Callable[[int], None] = lambda _: None, *, every: bool
) -> list[Verdict]:
    """What becomes of each mutant before the tests that touch its rule: before `every` one, to name all that notice, or
    one after the other until one does. `tick` is told of each that is done.
    """
    broken = list(mutants)
    left = {id(mutant): _in_turn(suite, mutant.rule) for mutant in broken}
    killers: dict[int, set[Test]] = {id(mutant): set() for mutant in broken}
    refused: set[int] = set()
    tick(sum(1 for tests in left.values() if not tests))
    with _bench(jobs) as bench:
        while trials := [_Trial(test, one) for one in broken for test in left[id(one)][: None if every else 1]]:
            for trial, result in bench.run(trials):
                key = id(trial.mutant)
                left[key].remove(trial.test)
                if not result.passed:
                    killers[key].add(trial.test)
                if _REFUSED.search(result.output):
                    refused.add(key)
                if not every and (key in refused or killers[key]):
                    left[key].clear()
                if not left[key]:
                    tick(1)
    return [
        Verdict(mutant, tuple(test for test in suite.tests_of(mutant.rule) if test in killers[id(mutant)]))
        for mutant in broken
        if id(mutant) not in refused
    ]


def _in_turn(suite: Suite, rule: Rule) -> list[Test]:
    """The tests that touch a rule; those that ask for itself, and not for what reads it, are likely to notice more."""

    def asks(test: Test) -> bool:
        if rule.is_alert:
            return any(one.get("alertname") == rule.name for one in entries(test.data, "alert_rule_test"))
        return any(rule.name in str(one.get("expr")) for one in entries(test.data, "promql_expr_test"))

    return sorted(suite.tests_of(rule), key=lambda test: not asks(test))


@contextlib.contextmanager
def _bench(jobs: int) -> Iterator[Bench]:
    """A bench in memory where there is such a place, so that the disk does not count."""
    with tempfile.TemporaryDirectory(prefix="tocsin-", dir=memory()) as folder:
        yield Bench(jobs, Path(folder))
