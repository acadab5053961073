"""Catalogs, and synthetic series of them with all that real ones have: restarts, gaps, late starts, silence.

`CATALOG` is small and readable. `random_catalog` makes others: any mix of kinds, labels, units, bounds and buckets.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator

from tocsin.metrics import Catalog, Counter, Gauge, Histogram, Label, Metric, bound_text
from tocsin.units import BYTES, CALLS, MILLISECONDS, PERCENT, RATIO, REQUESTS, SECONDS, SESSIONS, USD, Unit

START = 1_700_006_400
END = START + 2400
STEP = 15

agent = Label("agent", values=("planner", "writer", "critic"))
code = Label("code", values=("200", "404", "500"))
tenant = Label("tenant", cardinality=2)
shard = Label("shard", values=("s0", "s1"), optional=True)
job = Label("job", cardinality=1)
instance = Label("instance", cardinality=2)

requests = Counter("requests_total", "Requests.", labels=(agent, code), unit=REQUESTS, initialised=True)
failures = Counter("failures_total", "Failed requests.", labels=(agent, tenant), unit=REQUESTS)
spent = Counter("spent_usd_total", "Money.", labels=(tenant,), unit=USD, initialised=True)
sessions = Gauge("sessions", "Open sessions.", labels=(agent,), unit=SESSIONS, minimum=0)
balance = Gauge("balance_usd", "Money left, or owed.", labels=(tenant,), unit=USD)
load = Gauge("load_percent", "Load.", labels=(), unit=PERCENT, minimum=0, maximum=100)
memory = Gauge("memory_bytes", "Memory.", labels=(agent,), unit=BYTES, minimum=0)
duration = Histogram(
    "duration_seconds", "Durations.", labels=(agent,), unit=SECONDS, counts=CALLS, buckets=(0.1, 0.5, 1.0, 5.0)
)
shift = Histogram("shift_seconds", "Clock shift.", unit=SECONDS, counts=CALLS, buckets=(-1.0, 0.0, 1.0))

lookups = Counter("lookups_total", "Lookups.", labels=(agent, shard), unit=CALLS, initialised=True)
debt = Gauge("debt_usd", "Money owed, as a negative number.", labels=(tenant,), unit=USD, minimum=-10, maximum=0)
backlog = Gauge("backlog", "What one program has to do.", unit=CALLS, minimum=0)

CATALOG = Catalog(
    "synthetic",
    (requests, failures, spent, sessions, balance, load, memory, duration, shift),
    target_labels=(job, instance),
    scrape_interval="15s",
)
VALUES: dict[str, tuple[str, ...]] = {
    "tenant": ("acme", "umbrella"),
    "job": ("agents",),
    "instance": ("a:9090", "b:9090"),
}
_TIMES = range(START, END + 1, STEP)
_UNITS = (BYTES, CALLS, MILLISECONDS, PERCENT, RATIO, REQUESTS, SECONDS, USD)


def random_catalog(chance: random.Random, name: str) -> Catalog:
    """Up to six metrics that share up to four labels, some of them with a closed set of values."""
    labels = [_random_label(chance, f"{name}_{number}") for number in range(chance.randint(0, 4))]
    metrics = [_random_metric(chance, f"{name}_{number}", labels) for number in range(chance.randint(1, 6))]
    targets = chance.choice(((job, instance), (instance,), ()))
    return Catalog(name, tuple(metrics), target_labels=targets, scrape_interval=chance.choice(("15s", "30s", "1m")))


def _random_label(chance: random.Random, name: str) -> Label:
    values = tuple(f"v{number}" for number in range(chance.randint(1, 3)))
    VALUES[name] = values
    return Label(name, values=values) if chance.random() < 0.6 else Label(name, cardinality=chance.choice((None, 2)))


def _random_metric(chance: random.Random, name: str, labels: list[Label]) -> Metric:
    chosen = tuple(chance.sample(labels, chance.randint(0, min(2, len(labels)))))
    unit: Unit = chance.choice(_UNITS)
    kind = chance.choice((Counter, Counter, Gauge, Gauge, Histogram))
    if kind is Counter:
        return Counter(f"{name}_total", "", labels=chosen, unit=unit, initialised=chance.random() < 0.5)
    if kind is Histogram:
        bounds = sorted(chance.sample((-1.0, 0.0, 0.1, 0.5, 1.0, 2.0, 10.0), chance.randint(1, 5)))
        return Histogram(f"{name}_size", "", labels=chosen, unit=unit, buckets=tuple(bounds))
    low = chance.choice((None, 0, 0, -10, 1))
    return Gauge(name, "", labels=chosen, unit=unit, minimum=low, maximum=chance.choice((None, None, 10, 1)))


# Labels that only some series have, values below 0, a series without a label.
ODD = Catalog("odd", (lookups, debt), target_labels=(job, instance), scrape_interval="15s")
BARE = Catalog("bare", (backlog,), scrape_interval="15s")
CATALOGS = (CATALOG, *(random_catalog(random.Random(number), f"r{number}") for number in range(4)), ODD, BARE)


def exposition() -> str:
    """The series as OpenMetrics text with timestamps. The same at every call."""
    chance = random.Random(1)
    lines: list[str] = []
    for catalog, metric in [(one, metric) for one in CATALOGS for metric in one]:
        kind = {Counter: "counter", Gauge: "gauge", Histogram: "histogram"}[type(metric)]
        lines.append(f"# TYPE {metric.name.removesuffix('_total')} {kind}")
        for labels in _label_sets((*metric.labels, *catalog.target_labels)):
            if isinstance(metric, Histogram):
                lines += _histogram(metric, labels, chance)
            elif isinstance(metric, Gauge):
                lines += _gauge(metric, labels, chance)
            else:
                lines += [f"{metric.name}{{{labels}}} {value} {at}" for at, value in _growth(chance)]
    return "\n".join([*lines, "# EOF", ""])


def _label_sets(labels: tuple[Label, ...]) -> Iterator[str]:
    values = [
        [(label.name, value) for value in (*(label.values or VALUES[label.name]), *([""] if label.optional else ()))]
        for label in labels
    ]
    for chosen in itertools.product(*values):
        yield ",".join(f'{name}="{value}"' for name, value in chosen if value)


def _scrapes(chance: random.Random) -> list[int]:
    """The times at which a series has a sample: it may start late, end early, and miss some."""
    first = chance.choice((START, START, START, START + 900))
    last = chance.choice((END, END, END, END - 700))
    missing = chance.choice((0.0, 0.0, 0.05, 0.3))
    return [at for at in _TIMES if first <= at <= last and chance.random() >= missing]


def _growth(chance: random.Random) -> Iterator[tuple[int, int]]:
    busy = chance.choice((0, 0, 1, 20))
    value = chance.choice((0, 0, 7, 10_000))
    for at in _scrapes(chance):
        if chance.random() < 0.02:
            value = 0
        value += chance.randint(0, busy)
        yield at, value


def _gauge(metric: Gauge, labels: str, chance: random.Random) -> Iterator[str]:
    low = -50 if metric.minimum is None else int(metric.minimum)
    high = 60 if metric.maximum is None else int(metric.maximum)
    choices = chance.choice(((max(low, 0),), (low, high), tuple(range(low, high + 1))))
    for at in _scrapes(chance):
        yield f"{metric.name}{{{labels}}} {chance.choice(choices)} {at}"


def _histogram(metric: Histogram, labels: str, chance: random.Random) -> list[str]:
    busy = chance.choice((0, 1, 5))
    bounds = (*metric.buckets, float("inf"))
    counts = [0] * len(bounds)
    total = 0.0
    lines: dict[str, list[str]] = {}
    prefix = f"{labels}," if labels else ""
    for at in _scrapes(chance):
        if chance.random() < 0.02:
            counts, total = [0] * len(bounds), 0.0
        for _ in range(chance.randint(0, busy)):
            place = chance.randrange(len(bounds))
            counts[place] += 1
            total += min(bounds[place], 10.0)
        for bound, count in zip(bounds, itertools.accumulate(counts), strict=True):
            le = "+Inf" if bound == float("inf") else bound_text(bound)
            text = f'{metric.name}_bucket{{{prefix}le="{le}"}} {count} {at}'
            lines.setdefault(le, []).append(text)
        lines.setdefault("sum", []).append(f"{metric.name}_sum{{{labels}}} {total} {at}")
        lines.setdefault("count", []).append(f"{metric.name}_count{{{labels}}} {sum(counts)} {at}")
    return [line for group in lines.values() for line in group]
