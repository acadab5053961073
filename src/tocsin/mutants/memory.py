"""What was proven before, so that only what changed is proven again. Keyed by content: rules, tests, tools."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterable, Sequence
from functools import cache
from hashlib import sha256
from importlib import resources
from pathlib import Path
from typing import Any

from tocsin import promtool
from tocsin.mutants.about import about
from tocsin.mutants.breaking import Mutant
from tocsin.mutants.documents import write
from tocsin.mutants.order import FIELD
from tocsin.mutants.rule import Rule
from tocsin.mutants.suite import Suite, Test
from tocsin.mutants.trials import Verdict, pruned

# Verdicts that name the first test that notices, and not all of them.
_FIRST = b"first"


def of_project(root: Path) -> Path:
    """Where a project's memory is: in a folder that git ignores."""
    return root / ".tocsin" / "proven.json"


def of_files(files: Iterable[Path]) -> Path:
    """Where the memory of a set of files is: among the user's caches, so that their own folder stays as it is."""
    caches = os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser()
    name = sha256("\0".join(sorted(str(file.resolve()) for file in files)).encode()).hexdigest()
    return Path(caches) / "tocsin" / f"{name[:16]}.json"


class Memory:
    """What passed and the verdicts that were given, in a file; None remembers nothing.

    A `fresh` one takes nothing for known, and forgets nothing of what else is in the file.
    """

    def __init__(self, file: Path | None, *, fresh: bool = False) -> None:
        self._file = file
        self._old: dict[str, Any] = {} if file is None else _read(file)
        self._known = {} if fresh else dict(self._old)
        self._used: set[str] = set()

    def has_passed(self, *texts: bytes) -> bool:
        """Whether promtool has passed these texts before."""
        return self._known.get(self._key(*texts)) is True

    def note_passed(self, *texts: bytes) -> None:
        self._known[self._key(*texts)] = True

    def verdicts(self, suite: Suite, rule: Rule, mutants: Sequence[Mutant], *, every: bool) -> list[Verdict] | None:
        """The verdicts on a rule's mutants, where nothing that they rest on has changed.

        Where `every` test that notices is to be named, those that name the first one will not do.
        """
        texts, tests = _texts(suite, rule, mutants), suite.tests_of(rule)
        found = self._known.get(self._key(*texts))
        if not every and found is None:
            found = self._known.get(self._key(_FIRST, *texts))
        if not isinstance(found, dict):
            return None
        return [
            Verdict(mutant, tuple(tests[number] for number in found[str(place)]))
            for place, mutant in enumerate(mutants)
            if str(place) in found
        ]

    def note_verdicts(
        self, suite: Suite, rule: Rule, mutants: Sequence[Mutant], verdicts: Iterable[Verdict], *, every: bool
    ) -> None:
        """By the mutants' places; those that promtool refused have no verdict."""
        tests = suite.tests_of(rule)
        kind = () if every else (_FIRST,)
        self._known[self._key(*kind, *_texts(suite, rule, mutants))] = {
            str(mutants.index(verdict.mutant)): [tests.index(killer) for killer in verdict.killers]
            for verdict in verdicts
        }

    def save(self, *, whole: bool) -> None:
        """Keeps it for the next run. After a run of everything, what it did not need is forgotten."""
        if self._file is None:
            return
        known = {**self._old, **self._known}
        kept = {key: value for key, value in known.items() if key in self._used or not whole}
        # Where the folder cannot be written, everything is proven again next time: no reason to fail.
        with contextlib.suppress(OSError):
            self._file.parent.mkdir(parents=True, exist_ok=True)
            (self._file.parent / ".gitignore").write_text("*\n")
            new = self._file.with_suffix(f".{os.getpid()}")
            new.write_text(json.dumps(kept))
            new.replace(self._file)

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
    """Which promtool it is, and all that decides how a rule is broken."""
    own = sorted(resources.files("tocsin.mutants").iterdir(), key=lambda entry: entry.name)
    texts = [entry.read_bytes() for entry in own if entry.name.endswith(".py")]
    return promtool.identity().encode() + b"".join(texts)


def text_of(test: Test) -> bytes:
    """All that decides whether a test passes: neither its name nor the place of a group that it does not load."""
    kept = ((file, rule) for file in test.files for rule in file.rules if rule in test.loads)
    loaded = {str(file.groups[rule.group].get("name")) for file, rule in kept}
    header = dict(test.header)
    order = header.get(FIELD)
    if isinstance(order, list) and loaded <= {str(name) for name in order}:
        header[FIELD] = [name for name in order if str(name) in loaded]
    data = {key: value for key, value in test.data.items() if key != "name"}
    return write([header, data, *(pruned(test, file, None) for file in test.files)])


def _texts(suite: Suite, rule: Rule, mutants: Sequence[Mutant]) -> list[bytes]:
    changes = json.dumps([[mutant.operator, mutant.what, mutant.before, mutant.after] for mutant in mutants])
    return [rule.name.encode(), changes.encode(), *(text_of(about(test, rule)) for test in suite.tests_of(rule))]
