"""What a program exports: metrics with their labels, units and buckets, and catalogs of them.

This module is the contract that the application and the monitors share. It imports nothing but units, so an
application can use it at no cost.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import lru_cache
from typing import Literal

from tocsin.units import REQUESTS, Unit

MatchOperator = Literal["=", "!=", "=~", "!~"]

_METRIC_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*\Z")
_LABEL_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*\Z")


class ContractError(ValueError):
    """A metric, label or catalog that cannot be, or a selection that no series can meet."""


@dataclass(frozen=True, slots=True)
class Label:
    """A label: its name, what it tells, and which values it takes.

    `values` closes the set of values; `cardinality` says how many there will be where the set is open. `optional`
    says that some of the metric's series are without it.
    """

    name: str
    description: str = ""
    values: tuple[str, ...] | None = None
    cardinality: int | None = None
    optional: bool = False

    def __post_init__(self) -> None:
        if not _LABEL_NAME.match(self.name):
            raise ContractError(f"{self.name!r} is no label name: letters, digits and _ only")
        if self.values is not None and self.cardinality is None:
            object.__setattr__(self, "cardinality", len(self.values))

    def __str__(self) -> str:
        return self.name


LE = Label("le", "The upper bound of the bucket.")


@dataclass(frozen=True, slots=True)
class Matcher:
    """One condition on a label, as PromQL writes it."""

    label: str
    operator: MatchOperator
    value: str

    def __str__(self) -> str:
        value = self.value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        return f'{self.label}{self.operator}"{value}"'


@dataclass(frozen=True, slots=True)
class Match:
    """A value to match other than by equality: `model=unlike("gpt-4o")`."""

    operator: MatchOperator
    value: str


def unlike(value: str) -> Match:
    """Every value but this one."""
    return Match("!=", value)


def matching(pattern: str) -> Match:
    """Values that the regular expression matches whole."""
    return Match("=~", pattern)


def not_matching(pattern: str) -> Match:
    """Values that the regular expression does not match whole."""
    return Match("!~", pattern)


@dataclass(frozen=True, slots=True)
class Metric:
    """What all metrics have in common. Call a metric with label values to select some of its series.

    An `open` metric may have more labels than are stated: nothing is known of its series yet.
    """

    name: str
    help: str
    labels: tuple[Label, ...] = field(default=(), kw_only=True)
    unit: Unit = field(kw_only=True)
    open: bool = field(default=False, kw_only=True)

    def __post_init__(self) -> None:
        if not _METRIC_NAME.match(self.name):
            raise ContractError(f"{self.name!r} is no metric name: letters, digits, _ and : only")
        names = [label.name for label in self.labels]
        for name in names:
            if names.count(name) > 1:
                raise ContractError(f"{self.name} states the label {name} twice")

    @property
    def label_names(self) -> tuple[str, ...]:
        return tuple(label.name for label in self.labels)

    def label(self, name: str) -> Label:
        """The label of that name. Raises ContractError, naming the nearest, where there is none."""
        for label in self.labels:
            if label.name == name:
                return label
        near = nearest(name, self.label_names)
        raise ContractError(
            f"{self.name} has no label {name}"
            + (f"; did you mean {near}?" if near else f"; it has {', '.join(self.label_names) or 'none'}")
        )

    def __call__(self, **values: str | Match) -> Selection:
        matchers = []
        for name, value in values.items():
            label = self.label(name)
            match = Match("=", value) if isinstance(value, str) else value
            if match.operator in ("=", "!=") and label.values is not None and match.value not in label.values:
                near = nearest(match.value, label.values)
                raise ContractError(
                    f"{self.name} has no {name} {match.value!r}; "
                    + (f"did you mean {near!r}?" if near else f"it is one of {', '.join(label.values)}")
                )
            matchers.append(Matcher(name, match.operator, match.value))
        return Selection(self, tuple(matchers))


@dataclass(frozen=True, slots=True)
class Counter(Metric):
    """A number that only grows, and starts again from 0 with its process.

    `initialised` says that the exporter creates its series with 0 at start; otherwise a series appears with
    its first event, which `increase` then cannot see. None where that is not known. Each event of a counter that is
    `part_of` another is counted there too: a failed request is a request.
    """

    initialised: bool | None = field(default=False, kw_only=True)
    part_of: Counter | None = field(default=None, kw_only=True)


@dataclass(frozen=True, slots=True)
class Gauge(Metric):
    """A number that goes up and down, between `minimum` and `maximum` where these are known."""

    minimum: float | None = field(default=None, kw_only=True)
    maximum: float | None = field(default=None, kw_only=True)


@dataclass(frozen=True, slots=True)
class Histogram(Metric):
    """A distribution, counted in cumulative buckets. `counts` is the unit of what is observed."""

    buckets: tuple[float, ...] = field(kw_only=True)
    counts: Unit = field(default=REQUESTS, kw_only=True)

    def __post_init__(self) -> None:
        Metric.__post_init__(self)
        if not self.buckets or list(self.buckets) != sorted(set(self.buckets)):
            raise ContractError(f"{self.name}: buckets are finite, ascending bounds, each stated once")
        if any(label.name == "le" for label in self.labels):
            raise ContractError(f"{self.name}: le is the buckets' own label")

    @property
    def bucket(self) -> Counter:
        """The cumulative counter of each bucket, by `le`."""
        le = replace(LE, values=tuple(text for _, text in bounds_of(self.buckets)))
        return Counter(f"{self.name}_bucket", self.help, labels=(*self.labels, le), unit=self.counts, open=self.open)

    @property
    def sum(self) -> Counter:
        """The sum of all that was observed. Divided by the count it gives the histogram's unit again."""
        return Counter(f"{self.name}_sum", self.help, labels=self.labels, unit=self.unit * self.counts, open=self.open)

    @property
    def count(self) -> Counter:
        """How many observations there were."""
        return Counter(f"{self.name}_count", self.help, labels=self.labels, unit=self.counts, open=self.open)


@dataclass(frozen=True, slots=True)
class Selection:
    """The series of a metric that meet some matchers."""

    metric: Metric
    matchers: tuple[Matcher, ...] = ()


@dataclass(frozen=True, slots=True)
class Catalog:
    """All that some exporter exports. `version` is the exporter's, where it is not ours.

    `target_labels` are those that the scrape adds to each series. `scrape_interval` is empty where it is not known.
    An `observed` catalog was not stated but read off a running program: any series may lack any label, and how it
    writes its bounds (1 or 1.0) is not known.
    """

    name: str
    metrics: tuple[Metric, ...]
    target_labels: tuple[Label, ...] = ()
    scrape_interval: str = "15s"
    version: str = ""
    observed: bool = False
    _series: Mapping[str, Metric] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        series: dict[str, Metric] = {}
        for metric in self.metrics:
            for exported in series_of(metric):
                if exported.name in series:
                    raise ContractError(f"catalog {self.name} has {exported.name} twice")
                series[exported.name] = exported
        object.__setattr__(self, "_series", series)

    def __iter__(self) -> Iterator[Metric]:
        return iter(self.metrics)

    def series(self) -> Mapping[str, Metric]:
        """Every series that a query can name: for a histogram its buckets, sum and count."""
        return self._series

    def histogram(self, name: str) -> Histogram | None:
        """The histogram of that base name."""
        for metric in self.metrics:
            if isinstance(metric, Histogram) and metric.name == name:
                return metric
        return None


def series_of(metric: Metric) -> tuple[Metric, ...]:
    """What a metric looks like to a query."""
    if isinstance(metric, Histogram):
        return (metric.bucket, metric.sum, metric.count)
    return (metric,)


@lru_cache(256)
def bounds_of(buckets: tuple[float, ...]) -> tuple[tuple[Decimal, str], ...]:
    """The bounds of a histogram's buckets, the infinite one included, each as a number and as `le` has it."""
    finite = ((Decimal(str(bound)), bound_text(bound)) for bound in buckets)
    return (*finite, (Decimal("Infinity"), "+Inf"))


def bound_text(bound: float) -> str:
    """A bucket's bound as client libraries write it in `le`: 0.5, 1.0, 10.0."""
    return repr(float(bound))


def nearest(name: str, known: Iterable[str], *, alike: float = 0.6) -> str | None:
    """The known name that was most likely meant: at least so much alike, from 0 to 1."""
    found = difflib.get_close_matches(name, list(known), n=1, cutoff=alike)
    return found[0] if found else None
