"""Alerts that live through one scenario of what is scraped: somebody is far beyond all thresholds, others are not.

One of the others is healthy, and one has no traffic. The counters of all start again just before each alert fires, and
a scrape of all fails just after. The levels are those of the steady state. How often all is evaluated is tried: so that
every window sees something of what is recorded, and all alerts fire after a few evaluations.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import product
from math import lcm

from tocsin.findings import DefinitionError
from tocsin.metrics import Gauge
from tocsin.model.alert import Alert
from tocsin.model.scenario import Claim, Scenario
from tocsin.model.spacing import spacing_of
from tocsin.plan import Plan, PlannedAlert, PlannedRecord
from tocsin.promql.durations import milliseconds_of
from tocsin.promql.tree import Node, Range, Subquery
from tocsin.proving.asking import Asking
from tocsin.proving.derive import alerts_of, firing_of
from tocsin.proving.drivers import base
from tocsin.proving.edges import later_by
from tocsin.proving.errors import UnderivableError, UnprovenError
from tocsin.proving.lives import Lives
from tocsin.proving.printed import is_stable
from tocsin.proving.simulation import Rules, looks_back, settled_together, states_together
from tocsin.proving.states import States
from tocsin.proving.steady import nodes_of
from tocsin.proving.subjects import Subject, idle_setting
from tocsin.proving.timing import LOOKBACK, Timing, window_of
from tocsin.proving.workloads import Leaf, Mix, Setting, Workload, leaves_of

_MINUTE, _HOUR = 60_000, 3_600_000
# From one evaluation to the next, in milliseconds: the longest is tried first.
_INTERVALS = (
    *(hours * _HOUR for hours in (24, 12, 8, 6, 4, 3, 2, 1)),
    *(minutes * _MINUTE for minutes in (30, 20, 15, 12, 10, 6, 5, 4, 3, 2, 1)),
    *(30_000, 20_000, 15_000, 10_000),
)
# As many times as long as an interval of which none of these is a multiple.
_NUMBERS = (100, 50, 20, 10, 5, 2, 1)
# A little less: the step of a subquery sees what was recorded just before it, and lies on no edge of that.
_EARLIER = 10
_MOST = 24  # evaluations
_SCRAPES = 3  # in the shortest window over what is scraped
_TIMES = tuple(map(Decimal, (1, 10, 100)))  # as much flows: what is summed over weeks need not take them

_FAR = "far-beyond"
_HEALTHY, _IDLE = "healthy", "idle"
_WHO = (_FAR, _HEALTHY, _IDLE)

_Seen = Sequence[tuple[States, bool]]


@dataclass(frozen=True, slots=True)
class Through:
    """What is claimed of alerts in one scenario, evaluated every so many milliseconds."""

    told: tuple[tuple[Alert, tuple[Claim, ...]], ...]
    interval: int


@dataclass(frozen=True, slots=True)
class Tried:
    """The proof of several alerts; or who of them never fired in any scenario that was tried, and what is missing."""

    proof: Through | None
    quiet: frozenset[int]
    why: str


@dataclass(frozen=True, slots=True)
class Living:
    """Alerts that live through the same; the settings of who is far beyond all their thresholds, and of who is healthy.

    `names` are the labels that tell these two from each other.
    """

    plan: Plan
    told: tuple[Asking, ...]
    records: tuple[PlannedRecord, ...]
    leaves: tuple[Leaf, ...]
    names: tuple[str, ...]
    far: Workload
    healthy: Workload

    @classmethod
    def of(cls, plan: Plan, several: Sequence[PlannedAlert]) -> Living:
        conditions = [planned.condition for planned in several]
        labels = dict.fromkeys(label for planned in several for label in planned.labels)
        leaves = leaves_of(plan, conditions, tuple(labels), {})
        needed = {id(record) for condition in conditions for record in plan.records_read(condition)}
        told = tuple(Asking.of(plan, planned) for planned in several)
        healthy = {leaf: base(leaf) for leaf in leaves}
        for one in told:
            if one.asked.holds(healthy) or one.is_near(healthy):
                leaf, _, quiet = one.around(healthy)
                healthy = {**healthy, leaf: quiet}
        far = healthy
        for one in told:
            if not one.asked.holds(far):
                leaf, firing, _ = one.around(far)
                far = {**far, leaf: firing}
        if not all(one.asked.holds(far) and not one.asked.holds(healthy) for one in told):
            raise UnprovenError("nobody was found who is beyond it, or nobody who is short of it")
        return cls(
            plan,
            told,
            tuple(record for record in plan.records if id(record) in needed),
            leaves,
            tuple(label for label in labels if all(label not in dict(leaf.fixed) for leaf in leaves)),
            far,
            healthy,
        )

    @property
    def _nodes(self) -> list[Node]:
        return [*(one.asked.condition for one in self.told), *(record.node for record in self.records)]

    @property
    def _rules(self) -> list[Rules]:
        return [
            Rules(self.records, one.asked.condition, *map(_seconds, (one.alert.hold, one.alert.keep_firing)))
            for one in self.told
        ]

    def result(self) -> Tried:
        timings = list(self._timings())
        fired: set[int] = set()
        for times in _TIMES:
            far = {leaf: _more(leaf, setting, times) for leaf, setting in self.far.items()}
            for timing in timings:
                try:
                    firsts = self._firsts(timing, far)
                    claims = self._claims(timing, far, firsts) if all(firsts) else []
                except DefinitionError:  # more scrapes than keep off the edges of windows
                    continue
                fired |= {id(one.alert) for one, first in zip(self.told, firsts, strict=True) if first}
                if claims:
                    alerts = (one.alert for one in self.told)
                    proof = Through(tuple(zip(alerts, claims, strict=True)), timing.interval)
                    return Tried(proof, frozenset(), "")
        quiet = frozenset(id(one.alert) for one in self.told) - fired
        if quiet:
            return Tried(None, quiet, f"{_MOST} evaluations as seldom as its windows allow do not show it firing")
        return Tried(None, quiet, "it fires, but not all the while, or not for certain")

    def _timings(self) -> Iterator[Timing]:
        """What may do: every step of a long subquery is just after an evaluation."""
        every = lcm(*(milliseconds_of(one.alert.every) for one in self.told))
        if not every:
            raise ValueError("nothing is evaluated every 0s")
        hold = max(milliseconds_of(one.alert.hold) for one in self.told)
        records = nodes_of(self.records)
        ranges = [part for node in self._nodes for part in node.walk() if isinstance(part, Range | Subquery)]
        steps = [milliseconds_of(part.step) for part in ranges if isinstance(part, Subquery) and part.step]
        windows = [window_of(part) for part in ranges if isinstance(part, Range) and part.of.name not in records]
        round_ones = [whole for whole in _INTERVALS if whole % every == 0]
        for whole in round_ones or [every * number for number in _NUMBERS if every * number <= _INTERVALS[0]]:
            if any(step % whole for step in steps if step > LOOKBACK):
                continue
            wanted = max([1, *(whole * _SCRAPES // window for window in windows if window)])
            scrapes = next(number for number in range(wanted, 0, -1) if whole % (number * 1000) == 0)
            timing = Timing(whole - _EARLIER, scrapes, 0, hold, 0, -_EARLIER)
            try:
                later = later_by(self._nodes, records, timing.interval, spacing_of(timing.scrape), _MOST)
            except UnderivableError:
                continue
            if not later:
                yield timing

    def _firsts(self, timing: Timing, far: Workload) -> list[int]:
        """The first evaluation at which who is far beyond makes each alert fire; 0 where he never does."""
        firsts = [0] * len(self.told)
        store = self._lives(timing).store(self._scenario(timing, far, _MOST))
        for number, seen in enumerate(states_together(self._rules, store, timing.interval / 1000, _MOST)):
            firsts = [first or number * self._fires(states) for first, states in zip(firsts, seen, strict=True)]
            if all(firsts):
                break
        return firsts

    def _claims(self, timing: Timing, far: Workload, firsts: Sequence[int]) -> list[tuple[Claim, ...]]:
        """What is claimed of each alert; nothing where one does not do as it should."""
        onsets = tuple(sorted(set(firsts)))
        # What is recorded of a scrape that failed may be read at the next evaluation.
        after = 1 + looks_back(self.records, *(one.asked.condition for one in self.told))
        end = onsets[-1] + after
        if end > _MOST:
            return []
        # A gauge that is read as it is now does not survive that a scrape fails: a check tells of it. And too little
        # traffic may be what an alert is about.
        scrapes = tuple(onset + 1 for onset in onsets)
        for missed, who in product((scrapes, ()), (_WHO, (_FAR, _HEALTHY))):
            scenario = self._scenario(timing, far, end, onsets, missed, who)
            store = self._lives(timing).store(scenario)
            each = zip(*settled_together(self._rules, store, timing.interval / 1000, end), strict=True)
            found = [
                self._claimed(one, rules, timing, scenario, (first - 1, *range(first, first + after + 1), end), seen)
                for one, rules, first, seen in zip(self.told, self._rules, firsts, each, strict=True)
            ]
            if all(found):
                return found
        return []

    def _claimed(
        self, one: Asking, rules: Rules, timing: Timing, scenario: Scenario, moments: tuple[int, ...], seen: _Seen
    ) -> tuple[Claim, ...]:
        """That who is far beyond fires from the second moment on; nothing where that is not so, or not certain."""
        if [self._fires(states) for states, _ in seen] != [number >= moments[1] for number in range(len(seen))]:
            return ()
        if any(self._is_another(dict(labels)) for states, _ in seen for labels in firing_of(states)):
            return ()
        claims = []
        for number in sorted(set(moments)):
            states, is_settled = seen[number]
            firing = firing_of(states)
            is_certain = is_settled and all(is_stable(one.asked.template, value) for value in firing.values())
            if not is_certain and not rules.is_exact:
                return ()
            claims.append(Claim(scenario, timing.at(number), alerts_of(one.asked.template, firing), one.alert.source))
        return tuple(claims)

    def _fires(self, states: States) -> bool:
        """Whether who is far beyond does."""
        return any(not self._is_another(dict(labels)) for labels in firing_of(states))

    def _is_another(self, labels: Mapping[str, str]) -> bool:
        """Whether these are the labels of somebody else than who is far beyond."""
        far = {label: self._value(label, _FAR) for label in self.names}
        return any(labels.get(label, far[label]) != far[label] for label in self.names)

    def _lives(self, timing: Timing) -> Lives:
        return Lives(self.leaves, timing, 1, None)

    def _scenario(
        self,
        timing: Timing,
        far: Workload,
        end: int,
        hits: tuple[int, ...] = (),
        missed: tuple[int, ...] = (),
        who: tuple[str, ...] = _WHO,
    ) -> Scenario:
        shown = self._lives(timing)
        whole = end * timing.scrapes - shown.start + 1
        # What Prometheus makes of a table by itself is not scraped.
        stated = {gauge.name for table in self.plan.definitions.tables for gauge in table.columns.values()}
        subjects: list[Subject] = []
        idle = {leaf: idle_setting(leaf, setting) for leaf, setting in self.healthy.items()}
        lives: dict[str, Workload] = {_FAR: far, _HEALTHY: self.healthy, _IDLE: idle}
        for name in who:
            workload = lives[name]
            labels = {label: self._value(label, name) for label in self.names}
            if any(labels == subject.labels for subject in subjects):
                continue  # nothing would tell it from somebody else
            made = {leaf: setting for leaf, setting in workload.items() if leaf.metric.name in stated}
            scraped = {leaf: setting for leaf, setting in workload.items() if leaf not in made}
            subject = Subject(name, labels, ((scraped, whole),), name == _FAR, hits=hits, missed=missed)
            subjects += [subject, replace(subject, phases=((made, whole),), hits=(), missed=())][: 1 + bool(made)]
        return shown.scenario("derived: through all that is recorded", subjects, end)

    def _value(self, label: str, name: str) -> str:
        """A label's value: the subject's name, or one of a closed set."""
        closed = next((one.values for leaf in self.leaves for one in leaf.open if one.name == label and one.values), ())
        return closed[_WHO.index(name) % len(closed)] if closed else name


def _more(leaf: Leaf, setting: Setting, times: Decimal) -> Setting:
    """So many times as much of what flows."""
    if isinstance(setting, Mix):
        return replace(setting, flow=setting.flow * times)
    return setting if setting is None or isinstance(leaf.metric, Gauge) else setting * times


def _seconds(duration: str) -> float:
    return milliseconds_of(duration) / 1000
