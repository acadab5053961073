"""Catalogs that are inferred from what is seen, for programs that state none.

What is seen is a part of what there may be, so only that is taken as certain which a client library holds fixed: a
metric's type, and its bounds where all of its series agree. Names of labels are not: a scrape adds some that its
exposition does not show. One that was not seen is told as a warning, but for those that are usual. The values of a
label are never certain, nor whether a counter starts at 0, nor that there is no other series.
"""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Collection, Iterator, Mapping

from tocsin.contract.exposition import Exposition, Family, Sample
from tocsin.metrics import Catalog, ContractError, Counter, Gauge, Histogram, Label, Metric, series_of
from tocsin.promql.world import SYNTHETIC
from tocsin.units import BYTES, CELSIUS, PERCENT, RATIO, SECONDS, UNKNOWN, USD, Unit

# What Prometheus, its operators and their usual relabelling rules add to each series.
USUAL_TARGET_LABELS = (
    *("job", "instance", "namespace", "pod", "container", "service", "endpoint", "node", "node_name", "hostname"),
    *("cluster", "region", "zone", "environment", "env", "stage", "team", "app", "component", "host", "nodename"),
    *("prometheus", "prometheus_replica", "replica", "metrics_path", "exported_job", "exported_instance"),
    *("exported_namespace", "exported_pod", "exported_container", "exported_service", "kubernetes_namespace"),
    *("kubernetes_name", "kubernetes_pod_name", "kubernetes_node", "pod_name", "datacenter", "dc", "availability_zone"),
)
_UNITS: Mapping[str, Unit] = {
    "seconds": SECONDS,
    "bytes": BYTES,
    "ratio": RATIO,
    "percent": PERCENT,
    "celsius": CELSIUS,
    "usd": USD,
    "dollars": USD,
}
# But not counts and buckets: where no TYPE line makes them a histogram, they are no seconds.
_ENDINGS = frozenset({"total", "sum", "max", "min", "created"})


def catalog_of(exposition: Exposition, scrape_interval: str = "") -> Catalog:
    """The catalog of what an exposition shows."""
    known: dict[str, Metric] = {}
    for family in exposition.families:
        for metric in _metrics(family, exposition.target_labels):
            names = [exported.name for exported in series_of(metric)]
            if not any(name in known or name in SYNTHETIC for name in names):
                known.update(dict.fromkeys(names, metric))
    targets = exposition.target_labels or USUAL_TARGET_LABELS
    return Catalog(
        exposition.source,
        tuple({id(metric): metric for metric in known.values()}.values()),
        target_labels=tuple(Label(name) for name in sorted(targets)),
        scrape_interval=scrape_interval,
        observed=True,
    )


def unit_of(name: str, stated: str = "") -> Unit:
    """The unit that a metric states, or that its name ends in: `_seconds`, `_bytes_total`; else UNKNOWN."""
    words = name.split("_")
    while words and words[-1] in _ENDINGS:
        words.pop()
    return _UNITS.get(stated, _UNITS.get(words[-1] if words else "", UNKNOWN))


def _metrics(family: Family, targets: frozenset[str]) -> Iterator[Metric]:
    try:
        if family.kind == "histogram":
            yield from _histogram(family, targets)
        else:
            yield from _plain(family, targets)
    except ContractError:
        return  # A name that needs quotes: no catalog has it, and no expression that is written without them.


def _plain(family: Family, targets: frozenset[str]) -> Iterator[Metric]:
    named: dict[str, list[Sample]] = {}
    for sample in family.samples:
        named.setdefault(sample.name, []).append(sample)
    for name, samples in (named or {family.name: []}).items():
        labels = _labels(samples, targets)
        unit = unit_of(name, family.unit)
        if name.endswith("_created") and family.kind != "gauge":
            yield Gauge(name, family.help, labels=labels, unit=SECONDS, open=not samples)
        elif family.kind == "counter":
            yield Counter(name, family.help, labels=labels, unit=unit, initialised=None, open=not samples)
        elif family.kind == "summary" and name.endswith(("_sum", "_count")):
            yield Counter(name, family.help, labels=labels, unit=UNKNOWN, initialised=None, open=not samples)
        elif family.kind in ("gauge", "summary", "info", "stateset"):
            yield Gauge(name, family.help, labels=labels, unit=unit, open=not samples)
        else:
            yield Metric(name, family.help, labels=labels, unit=unit, open=not samples)


def _histogram(family: Family, targets: frozenset[str]) -> Iterator[Metric]:
    """A histogram; or, where its bounds are not known for certain, what it looks like to a query."""
    bounds = _bounds(family)
    samples = [sample for sample in family.samples if sample.name.startswith(f"{family.name}_")]
    labels = tuple(label for label in _labels(samples, targets) if label.name != "le")
    unit = unit_of(family.name, family.unit)
    is_open = not samples
    if bounds:
        yield Histogram(
            family.name, family.help, labels=labels, unit=unit, counts=UNKNOWN, buckets=bounds, open=is_open
        )
        return
    native = [sample for sample in family.samples if sample.name == family.name]
    if native:
        yield Metric(family.name, family.help, labels=_labels(native, targets), unit=UNKNOWN)
    if samples or not native:
        yield Metric(f"{family.name}_bucket", family.help, labels=(*labels, Label("le")), unit=UNKNOWN, open=is_open)
        for name in (f"{family.name}_sum", f"{family.name}_count"):
            yield Counter(name, family.help, labels=labels, unit=UNKNOWN, initialised=None, open=is_open)


def _bounds(family: Family) -> tuple[float, ...]:
    """The finite bounds that each of a histogram's series has; empty where they differ, or none was seen."""
    found: dict[tuple[tuple[str, str], ...], set[float]] = {}
    for sample in family.samples:
        if sample.name == f"{family.name}_bucket":
            child = tuple(sorted((name, value) for name, value in sample.labels.items() if name != "le"))
            try:
                found.setdefault(child, set()).add(float(sample.labels.get("le", "inf")))
            except ValueError:
                return ()
    all_bounds = {tuple(sorted(bounds - {float("inf")})) for bounds in found.values()}
    return all_bounds.pop() if len(all_bounds) == 1 else ()


def _labels(samples: Collection[Sample], targets: frozenset[str]) -> tuple[Label, ...]:
    """The labels that the samples have. One without a value is none, as for Prometheus."""
    names = {name for sample in samples for name in sample.labels} - targets
    have = Tally(name for sample in samples for name, value in sample.labels.items() if value)
    return tuple(Label(name, optional=0 < have[name] < len(samples)) for name in sorted(names))
