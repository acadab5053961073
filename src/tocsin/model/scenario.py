"""Scenarios: what happens to some series over time.

A feed is one series (a histogram is one) and the stretches of its life, one after the other: a counter grows, a
histogram serves, a gauge holds, each steadily, in a spike or along a ramp; or nothing is scraped. What befalls a
process (its counters start again from 0) or a whole exporter (a scrape is missed, it restarts) is stated beside that.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import product

from tocsin.findings import DefinitionError
from tocsin.metrics import Counter, Gauge, Histogram, Metric, Selection
from tocsin.model.alert import Alert
from tocsin.model.amounts import Amount, Flow, a_minute, exact
from tocsin.model.indicator import Indicator
from tocsin.promql.durations import milliseconds_of
from tocsin.source import Source, here


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of time in which a series behaves in one way."""

    lasting: str

    def __post_init__(self) -> None:
        milliseconds_of(self.lasting)


@dataclass(frozen=True, slots=True)
class Growing(Segment):
    """A counter grows steadily, or from one flow to another."""

    flow: Flow
    to: Flow


@dataclass(frozen=True, slots=True)
class Serving(Segment):
    """A histogram observes values, each making up a share of the flow."""

    flow: Flow
    to: Flow
    mix: tuple[tuple[Decimal, Decimal], ...]


@dataclass(frozen=True, slots=True)
class Holding(Segment):
    """A gauge stands at a value, or moves evenly to another."""

    value: Decimal
    to: Decimal


@dataclass(frozen=True, slots=True)
class Silence(Segment):
    """Nothing is scraped."""


def _flow(amount: Amount | Flow) -> Flow:
    flow = amount if isinstance(amount, Flow) else a_minute(amount)
    if flow.amount < 0:
        raise ValueError(f"a counter only grows: {flow.amount} is below 0")
    return flow


def growing(flow: Amount | Flow, *, to: Amount | Flow | None = None, lasting: str) -> Growing:
    """`growing(a_day(120), lasting="2h")`; a bare number is an amount a minute. With `to` it is a ramp."""
    return Growing(lasting, _flow(flow), _flow(flow if to is None else to))


def serving(
    flow: Amount | Flow, mix: Mapping[Amount, Amount], *, to: Amount | Flow | None = None, lasting: str
) -> Serving:
    """`serving(a_second(4), {"1.5": "90%", 20: "10%"}, lasting="15m")`: nine in ten take 1.5 s, one takes 20 s."""
    parts = tuple((exact(value), exact(share)) for value, share in mix.items())
    if sum(share for _, share in parts) != 1:
        raise DefinitionError("the shares of the mix are not the whole", help="let them add up to 100%", source=here())
    return Serving(lasting, _flow(flow), _flow(flow if to is None else to), parts)


def observing(a_minute_each: Mapping[Amount, Amount], *, lasting: str) -> Serving:
    """`observing({"1.5": 54, 20: 6}, lasting="15m")`: each minute 54 requests of 1.5 s and 6 of 20 s."""
    counts = [(exact(value), exact(count)) for value, count in a_minute_each.items()]
    # Shares of a flow of one a minute: the counts themselves, so that nothing is divided.
    return Serving(lasting, a_minute(1), a_minute(1), tuple(counts))


def holding(value: Amount, *, to: Amount | None = None, lasting: str) -> Holding:
    """A gauge at a value; with `to` it moves there evenly."""
    return Holding(lasting, exact(value), exact(value if to is None else to))


def silence(*, lasting: str) -> Silence:
    return Silence(lasting)


_KINDS: tuple[tuple[type[Metric], type[Segment], str], ...] = (
    (Counter, Growing, "growing"),
    (Histogram, Serving, "serving or observing"),
    (Gauge, Holding, "holding"),
)


@dataclass(frozen=True, slots=True, init=False)
class Feed:
    """One series, and what it does over time.

    `late` is when it appears, `resets` are times at which its counters start again from 0, `missed` times at which it
    is not scraped.
    """

    series: Selection
    segments: tuple[Segment, ...]
    late: str
    resets: tuple[str, ...]
    missed: tuple[str, ...]

    def __init__(
        self,
        series: Metric | Selection,
        *segments: Segment,
        late: str = "0s",
        resets: Iterable[str] = (),
        missed: Iterable[str] = (),
    ) -> None:
        resets, missed = tuple(resets), tuple(missed)
        selected = series if isinstance(series, Selection) else Selection(series)
        _check_feed(selected, segments)
        for time in (late, *resets, *missed):
            milliseconds_of(time)
        object.__setattr__(self, "series", selected)
        object.__setattr__(self, "segments", segments)
        object.__setattr__(self, "late", late)
        object.__setattr__(self, "resets", resets)
        object.__setattr__(self, "missed", missed)

    @property
    def lasting(self) -> int:
        """When it is over, in milliseconds."""
        return milliseconds_of(self.late) + sum(milliseconds_of(segment.lasting) for segment in self.segments)


def feeds(metric: Metric, *segments: Segment, **labels: str | tuple[str, ...]) -> tuple[Feed, ...]:
    """The same for several series: `feeds(active_sessions, holding(3, lasting="1h"), agent_name=("a", "b"), ...)`."""
    values = [(value,) if isinstance(value, str) else value for value in labels.values()]
    return tuple(Feed(metric(**dict(zip(labels, chosen, strict=True))), *segments) for chosen in product(*values))


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
    """Something that happens: series over time, scraped `every` so often.

    `missed` are times whose scrape fails; at `restarts` the exporter starts again: that scrape fails too, and all
    counters begin at 0.
    """

    title: str
    feeds: tuple[Feed, ...]
    every: str
    missed: tuple[str, ...]
    restarts: tuple[str, ...]
    source: Source = field(repr=False)

    def __init__(
        self,
        title: str,
        *fed: Feed | tuple[Feed, ...],
        every: str = "15s",
        missed: Iterable[str] = (),
        restarts: Iterable[str] = (),
    ) -> None:
        missed, restarts = tuple(missed), tuple(restarts)
        for time in (every, *missed, *restarts):
            milliseconds_of(time)
        object.__setattr__(self, "title", title)
        object.__setattr__(self, "feeds", tuple(_flattened(fed)))
        object.__setattr__(self, "every", every)
        object.__setattr__(self, "missed", missed)
        object.__setattr__(self, "restarts", restarts)
        object.__setattr__(self, "source", here())

    @property
    def lasting(self) -> int:
        """How long something happens, in milliseconds."""
        return max((feed.lasting for feed in self.feeds), default=0)


def _flattened(fed: Iterable[Feed | tuple[Feed, ...]]) -> Iterator[Feed]:
    for one in fed:
        if isinstance(one, Feed):
            yield one
        else:
            yield from one


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

    def __post_init__(self) -> None:
        milliseconds_of(self.at)


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


def prove(of: Alert | Indicator, *claims: Claim) -> Proof:
    """What else must be seen of an alert, beside what is derived from it."""
    return Proof(of, *claims)
