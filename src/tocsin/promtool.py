"""promtool: finds it, runs it, and says in words what it found."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tocsin.findings import TocsinError

_TIMEOUT = 300


@dataclass(frozen=True, slots=True)
class Result:
    """What promtool says of one file."""

    name: str
    passed: bool
    output: str


def find_promtool() -> Path:
    """promtool: `$PROMTOOL`, or the one on PATH. Raises TocsinError, which says how to get it."""
    named = os.environ.get("PROMTOOL")
    if named:
        found = shutil.which(named)
        if found is None:
            raise TocsinError(f"PROMTOOL={named} cannot be run", help="let it name a promtool, or unset it")
        return Path(found)
    found = shutil.which("promtool")
    if found is None:
        raise TocsinError(
            "promtool is not installed",
            help="`make test` installs it where it can. Debian and Ubuntu: apt-get install prometheus (and stop the "
            "service that it starts). macOS: brew install prometheus. Others: it is part of Prometheus's release "
            "archive; put it on PATH, or let PROMTOOL name it",
        )
    return Path(found)


@cache
def version() -> tuple[int, int]:
    """The version of the promtool that is used."""
    said = _run(["--version"], Path.cwd())
    numbers = re.search(r"version (\d+)\.(\d+)", said.stdout)
    return (int(numbers.group(1)), int(numbers.group(2))) if numbers else (0, 0)


def _run(arguments: Sequence[str], folder: Path) -> subprocess.CompletedProcess[str]:
    command = [str(find_promtool()), *arguments]
    try:
        # The verdicts go to stdout and their reasons to stderr: one pipe keeps them in order.
        return subprocess.run(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=_TIMEOUT,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise TocsinError(
            f"promtool could not run: {error}", help=f"see whether `{command[0]} --version` runs"
        ) from None


def check_rules(folder: Path, files: Sequence[str]) -> list[Result]:
    """What `promtool check rules` says of each file. Files are named from the folder."""
    said = _run(["check", "rules", *files], folder) if files else None
    return _results("Checking ", files, said)


def test_rules(folder: Path, files: Sequence[str]) -> list[Result]:
    """What `promtool test rules` says of each file, in one call."""
    said = _run(["test", "rules", *files], folder) if files else None
    return _results(r"(?:Unit Testing: |Processing test file:) +", files, said)


def _results(heading: str, files: Sequence[str], said: subprocess.CompletedProcess[str] | None) -> list[Result]:
    if said is None:
        return []
    text = said.stdout
    starts = list(re.finditer(rf"^{heading}(.+?)$", text, re.MULTILINE))
    found = {}
    for position, start in enumerate(starts):
        end = starts[position + 1].start() if position + 1 < len(starts) else len(text)
        body = textwrap.dedent(text[start.end() : end].strip("\n"))
        found[start.group(1).strip()] = Result(start.group(1).strip(), "SUCCESS" in body and "FAILED" not in body, body)
    results = [found.get(file, Result(file, False, f"promtool said nothing of it:\n{text.strip()}")) for file in files]
    if said.returncode != 0 and all(result.passed for result in results):
        return [Result(result.name, False, text.strip()) for result in results]
    return results
