"""Values of what is recorded of recorded series, which are given here: windows of days need no days of scrapes.

Each series stands at one level after the other: they change within every window, at its start, and just before now. So
a window that is shorter or longer, or ends at another time, sees others. Beside who changes lives one without traffic,
for whom a share of it is no number, and one with hardly any, whose share is a number all the same: they have no past.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from weakref import WeakKeyDictionary

from tocsin.metrics import Gauge, Label, Matcher, Selection
from tocsin.model.recording import RuleGroup
from tocsin.model.scenario import Claim, Feed, Scenario, Segment, holding, silence
from tocsin.model.spacing import spacing_of
from tocsin.plan import Plan, PlannedRecord
from tocsin.promql.durations import duration_text, milliseconds_of
from tocsin.promql.tree import Node, Range, Select, Subquery, names_read
from tocsin.proving.edges import later_by
from tocsin.proving.errors import UnderivableError
from tocsin.proving.evaluate import vector_of
from tocsin.proving.simulation import stored
from tocsin.proving.steady import nodes_of
from tocsin.proving.store import Moment, Store
from tocsin.proving.timing import depth_of
from tocsin.proving.told import Stated, instances_of
from tocsin.proving.workloads import in_order
from tocsin.units import RATIO

# Of more steps no test is made: a series of a year in minutes is nothing to read, or to run in a moment.
_MOST_STEPS = 5000
_CHANGING = "changing"
_SUBJECTS = {_CHANGING: Decimal(1), "idle": Decimal(0), "hardly-any": Decimal("0.000001")}
_TITLE = "derived: of given series, one that changes within each window, one idle, one with hardly any traffic"
# Levels that follow each other differ, and differently in each series.
_LEVELS, _LEAP, _LEAPS = 7, 3, 4
_FEW = 4  # the last ones, which the shortest windows see: more of those who do not change would show nothing
# Milliseconds. Who looks back for as long is given what is recorded.
_LONG = 12 * 3_600_000
_PART_OF_A_STEP, _PART_OF_AN_OFFSET = 10, 2


@dataclass(frozen=True, slots=True)
class GivenValues:
    """Claims on the records of a group, all at `at` milliseconds: nothing is evaluated in between."""

    stated: tuple[Stated, ...]
    at: int


_known: WeakKeyDictionary[Plan, dict[int, GivenValues | None]] = WeakKeyDictionary()


def given_values(plan: Plan, group: RuleGroup) -> GivenValues | None:
    """The values of the records of a group that read recorded series, and gauges as they are now; computed once."""
    known = _known.setdefault(plan, {})
    if id(group) not in known:
        try:
            known[id(group)] = _values(plan, group)
        except ValueError:  # a duration that is none: a check tells of it
            known[id(group)] = None
    return known[id(group)]


def shown_by_given(plan: Plan, group: RuleGroup) -> frozenset[str]:
    """The records of a group whose values are stated of given series, and who read nothing else, by their names."""
    values = given_values(plan, group)
    recorded = {record.name for record in plan.records}
    stated = values.stated if values else ()
    return frozenset(record.name for record, _ in stated if names_read(record.node) <= recorded)


def _values(plan: Plan, group: RuleGroup) -> GivenValues | None:
    recorded = {record.name: record for record in plan.records}
    known = {**_gauges(plan), **{name: given_metric(record) for name, record in recorded.items()}}
    records = [record for record in plan.records if record.group is group and _can_be_given(record, recorded, known)]
    if not any(_sums(record.node, recorded) for record in records):
        return None  # one evaluation is all that the scraped series need
    times = _Times.of(group, records)
    if times.end // times.step > _MOST_STEPS:
        return None
    try:
        # Evaluated once, and later again where a window would begin at a sample.
        end = times.end + times.later
        end += later_by(nodes_of(records).values(), {}, end, spacing_of(times.step, end), 1)
    except UnderivableError:
        return None
    given = [known[name] for name in dict.fromkeys(_given(records))]
    # Where no label tells subjects apart, each has a scenario of its own.
    apart = not all(gauge.labels for gauge in given)
    stated: list[Stated] = []
    for names in [[name] for name in _SUBJECTS] if apart else [list(_SUBJECTS)]:
        title = f"{_TITLE}: {names[0]}" if apart else _TITLE
        scenario = Scenario(title, *_feeds(given, times, names), every=duration_text(times.step))
        store = stored(scenario, [gauge.name for gauge in given])
        try:
            _compute(store, (record for record in plan.records if record.group is group), end / 1000)
        except UnderivableError:
            return None
        now = Moment(store, end / 1000)
        for record in records:
            vector = now.instant(Select(record.name))
            found = instances_of(vector)
            if found or (apart and not vector):
                stated.append((record, Claim(scenario, duration_text(end), found, record.record.source)))
    return GivenValues(tuple(stated), end) if stated else None


def _gauges(plan: Plan) -> dict[str, Gauge]:
    """The exported gauges that can be given as recorded series are: of any level."""
    metrics = (metric for catalog in plan.definitions.catalogs for metric in catalog)
    return {one.name: one for one in metrics if isinstance(one, Gauge) and one.maximum is None}


def _can_be_given(record: PlannedRecord, recorded: Container[str], known: Container[str]) -> bool:
    """Whether it reads recorded series, whole, and beside them at most what gauges are now, and is nothing without."""
    read = [part for part in record.node.walk() if isinstance(part, Select)]
    if not all(part.name in known and not part.matchers and not part.at for part in read):
        return False
    ranges = (part for part in record.node.walk() if isinstance(part, Range | Subquery))
    past = {part.name for one in ranges for part in one.walk() if isinstance(part, Select)}
    gauges = {part.name for part in read if part.name not in recorded}
    if past & gauges or len(gauges) == len({part.name for part in read}):
        return False
    try:
        return not vector_of(record.node, Moment(Store(), 0.0))
    except UnderivableError:
        return False


def given_to(plan: Plan, condition: Node) -> frozenset[str]:
    """The recorded series that a condition is given in its proof: all that it reads, where one is summed of others.

    They have values of their own here, and the condition is proven for any. So are those that look back on most of a
    day, whose values are derived of what is scraped: the alert need not live through it too.
    """
    recorded = {record.name: record for record in plan.records}
    read = [recorded[part.name] for part in condition.walk() if isinstance(part, Select) and part.name in recorded]
    for record in read:
        values = given_values(plan, record.group)
        if values is not None and any(stated is record for stated, _ in values.stated):
            beneath = (record, *plan.records_read(record.node))
            if any(_sums(one.node, recorded) for one in beneath):
                return frozenset(one.name for one in read)
    nodes = nodes_of(plan.records)
    is_long = any(depth_of(record.node, nodes) >= _LONG for record in read)
    return frozenset(one.name for one in read) if is_long else frozenset()


def _sums(node: Node, recorded: Mapping[str, PlannedRecord]) -> bool:
    ranges = (part for part in node.walk() if isinstance(part, Range | Subquery))
    return any(isinstance(part, Select) and part.name in recorded for one in ranges for part in one.walk())


def given_metric(record: PlannedRecord) -> Gauge:
    """A recorded series as a metric whose samples are given: any number, whole or not."""
    labels = tuple(Label(name) for name in sorted(record.labels))
    return Gauge(record.name, "", labels=labels, unit=RATIO)


def _given(records: Sequence[PlannedRecord]) -> Iterator[str]:
    """The series that are there before the group is evaluated: others', and those of which a past is read."""
    own = {record.name for record in records}
    for record in records:
        for part in in_order(record.node):
            if isinstance(part, Range | Subquery):
                yield from (inner.name for inner in part.walk() if isinstance(inner, Select))
            elif isinstance(part, Select) and (part.name not in own or part.offset):
                yield part.name


def _compute(store: Store, records: Iterable[PlannedRecord], now: float) -> None:
    """Adds what the group computes: of what others export there is nothing, and what is given stays beside it."""
    for record in records:
        for labels, value in vector_of(record.node, Moment(store, now)).items():
            store.append(record.name, labels, [now], [value])


@dataclass(frozen=True, slots=True)
class _Times:
    """In milliseconds: how often series are given, until when, and how long before that they change, latest first.

    The group is evaluated a little `later` than at a step, so that what it records then itself is in no window, but no
    later than an offset goes back, so that one that is lost moves the window by a step.
    """

    step: int
    end: int
    changes: tuple[int, ...]
    later: int

    @classmethod
    def of(cls, group: RuleGroup, records: Iterable[PlannedRecord]) -> _Times:
        ranges = [part for record in records for part in in_order(record.node) if isinstance(part, Range | Subquery)]
        windows = {milliseconds_of(part.window.text("rule")) for part in ranges}
        steps = [milliseconds_of(part.step) for part in ranges if isinstance(part, Subquery) and part.step]
        every = milliseconds_of(group.interval)
        if not every or 0 in steps:
            raise ValueError("nothing is evaluated every 0s")
        step = min(steps, default=every)
        changes = {step, *(length for window in windows for length in (window // 2, window, 2 * window))}
        whole = max([step, *steps])
        offsets = [
            milliseconds_of(part.offset.removeprefix("-"))
            for part in ranges
            if isinstance(part, Subquery) and part.offset
        ]
        later = min(step // _PART_OF_A_STEP, *(offset // _PART_OF_AN_OFFSET for offset in offsets), step)
        # Twice the longest window, and what an offset adds to it.
        end = (max(changes) // whole + 2) * whole
        return cls(step, end, tuple(sorted(length for length in changes if length >= step)), later)


def _feeds(given: Iterable[Gauge], times: _Times, subjects: Sequence[str]) -> Iterator[Feed]:
    for place, gauge in enumerate(given):
        for subject in subjects:
            matchers = tuple(Matcher(label.name, "=", subject) for label in gauge.labels)
            levels = [(level * _SUBJECTS[subject], lasting) for level, lasting in _levels(place, times)]
            yield Feed(Selection(gauge, matchers), *_segments(levels, subject))


def _segments(levels: Sequence[tuple[Decimal, int]], subject: str) -> Iterator[Segment]:
    """Who does not change is there lately; and at first, without which Prometheus may refuse the others as too old."""
    missing = range(1, len(levels) - _FEW) if subject != _CHANGING else range(0)
    for number, (level, lasting) in enumerate(levels):
        if number not in missing:
            yield holding(level, lasting=duration_text(lasting))
        elif number == missing[0]:
            yield silence(lasting=duration_text(sum(levels[one][1] for one in missing)))


def _levels(place: int, times: _Times) -> Iterator[tuple[Decimal, int]]:
    """The levels of a series and for how many milliseconds each lasts; `place` is its place among the given."""
    steps = [0, *(change // times.step for change in times.changes), times.end // times.step]
    leap = _LEAP + place % _LEAPS
    for number in reversed(range(len(steps) - 1)):
        level = Decimal(1 + (place + number * leap) % _LEVELS)
        lasting = steps[number + 1] - steps[number]
        if lasting:
            yield level, lasting * times.step
