"""What promtool says of the files as they are, before anything is taken out of them."""

from __future__ import annotations

import contextlib
import re
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tocsin.findings import Finding, Severity
from tocsin.mutants.documents import line_of, write
from tocsin.mutants.memory import Memory
from tocsin.mutants.order import FIELD, order_of
from tocsin.mutants.rule import Rule, RuleFile
from tocsin.mutants.suite import Suite, TestFile
from tocsin.promtool import Result, check_rules, test_rules_surely, version
from tocsin.source import Source

_RULE = re.compile(r'group "(.*?)", rule (\d+), "(.*?)": (.*)')
_LINE = re.compile(r"line (\d+): (.*)")
_PLACE = re.compile(r"(?:line )?(\d+)(?::\d+)?: (.*)")
# `labels` of a group and such: known to some versions, and no mistake.
_UNKNOWN = re.compile(r"field (\S+) not found in type rulefmt\.(RuleGroup|Rule)(?:Node)?")
_NEWER = frozenset({("RuleGroup", "labels"), ("RuleGroup", "query_offset"), ("Rule", "keep_firing_for")})
_HEADS = re.compile(r"FAILED:|SUCCESS.*|\d+ rules found|(?:yaml: )?unmarshal errors:|")
# So it begins to tell of a test.
_HAS_RUN = re.compile(r"^\s*(?:name|alertname|expr|rule|group): ", re.MULTILINE)
_MEND = "mend it: Prometheus does not load the file, and computes none of its rules"


@dataclass(frozen=True, slots=True)
class Failure:
    """What promtool says of a test file that it does not pass, and whether it has `run` its tests at all."""

    finding: Finding
    run: bool


@dataclass(frozen=True, slots=True)
class Files:
    """The files of a suite, as promtool is given them. `folder` is for what it cannot read as it stands."""

    suite: Suite
    memory: Memory
    jobs: int
    folder: Path

    def refused_rules(self) -> dict[RuleFile, list[Finding]]:
        """The rule files that Prometheus would not load, and why not."""
        new = [file for file in self.suite.files if not self.memory.has_passed(b"rules", file.content)]
        names = [str(self._readable(file)) for file in new]
        refused = {}
        for file, result in zip(new, check_rules(Path.cwd(), names), strict=True):
            if result.passed:
                self.memory.note_passed(b"rules", file.content)
            else:
                refused[file] = list(dict.fromkeys(_refusals(file, result)))
        return refused

    def failing_tests(self, files: Iterable[TestFile]) -> dict[TestFile, Failure]:
        """The test files that promtool does not pass, and what it says of them."""
        new = [file for file in files if not self.memory.has_passed(*_texts(file))]
        failing = {}
        for file, result in zip(new, self._results([str(self._test(file)) for file in new]), strict=True):
            if result.passed:
                self.memory.note_passed(*_texts(file))
            elif not self._passes_in_order(file):
                failing[file] = _failure(file, result)
        return failing

    def _passes_in_order(self, file: TestFile) -> bool:
        """Whether its groups in a certain order would pass: what it says of its tests without, is told of these."""
        order = order_of(file.data, file.loads, [rule for loaded in file.loads for rule in loaded.rules])
        if order is None:
            return False
        rules = [str(self._readable(loaded).resolve()) for loaded in file.loads]
        text = write({**file.data, "rule_files": rules, FIELD: order.stated()})
        return all(
            one.passed for one in test_rules_surely(Path.cwd(), [str(self._written("ordered", file.path, text))])
        )

    def _results(self, names: Sequence[str]) -> Iterator[Result]:
        share = max(1, -(-len(names) // self.jobs))
        batches = [names[start : start + share] for start in range(0, len(names), share)]
        with ThreadPoolExecutor(self.jobs) as pool:
            for results in pool.map(lambda batch: test_rules_surely(Path.cwd(), batch), batches):
                yield from results

    def _readable(self, file: RuleFile) -> Path:
        """The file, or what a Kubernetes resource has in it."""
        return file.path if file.resource is None else self._written("rules", file.path, write(file.resource))

    def _test(self, file: TestFile) -> Path:
        if all(loaded.resource is None for loaded in file.loads):
            return file.path
        rules = [str(self._readable(loaded).resolve()) for loaded in file.loads]
        return self._written("tests", file.path, write({**file.data, "rule_files": rules}))

    def _written(self, kind: str, path: Path, content: bytes) -> Path:
        written = self.folder / kind / str(path.resolve()).strip("/")
        written.parent.mkdir(parents=True, exist_ok=True)
        written.write_bytes(content)
        return written


@contextlib.contextmanager
def files_of(suite: Suite, memory: Memory, jobs: int) -> Iterator[Files]:
    """The suite's files, with a folder that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="tocsin-") as folder:
        yield Files(suite, memory, jobs, Path(folder))


def _texts(file: TestFile) -> list[bytes]:
    return [b"tests", file.content, *(loaded.content for loaded in file.loads)]


def _refusals(file: RuleFile, result: Result) -> Iterator[Finding]:
    said = [line.strip().removeprefix(f"{result.name}:").strip() for line in result.output.splitlines()]
    seen: Counter[str] = Counter()
    for text in (text for text in said if not _HEADS.fullmatch(text)):
        in_rule, in_line = _RULE.search(text), _PLACE.fullmatch(text)
        rule = _rule(file, in_rule) if in_rule else None
        why = in_line[2] if in_line else text
        if in_rule and rule:
            yield Finding("promtool", Severity.ERROR, in_rule[4], _MEND, rule.source, rule.name)
            continue
        # What is in a resource is given to promtool alone: its lines are others there.
        line = int(in_line[1]) if in_line else None
        if file.resource is not None:
            line = _line_of(file, why, seen[why])
            seen[why] += 1
        yield Finding("promtool", Severity.ERROR, *_told(why), Source(str(file.path), line))


def _told(why: str) -> tuple[str, str]:
    """What promtool says, and what to do about it."""
    unknown = _UNKNOWN.fullmatch(why)
    if unknown and (unknown[2], unknown[1]) in _NEWER:
        major, minor = version()
        return f"promtool {major}.{minor} is too old: {why}", "take a newer one, of your Prometheus; PROMTOOL names it"
    return why, _MEND


def _line_of(file: RuleFile, why: str, number: int) -> int | None:
    """Where the field stands that promtool does not know, the one of this number among those of its name."""
    unknown = _UNKNOWN.fullmatch(why)
    if not unknown:
        return None
    holders = file.groups if unknown[2] == "RuleGroup" else [rule.data for rule in file.rules]
    lines = [line_of(one[unknown[1]]) or line_of(one) for one in holders if unknown[1] in one]
    return lines[number] if number < len(lines) else None


def _rule(file: RuleFile, told: re.Match[str]) -> Rule | None:
    """The rule that promtool names by its group, its number there and its name."""
    for number, group in enumerate(file.groups):
        if str(group.get("name")) == told[1]:
            rules = [rule for rule in file.rules if rule.group == number]
            place = int(told[2]) - 1
            if place < len(rules) and rules[place].name == told[3]:
                return rules[place]
    return None


def _failure(file: TestFile, result: Result) -> Failure:
    line = _LINE.search(result.output)
    is_own = line is not None and file.path == Path(result.name)
    finding = Finding(
        "test-fails",
        Severity.ERROR,
        f"promtool does not pass it as it is, so none of its tests counts:\n{result.output.strip()}",
        "mend the file",
        Source(str(file.path), int(line[1]) if line and is_own else None),
    )
    return Failure(finding, _HAS_RUN.search(result.output) is not None)
