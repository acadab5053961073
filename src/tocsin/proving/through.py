"""Proofs through all that is recorded, of alerts whose own proofs are given what is recorded.

Several alerts live through one scenario of what is scraped: somebody is far beyond all their thresholds, and somebody
else is healthy. The counters of both start again just before each alert fires, and a scrape of both fails just after.
The levels are those of the steady state. How often all is evaluated is tried: so that every window sees something of
what is recorded, and all alerts fire after a few evaluations.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import pairwise
from math import lcm
from weakref import WeakKeyDictionary

from tocsin.display import value_template
from tocsin.metrics import Gauge
from tocsin.model.alert import Alert
from tocsin.model.scenario import Claim, Scenario
from tocsin.model.spacing import spacing_of
from tocsin.plan import Plan, PlannedAlert, PlannedRecord
from tocsin.promql.durations import milliseconds_of
from tocsin.promql.tree import Binary, Node, Range, Subquery, names_read
from tocsin.proving.asked import Asked
from tocsin.proving.derive import alerts_of, firing_of
from tocsin.proving.drivers import base, drivers_of
from tocsin.proving.edges import later_by
from tocsin.proving.errors import UnderivableError
from tocsin.proving.given import given_to
from tocsin.proving.lives import Lives
from tocsin.proving.printed import is_stable
from tocsin.proving.simulation import Rules, looks_back, settled_together
from tocsin.proving.states import States
from tocsin.proving.steady import nodes_of
from tocsin.proving.subjects import Subject
from tocsin.proving.timing import LOOKBACK, Timing, window_of
from tocsin.proving.workloads import Leaf, Mix, Setting, Workload, leaves_of
from tocsin.units import RATIO

_MINUTE, _HOUR = 60_000, 3_600_000
# From one evaluation to the next, in milliseconds: the longest is tried first.
_INTERVALS = (
    *(hours * _HOUR for hours in (24, 12, 8, 6, 4, 3, 2, 1)),
    *(minutes * _MINUTE for minutes in (30, 20, 15, 12, 10, 6, 5, 4, 3, 2, 1)),
    *(30_000, 20_000, 15_000, 10_000),
)
# A little less: the step of a subquery sees what was recorded just before it, and lies on no edge of that.
_EARLIER = 10
_MOST = 24  # evaluations
_SCRAPES = 3  # in the shortest window over what is scraped
_TIMES = tuple(map(Decimal, (1, 10, 100)))  # as much flows: what is summed over weeks need not take them

_NEAR = 2  # times

_Seen = Sequence[tuple[States, bool]]


@dataclass(frozen=True, slots=True)
class _Asking:
    """An alert with its condition, for those who have no threshold of their own."""

    alert: Alert
    asked: Asked

    @classmethod
    def of(cls, plan: Plan, planned: PlannedAlert) -> _Asking:
        condition = _condition(planned)
        records = nodes_of(plan.records_read(condition))
        return cls(planned.alert, Asked(condition, records, value_template(planned.unit or RATIO, "$value")))

    def around(self, still: Workload) -> tuple[Leaf, Setting, Setting]:
        """What makes it fire where all else stands still, a setting at which it does, and one at which it does not."""
        read = names_read(self.asked.condition, *self.asked.records.values())
        for leaf in still:
            for driver in drivers_of(leaf, still[leaf], by_presence=False) if leaf.series & read else ():
                settings = list(driver.settings(()))
                held = [self.asked.holds({**still, leaf: setting}) for setting in settings]
                for place, (first, second) in enumerate(pairwise(held)):
                    if first != second:
                        low, high = self._apart(still, leaf, settings[place], settings[place + 1])
                        return (leaf, low, high) if first else (leaf, high, low)
        raise UnderivableError("nothing makes it fire by itself")

    def _apart(self, still: Workload, leaf: Leaf, low: Setting, high: Setting) -> tuple[Setting, Setting]:
        """Two settings between which it changes, neither of which lies just where it does."""
        if not (isinstance(low, Decimal) and isinstance(high, Decimal) and low > 0):
            return low, high
        held = self.asked.holds({**still, leaf: low})
        while high > _NEAR * low:
            middle = _rounded((low * high).sqrt())
            if self.asked.holds({**still, leaf: middle}) == held:
                low = middle
            else:
                high = middle
        lower, higher = low / _NEAR, high * _NEAR
        low = lower if self.asked.holds({**still, leaf: lower}) == held and _is_possible(leaf, lower) else low
        high = higher if self.asked.holds({**still, leaf: higher}) != held and _is_possible(leaf, higher) else high
        return low, high


@dataclass(frozen=True, slots=True)
class Through:
    """What is claimed of alerts in one scenario, evaluated every so many milliseconds."""

    told: tuple[tuple[Alert, tuple[Claim, ...]], ...]
    interval: int


_known: WeakKeyDictionary[Plan, tuple[Through, ...]] = WeakKeyDictionary()


def derived_through(plan: Plan) -> tuple[Through, ...]:
    """The proofs through all that is recorded, of alerts whose own do not go through it; computed once."""
    if plan not in _known:
        _known[plan] = tuple(_derived(plan))
    return _known[plan]


def is_shown_through(plan: Plan, alert: Alert, stated: Iterable[Claim]) -> bool:
    """Whether an alert is seen to fire of what is scraped, where it reads what is recorded of that."""
    condition = _condition(plan.alert(alert).usual)
    given = given_to(plan, condition)
    if not given or any(one is alert for through in derived_through(plan) for one, _ in through.told):
        return True
    fed = ({feed.series.metric.name for feed in claim.scenario.feeds} for claim in stated if claim.instances)
    return any(not given <= names for names in fed)


def _derived(plan: Plan) -> Iterator[Through]:
    usual = (planned.usual for planned in plan.alerts)
    for several in _connected(plan, [planned for planned in usual if given_to(plan, _condition(planned))]):
        together = _tried(plan, several)
        alone = (_tried(plan, [planned]) for planned in several) if together is None and len(several) > 1 else ()
        yield from (one for one in (together, *alone) if one is not None)


def _tried(plan: Plan, several: Sequence[PlannedAlert]) -> Through | None:
    try:
        return _Living.of(plan, several).result()
    except (UnderivableError, ValueError):  # a duration that is none: a check tells of it
        return None


def _condition(planned: PlannedAlert) -> Binary:
    return Binary(planned.operator, planned.left, planned.right)


def _connected(plan: Plan, every: Iterable[PlannedAlert]) -> list[list[PlannedAlert]]:
    """Those who rest on the same exported series, together."""
    groups: list[tuple[list[PlannedAlert], frozenset[str]]] = []
    for planned in every:
        condition = _condition(planned)
        nodes = (condition, *(record.node for record in plan.records_read(condition)))
        names = names_read(*nodes) & plan.exported.keys()
        joined = [group for group in groups if group[1] & names]
        told = [*(one for group in joined for one in group[0]), planned]
        groups = [group for group in groups if group not in joined]
        groups.append((told, names.union(*(group[1] for group in joined))))
    return [told for told, _ in groups]


@dataclass(frozen=True, slots=True)
class _Living:
    """Alerts that live through the same; the settings of who is far beyond all their thresholds, and of who is healthy.

    `names` are the labels that tell these two from each other.
    """

    plan: Plan
    told: tuple[_Asking, ...]
    records: tuple[PlannedRecord, ...]
    leaves: tuple[Leaf, ...]
    names: tuple[str, ...]
    far: Workload
    healthy: Workload

    @classmethod
    def of(cls, plan: Plan, several: Sequence[PlannedAlert]) -> _Living:
        conditions = [_condition(planned) for planned in several]
        labels = dict.fromkeys(label for planned in several for label in planned.labels)
        leaves = leaves_of(plan, conditions, tuple(labels), {})
        needed = {id(record) for condition in conditions for record in plan.records_read(condition)}
        told = tuple(_Asking.of(plan, planned) for planned in several)
        healthy = {leaf: base(leaf) for leaf in leaves}
        for one in told:
            if one.asked.holds(healthy):
                leaf, _, quiet = one.around(healthy)
                healthy = {**healthy, leaf: quiet}
        far = healthy
        for one in told:
            if not one.asked.holds(far):
                leaf, firing, _ = one.around(far)
                far = {**far, leaf: firing}
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

    def result(self) -> Through | None:
        """What is claimed of all of them; None where a few evaluations do not show all of it."""
        timings = list(self._timings())
        for times in _TIMES:
            far = {leaf: _more(leaf, setting, times) for leaf, setting in self.far.items()}
            for timing in timings:
                claims = self._claims(timing, far)
                if claims:
                    alerts = (one.alert for one in self.told)
                    return Through(tuple(zip(alerts, claims, strict=True)), timing.interval)
        return None

    def _timings(self) -> Iterator[Timing]:
        """What may do: every step of a long subquery is just after an evaluation."""
        every = lcm(*(milliseconds_of(one.alert.every) for one in self.told))
        hold = max(milliseconds_of(one.alert.hold) for one in self.told)
        records = nodes_of(self.records)
        ranges = [part for node in self._nodes for part in node.walk() if isinstance(part, Range | Subquery)]
        steps = [milliseconds_of(part.step) for part in ranges if isinstance(part, Subquery) and part.step]
        windows = [window_of(part) for part in ranges if isinstance(part, Range) and part.of.name not in records]
        for whole in _INTERVALS:
            if whole % every or any(step % whole for step in steps if step > LOOKBACK):
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

    def _claims(self, timing: Timing, far: Workload) -> list[tuple[Claim, ...]]:
        """What is claimed of each alert; nothing where one does not do as it should."""
        firsts = [_first(seen) for seen in self._seen(timing, self._scenario(timing, far, _MOST), _MOST)]
        onsets = tuple(sorted(set(firsts)))
        # What is recorded of a scrape that failed may be read at the next evaluation.
        after = 1 + looks_back(self.records, *(one.asked.condition for one in self.told))
        end = onsets[-1] + after
        if not all(firsts) or end > _MOST:
            return []
        # A gauge that is read as it is now does not survive that a scrape fails: a check tells of it.
        for missed in (tuple(onset + 1 for onset in onsets), ()):
            scenario = self._scenario(timing, far, end, onsets, missed)
            each = zip(self.told, firsts, self._seen(timing, scenario, end), strict=True)
            found = [
                self._claimed(one, timing, scenario, (first - 1, *range(first, first + after + 1), end), seen)
                for one, first, seen in each
            ]
            if all(found):
                return found
        return []

    def _claimed(
        self, one: _Asking, timing: Timing, scenario: Scenario, moments: tuple[int, ...], seen: _Seen
    ) -> tuple[Claim, ...]:
        """That who is far beyond fires from the second moment on; nothing where that is not so, or not certain."""
        if _first(seen) != moments[1] or not all(firing_of(states) for states, _ in seen[moments[1] :]):
            return ()
        claims = []
        for number in sorted(set(moments)):
            states, is_settled = seen[number]
            firing = firing_of(states)
            if not is_settled or not all(is_stable(one.asked.template, value) for value in firing.values()):
                return ()
            claims.append(Claim(scenario, timing.at(number), alerts_of(one.asked.template, firing), one.alert.source))
        return tuple(claims)

    def _seen(self, timing: Timing, scenario: Scenario, end: int) -> list[_Seen]:
        """What each alert does at each evaluation, up to the last."""
        rules = [
            Rules(self.records, one.asked.condition, *map(_seconds, (one.alert.hold, one.alert.keep_firing)))
            for one in self.told
        ]
        store = self._lives(timing).store(scenario)
        return list(zip(*settled_together(rules, store, timing.interval / 1000, end), strict=True))

    def _lives(self, timing: Timing) -> Lives:
        return Lives(self.leaves, timing, 1, None)

    def _scenario(
        self, timing: Timing, far: Workload, end: int, hits: tuple[int, ...] = (), missed: tuple[int, ...] = ()
    ) -> Scenario:
        lives = self._lives(timing)
        whole = end * timing.scrapes - lives.start + 1
        # What Prometheus makes of a table by itself is not scraped.
        stated = {gauge.name for table in self.plan.definitions.tables for gauge in table.columns.values()}
        subjects: list[Subject] = []
        for place, (name, workload) in enumerate((("far-beyond", far), ("healthy", self.healthy))):
            labels = {label: self._value(label, name, place) for label in self.names}
            if place and labels == subjects[0].labels:
                continue  # nothing would tell it from who is far beyond
            made = {leaf: setting for leaf, setting in workload.items() if leaf.metric.name in stated}
            scraped = {leaf: setting for leaf, setting in workload.items() if leaf not in made}
            subject = Subject(name, labels, ((scraped, whole),), not place, hits=hits, missed=missed)
            subjects += [subject, replace(subject, phases=((made, whole),), hits=(), missed=())][: 1 + bool(made)]
        return lives.scenario("derived: through all that is recorded", subjects, end)

    def _value(self, label: str, name: str, place: int) -> str:
        """A label's value: the subject's name, or one of a closed set."""
        closed = next((one.values for leaf in self.leaves for one in leaf.open if one.name == label and one.values), ())
        return closed[place % len(closed)] if closed else name


def _first(seen: _Seen) -> int:
    """The first evaluation at which somebody fires; 0 where nobody does."""
    return next((number for number, (states, _) in enumerate(seen) if firing_of(states)), 0)


def _is_possible(leaf: Leaf, amount: Decimal) -> bool:
    """Whether so much can flow, or a gauge can have that value."""
    metric = leaf.metric
    if not isinstance(metric, Gauge):
        return True
    low, high = (amount if bound is None else Decimal(repr(bound)) for bound in (metric.minimum, metric.maximum))
    return low <= amount <= high


def _rounded(amount: Decimal) -> Decimal:
    """An amount of two digits."""
    return Decimal(f"{amount:.1e}")


def _more(leaf: Leaf, setting: Setting, times: Decimal) -> Setting:
    """So many times as much of what flows."""
    if isinstance(setting, Mix):
        return replace(setting, flow=setting.flow * times)
    return setting if setting is None or isinstance(leaf.metric, Gauge) else setting * times


def _seconds(duration: str) -> float:
    return milliseconds_of(duration) / 1000
