"""Values of recorded series that nobody needs to state: what a rule makes of a few subjects' ordinary traffic.

The second is twice as busy as the first; its counters start again from 0 within all windows, and it misses a scrape. To
the third nothing has happened yet of what some series count. The fourth is there, and does nothing.

A gauge whose last value counts for a while is still seen of all but the last: its exporters cannot be scraped any more.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from functools import partial
from types import MappingProxyType
from weakref import WeakKeyDictionary

from tocsin.metrics import Counter, Gauge
from tocsin.model.recording import RuleGroup
from tocsin.model.scenario import Claim, Instance, Scenario
from tocsin.model.spacing import spacing_of
from tocsin.plan import Plan, PlannedRecord
from tocsin.promql.durations import duration_text, milliseconds_of
from tocsin.promql.tree import Range, Select, Subquery
from tocsin.proving.edges import edged_in, later_by
from tocsin.proving.errors import UnderivableError, UnprovenError
from tocsin.proving.instances import ALONE, BOTH, shown, windows_in
from tocsin.proving.simulation import is_settled, looks_back, recorded, stored
from tocsin.proving.steady import nodes_of
from tocsin.proving.store import Moment, Store
from tocsin.proving.vectors import Vector
from tocsin.proving.workloads import Leaf, feed, leaves_of

_EVALUATIONS = 24
_IN_WINDOW = 10  # evaluations in the shortest window, with two scrapes for each
_DIGITS = 5
# So many decimals that 1 / 0.0...1 is a whole number in floats, as `round` needs it.
_DECIMALS = (0, 1, 2, 3, 4, 6)
_HIT, _WITHOUT_EVENTS, _IDLE = "second", "third", "idle"
# Where no label tells them apart the last one remains.
_SUBJECTS = {_IDLE: Decimal(0), _WITHOUT_EVENTS: Decimal(1), "first": Decimal(1), _HIT: Decimal(2)}
_AS_IT_IS, _BUSIER = Decimal(1), Decimal("1.3")
_TITLE = "derived: one idle, one to whom nothing has happened yet, one busier, with a restart"
_RESET, _MISSED = 6, 3  # so many evaluations before the last one
_NONE: Mapping[str, int] = MappingProxyType({})
Instances = tuple[str | None, ...]
_ALONE: Instances = (ALONE,)

Stated = tuple[PlannedRecord, Claim]
_known: WeakKeyDictionary[Plan, dict[int, tuple[list[Stated], int]]] = WeakKeyDictionary()


def derived_values(plan: Plan, group: RuleGroup) -> list[Stated]:
    """A claim for each record of a group whose value can be derived."""
    return _derived(plan, group)[0]


def stated_values(plan: Plan, group: RuleGroup) -> list[Stated]:
    """What authors claim of the records of a group."""
    return [
        (record, claim)
        for record in plan.records
        if record.group is group
        for proof in plan.definitions.proofs_of(record.record.indicator)
        for claim in proof.claims
    ]


def interval_of(plan: Plan, group: RuleGroup) -> int:
    """How often a group's test evaluates, in milliseconds."""
    return _derived(plan, group)[1]


def digits_of(claim: Claim) -> int:
    """To how many digits behind the point the values of a claim are stated."""
    exponents = (Decimal(one.value).as_tuple().exponent for one in claim.instances)
    return max((-one for one in exponents if isinstance(one, int) and one < 0), default=0)


def _derived(plan: Plan, group: RuleGroup) -> tuple[list[Stated], int]:
    """The claims and the interval; computed once."""
    known = _known.setdefault(plan, {})
    if id(group) not in known:
        try:
            interval = _interval_of(plan, group)
            found, later = _values(plan, group, interval) if interval else ([], 0)
            known[id(group)] = found, _as_seldom_as_told(plan, group, found, interval + later)
        except ValueError:  # an interval that is none: a check tells of it
            known[id(group)] = [], 0
    return known[id(group)]


def _interval_of(plan: Plan, group: RuleGroup) -> int:
    """As often as the group is evaluated, or less often where windows are long.

    What is recorded is computed at each step of a subquery that reads it, and read at no other time; what is stated is
    told of an evaluation.
    """
    every = milliseconds_of(group.interval)
    own = [record for record in plan.records if record.group is group]
    needed = {id(one): one for record in own for one in (*plan.records_read(record.node), record)}
    names = {record.name for record in plan.records}
    parts = [part for record in needed.values() for part in record.node.walk()]
    ranges = [part for part in parts if isinstance(part, Range)]
    steps = [part.step or "" for part in parts if isinstance(part, Subquery)]
    times = [*steps, *(claim.at for _, claim in stated_values(plan, group))]
    if not every or not ranges or not times or "" in times or any(one.of.name in names for one in ranges):
        return every
    most = min(milliseconds_of(one.window.text("rule")) for one in ranges) // _IN_WINDOW
    wanted = {milliseconds_of(time) for time in times}
    return max((one for one in range(every, most + 1, every) if not any(time % one for time in wanted)), default=every)


def _as_seldom_as_told(plan: Plan, group: RuleGroup, derived: Sequence[Stated], interval: int) -> int:
    """How often a test must evaluate: at the times of its claims; where these tell of a record's past, as often."""
    told = [*derived, *stated_values(plan, group)]
    if looks_back(_needed(plan, [record for record, _ in told])):
        return interval
    return math.gcd(*(milliseconds_of(claim.at) for _, claim in told)) or interval


def _values(plan: Plan, group: RuleGroup, interval: int) -> tuple[list[Stated], int]:
    """The claims, and by how much each evaluation comes later, where only then both engines say the same."""
    own = [record for record in plan.records if record.group is group]
    records = [record for record in own if _is_derivable(plan, record)]
    if not records:
        return [], 0
    told = _told_of(plan, records, interval, 0)
    # What is stated is told of an evaluation, which then may not come later.
    if len(told) < len(records) and not stated_values(plan, group):
        later = _later(plan, records, interval)
        others = _told_of(plan, records, interval, later) if later else []
        if len(others) > len(told):
            return others, later
    return told, 0


def _later(plan: Plan, records: Sequence[PlannedRecord], interval: int) -> int:
    """By how much evaluations must come later, so that no window begins at a sample; 0 where nothing helps."""
    nodes = nodes_of(_needed(plan, records))
    evaluations = _evaluations(records, interval)
    spacing = spacing_of(milliseconds_of(_scrape(interval)), evaluations * interval)
    try:
        return later_by(nodes.values(), nodes, interval, spacing, evaluations)
    except UnprovenError:
        return 0


def _told_of(plan: Plan, records: Sequence[PlannedRecord], interval: int, later: int) -> list[Stated]:
    try:
        return _together(plan, records, interval, later)
    except UnderivableError:  # of one of them there is no model where samples are
        one_by_one = ([record] for record in records) if len(records) > 1 else ()
        return [stated for alone in one_by_one for stated in _told_of(plan, alone, interval, later)]


def _together(plan: Plan, records: Sequence[PlannedRecord], interval: int, later: int) -> list[Stated]:
    labels = {label for record in records for label in record.labels}
    leaves = leaves_of(plan, (record.node for record in records), labels)
    instances = BOTH if all(_is_derivable(plan, record, BOTH) for record in records) else _ALONE
    tell = partial(_told, plan, records, leaves, interval, later, instances)
    told, untold = tell(frozenset(), _AS_IT_IS)
    if untold:
        # Something of who is idle is no number, which no test can state: he lives without that. Or something is so near
        # a threshold that floats decide: all are busier.
        read = frozenset(leaf.metric.name for leaf in leaves_of(plan, (one.node for one in untold), labels))
        for never_idle, busier in ((read, _AS_IT_IS), (frozenset[str](), _BUSIER), (read, _BUSIER)):
            others, still_untold = tell(never_idle, busier)
            if len(still_untold) < len(untold):
                told, untold = others, still_untold
            if not untold:
                break
    return told


def _told(
    plan: Plan,
    records: Sequence[PlannedRecord],
    leaves: Sequence[Leaf],
    interval: int,
    later: int,
    instances: Instances,
    never_idle: frozenset[str],
    busier: Decimal,
) -> tuple[list[Stated], list[PlannedRecord]]:
    """A claim for each record of which one can be made, and the others."""
    labels = {label for record in records for label in record.labels}
    evaluations = _evaluations(records, interval)
    scenario = _scenario(
        leaves, labels, interval, instances, evaluations, never_idle, windows_in(one.node for one in records), busier
    )
    needed = _needed(plan, records)
    nodes = nodes_of(needed)
    # Where a sample may lie on the edge of a window, both engines are asked.
    is_edged = any(one.step or one.is_recorded for node in nodes.values() for one in edged_in(node, nodes))
    # What is claimed is told of the last evaluation.
    first = 0 if looks_back(needed) else evaluations
    moments = []
    for closed in (False, True) if is_edged else (False,):
        store = stored(scenario, {name for leaf in leaves for name in leaf.series}, closed=closed)
        for number in range(first, evaluations + 1):
            recorded(store, needed, number * (interval + later) / 1000)
        moments.append(Moment(store, evaluations * (interval + later) / 1000))
    at = duration_text(evaluations * (interval + later))
    told: list[Stated] = []
    untold: list[PlannedRecord] = []
    for record in records:
        found, *others = (instances_of(moment.instant(Select(record.name))) for moment in moments)
        beneath = [one.node for one in _needed(plan, [record])]
        if found and all(other == found for other in others) and is_settled(beneath, moments[0]):
            told.append((record, Claim(scenario, at, found, record.record.source)))
        else:
            untold.append(record)
    return told, untold


def _needed(plan: Plan, records: Sequence[PlannedRecord]) -> list[PlannedRecord]:
    """The records, and what they read, in the order in which they are computed."""
    needed = {id(one) for record in records for one in (*plan.records_read(record.node), record)}
    return [record for record in plan.records if id(record) in needed]


def _evaluations(records: Sequence[PlannedRecord], interval: int) -> int:
    return _EVALUATIONS + max(map(_longest_step, records)) // interval


def _is_derivable(plan: Plan, record: PlannedRecord, instances: Instances = _ALONE) -> bool:
    try:
        leaves = leaves_of(plan, [record.node], record.labels)
        _scenario(leaves, record.labels, 30_000, instances)
        # Whether there is a model of it shows where nothing is scraped yet.
        recorded(Store(), (*plan.records_read(record.node), record), 0)
    except UnderivableError:
        return False
    return True


def _longest_step(record: PlannedRecord) -> int:
    steps = (part.step for part in record.node.walk() if isinstance(part, Subquery))
    return max((milliseconds_of(step) for step in steps if step), default=0)


def _scenario(
    leaves: Sequence[Leaf],
    labels: Iterable[str],
    interval: int,
    instances: Instances,
    evaluations: int = _EVALUATIONS,
    never_idle: frozenset[str] = frozenset(),
    windows: Mapping[str, int] = _NONE,
    busier: Decimal = _AS_IT_IS,
) -> Scenario:
    scrape = _scrape(interval)
    closed = {label.name: label.values for leaf in leaves for label in leaf.open if label.values}
    lasting = evaluations * interval
    hit = {
        "resets": (duration_text((evaluations - _RESET) * interval),),
        "missed": (duration_text((evaluations - _MISSED) * interval),),
    }
    feeds = {
        (leaf.metric.name, leaf.labels(subject), instance): feed(
            leaf,
            subject,
            [(setting, duration_text(_whole(lasting - unseen, scrape) or lasting))],
            late="0s",
            every=scrape,
            instance=instance,
            **(hit if name == _HIT and not isinstance(leaf.metric, Gauge) else {}),
        )
        for place, (name, size) in enumerate(_SUBJECTS.items())
        for subject in [{label: _of_closed(closed[label], place) if label in closed else name for label in labels}]
        for leaf in leaves
        for window in [0 if name == _IDLE else windows.get(leaf.metric.name, 0)]
        for own in [(ALONE,) if "instance" in dict(leaf.labels({})) else instances]
        for instance, setting, unseen in shown(leaf, size * busier, own, window, turned=name == _HIT)
        if not (name == _IDLE and leaf.metric.name in never_idle)
        and not (name == _WITHOUT_EVENTS and _comes_with_events(leaf, leaves))
    }
    return Scenario(_TITLE, *feeds.values(), every=scrape)


def _scrape(interval: int) -> str:
    return duration_text(interval // 2 if interval % 2000 == 0 else interval)


def _of_closed(values: Sequence[str], place: int) -> str:
    """Each subject's own value; where there are too few, the first subjects share one, and the last of them has it."""
    return values[max(0, place - max(0, len(_SUBJECTS) - len(values)))]


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


def instances_of(vector: Vector) -> tuple[Instance, ...]:
    """The samples to as many digits as all of them can be stated in; none where that cannot be.

    Where they are too far apart for that, the largest decides: beside it the others may be nothing.
    """
    told = {decimals: {labels: _rounded(value, decimals) for labels, value in vector.items()} for decimals in _DECIMALS}
    sizes = [abs(value) for value in vector.values() if value]
    for size in (min(sizes, default=0), max(sizes, default=0)):
        for decimals, texts in told.items():
            enough = not size or size * 10**decimals >= 10 ** (_DIGITS - 1) or decimals == _DECIMALS[-1]
            if enough and None not in texts.values():
                return _sorted(texts)
    return ()


def _sorted(texts: Mapping[frozenset[tuple[str, str]], str | None]) -> tuple[Instance, ...]:
    found = (Instance(text, tuple(sorted(labels))) for labels, text in texts.items() if text is not None)
    return tuple(sorted(found, key=lambda one: one.labels))


def _rounded(value: float, decimals: int) -> str | None:
    """The value as text, where a float that is a hair away is rounded alike and `round` gives that very number."""
    if not math.isfinite(value):
        return None
    inverse = 1 / float(Decimal(1).scaleb(-decimals))
    hair = abs(value) * 1e-9
    near = {math.floor(one * inverse + 0.5) / inverse for one in (value - hair, value, value + hair)}
    text = f"{value:.{decimals}f}"
    return text if near == {float(text)} else None
