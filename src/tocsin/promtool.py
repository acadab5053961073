"""promtool: finds it, runs it, and says in words what it found."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import tempfile
import textwrap
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tocsin.findings import TocsinError

_TIMEOUT, _FOR_EACH = 300, 30
_ANSWERS = frozenset({0, 1, 3})  # that all is well, that something is not, and that only a lint is not
_MEMORY = Path("/dev/shm")
_ROOM = 512 * 1024 * 1024
# Milliseconds. Of samples that reach further Prometheus writes a block while it evaluates, and reserves 512 MB for it:
# on a disk that is nothing, in memory it takes longer than ten tests.
LONG = 36 * 3_600_000
# It does one thing at a time. Go's runtime would keep other processors looking for work, and collect far too often:
# the databases of a hundred tests take less than the limit, and those of thousands are collected where they reach it.
_GO = {"GOMAXPROCS": "1", "GOGC": "off", "GOMEMLIMIT": "1GiB"}


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


@cache
def identity() -> str:
    """Which promtool it is: what it says of itself, and its size and date, for a build of one's own says nothing."""
    file = find_promtool().resolve()
    facts = file.stat()
    return f"{_run(['--version'], Path.cwd()).stdout}\n{file} {facts.st_size} {facts.st_mtime_ns}"


def memory() -> Path | None:
    """A folder in memory, where there is one with room: for what is thrown away soon."""
    if "TMPDIR" in os.environ or not os.access(_MEMORY, os.W_OK):
        return None
    room = os.statvfs(_MEMORY)
    return _MEMORY if room.f_bavail * room.f_frsize >= _ROOM else None


def _run(arguments: Sequence[str], folder: Path, scratch: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = [str(find_promtool()), *arguments]
    try:
        # The verdicts go to stdout and their reasons to stderr: one pipe keeps them in order.
        said = subprocess.run(
            command,
            cwd=folder,
            env={**_GO, **os.environ, **({"TMPDIR": str(scratch)} if scratch else {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=_TIMEOUT + _FOR_EACH * len(arguments),
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise TocsinError(
            f"promtool could not run: {error}", help=f"see whether `{command[0]} --version` runs"
        ) from None
    if said.returncode not in _ANSWERS:
        raise _broken_off(said)
    return said


def _broken_off(said: subprocess.CompletedProcess[str]) -> TocsinError:
    """It has said nothing of what was left, which must not count as failed."""
    code = said.returncode
    how = f"ended by signal {-code}" if code < 0 else f"exit code {code}"
    panic = re.search(r"^panic: .*", said.stdout, re.MULTILINE)
    last = panic.group() if panic else said.stdout.strip().rpartition("\n")[2]
    return TocsinError(
        f"promtool broke off ({how}): {last or 'it said nothing'}",
        help="see whether it has memory, and room where it makes its databases (TMPDIR)",
    )


def check_rules(folder: Path, files: Sequence[str]) -> list[Result]:
    """What `promtool check rules` says of each file. Files are named from the folder."""
    said = _run(["check", "rules", *files], folder) if files else None
    return _results("Checking ", files, said)


def test_rules(folder: Path, files: Sequence[str], scratch: Path | None = None) -> list[Result]:  # noqa: PT028
    """What `promtool test rules` says of each file, in one call. What it lets pass, `mutants.holes` tells.

    promtool makes a database for every test, in `scratch` where that is given.
    """
    said = _run(["test", "rules", *files], folder, scratch) if files else None
    return _results(r"(?:Unit Testing: |Processing test file:) +", files, said)


def test_rules_surely(folder: Path, files: Sequence[str], short: Collection[str] = ()) -> list[Result]:  # noqa: PT028
    """The same, and what failed once more, alone: only what fails twice has failed.

    Of files that are `short` the databases are in memory, where there is room.
    Where samples reach over weeks an answer lacks a series once in some thousand runs: docs/formats.md.
    """
    with _scratch() as databases:
        first = _tested(folder, files, short, databases)
        again = _tested(folder, [file for file in files if not first[file].passed], short, databases)
    return [again.get(file, first[file]) for file in files]


def _tested(folder: Path, files: Sequence[str], short: Collection[str], databases: Path | None) -> dict[str, Result]:
    quick = [file for file in files if file in short]
    others = [file for file in files if file not in short]
    return {result.name: result for result in test_rules(folder, quick, databases) + test_rules(folder, others)}


@contextlib.contextmanager
def _scratch() -> Iterator[Path | None]:
    """A folder in memory that is gone afterwards, where there is such a place with room."""
    place = memory()
    if place is None:
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="tocsin-", dir=place) as own:
        yield Path(own)


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
