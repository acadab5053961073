"""Scenarios: synthetic series over time, and what alerts and recorded series must make of them.

Amounts are stated a minute; a sample is taken `every` so often.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from tocsin.findings import DefinitionError
from tocsin.metrics import Counter, Gauge, Histogram, Metric, Selection
from tocsin.model.alert import Alert
from tocsin.model.indicator import Indicator
from tocsin.source import Source, here

Amount = int | str | Decimal


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of time in which a series behaves in one way."""

    lasting: str


@dataclass(frozen=True, slots=True)
class Growing(Segment):
    """A counter grows by so much a minute."""

    a_minute: Decimal


@dataclass(frozen=True, slots=True)
class Observing(Segment):
    """A histogram observes each of these values so many times a minute."""

    a_minute: tuple[tuple[Decimal, Decimal], ...]


@dataclass(frozen=True, slots=True)
class Holding(Segment):
    """A gauge stands at a value."""

    value: Decimal


@dataclass(frozen=True, slots=True)
class Silence(Segment):
    """Nothing is scraped."""


def growing(a_minute: Amount, *, lasting: str) -> Growing:
    return Growing(lasting, Decimal(a_minute))


def observing(a_minute: Mapping[Amount, Amount], *, lasting: str) -> Observing:
    """`observing({"1.5": 54, 20: 6}, lasting="15m")`: each minute 54 requests of 1.5 s and 6 of 20 s."""
    return Observing(lasting, tuple((Decimal(value), Decimal(count)) for value, count in a_minute.items()))


def holding(value: Amount, *, lasting: str) -> Holding:
    return Holding(lasting, Decimal(value))


def silence(*, lasting: str) -> Silence:
    return Silence(lasting)


_KINDS: tuple[tuple[type[Metric], type[Segment], str], ...] = (
    (Counter, Growing, "growing"),
    (Histogram, Observing, "observing"),
    (Gauge, Holding, "holding"),
)


@dataclass(frozen=True, slots=True, init=False)
class Feed:
    """One series, and what it does over time."""

    series: Selection
    segments: tuple[Segment, ...]

    def __init__(self, series: Selection, *segments: Segment) -> None:
        _check_feed(series, segments)
        object.__setattr__(self, "series", series)
        object.__setattr__(self, "segments", segments)


def _check_feed(series: Selection, segments: tuple[Segment, ...]) -> None:
    metric = series.metric
    missing = set(metric.label_names) - {matcher.label for matcher in series.matchers}
    if missing or any(matcher.operator != "=" for matcher in series.matchers):
        raise DefinitionError(
            f"a scenario feeds one series of {metric.name}, with a value for each label",
            help=f"state {', '.join(sorted(missing)) or 'plain values'}",
            source=here(),
        )
    for kind, wanted, word in _KINDS:
        if isinstance(metric, kind):
            wrong = [part for part in segments if not isinstance(part, wanted | Silence)]
            if wrong:
                raise DefinitionError(
                    f"{metric.name} is a {kind.__name__.lower()}; it cannot be {type(wrong[0]).__name__.lower()}",
                    help=f"feed it with {word}(...) or silence(...)",
                    source=here(),
                )


@dataclass(frozen=True, slots=True, eq=False, init=False)
class Scenario:
    """Something that happens: series over time."""

    title: str
    feeds: tuple[Feed, ...]
    every: str
    source: Source = field(repr=False)

    def __init__(self, title: str, *feeds: Feed, every: str = "15s") -> None:
        object.__setattr__(self, "title", title)
        object.__setattr__(self, "feeds", feeds)
        object.__setattr__(self, "every", every)
        object.__setattr__(self, "source", here())


@dataclass(frozen=True, slots=True)
class Instance:
    """One alert of a rule, or one sample of a recorded series: its labels and its value as printed."""

    value: str
    labels: tuple[tuple[str, str], ...]


def instance(value: str, **labels: str) -> Instance:
    """`instance("20s", agent_name="support")`: an alert (or a sample) with that value and those labels."""
    return Instance(value, tuple(sorted(labels.items())))


@dataclass(frozen=True, slots=True)
class Claim:
    """At a time in a scenario, exactly these instances are there; none means quiet."""

    scenario: Scenario
    at: str
    instances: tuple[Instance, ...]
    source: Source = field(default_factory=here, compare=False, repr=False)


def fires(scenario: Scenario, at: str, first: Instance, *more: Instance) -> Claim:
    """At that time the alert fires for these label sets and no others."""
    return Claim(scenario, at, (first, *more))


def quiet(scenario: Scenario, at: str) -> Claim:
    """At that time the alert does not fire."""
    return Claim(scenario, at, ())


def computes(scenario: Scenario, at: str, first: Instance, *more: Instance) -> Claim:
    """At that time the recorded series has these samples and no others, to as many digits as are stated."""
    return Claim(scenario, at, (first, *more))


@dataclass(frozen=True, slots=True, eq=False, init=False)
class Proof:
    """What must be seen of an alert, or of an indicator that is recorded."""

    of: Alert | Indicator
    claims: tuple[Claim, ...]
    source: Source = field(repr=False)

    def __init__(self, of: Alert | Indicator, *claims: Claim) -> None:
        object.__setattr__(self, "of", of)
        object.__setattr__(self, "claims", claims)
        object.__setattr__(self, "source", here())
