"""Rules over the synthetic series, most of them random, and what they record in a real Prometheus."""

from __future__ import annotations

import random

from expressions import Author
from servers import Prometheus
from synthetic import CATALOGS, END, START

from tocsin.metrics import Counter, Label
from tocsin.promql.infer import recorded_type
from tocsin.promql.world import Recording, World
from tocsin.units import REQUESTS

INTERVAL = 60
_LABELS: tuple[dict[str, str], ...] = ({}, {}, {"team": "a"}, {"agent": ""}, {"agent": "planner"}, {"le": "100"})
# What chance seldom writes: buckets as they are and with another bound, and series that two rules record.
_CHOSEN = (
    ("buckets", "sum by (le) (rate(duration_seconds_bucket[5m]))", {}),
    ("buckets:moved", "topk(1, sum by (le) (rate(duration_seconds_bucket[5m])))", {"le": "100"}),
    ("buckets:moved", "topk(1, sum by (le) (rate(duration_seconds_bucket[5m])))", {"le": "+Inf"}),
    ("either", "sum by (agent) (sessions)", {"side": "left"}),
    ("either", "max(balance_usd)", {"side": "right"}),
    ("either:zero", "backlog * 0", {"side": "left"}),
    ("either:zero", "vector(-0)", {"side": "right"}),
    ("a:lookups_count", "lookups_total * 0.001", {}),
    ("a:lookups_bucket", "duration_seconds_bucket", {}),
    ("one", "1", {"team": "a"}),
)


def _random_rules(count: int) -> list[tuple[str, str, dict[str, str]]]:
    chance = random.Random(1)
    author = Author(chance, CATALOGS)
    return [(f"rule:{number}", author.expression(), chance.choice(_LABELS)) for number in range(count)]


RULES = [*_CHOSEN, *_random_rules(60)]
RECORDINGS: dict[str, tuple[Recording, ...]] = {}
for _name, _expr, _added in RULES:
    RECORDINGS[_name] = (*RECORDINGS.get(_name, ()), Recording(_expr, _added, INTERVAL * 1000))
WORLD = World.of(CATALOGS, RECORDINGS)


def author_of_readers(chance: random.Random) -> Author:
    """Writes expressions that read what is recorded."""
    author = Author(chance, CATALOGS)
    author.series = author.counters = [_metric(name) for name in RECORDINGS]
    author.labels += ["team", "side"]
    return author


def _metric(name: str) -> Counter:
    labels = [label for label in recorded_type(WORLD, name).labels.known if label not in ("__name__", "le")]
    return Counter(name, "", labels=tuple(map(Label, labels)), unit=REQUESTS)


def recorded(prometheus: Prometheus) -> str:
    """What the rules record, as OpenMetrics text. A rule that cannot be evaluated records nothing."""
    lines = []
    for name, expr, added in RULES:
        found = prometheus.query_range(expr, START, END, INTERVAL) or []
        series = {}
        for one in found:
            labels = {label: value for label, value in {**one["metric"], **added}.items() if value}
            labels["__name__"] = name
            series[tuple(sorted(labels.items()))] = one["values"]
        if len(series) == len(found):  # else they collide
            lines += [_sample(labels, at, value) for labels, values in series.items() for at, value in values]
    return "\n".join([*lines, "# EOF", ""])


def _sample(labels: tuple[tuple[str, str], ...], at: float, value: str) -> str:
    text = ",".join(f'{label}="{said}"' for label, said in labels if label != "__name__")
    return f"{dict(labels)['__name__']}{{{text}}} {value} {at}"
