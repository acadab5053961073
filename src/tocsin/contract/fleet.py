"""The live check: what a fleet exports, beside the catalogs, and which alerts and panels each fault blinds."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from tocsin.contract.breaches import Breach, Seen, breaches, names_of, stale
from tocsin.contract.exposition import Exposition
from tocsin.contract.prometheus import Server, is_prometheus
from tocsin.contract.reading import read_exposition
from tocsin.contract.scraped import current
from tocsin.findings import Finding, Severity
from tocsin.metrics import Catalog, Counter, Metric, nearest, series_of
from tocsin.readers import Reader, Readers, told
from tocsin.source import Source

_PREFIX = re.compile(r"[A-Za-z]+[_:]?")
# How much a name is like another one that is missing, to be taken for it.
_MISSPELT = 0.85
# What takes nothing away from any alert or panel.
_HARMLESS = frozenset({"live-empty", "live-cardinality"})


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of a catalog is exported: the names of its metrics with series, without any yet, and not seen at all."""

    catalog: str
    exported: tuple[str, ...]
    empty: tuple[str, ...]
    unseen: tuple[str, ...]

    def __str__(self) -> str:
        total = len(self.exported) + len(self.empty) + len(self.unseen)
        if len(self.unseen) == total:
            return f"{self.catalog}: none of its {total} metrics is exported"
        text = f"{self.catalog}: {len(self.exported)} of {total} metrics exported"
        if self.empty:
            text += f"; no series yet: {', '.join(self.empty)}"
        return f"{text}; not seen: {', '.join(self.unseen)}" if self.unseen else text


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the live check says. An error is a breach of the contract; an information is summed up in `coverage`."""

    findings: tuple[Finding, ...]
    coverage: tuple[Coverage, ...]


def prefixes_of(catalogs: Iterable[Catalog]) -> tuple[str, ...]:
    """What the names of the catalogs' metrics begin with: `agent_`, `llm_`, `vllm:`."""
    found = {match[0] for catalog in catalogs for metric in catalog if (match := _PREFIX.match(metric.name))}
    return tuple(sorted(found))


def judged(
    expositions: Sequence[Exposition],
    catalogs: Sequence[Catalog],
    readers: Readers,
    *,
    complete: bool = False,
    stated: Collection[str] = (),
) -> Verdict:
    """Compares what is exported, taken together, with the catalogs.

    A metric that nothing exports may belong to a program that was not asked, and is a warning; where the expositions
    are the `complete` fleet, it is a breach. What is `stated` in a table need not be exported: Prometheus makes it.
    """
    fleet = _Fleet([Seen(exposition) for exposition in expositions], readers, complete, stated)
    findings: list[Finding] = []
    coverage = [fleet.coverage(catalog) for catalog in catalogs]
    nothing = not any(state.exported or state.empty for state in coverage)
    for catalog, state in zip(catalogs, coverage, strict=True):
        findings += fleet.of_catalog(catalog, state, alone=nothing)
    findings += fleet.unknown(catalogs, {name for state in coverage for name in state.unseen})
    order = sorted(findings, key=lambda one: (-one.severity, one.object or "", one.id, one.message))
    return Verdict(tuple(order), tuple(coverage))


def seen_at(source: str, catalogs: Sequence[Catalog]) -> Exposition:
    """What a file, an address or a Prometheus exports, as far as it concerns the catalogs. Raises TocsinError."""
    if is_prometheus(source):
        return current(Server(source), catalogs, prefixes_of(catalogs))
    return read_exposition(source)


class _Fleet:
    def __init__(self, seen: Sequence[Seen], readers: Readers, complete: bool, stated: Collection[str]) -> None:
        self.seen = seen
        self.readers = readers
        self.complete = complete
        self.stated = stated

    def coverage(self, catalog: Catalog) -> Coverage:
        exported: list[str] = []
        empty: list[str] = []
        unseen: list[str] = []
        for metric in catalog:
            if any(any(seen.of(metric).values()) for seen in self.seen):
                exported.append(metric.name)
            else:
                declared = any(seen.declares(metric) for seen in self.seen)
                (empty if declared else unseen).append(metric.name)
        return Coverage(catalog.name, tuple(exported), tuple(empty), tuple(unseen))

    def of_catalog(self, catalog: Catalog, state: Coverage, *, alone: bool) -> Iterator[Finding]:
        if len(state.unseen) == len(catalog.metrics) and not any(seen.exposition.stale for seen in self.seen):
            absence = min(self._severity_of_absence(*catalog), Severity.WARNING)
            severity = Severity.ERROR if alone or self.complete else absence
            yield self._finding(_nothing(catalog, severity))
            return
        for metric in catalog:
            found: dict[Breach, list[str]] = {}
            for seen in self.seen:
                for breach in breaches(metric, catalog, seen):
                    found.setdefault(breach, []).append(seen.exposition.source)
            for breach in (*self._absence(metric, state), *self._too_many(metric)):
                found[breach] = []
            for breach, sources in _without_repetition(found).items():
                yield self._finding(breach, sources, self._blinded(metric, breach.label))

    def _absence(self, metric: Metric, state: Coverage) -> Iterator[Breach]:
        age = max(
            (seen.exposition.stale.get(one.name, 0) for seen in self.seen for one in series_of(metric)), default=0
        )
        if age and metric.name in state.unseen:
            yield stale(metric.name, age, "no sample")
        elif age and metric.name in state.empty:
            # Its program was started again and waits for a first event; or it is gone, and another declares it.
            yield stale(metric.name, age, "no sample, though a running program declares it,", Severity.WARNING)
        elif metric.name in state.unseen and metric.name not in self.stated:
            yield Breach(
                "live-missing",
                Severity.ERROR if self.complete else self._severity_of_absence(metric),
                metric.name,
                "not seen",
                "export it" if self.complete else "name the program that exports it too, or export it here",
            )
        elif metric.name in state.empty:
            late = isinstance(metric, Counter) and metric.initialised
            yield Breach(
                "live-empty",
                Severity.WARNING if late else Severity.INFO,
                metric.name,
                "has no series yet"
                + (", though by contract it starts at 0: its first event will not count" if late else ""),
                "make its series at start, for the label values that are known"
                if late
                else "nothing to do: the series come with the first event",
            )

    def _severity_of_absence(self, *metrics: Metric) -> Severity:
        """A metric that an alert reads is missed by somebody's pager."""
        kinds = {
            reader.kind for metric in metrics for one in series_of(metric) for reader in self.readers.get(one.name, ())
        }
        return Severity.ERROR if "alert" in kinds else Severity.WARNING if kinds else Severity.INFO

    def _too_many(self, metric: Metric) -> Iterator[Breach]:
        for label in metric.labels:
            if label.cardinality is None or label.values is not None:
                continue
            values = {
                sample.labels[label.name]
                for seen in self.seen
                for group in seen.of(metric).values()
                for sample in group
                if label.name in sample.labels
            }
            if len(values) > label.cardinality:
                yield Breach(
                    "live-cardinality",
                    Severity.ERROR,
                    metric.name,
                    f"{label.name} has {len(values)} values; the contract states {label.cardinality}",
                    f"find what fills {label.name}, and cap it; or state more in the catalog",
                    label=label.name,
                )

    def unknown(self, catalogs: Sequence[Catalog], unseen: set[str]) -> Iterator[Finding]:
        """Series that begin like ours, and that no catalog has."""
        prefixes = prefixes_of(catalogs)
        missing = {name.removesuffix("_total"): name for name in unseen}
        known = {name for catalog in catalogs for name in catalog.series()}
        known |= {metric.name for catalog in catalogs for metric in catalog}
        by_name: dict[str, list[str]] = {}
        for seen in self.seen:
            for family in seen.exposition.families:
                names = names_of(family).keys()
                by_product = is_by_product(family.name, {*known, *seen.kinds})
                if family.name.startswith(prefixes) and not names & known and not by_product:
                    by_name.setdefault(family.name, []).append(seen.exposition.source)
        for name, sources in by_name.items():
            meant = missing.get(nearest(name.removesuffix("_total"), missing, alike=_MISSPELT) or "")
            breach = Breach(
                "live-unknown",
                Severity.ERROR if meant else Severity.WARNING,
                name,
                "is in no catalog" + (f", and {meant} is not seen" if meant else ""),
                f"call it {meant}" if meant else "add it to a catalog, so that panels and alerts can read it",
            )
            yield self._finding(breach, sources, self.readers.get(meant or "", ()))

    def _blinded(self, metric: Metric, label: str) -> tuple[Reader, ...]:
        """Who reads the metric; where the fault is about a label, who uses that label."""
        found: dict[Reader, None] = {}
        for name in (metric.name, *(one.name for one in series_of(metric))):
            found |= dict.fromkeys(self.readers.get(name, ()))
        word = re.compile(rf"\b{label}\b")
        return tuple(reader for reader in found if not label or word.search(reader.text))

    def _finding(self, breach: Breach, sources: Sequence[str] = (), blinded: Iterable[Reader] = ()) -> Finding:
        message = breach.message
        if 0 < len(sources) < len(self.seen):
            message += f" (in {len(sources)} of {len(self.seen)} sources)"
        names = told(blinded)
        if names and breach.id not in _HARMLESS:
            message += f"; this blinds {names}"
        return Finding(
            breach.id,
            breach.severity,
            message,
            breach.help,
            Source(sources[0] if sources else self.seen[0].exposition.source),
            breach.metric or None,
            breach.series or None,
        )


def _nothing(catalog: Catalog, severity: Severity) -> Breach:
    return Breach(
        "live-missing",
        severity,
        "",
        f"exports none of the {len(catalog.metrics)} metrics of the catalog {catalog.name}",
        "see whether this is the address of the right program, and whether its instrumentation is on",
    )


def _without_repetition(found: Mapping[Breach, Sequence[str]]) -> dict[Breach, list[str]]:
    """The same breach in several expositions, told once with the first series that shows it."""
    first: dict[Breach, Breach] = {}
    merged: dict[Breach, list[str]] = {}
    for breach, sources in found.items():
        key = first.setdefault(replace(breach, series=""), breach)
        merged.setdefault(key, []).extend(sources)
    return merged


def is_by_product(name: str, known: set[str]) -> bool:
    """Whether it is the `_created` of a series that is known."""
    base = name.removesuffix("_created")
    return base != name and any(f"{base}{ending}" in known for ending in ("", "_total", "_count"))
