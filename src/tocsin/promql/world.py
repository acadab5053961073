"""What can be read: exported and recorded series, and the Prometheus that answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from tocsin.metrics import Catalog, Counter, Gauge, Histogram, Label, Metric, series_of
from tocsin.promql.durations import milliseconds_of
from tocsin.promql.labels import LabelSet
from tocsin.promql.types import OPEN, Kind, Type

if TYPE_CHECKING:
    from tocsin.promql.forms import Recorded

# Series that Prometheus itself makes.
SYNTHETIC = frozenset(
    {
        "up",
        "ALERTS",
        "ALERTS_FOR_STATE",
        "scrape_duration_seconds",
        "scrape_samples_scraped",
        "scrape_samples_post_metric_relabeling",
        "scrape_series_added",
        "scrape_timeout_seconds",
        "scrape_sample_limit",
        "scrape_body_size_bytes",
    }
)
_PROCESS = (
    *("cpu_seconds_total", "open_fds", "max_fds", "virtual_memory_bytes", "virtual_memory_max_bytes"),
    *("resident_memory_bytes", "heap_bytes", "start_time_seconds", "threads"),
    *("network_receive_bytes_total", "network_transmit_bytes_total"),
)
_PYTHON = ("info", "gc_objects_collected_total", "gc_objects_uncollectable_total", "gc_collections_total")
_GO = ("info", "goroutines", "threads", "gc_duration_seconds", "memstats_alloc_bytes", "memstats_heap_inuse_bytes")
# What may be there although no catalog has it: client libraries export these of every process.
AMBIENT = SYNTHETIC | {
    "target_info",
    *(f"process_{name}" for name in _PROCESS),
    *(f"python_{name}" for name in _PYTHON),
    *(f"go_{name}" for name in _GO),
}
# What a Prometheus says of itself: Thanos, Mimir and federation add it to its series where they are read.
EXTERNAL_LABELS = frozenset(
    {
        *("cluster", "region", "zone", "availability_zone", "datacenter", "dc", "location", "site"),
        *("environment", "env", "stage", "team", "project", "account", "stack", "namespace", "monitor"),
        *("prometheus", "prometheus_replica", "replica", "receive", "receive_replica", "rule_replica", "tenant_id"),
    }
)
_MOST_REMEMBERED = 20_000


@dataclass(frozen=True, slots=True)
class Recording:
    """A rule that records `expr` every `interval` milliseconds, with `labels` added."""

    expr: str
    labels: Mapping[str, str] = field(default_factory=dict)
    interval: int | None = None


@dataclass(frozen=True, eq=False)
class World:
    """What queries can read.

    `series` gives each exported series with its catalog. In a `closed` world a name that is neither exported nor
    recorded is an error; in an open one it is merely unknown. Catalogs named in `open_catalogs` do not know all
    labels of their series. Recorded series are typed by their rules, when first read; they may have `external` labels
    besides. `scrape` is how far apart, in milliseconds, the samples of series are that no catalog has.
    """

    series: Mapping[str, tuple[Metric, Catalog]] = field(default_factory=dict)
    recordings: Mapping[str, tuple[Recording, ...]] = field(default_factory=dict)
    closed: bool = False
    prometheus: tuple[int, int] = (2, 42)
    open_catalogs: frozenset[str] = frozenset()
    scrape: int | None = None
    external: frozenset[str] = frozenset()

    @classmethod
    def of(
        cls,
        catalogs: Iterable[Catalog] = (),
        recordings: Mapping[str, tuple[Recording, ...]] | None = None,
        *,
        closed: bool | None = None,
        prometheus: tuple[int, int] = (2, 42),
        open_catalogs: Iterable[str] = (),
        scrape: int | None = None,
        external: frozenset[str] = frozenset(),
    ) -> World:
        """The world of these catalogs; closed where there is one, unless stated. The first to name a series has it.

        A recorded series that was also seen in a running Prometheus is typed by its rules, which tell more.
        """
        series: dict[str, tuple[Metric, Catalog]] = {}
        for catalog in catalogs:
            for name, metric in catalog.series().items():
                if not (catalog.observed and recordings and name in recordings):
                    series.setdefault(name, (metric, catalog))
        return cls(
            series,
            recordings or {},
            bool(series) if closed is None else closed,
            prometheus,
            frozenset(open_catalogs),
            scrape,
            external,
        )

    @cached_property
    def stated(self) -> bool:
        """Whether all that is exported was stated: of a running program only what it shows by now is known."""
        return self.closed and not any(catalog.observed for _, catalog in self.series.values())

    @cached_property
    def unseen(self) -> Type:
        """The type of a series that nothing is known of but how often it is scraped."""
        return OPEN if self.scrape is None else OPEN.but(scrape=self.scrape)

    @cached_property
    def unseen_floats(self) -> Type:
        """The same, where its name says that it is no native histogram."""
        return self.unseen.but(floats=True)

    @cached_property
    def histograms(self) -> Mapping[str, Histogram]:
        """Each histogram by its base name, and by the names of its buckets, sum and count."""
        found: dict[str, Histogram] = {}
        for catalog in {id(catalog): catalog for _, catalog in self.series.values()}.values():
            for metric in catalog:
                if isinstance(metric, Histogram):
                    found.setdefault(metric.name, metric)
                    for exported in series_of(metric):
                        found.setdefault(exported.name, metric)
        return found

    @cached_property
    def memory(self) -> Memory:
        """What was inferred already; it changes nothing but the time that an answer takes."""
        return Memory()

    @cached_property
    def exported(self) -> dict[str, Type]:
        return {}

    def exported_type(self, name: str) -> Type:
        """The type of an exported series, before any matcher."""
        found = self.exported.get(name)
        if found is None:
            found = self.exported[name] = self._exported_type(name)
        return found

    def _exported_type(self, name: str) -> Type:
        metric, catalog = self.series[name]
        histogram = self.histograms.get(name)
        known = catalog.name not in self.open_catalogs and not metric.open
        seen = catalog.observed
        is_bucket = histogram is not None and name == histogram.bucket.name
        low, high = _range(metric)
        kind = _kind(metric, is_bucket=is_bucket)
        if histogram is not None and name == histogram.sum.name and histogram.buckets[0] < 0:
            kind, low = Kind.OPEN, float("-inf")  # Negative observations: the sum goes both ways.
        lazy = isinstance(metric, Counter) and histogram is None and metric.initialised is False
        return Type(
            "vector",
            kind,
            LabelSet.of(
                metric.labels, catalog.target_labels, closed=known and not seen, sure=not seen, seen=known and seen
            ),
            metric.unit if metric.unit.is_known else None,
            low,
            high,
            finite=not seen or isinstance(metric, Counter),
            maybe_nan=seen and not isinstance(metric, Counter),
            floats=True,
            buckets=histogram.buckets if is_bucket and histogram is not None else None,
            observed=histogram.unit if is_bucket and histogram is not None and histogram.unit.is_known else None,
            scrape=milliseconds_of(catalog.scrape_interval) if catalog.scrape_interval else None,
            lazy=(name,) if lazy else (),
        )

    def named_like(self, name: str) -> list[str]:
        """The series that a name may be meant for: a recorded one by its colons, which others do not have."""
        recorded = ":" in name
        return [*self.series, *[one for one in self.recordings if (":" in one) is recorded]]

    def target_labels(self) -> Mapping[str, Label]:
        """The labels that scrapes add."""
        return {label.name: label for _, catalog in self.series.values() for label in catalog.target_labels}


class Memory:
    """Answers that were worked out before, by what they were worked out from."""

    __slots__ = (
        "analyses",
        "compared",
        "forms",
        "joins",
        "kept",
        "matchers",
        "modifiers",
        "recorded",
        "texts",
        "vanishing",
    )

    def __init__(self) -> None:
        self.texts: dict[str, Any] = {}
        self.kept: dict[Any, Any] = {}
        self.compared: dict[Any, Any] = {}
        self.joins: dict[Any, Any] = {}
        self.matchers: dict[Any, Any] = {}
        self.modifiers: dict[str, Any] = {}
        self.analyses: dict[Any, Any] = {}
        self.recorded: dict[str, Type | None] = {}
        self.forms: Recorded | None = None
        self.vanishing: dict[str, Any] = {}

    def trim(self) -> None:
        """Forget all, where it has become much."""
        if len(self.kept) + len(self.texts) + len(self.analyses) > _MOST_REMEMBERED:
            self.texts.clear()
            self.kept.clear()
            self.compared.clear()
            self.joins.clear()
            self.matchers.clear()
            self.modifiers.clear()
            self.analyses.clear()


def _kind(metric: Metric, *, is_bucket: bool) -> Kind:
    if is_bucket:
        return Kind.BUCKETS
    if isinstance(metric, Counter):
        return Kind.COUNTER
    return Kind.GAUGE if isinstance(metric, Gauge) else Kind.OPEN


def _range(metric: Metric) -> tuple[float, float]:
    if isinstance(metric, Counter):
        return 0.0, float("inf")
    low = metric.minimum if isinstance(metric, Gauge) else None
    high = metric.maximum if isinstance(metric, Gauge) else None
    return (
        float("-inf") if low is None else float(low),
        float("inf") if high is None else float(high),
    )
