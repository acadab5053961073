"""A suite: rule files, promtool's tests of them, and which rule each test touches."""

from __future__ import annotations

import glob
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tocsin.findings import TocsinError
from tocsin.metrics import nearest
from tocsin.mutants.documents import line_of, read
from tocsin.promql.durations import milliseconds_of
from tocsin.promql.parse import PromQLError, tree_of
from tocsin.promql.tree import Node, Select
from tocsin.source import Source

_ALERTS = frozenset({"ALERTS", "ALERTS_FOR_STATE"})
Told = Callable[[Source, str], Source]
_DEFAULT_INTERVAL = "1m"
_QUERY = re.compile(r"\{\{.*?\bquery\b.*?\}\}", re.DOTALL)


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """An alerting or a recording rule, as its file has it. `tree` is None where we cannot take its expression apart."""

    source: Source
    group: int
    data: Mapping[str, Any]
    tree: Node | None
    interval: str = ""  # of its group, where that states one

    @property
    def is_alert(self) -> bool:
        return "alert" in self.data

    @property
    def name(self) -> str:
        return str(self.data["alert"] if self.is_alert else self.data["record"])


@dataclass(frozen=True, slots=True, eq=False)
class RuleFile:
    """The groups of a rule file, in the order in which they stand."""

    groups: tuple[Mapping[str, Any], ...]
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Test:
    """One entry of a test file's `tests`, with the rule files that it loads."""

    source: Source
    name: str
    header: Mapping[str, Any]
    data: Mapping[str, Any]
    files: tuple[RuleFile, ...]
    rules: frozenset[Rule]  # those that can make a difference to what the test asserts

    @property
    def asserts(self) -> int:
        """How many things it asserts."""
        return sum(len(self.data.get(kind) or ()) for kind in ("alert_rule_test", "promql_expr_test"))


@dataclass(frozen=True, slots=True, eq=False)
class Suite:
    """The rules that are to be broken, and the tests that should notice."""

    rules: tuple[Rule, ...]
    tests: tuple[Test, ...]
    buckets: frozenset[str] = frozenset()  # series of buckets that all instances have alike, by a contract

    def tests_of(self, rule: Rule) -> tuple[Test, ...]:
        return tuple(test for test in self.tests if rule in test.rules)

    def tested_every(self, rule: Rule) -> str:
        """How often the tests of a rule evaluate it, the most seldom: promtool does not ask its group."""
        stated = (str(test.header.get("evaluation_interval") or _DEFAULT_INTERVAL) for test in self.tests_of(rule))
        return max(stated, key=milliseconds_of, default=_DEFAULT_INTERVAL)

    def only(self, names: Iterable[str]) -> Suite:
        """The suite of these rules, and of what they read. Raises TocsinError for a name that it has not."""
        named = list(names)
        for name in named:
            if not any(rule.name == name for rule in self.rules):
                raise _unknown(name, self.rules)
        chosen = _with_beneath([rule for rule in self.rules if rule.name in named], self.rules)
        tests = tuple(test for test in self.tests if test.rules & chosen)
        return Suite(tuple(rule for rule in self.rules if rule in chosen), tests, self.buckets)

    def labels(self) -> Mapping[str, frozenset[str]]:
        """The labels that the tests' input series have, by the series' names."""
        found: dict[str, frozenset[str]] = {}
        for test in self.tests:
            for series in test.data.get("input_series") or ():
                node = _selector(str(series.get("series", "")))
                if node is not None:
                    names = frozenset(matcher.label for matcher in node.matchers)
                    found[node.name] = found.get(node.name, frozenset()) | names
        return found


def read_suite(rules: Sequence[Path], tests: Sequence[Path], told_at: Told = lambda source, _: source) -> Suite:
    """The suite of these files. `told_at` says what place is named for a rule or a test that stands at a place.

    Raises TocsinError where a file cannot be read, or a test names rule files that are not there.
    """
    reader = _Reader(told_at)
    for path in rules:
        reader.rule_file(path)
    broken = tuple(rule for file in reader.files.values() for rule in file.rules)
    found = tuple(test for path in tests for test in reader.tests(path))
    return Suite(broken, found)


class _Reader:
    """Reads each rule file once."""

    def __init__(self, told_at: Told) -> None:
        self.files: dict[Path, RuleFile] = {}
        self._told_at = told_at

    def rule_file(self, path: Path) -> RuleFile:
        whole = path.resolve()
        if whole not in self.files:
            groups = tuple(group for document in read(path) for group in _groups(path, document))
            self.files[whole] = RuleFile(groups, tuple(self._rules(path, groups)))
        return self.files[whole]

    def _rules(self, path: Path, groups: Sequence[Mapping[str, Any]]) -> Iterator[Rule]:
        for number, group in enumerate(groups):
            for data in group.get("rules") or ():
                source = Source(str(path), line_of(data))
                if not isinstance(data, Mapping) or not data.keys() & {"alert", "record"} or "expr" not in data:
                    raise TocsinError(
                        "no rule: it has no `alert` or `record`, or no `expr`", help="mend it", source=source
                    )
                name = str(data.get("alert") or data.get("record"))
                interval = str(group.get("interval") or "")
                yield Rule(self._told_at(source, name), number, data, _tree(str(data["expr"])), interval)

    def tests(self, path: Path) -> Iterator[Test]:
        for document in read(path):
            if not isinstance(document, Mapping) or not isinstance(document.get("tests"), list):
                raise TocsinError(
                    "no test file: it has no list `tests`",
                    help="name a file that `promtool test rules` takes",
                    source=Source(str(path)),
                )
            loaded = tuple(self.rule_file(file) for file in _loaded(path, document))
            header = {name: value for name, value in document.items() if name not in ("rule_files", "tests")}
            for number, data in enumerate(document["tests"], 1):
                name = str(data.get("name") or f"test {number}")
                source = self._told_at(Source(str(path), line_of(data)), "")
                yield Test(source, name, header, data, loaded, _needed(data, loaded))


def _groups(path: Path, document: Any) -> Iterable[Mapping[str, Any]]:
    """The groups of a rule file, or of a PrometheusRule."""
    if isinstance(document, Mapping) and "groups" not in document and isinstance(document.get("spec"), Mapping):
        document = document["spec"]
    groups = document.get("groups") if isinstance(document, Mapping) else None
    if not isinstance(groups, list) or not all(isinstance(group, Mapping) for group in groups):
        raise TocsinError(
            "no rule file: it has no list `groups`",
            help="name a file of Prometheus rules, or a PrometheusRule",
            source=Source(str(path)),
        )
    return groups


def _tree(text: str) -> Node | None:
    try:
        return tree_of(text)
    except PromQLError:
        return None


def _selector(text: str) -> Select | None:
    node = _tree(text)
    return node if isinstance(node, Select) else None


def _loaded(path: Path, document: Mapping[str, Any]) -> Iterator[Path]:
    """The rule files of a test file: as promtool finds them, from the test file's folder, with wildcards."""
    for name in document.get("rule_files") or ():
        pattern = str(path.parent / str(name))
        found = sorted(glob.glob(pattern))
        if not found:
            raise TocsinError(
                f"`rule_files` names {name}, and no file matches it",
                help=f"the name counts from the test file's folder, {path.parent or '.'}",
                source=Source(str(path), line_of(name)),
            )
        yield from map(Path, found)


def _needed(test: Mapping[str, Any], files: Iterable[RuleFile]) -> frozenset[Rule]:
    every = [rule for file in files for rule in file.rules]
    names = _asserted(test)
    asked = [rule for rule in every if rule.is_alert and rule.name in names.alerts]
    return _with_beneath([*asked, *_read_by(every, names.trees)], every)


def _with_beneath(first: Iterable[Rule], every: Sequence[Rule]) -> frozenset[Rule]:
    """The rules, and all that they read, and what those read."""
    waiting, seen = list(first), set[Rule]()
    while waiting:
        rule = waiting.pop()
        if rule not in seen:
            seen.add(rule)
            waiting += every if _reads_anything(rule) else _read_by(every, [rule.tree] if rule.tree else [])
    return frozenset(seen)


def _unknown(name: str, rules: Iterable[Rule]) -> TocsinError:
    near = nearest(name, {rule.name: None for rule in rules})
    return TocsinError(f"there is no rule {name}", help=f"did you mean {near}?" if near else "see the rule files")


@dataclass(frozen=True, slots=True)
class _Asserted:
    alerts: frozenset[str]
    trees: tuple[Node, ...]


def _asserted(test: Mapping[str, Any]) -> _Asserted:
    alerts = frozenset(str(one.get("alertname")) for one in test.get("alert_rule_test") or ())
    texts = [str(one.get("expr")) for one in test.get("promql_expr_test") or ()]
    # An expression that we cannot take apart may read anything.
    trees = tuple(_tree(text) or Select("") for text in texts)
    return _Asserted(alerts, trees)


def _read_by(rules: Iterable[Rule], trees: Iterable[Node]) -> list[Rule]:
    names: set[str] = set()
    alerts: set[str | None] = set()
    for tree in trees:
        for part in tree.walk():
            if isinstance(part, Select):
                exact = {matcher.label: matcher.value for matcher in part.matchers if matcher.operator == "="}
                name = part.name or exact.get("__name__")
                if name is None:
                    return list(rules)
                names.add(name)
                if name in _ALERTS:
                    alerts.add(exact.get("alertname"))
    return [
        rule for rule in rules if (rule.name in names if not rule.is_alert else rule.name in alerts or None in alerts)
    ]


def _reads_anything(rule: Rule) -> bool:
    """Whether its text asks Prometheus, or its expression is beyond us: then it may read any series."""
    annotations = rule.data.get("annotations") or {}
    return rule.tree is None or any(_QUERY.search(str(text)) for text in annotations.values())
