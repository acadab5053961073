"""Ordinary traffic of a few subjects, for the values that rules make of it.

The second is twice as busy as the first; its counters start again from 0 within all windows, and it misses a scrape.
The third has nothing of what comes with events alone, nor a gauge that has a default. The fourth is there, and does
nothing. One ended a while ago, so that a rate still sees it, and one over half the window does not; its events so long
before that no rate sees these but one over twice the window. One has hardly any traffic: more than none, and less than
any other number. And beside the second stands somebody whom rules put together with it, if they do so with anybody.

A gauge whose last value counts for a while is still seen of all but the idle: its exporters cannot be scraped any more.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from weakref import WeakKeyDictionary

from tocsin.metrics import Counter, Gauge
from tocsin.model.scenario import Feed, Scenario
from tocsin.plan import Plan, PlannedRecord
from tocsin.promql.durations import duration_text, milliseconds_of
from tocsin.promql.tree import Binary, Call, Node, Range, names_read
from tocsin.proving.instances import ALONE, BOTH, shown, windows_in
from tocsin.proving.timing import PICKING, window_of
from tocsin.proving.workloads import Leaf, Setting, feed, leaves_of

Instances = tuple[str | None, ...]
ONE: Instances = (ALONE,)
TWO: Instances = BOTH
EVALUATIONS = 24

_FIRST, _HIT, _WITHOUT_EVENTS, _IDLE = "first", "second", "third", "idle"
_ENDED, _HARDLY_ANY, _BESIDE = "ended", "hardly-any", "beside"
# Where no label tells them apart the last one remains.
_SIZES = {_IDLE: Decimal(0), _WITHOUT_EVENTS: Decimal(1), _FIRST: Decimal(1), _HIT: Decimal(2)}
_HARDLY, _AS_MUCH, _THRICE = Decimal("0.000001"), Decimal(1), Decimal(3)
_BY_TWO = (_FIRST, _HIT)  # instances: of how two are put together these tell
AS_IT_IS = Decimal(1)
_TITLE = "derived: one idle, one without events, one that ended, one busier, with a restart, one hardly busy at all"
_RESET, _MISSED = 6, 3  # so many evaluations before the last one
# How long ago the last samples of who ended are, in windows: of what it had lately, and of its events.
_LATELY, _BEFORE = Decimal("0.6"), Decimal("1.2")


@dataclass(frozen=True, slots=True)
class _Subject:
    name: str
    size: Decimal
    labels: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Traffic:
    """What some records read, and how far they look back: on a gauge that is not scraped any more, and on a flow.

    Instead of series that are `filled` others are taken where they are missing, which are `filling`.
    """

    leaves: tuple[Leaf, ...]
    subjects: tuple[_Subject, ...]
    windows: Mapping[str, int]
    flows: Mapping[str, int]
    filled: frozenset[str]
    filling: frozenset[str]

    @classmethod
    def of(cls, plan: Plan, records: Sequence[PlannedRecord]) -> Traffic:
        labels = frozenset(label for record in records for label in record.labels)
        nodes = [record.node for record in records]
        leaves = leaves_of(plan, nodes, labels)
        beneath = [one.node for record in records for one in (*plan.records_read(record.node), record)]
        return cls(
            leaves,
            tuple(_subjects(plan, records, leaves, labels)),
            windows_in(nodes),
            _flows_of(plan),
            *_filled_in(plan, beneath),
        )

    def scenario(
        self,
        interval: int,
        evaluations: int,
        scrape: str,
        instances: Instances,
        never_idle: frozenset[str] = frozenset(),
        busier: Decimal = AS_IT_IS,
    ) -> Scenario:
        """All subjects, up to the last evaluation. Of metrics that are `never_idle` there is nothing of who is idle."""
        lasting = evaluations * interval
        hit = {
            "resets": (duration_text((evaluations - _RESET) * interval),),
            "missed": (duration_text((evaluations - _MISSED) * interval),),
        }
        feeds: dict[tuple[str, tuple[tuple[str, str], ...], str | None], Feed] = {}
        for subject in self.subjects:
            for leaf in self.leaves:
                if not self._is_there(subject, leaf, never_idle):
                    continue
                for instance, setting, unseen in self._shown(subject, leaf, instances, busier):
                    key = leaf.metric.name, leaf.labels(subject.labels), instance
                    if subject.name not in _SIZES and any(known[:2] == key[:2] for known in feeds):
                        continue  # nothing tells it from the others
                    seen = self._seen(subject, leaf, lasting, unseen, scrape)
                    if not seen:
                        continue
                    feeds[key] = feed(
                        leaf,
                        subject.labels,
                        [(setting, duration_text(seen))],
                        late="0s",
                        every=scrape,
                        instance=instance,
                        **(hit if subject.name == _HIT and not isinstance(leaf.metric, Gauge) else {}),
                    )
        return Scenario(_TITLE, *feeds.values(), every=scrape)

    def _is_there(self, subject: _Subject, leaf: Leaf, never_idle: frozenset[str]) -> bool:
        if subject.name == _IDLE:
            return leaf.metric.name not in never_idle
        has_default = isinstance(leaf.metric, Gauge) and leaf.series <= self.filled
        if subject.name == _WITHOUT_EVENTS:
            return not (has_default or _comes_with_events(leaf, self.leaves))
        return subject.name != _ENDED or not has_default

    def _seen(self, subject: _Subject, leaf: Leaf, lasting: int, unseen: int, scrape: str) -> int:
        """For how long a series is scraped; 0 where it would end before it begins."""
        if subject.name != _ENDED or unseen:
            return _whole(lasting - unseen, scrape) or lasting
        flow = min((self.flows[name] for name in leaf.series if name in self.flows), default=0)
        # What is taken instead of others is no event where it is read as a whole.
        is_alone = sum(one.metric is leaf.metric for one in self.leaves) == 1
        is_event = _comes_with_events(leaf, self.leaves) and not (is_alone and leaf.series & self.filling)
        ended = 0 if isinstance(leaf.metric, Gauge) else int(flow * (_BEFORE if is_event else _LATELY))
        # To the scrape after that: two of them make a rate.
        return lasting - _whole(ended, scrape) if ended < lasting else 0

    def _shown(
        self, subject: _Subject, leaf: Leaf, instances: Instances, busier: Decimal
    ) -> Iterator[tuple[str | None, Setting, int]]:
        window = 0 if subject.name == _IDLE else self.windows.get(leaf.metric.name, 0)
        own = instances if subject.name in _BY_TWO else instances[:1]
        own = ONE if "instance" in dict(leaf.labels({})) else own
        for instance, setting, unseen in shown(leaf, subject.size * busier, own, window, turned=subject.name == _HIT):
            least = leaf.metric.minimum if isinstance(leaf.metric, Gauge) and leaf.metric.maximum is not None else None
            is_least = subject.name == _BESIDE and least is not None
            yield instance, Decimal(str(least)) if is_least else setting, unseen


def _subjects(
    plan: Plan, records: Sequence[PlannedRecord], leaves: Sequence[Leaf], labels: frozenset[str]
) -> Iterator[_Subject]:
    closed = {label.name: label.values for leaf in leaves for label in leaf.open if label.values}
    named: dict[str, Mapping[str, str]] = {}
    for place, (name, size) in enumerate(_SIZES.items()):
        named[name] = {label: _of_closed(closed[label], place) if label in closed else name for label in labels}
        yield _Subject(name, size, named[name])
    for name, size in ((_ENDED, _AS_MUCH), (_HARDLY_ANY, _HARDLY)):
        yield _Subject(name, size, {**named[_FIRST], **dict.fromkeys(labels - closed.keys(), name)})
    others = {label.name for leaf in leaves for label in leaf.open} | labels
    recorded = {record.name: record.labels for record in plan.records}
    together = dict.fromkeys(
        record.labels
        for record in records
        if "instance" in record.labels
        or any(record.labels < recorded[name] for name in names_read(record.node) & recorded.keys())
    )
    for one in together:
        beside = dict.fromkeys(others - one - closed.keys(), _BESIDE)
        yield _Subject(_BESIDE, _THRICE, {**named[_HIT], **beside})


_flows: WeakKeyDictionary[Plan, dict[str, int]] = WeakKeyDictionary()


def _flows_of(plan: Plan) -> Mapping[str, int]:
    """The shortest window over each series of which not one sample is picked, in milliseconds, whoever reads it.

    So all groups that read it have it end at the same time, and may share a test.
    """
    if plan not in _flows:
        parts = [part for record in plan.records for part in record.node.walk()]
        picked = {id(one.arguments[0]) for one in parts if isinstance(one, Call) and one.function in PICKING}
        found = _flows[plan] = {}
        for part in parts:
            if isinstance(part, Range) and id(part) not in picked:
                found[part.of.name] = min(window_of(part), found.get(part.of.name, window_of(part)))
    return _flows[plan]


def _filled_in(plan: Plan, nodes: Iterable[Node]) -> tuple[frozenset[str], frozenset[str]]:
    """The series instead of which others are taken where they are missing, and these others."""

    def read(node: Node) -> frozenset[str]:
        return names_read(node, *(record.node for record in plan.records_read(node)))

    either = [part for node in nodes for part in node.walk() if isinstance(part, Binary) and part.operator == "or"]
    filling = frozenset(name for part in either for name in read(part.right))
    return frozenset(name for part in either for name in read(part.left)) - filling, filling


def _of_closed(values: Sequence[str], place: int) -> str:
    """Each subject's own value; where there are too few, the first subjects share one, and the last of them has it."""
    return values[max(0, place - max(0, len(_SIZES) - len(values)))]


def _whole(milliseconds: int, scrape: str) -> int:
    """As many scrapes as there are in that time; 0 where it is over before it begins."""
    every = milliseconds_of(scrape)
    return max(0, milliseconds // every * every)


def _comes_with_events(leaf: Leaf, leaves: Sequence[Leaf]) -> bool:
    """Whether its series appears only when something happens: some counters do, and what is a part of a whole."""
    if not isinstance(leaf.metric, Counter):
        return False
    fixed = set(leaf.fixed)
    others = [set(one.fixed) for one in leaves if one.metric is leaf.metric]
    if any(fixed < other for other in others):
        return False  # it is the whole
    return leaf.metric.initialised is False or any(other < fixed for other in others)
