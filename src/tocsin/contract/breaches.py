"""Where one exposition breaks the contract of one metric: type, labels, values, bounds, age."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from tocsin.contract.exposition import Exposition, Family, Sample
from tocsin.contract.reading import is_address
from tocsin.findings import Severity
from tocsin.metrics import Catalog, Counter, Gauge, Histogram, Metric, bound_text, nearest, series_of
from tocsin.promql.durations import milliseconds_of

# How many scrapes a series may miss before it counts as stale.
MISSABLE = 4
_PARTS = {"histogram": ("_bucket", "_sum", "_count"), "summary": ("_sum", "_count")}
_ALWAYS_ADDED = frozenset({"job", "instance"})


@dataclass(frozen=True, slots=True)
class Breach:
    """One way in which a series is not what its metric says. `label` names the label that it is about."""

    id: str
    severity: Severity
    metric: str
    message: str
    help: str
    series: str = ""
    label: str = ""


class Seen:
    """An exposition, by the names of its series."""

    def __init__(self, exposition: Exposition) -> None:
        self.exposition = exposition
        self.samples: dict[str, list[Sample]] = {}
        self.kinds: dict[str, str] = {}
        for family in exposition.families:
            for name, kind in names_of(family).items():
                self.kinds.setdefault(name, kind)
            for sample in family.samples:
                self.samples.setdefault(sample.name, []).append(sample)

    @cached_property
    def now(self) -> float:
        """The time to which the ages of samples are compared: of a file, its own last timestamp."""
        if is_address(self.exposition.source):
            return time.time()
        return max((one.timestamp for group in self.samples.values() for one in group if one.timestamp), default=0)

    def declares(self, metric: Metric) -> bool:
        """Whether the metric is named, be it without any series yet."""
        return metric.name in self.kinds

    def of(self, metric: Metric) -> dict[str, list[Sample]]:
        """The samples of a metric, by the names that its series have."""
        return {one.name: self.samples.get(one.name, []) for one in series_of(metric)}


def names_of(family: Family) -> dict[str, str]:
    """The names that a family's series have or will have, and what each is on its own: a summary's sum is a counter."""
    names = {family.name: family.kind}
    names |= {f"{family.name}{part}": "counter" for part in _PARTS.get(family.kind, ())}
    for sample in family.samples:
        names.setdefault(sample.name, "gauge" if sample.name.endswith("_created") else family.kind)
    return names


def breaches(metric: Metric, catalog: Catalog, seen: Seen) -> Iterator[Breach]:
    """What is wrong with a metric's series in one exposition. Nothing, where it has none there."""
    found = seen.of(metric)
    samples = [sample for group in found.values() for sample in group]
    if not samples and not seen.declares(metric):
        return
    wrong_type = _type(metric, seen.kinds.get(metric.name, "unknown"))
    if wrong_type:
        yield wrong_type
        return
    if not samples:
        return
    for name in (name for name, group in found.items() if not group):
        yield Breach(
            "live-missing",
            Severity.ERROR,
            metric.name,
            f"{name} is not there, though other series of {metric.name} are",
            "export the histogram whole: its buckets, its sum and its count",
        )
    allowed = {label.name for label in catalog.target_labels} | seen.exposition.target_labels | _ALWAYS_ADDED
    if not metric.open:
        yield from _labels(metric, samples, allowed, certain=not catalog.observed)
    yield from _values(metric, samples)
    if isinstance(metric, Histogram):
        yield from _bounds(metric, found[f"{metric.name}_bucket"])
    yield from _age(metric, catalog, samples, seen.now)


_TYPES: Mapping[type[Metric], tuple[str, frozenset[str]]] = {
    Counter: ("counter", frozenset({"counter", "unknown"})),
    Gauge: ("gauge", frozenset({"gauge", "unknown", "info", "stateset", "summary"})),
    Histogram: ("histogram", frozenset({"histogram", "unknown"})),
}


def _type(metric: Metric, kind: str) -> Breach | None:
    wanted = _TYPES.get(type(metric))
    if wanted is None or kind in wanted[1]:
        return None
    return Breach(
        "live-type",
        Severity.ERROR,
        metric.name,
        f"exported as a {kind}; by contract it is a {wanted[0]}",
        f"export it as a {wanted[0]}, or change the catalog",
    )


def _labels(metric: Metric, samples: list[Sample], allowed: set[str], *, certain: bool) -> Iterator[Breach]:
    names = set(metric.label_names)
    own = names | {"le"} if isinstance(metric, Histogram) else names
    if certain:
        for name in metric.label_names:
            without = [sample for sample in samples if not sample.labels.get(name)]
            others = {one for sample in without for one in sample.labels} - own - allowed
            meant = nearest(name, others)
            if without:
                yield Breach(
                    "live-label",
                    Severity.ERROR,
                    metric.name,
                    f"{_part(without, samples)} no label {name}" + (f", but {meant}" if meant else ""),
                    f"call it {name}" if meant else f"set {name} on every series; an empty value is none",
                    _shown(without[0]),
                    name,
                )
    for name in sorted({one for sample in samples for one in sample.labels} - own - allowed):
        having = [sample for sample in samples if name in sample.labels]
        yield Breach(
            "live-label",
            Severity.ERROR,
            metric.name,
            f"{_part(having, samples)} a label {name} that the contract does not state",
            f"take it away, or state it in the catalog; its labels are {', '.join(metric.label_names) or 'none'}",
            _shown(having[0]),
            name,
        )


def _values(metric: Metric, samples: list[Sample]) -> Iterator[Breach]:
    for label in metric.labels:
        if label.values is None:
            continue
        outside: dict[str, Sample] = {}
        for sample in samples:
            value = sample.labels.get(label.name)
            if value and value not in label.values:
                outside.setdefault(value, sample)
        for value in sorted(outside):
            meant = nearest(value, label.values)
            yield Breach(
                "live-value",
                Severity.ERROR,
                metric.name,
                f"{label.name} is {value!r}, which the contract does not know",
                (f"did you mean {meant!r}? " if meant else "") + f"it is one of {', '.join(label.values)}",
                _shown(outside[value]),
                label.name,
            )


def _bounds(metric: Histogram, samples: list[Sample]) -> Iterator[Breach]:
    """One breach for each set of bounds that is not the contract's."""
    children: dict[tuple[tuple[str, str], ...], list[Sample]] = {}
    for sample in samples:
        key = tuple(sorted((name, value) for name, value in sample.labels.items() if name != "le"))
        children.setdefault(key, []).append(sample)
    wanted = {*metric.buckets, float("inf")}
    told: set[frozenset[float]] = set()
    for child in children.values():
        bounds = frozenset(_number(sample.labels.get("le", "")) for sample in child)
        if bounds != wanted and bounds not in told:
            told.add(bounds)
            lacking = ", ".join(map(_bound, sorted(wanted - bounds)))
            besides = ", ".join(map(_bound, sorted(bounds - wanted)))
            yield Breach(
                "live-bucket",
                Severity.ERROR,
                metric.name,
                "its buckets are not the contract's: "
                + "; ".join(part for part in (lacking and f"without {lacking}", besides and f"with {besides}") if part),
                f"make the histogram with the bounds {', '.join(map(_bound, metric.buckets))}",
                _shown(child[0]),
                "le",
            )


def _age(metric: Metric, catalog: Catalog, samples: list[Sample], now: float) -> Iterator[Breach]:
    limit = MISSABLE * milliseconds_of(catalog.scrape_interval or "15s") / 1000
    old = [sample for sample in samples if sample.timestamp is not None and now - sample.timestamp > limit]
    if old:
        newest = max(old, key=lambda sample: sample.timestamp or 0)
        yield stale(
            metric.name,
            now - (newest.timestamp or 0),
            f"{_part(old, samples)} no sample",
            Severity.ERROR if len(old) == len(samples) else Severity.WARNING,
            _shown(newest),
        )


def stale(metric: str, age: float, what: str, severity: Severity = Severity.ERROR, series: str = "") -> Breach:
    """A breach: something had its last sample so many seconds ago."""
    return Breach(
        "live-stale",
        severity,
        metric,
        f"stale: {what} since {_duration(age)}",
        "see whether what exports it still runs; a timestamp in an exposition is seldom wanted",
        series,
    )


def _part(some: list[Sample], all_: list[Sample]) -> str:
    """How many of the series, as the subject of a sentence: `3 of 10 series have`."""
    count = len({tuple(sorted(sample.labels.items())) for sample in some})
    total = len({tuple(sorted(sample.labels.items())) for sample in all_})
    if count == total:
        return "its series have" if total > 1 else "its series has"
    return f"{count} of {total} series {'has' if count == 1 else 'have'}"


def _shown(sample: Sample) -> str:
    labels = ", ".join(f'{name}="{value}"' for name, value in sorted(sample.labels.items()))
    return f"{sample.name}{{{labels}}}" if labels else sample.name


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")


def _bound(bound: float) -> str:
    return "+Inf" if bound == float("inf") else bound_text(bound)


def _duration(seconds: float) -> str:
    for size, unit in ((86400, "d"), (3600, "h"), (60, "m")):
        if seconds >= 2 * size:
            return f"{seconds // size:.0f} {unit}"
    return f"{seconds:.0f} s"
