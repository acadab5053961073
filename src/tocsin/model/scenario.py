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
from tocsin.metrics import Counter, Gauge, Histogram, Matcher, Metric, Selection
from tocsin.model.alert import Alert
from tocsin.model.amounts import Amount, Flow, a_minute, exact
from tocsin.model.indicator import Indicator
from tocsin.model.spacing import MOST_SCRAPES, spacing_of
from tocsin.promql.durations import duration_text, milliseconds_of
from tocsin.source import Source, here

# Less than this leaves no room for scrapes that come a little early.
_SHORTEST = 28


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of time in which a series behaves in one way."""

    lasting: str

    def __post_init__(self) -> None:
        if not milliseconds_of(self.lasting):
            raise DefinitionError(
                f"a stretch that lasts {self.lasting} is none", help="let it last for a scrape or more", source=here()
            )


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
    _check_counts(mix.values(), 1)
    if sum(share for _, share in parts) != 1:
        raise DefinitionError("the shares of the mix are not the whole", help="let them add up to 100%", source=here())
    return Serving(lasting, _flow(flow), _flow(flow if to is None else to), parts)


def observing(a_minute_each: Mapping[Amount, Amount], *, lasting: str) -> Serving:
    """`observing({"1.5": 54, 20: 6}, lasting="15m")`: each minute 54 requests of 1.5 s and 6 of 20 s."""
    counts = [(exact(value), exact(count)) for value, count in a_minute_each.items()]
    _check_counts(a_minute_each.values())
    # Shares of a flow of one a minute: the counts themselves, so that nothing is divided.
    return Serving(lasting, a_minute(1), a_minute(1), tuple(counts))


def _check_counts(amounts: Iterable[Amount], most: int | None = None) -> None:
    """That nothing is observed less than never, or more often than everything."""
    for amount in amounts:
        if exact(amount) < 0 or (most is not None and exact(amount) > most):
            share = most is not None
            raise DefinitionError(
                f"{amount} is no {'share' if share else 'number of observations'}",
                help='a share is from "0%" to "100%"' if share else "state 0 or more a minute",
                source=here(),
            )


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
        _check_values(selected.metric, segments)
        object.__setattr__(self, "series", selected)
        object.__setattr__(self, "segments", segments)
        object.__setattr__(self, "late", late)
        object.__setattr__(self, "resets", resets)
        object.__setattr__(self, "missed", missed)
        _check_times(resets=resets, missed=missed, first=milliseconds_of(late), last=self.lasting)

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


def _check_values(metric: Metric, segments: tuple[Segment, ...]) -> None:
    """That all values are such as the catalog says that the metric can have."""
    low, high = (metric.minimum, metric.maximum) if isinstance(metric, Gauge) else (None, None)
    values = [value for part in segments if isinstance(part, Holding) for value in (part.value, part.to)]
    if isinstance(metric, Histogram):
        low = 0 if metric.buckets[0] >= 0 else None
        values = [value for part in segments if isinstance(part, Serving) for value, _ in part.mix]
    for value in values:
        if (low is not None and value < Decimal(str(low))) or (high is not None and value > Decimal(str(high))):
            bounds = f"{low} or more" if high is None else f"{high} or less" if low is None else f"{low} to {high}"
            raise DefinitionError(
                f"{metric.name} cannot be {value}: it is {bounds}",
                help="feed it with a value that it can have, or mend the catalog",
                source=here(),
            )


def _check_times(*, first: int, last: int, every: int = 1, **times: Iterable[str]) -> None:
    """That what happens does so while something is there, at a scrape."""
    for word, stated in times.items():
        for time in stated:
            at = milliseconds_of(time)
            if not max(1, first) <= at <= last:
                what = f"from {duration_text(first) if first else 'the first scrape'} to {duration_text(last)}"
                raise DefinitionError(
                    f"{word} names {time}, and something is there {what} only",
                    help="name a time in between, or let it last longer",
                    source=here(),
                )
            if at % every:
                raise DefinitionError(
                    f"{word} names {time}, and there is a scrape every {duration_text(every)}",
                    help=f"name a time at which one is: {duration_text(at // every * every or every)}",
                    source=here(),
                )


@dataclass(frozen=True, slots=True, eq=False, init=False)
class Scenario:
    """Something that happens: series over time, scraped `every` so often.

    `missed` are times whose scrape fails; at `restarts` the exporter starts again: that scrape fails too, and all
    counters begin at 0. `spacing` is the milliseconds from one scrape to the next.
    """

    title: str
    feeds: tuple[Feed, ...]
    every: str
    missed: tuple[str, ...]
    restarts: tuple[str, ...]
    spacing: int
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
        object.__setattr__(self, "title", title)
        object.__setattr__(self, "feeds", tuple(_flattened(fed)))
        object.__setattr__(self, "every", every)
        object.__setattr__(self, "missed", missed)
        object.__setattr__(self, "restarts", restarts)
        object.__setattr__(self, "source", here())
        _check_scrapes(self)
        object.__setattr__(self, "spacing", spacing_of(milliseconds_of(every), self.lasting))

    @property
    def lasting(self) -> int:
        """How long something happens, in milliseconds."""
        return max((feed.lasting for feed in self.feeds), default=0)


def _check_scrapes(scenario: Scenario) -> None:
    """That every series is fed once, and all that happens to it does so at a scrape."""
    every, source = milliseconds_of(scenario.every), scenario.source
    if every < _SHORTEST:
        raise DefinitionError(
            f"nothing is scraped every {scenario.every}", help="state every=, such as 15s", source=source
        )
    scrapes = scenario.lasting // every
    if scrapes > MOST_SCRAPES:
        raise DefinitionError(
            f"{scenario.title!r} is scraped {scrapes} times, and one of them lies on the edge of a range",
            help=f"scrape it at most {MOST_SCRAPES} times: state a longer every=",
            source=source,
        )
    _check_times(missed=scenario.missed, restarts=scenario.restarts, first=0, last=scenario.lasting, every=every)
    fed: set[tuple[str, frozenset[Matcher]]] = set()
    for feed in scenario.feeds:
        key = (feed.series.metric.name, frozenset(feed.series.matchers))
        if key in fed:
            raise DefinitionError(
                f"{scenario.title!r} feeds {feed.series.metric.name} twice under the same labels",
                help="state all that happens to a series in one Feed, one stretch after the other",
                source=source,
            )
        fed.add(key)
        late = [feed.late] if milliseconds_of(feed.late) else []
        lengths = [segment.lasting for segment in feed.segments]
        _check_times(
            resets=feed.resets, missed=feed.missed, late=late, lasting=lengths, first=0, last=feed.lasting, every=every
        )


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
