"""Where a definition stands: the file and line that every finding names."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass

_OWN = os.path.dirname(os.path.abspath(__file__)) + os.sep


@dataclass(frozen=True, slots=True, order=True)
class Source:
    file: str
    line: int | None = None

    def __reduce__(self) -> tuple[type[Source], tuple[str, int | None]]:
        """Packs faster than as a dataclass: there is one for each thing that is read."""
        return Source, (self.file, self.line)

    def relative(self, root: str) -> Source:
        """The same place, named from `root` where it lies below it. An address stays as it is."""
        if "://" in self.file:
            return self
        path = os.path.relpath(self.file, root)
        return self if path.startswith("..") else Source(path.replace(os.sep, "/"), self.line)

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


def here() -> Source:
    """The nearest line of the caller's that is not ours."""
    frame = sys._getframe(1)
    while frame.f_code.co_filename.startswith((_OWN, "<")) and frame.f_back:
        frame = frame.f_back
    return Source(frame.f_code.co_filename, frame.f_lineno)
