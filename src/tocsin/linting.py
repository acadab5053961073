"""What `tocsin lint` does: read files of others, and hold them to the checks."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tocsin.checks import in_order, judge
from tocsin.contract.union import united
from tocsin.findings import Finding, Severity, TocsinError
from tocsin.metrics import Catalog
from tocsin.promql.durations import milliseconds_of
from tocsin.reading import Contents, Failure, File, files, may_hold_rules, read_file
from tocsin.whole import of_files


@dataclass(frozen=True, slots=True)
class Selection:
    """Which findings are wanted: of the `select`ed checks (all, where there are none) but the `ignore`d ones."""

    select: frozenset[str] = frozenset()
    ignore: frozenset[str] = frozenset()
    least: Severity = Severity.INFO

    def wants(self, finding: Finding) -> bool:
        named = not self.select or finding.id in self.select
        return named and finding.id not in self.ignore and finding.severity >= self.least


@dataclass(frozen=True, slots=True)
class Linted:
    """What was found, what could not be read or was passed over, and how many files were looked at."""

    findings: list[Finding]
    failures: tuple[Failure, ...]
    files: int
    passed_over: tuple[Failure, ...] = ()


def lint(
    paths: Iterable[str],
    catalogs: Iterable[Catalog] = (),
    selection: Selection = Selection(),
    *,
    scrape_interval: str | None = None,
    prometheus: tuple[int, int] = (2, 42),
) -> Linted:
    """Judges all that the paths hold, recording rules linked across them. Raises TocsinError for a bad duration."""
    if scrape_interval is not None:
        try:
            length = milliseconds_of(scrape_interval)
        except ValueError as error:
            raise TocsinError(f"--scrape-interval: {error}") from None
        if not length:
            raise TocsinError("--scrape-interval is 0", help="state how far apart samples are: 15s")
    # What is read holds no circles: collecting garbage would only search it in vain.
    collecting = gc.isenabled()
    gc.disable()
    try:
        catalogs = united(catalogs)
        read = _Reading(paths)
        first, later = read.first(), read.later()
        whole = of_files(first, catalogs, later=later, scrape_interval=scrape_interval, prometheus=prometheus)
        found = {finding for finding in judge(whole) if selection.wants(finding)}
    finally:
        if collecting:
            gc.enable()
    return Linted(in_order(found), _by_place(read.failures), read.files, _by_place(read.passed_over))


def _by_place(failures: Iterable[Failure]) -> tuple[Failure, ...]:
    return tuple(sorted(failures, key=lambda one: (one.source.file, one.source.line or 0)))


class _Reading:
    """What the paths hold, counted on the way: first what may hold rules, then, when that is known, the others."""

    def __init__(self, paths: Iterable[str]) -> None:
        self.failures: list[Failure] = []
        self.passed_over: list[Failure] = []
        self.files = 0
        self._paths = paths
        self._others: list[File] = []

    def first(self) -> Iterator[Contents]:
        for file in files(self._paths):
            raw = file.raw()
            if raw is None or may_hold_rules(raw) or not file.is_kept:
                yield self._counted(read_file(file, raw))
            else:
                self._others.append(file)

    def later(self) -> Iterator[Contents]:
        yield from (self._counted(read_file(file)) for file in self._others)

    def _counted(self, contents: Contents) -> Contents:
        self.failures += contents.failures
        self.passed_over += contents.passed_over
        self.files += contents.files
        return contents
