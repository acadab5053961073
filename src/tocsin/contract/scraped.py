"""What a Prometheus has scraped, as an exposition."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from tocsin.contract.breaches import MISSABLE
from tocsin.contract.exposition import Exposition, Family, Sample
from tocsin.contract.prometheus import HOUR, Described, Server, selector
from tocsin.metrics import Catalog
from tocsin.promql.durations import milliseconds_of

_PARTS = frozenset({"bucket", "sum", "count", "total", "created", "info", "gsum", "gcount"})
_NOTHING = Described("unknown", "", "")


def remembered(server: Server) -> Exposition:
    """All series of the last day. Their samples tell labels and bounds, and nothing of values."""
    described = server.described()
    samples = {name: tuple(_samples(server, name)) for name in server.names()}
    return Exposition(server.source, tuple(_families(samples, described)), server.target_labels())


def current(server: Server, catalogs: Iterable[Catalog], prefixes: tuple[str, ...]) -> Exposition:
    """The catalogs' series as they are now, and the names of all others that begin like them."""
    names = {name for catalog in catalogs for name in (*catalog.series(), *(metric.name for metric in catalog))}
    interval = server.scrape_interval() or "15s"
    window = f"{MISSABLE * milliseconds_of(interval)}ms"
    samples: dict[str, list[Sample]] = {}
    for labels, value in server.query(f"last_over_time({selector(sorted(names))}[{window}])"):
        name = labels.pop("__name__")
        samples.setdefault(name, []).append(Sample(name, labels, value))
    described = server.described()
    late = [name for name in server.names(HOUR) if name.startswith(prefixes) and name not in samples]
    empty: dict[str, tuple[Sample, ...]] = dict.fromkeys(sorted({*late} - names), ())
    families = {family.name: family for family in _families({**samples, **empty}, described)}
    for metric in (metric for catalog in catalogs for metric in catalog if metric.name not in families):
        for declared in {metric.name, metric.name.removesuffix("_total")}:
            if server.is_declared(declared):
                families[metric.name] = Family(metric.name, described.get(declared, _NOTHING).kind)
    stale = {name: age for name in late if name in names and (age := _age(server, name, interval)) is not None}
    return Exposition(server.source, tuple(families.values()), server.target_labels(), stale)


def _age(server: Server, name: str, interval: str) -> float | None:
    """The seconds since the last sample of that name, give or take an interval; None where it is more than an hour."""
    last = f"max(max_over_time(timestamp({selector([name])})[1h:{interval}]))"
    rows = server.query(f"time() - {last}")
    return rows[0][1] if rows else None


def _families(samples: Mapping[str, Iterable[Sample]], described: Mapping[str, Described]) -> Iterator[Family]:
    grouped: dict[str, dict[str, Iterable[Sample]]] = {}
    for name, seen in samples.items():
        grouped.setdefault(_family_of(name, described), {})[name] = seen
    for family, parts in grouped.items():
        known = described.get(family, _NOTHING)
        # Prometheus remembers a counter of OpenMetrics without the _total that its series have.
        named = parts if known.kind == "counter" else {family: [one for seen in parts.values() for one in seen]}
        for name, seen in named.items():
            yield Family(name, known.kind, known.help, known.unit, tuple(seen))


def _family_of(name: str, described: Mapping[str, Described]) -> str:
    """The name in the TYPE line that a series belongs to: its own, or it without the suffix."""
    if name in described:
        return name
    base, _, suffix = name.rpartition("_")
    return base if suffix in _PARTS and base in described else name


def _samples(server: Server, name: str) -> Iterator[Sample]:
    labels = server.labels(name)
    bounds = server.values("le", name) if name.endswith("_bucket") and "le" in labels else []
    others = {label: "" for label in labels if label != "le" or not bounds}
    yield from (Sample(name, {**others, "le": bound}, 0) for bound in bounds)
    if not bounds:
        yield Sample(name, others, 0)
