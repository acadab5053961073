"""The files that paths lead to, each once."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from stat import S_ISREG

ENDINGS = frozenset({".yaml", ".yml", ".json", ".rules"})


@dataclass(frozen=True, slots=True)
class File:
    """A file to be read. `named` says that somebody named it, and not only a folder around it.

    `problem` is what keeps a folder from being searched.
    """

    path: str
    named: bool
    problem: str = ""

    def raw(self) -> bytes | None:
        """What stands in it; None where it cannot be read."""
        try:
            return None if self.problem else Path(self.path).read_bytes()
        except OSError:
            return None

    @property
    def is_kept(self) -> bool:
        """Whether it can be read again; what comes through a pipe cannot."""
        return os.path.isfile(self.path)


def files(paths: Iterable[str | Path]) -> Iterator[File]:
    """The files that paths lead to, in order. Raises nothing: what cannot be read says so when it is."""
    seen: set[str] = set()
    for path in paths:
        for file in _walked(Path(path)) if Path(path).is_dir() else (File(str(path), named=True),):
            real = os.path.realpath(file.path)
            if real not in seen:
                seen.add(real)
                yield file


def _walked(folder: Path) -> Iterator[File]:
    """The files below a folder that may be of interest; nothing hidden, and no pipe, which may never end."""
    closed: list[OSError] = []
    for root, folders, names in os.walk(folder, onerror=closed.append):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name != "node_modules")
        for name in sorted(names):
            path = os.path.join(root, name)
            if not name.startswith(".") and os.path.splitext(name)[1].lower() in ENDINGS and _is_plain(path):
                yield File(path, named=False)
    for error in closed:
        yield File(str(error.filename), named=False, problem=f"it cannot be searched: {error.strerror}")


def _is_plain(path: str) -> bool:
    try:
        return S_ISREG(os.stat(path).st_mode)
    except OSError:
        return True  # which is told when it is read
