"""Projects for the tests: the repository's own, and copies of it to break."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import warm

REPOSITORY = Path(__file__).parent.parent


@dataclass(frozen=True)
class Copy:
    """A copy of the repository's project that a test may break."""

    root: Path

    def replace(self, file: str, old: str, new: str) -> None:
        path = self.root / file
        text = path.read_text()
        assert text.count(old) >= 1, f"{old!r} is not in {file}"
        # A lone surrogate stands for a byte that is no UTF-8.
        path.write_text(text.replace(old, new, 1), errors="surrogateescape")

    def append(self, file: str, text: str) -> None:
        path = self.root / file
        path.write_text(path.read_text() + text)

    def line_of(self, file: str, text: str) -> int:
        lines = (self.root / file).read_text().splitlines()
        return next(number for number, line in enumerate(lines, 1) if text in line)

    def tocsin(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Runs the command in the copy, as a user does; with an environment of its own in a Python of its own."""
        if not environment:
            return warm.run(arguments, self.root, os.environ)
        return subprocess.run(
            [sys.executable, "-m", "tocsin.cli", *arguments],
            cwd=self.root,
            capture_output=True,
            text=True,
            env={**os.environ, **environment},
            check=False,
        )


MakeProject = Callable[[dict[str, str]], Copy]
