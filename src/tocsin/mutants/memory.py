"""What was proven before, so that only what changed is proven again. Keyed by content: rules, tests, tools."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Sequence
from functools import cache
from hashlib import sha256
from importlib import resources
from pathlib import Path
from typing import Any

from tocsin import promtool
from tocsin.mutants.breaking import Mutant
from tocsin.mutants.documents import write
from tocsin.mutants.suite import Rule, Suite, Test
from tocsin.mutants.trials import Verdict, pruned

_FILE = "proven.json"


class Memory:
    """The tests that passed and the verdicts that were given, in a folder that git ignores; None remembers nothing."""

    def __init__(self, folder: Path | None, *, fresh: bool = False) -> None:
        self._folder = folder
        self._known: dict[str, Any] = {} if fresh or folder is None else _read(folder / _FILE)
        self._used: set[str] = set()

    def has_passed(self, test: Test) -> bool:
        return self._known.get(self._key(_text(test))) is True

    def note_passed(self, tests: Iterable[Test]) -> None:
        for test in tests:
            self._known[self._key(_text(test))] = True

    def verdicts(self, suite: Suite, rule: Rule, mutants: Sequence[Mutant]) -> list[Verdict] | None:
        """The verdicts on a rule's mutants, where nothing that they rest on has changed."""
        found = self._known.get(self._key(*_texts(suite, rule, mutants)))
        tests = suite.tests_of(rule)
        if not isinstance(found, dict):
            return None
        return [
            Verdict(mutant, tuple(tests[number] for number in found[str(place)]))
            for place, mutant in enumerate(mutants)
            if str(place) in found
        ]

    def note_verdicts(self, suite: Suite, rule: Rule, mutants: Sequence[Mutant], verdicts: Iterable[Verdict]) -> None:
        """By the mutants' places; those that promtool refused have no verdict."""
        tests = suite.tests_of(rule)
        self._known[self._key(*_texts(suite, rule, mutants))] = {
            str(mutants.index(verdict.mutant)): [tests.index(killer) for killer in verdict.killers]
            for verdict in verdicts
        }

    def save(self, *, whole: bool) -> None:
        """Keeps it for the next run. After a run of everything, what it did not need is forgotten."""
        if self._folder is None:
            return
        kept = {key: value for key, value in self._known.items() if key in self._used or not whole}
        # Where the folder cannot be written, everything is proven again next time: no reason to fail.
        with contextlib.suppress(OSError):
            self._folder.mkdir(exist_ok=True)
            (self._folder / ".gitignore").write_text("*\n")
            new = self._folder / f"{_FILE}.new"
            new.write_text(json.dumps(kept))
            new.replace(self._folder / _FILE)

    def _key(self, *texts: bytes) -> str:
        key = sha256(b"\0".join((_tools(), *texts))).hexdigest()
        self._used.add(key)
        return key


def _read(file: Path) -> dict[str, Any]:
    try:
        found = json.loads(file.read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


@cache
def _tools() -> bytes:
    """promtool's version, and all that decides how a rule is broken."""
    own = sorted(resources.files("tocsin.mutants").iterdir(), key=lambda entry: entry.name)
    texts = [entry.read_bytes() for entry in own if entry.name.endswith(".py")]
    return repr(promtool.version()).encode() + b"".join(texts)


def _text(test: Test) -> bytes:
    return write([test.header, test.data, *(pruned(test, file, None) for file in test.files)])


def _texts(suite: Suite, rule: Rule, mutants: Sequence[Mutant]) -> list[bytes]:
    changes = json.dumps([[mutant.operator, mutant.what, mutant.before, mutant.after] for mutant in mutants])
    return [rule.name.encode(), changes.encode(), *(_text(test) for test in suite.tests_of(rule))]
