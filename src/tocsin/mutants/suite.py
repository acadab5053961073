"""A suite: rule files, promtool's tests of them, and which rule each test touches."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tocsin.findings import TocsinError
from tocsin.metrics import nearest
from tocsin.mutants.documents import line_of, read, read_bytes
from tocsin.mutants.reach import Reach, Rules, entries, parsed, reach, with_beneath
from tocsin.mutants.rule import Rule, RuleFile
from tocsin.mutants.rule_files import Told, rule_file
from tocsin.promql.durations import milliseconds_of
from tocsin.promql.tree import Select
from tocsin.source import Source

_DEFAULT_INTERVAL = "1m"


@dataclass(frozen=True, slots=True, eq=False)
class TestFile:
    """A file of promtool's tests, and the rule files that it loads."""

    __test__ = False

    path: Path
    data: Mapping[str, Any]
    loads: tuple[RuleFile, ...]
    content: bytes


@dataclass(frozen=True, slots=True, eq=False)
class Test:
    """One entry of a test file's `tests`. `header` is what the file says beside its tests and its rule files."""

    source: Source
    name: str
    file: TestFile
    data: Mapping[str, Any]
    reach: Reach

    @property
    def header(self) -> Mapping[str, Any]:
        return {name: value for name, value in self.file.data.items() if name not in ("rule_files", "tests")}

    @property
    def files(self) -> tuple[RuleFile, ...]:
        return self.file.loads

    @property
    def rules(self) -> frozenset[Rule]:
        """Those that can make a difference to what it asserts."""
        return self.reach.needed

    @property
    def loads(self) -> frozenset[Rule]:
        """These, and those that can where one of them is broken."""
        return self.reach.loaded


@dataclass(frozen=True, slots=True, eq=False)
class Suite:
    """The rules that are to be broken, and the tests that should notice."""

    rules: tuple[Rule, ...]
    tests: tuple[Test, ...]
    files: tuple[RuleFile, ...] = ()  # with these rules, and all that the tests load
    buckets: frozenset[str] = frozenset()  # series of buckets that all instances have alike, by a contract

    def tests_of(self, rule: Rule) -> tuple[Test, ...]:
        return tuple(test for test in self.tests if rule in test.rules)

    def tested_every(self, rule: Rule) -> str:
        """How often the tests of a rule evaluate it, the most seldom: promtool does not ask its group."""
        stated = (str(test.header.get("evaluation_interval") or _DEFAULT_INTERVAL) for test in self.tests_of(rule))
        return max(stated, key=milliseconds_of, default=_DEFAULT_INTERVAL)

    def without(self, tests: Iterable[Test]) -> Suite:
        """The suite without some of its tests."""
        dropped = set(tests)
        return replace(self, tests=tuple(test for test in self.tests if test not in dropped))

    def only(self, names: Iterable[str]) -> Suite:
        """The suite of these rules, and of what they read. Raises TocsinError for a name that it has not."""
        named = list(names)
        for name in named:
            if not any(rule.name == name for rule in self.rules):
                raise _unknown(name, self.rules)
        chosen = with_beneath([rule for rule in self.rules if rule.name in named], Rules(self.rules))
        tests = tuple(test for test in self.tests if test.rules & chosen)
        loaded = {file for test in tests for file in test.files}
        files = tuple(file for file in self.files if file in loaded or chosen & set(file.rules))
        return replace(self, rules=tuple(rule for rule in self.rules if rule in chosen), tests=tests, files=files)

    def labels(self) -> Mapping[str, frozenset[str]]:
        """The labels that the tests' input series have, by the series' names."""
        found: dict[str, frozenset[str]] = {}
        for node, _ in self._input_series():
            names = frozenset(matcher.label for matcher in node.matchers)
            found[node.name] = found.get(node.name, frozenset()) | names
        return found

    def floats(self) -> frozenset[str]:
        """The names of the tests' input series that are numbers, and never native histograms."""
        given = frozenset(node.name for node, _ in self._input_series())
        return given - {node.name for node, values in self._input_series() if "{{" in values}

    def _input_series(self) -> Iterator[tuple[Select, str]]:
        for test in self.tests:
            for series in entries(test.data, "input_series"):
                node = parsed(str(series.get("series", "")))
                if isinstance(node, Select):
                    yield node, str(series.get("values", ""))


def read_suite(rules: Sequence[Path], tests: Sequence[Path], told_at: Told = lambda source, _: source) -> Suite:
    """The suite of these files. `told_at` says what place is named for a rule or a test that stands at a place.

    Raises TocsinError where a file cannot be read, or a test names rule files that are not there.
    """
    reader = _Reader(told_at)
    for path in rules:
        reader.rule_file(path)
    broken = tuple(rule for file in reader.files.values() for rule in file.rules)
    found = tuple(test for path in tests for test in reader.tests(path))
    return Suite(broken, found, tuple(reader.files.values()))


class _Reader:
    """Reads each rule file once."""

    def __init__(self, told_at: Told) -> None:
        self.files: dict[Path, RuleFile] = {}
        self._told_at = told_at

    def rule_file(self, path: Path) -> RuleFile:
        whole = path.resolve()
        if whole not in self.files:
            self.files[whole] = rule_file(path, self._told_at)
        return self.files[whole]

    def tests(self, path: Path) -> Iterator[Test]:
        content = read_bytes(path)
        # promtool reads no other document; that one is never run is told by `checks.hollow_tests`.
        for document in read(content, path)[:1]:
            if not isinstance(document, Mapping) or not isinstance(document.get("tests"), list):
                raise TocsinError(
                    "no test file: it has no list `tests`",
                    help="name a file that `promtool test rules` takes",
                    source=Source(str(path)),
                )
            file = TestFile(path, document, tuple(self.rule_file(one) for one in _loaded(path, document)), content)
            rules = Rules(rule for loaded in file.loads for rule in loaded.rules)
            for number, data in enumerate(entries(document, "tests"), 1):
                name = str(data.get("name") or f"test {number}")
                source = self._told_at(Source(str(path), line_of(data)), "")
                yield Test(source, name, file, data, reach(data, rules))


def _loaded(path: Path, document: Mapping[str, Any]) -> Iterator[Path]:
    """The rule files of a test file: as promtool finds them, from the test file's folder, with wildcards, each once."""
    every: dict[str, None] = {}
    for name in document.get("rule_files") or ():
        pattern = str(path.parent / str(name))
        found = sorted(glob.glob(pattern))
        if not found:
            raise TocsinError(
                f"`rule_files` names {name}, and no file matches it",
                help=f"the name counts from the test file's folder, {path.parent or '.'}",
                source=Source(str(path), line_of(name)),
            )
        every |= dict.fromkeys(map(os.path.normpath, found))
    return map(Path, every)


def _unknown(name: str, rules: Iterable[Rule]) -> TocsinError:
    near = nearest(name, {rule.name: None for rule in rules})
    return TocsinError(f"there is no rule {name}", help=f"did you mean {near}?" if near else "see the rule files")
