"""Values of recorded series that nobody needs to state: what a rule makes of a few subjects' ordinary traffic."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from decimal import Decimal
from functools import partial
from weakref import WeakKeyDictionary

from tocsin.findings import DefinitionError
from tocsin.model.recording import RuleGroup
from tocsin.model.scenario import Claim
from tocsin.model.spacing import spacing_of
from tocsin.plan import Plan, PlannedRecord
from tocsin.promql.durations import duration_text, milliseconds_of
from tocsin.promql.tree import Node, Range, Select, Subquery
from tocsin.proving.edges import edged_in, later_by
from tocsin.proving.errors import UnderivableError, UnprovenError
from tocsin.proving.given import shown_by_given
from tocsin.proving.simulation import is_settled, looks_back, recorded, stored
from tocsin.proving.steady import nodes_of
from tocsin.proving.store import Moment, Store
from tocsin.proving.told import Stated, instances_of, stated_values
from tocsin.proving.traffic import AS_IT_IS, EVALUATIONS, ONE, TWO, Instances, Traffic

_IN_WINDOW = 10  # evaluations in the shortest window, where it need not be evaluated as often as its group
_SCRAPES = 4  # in the shortest window, one for each evaluation; where that makes fewer, two for each
_BUSIER = Decimal("1.3")

_known: WeakKeyDictionary[Plan, dict[int, tuple[list[Stated], int, int]]] = WeakKeyDictionary()


def derived_values(plan: Plan, group: RuleGroup) -> list[Stated]:
    """A claim for each record of a group whose value can be derived, but for those that given series show whole."""
    return _derived(plan, group)[0]


def interval_of(plan: Plan, group: RuleGroup, told: Sequence[Stated] | None = None) -> int:
    """How often a group's tests evaluate, in milliseconds, where so much is told of it, or all.

    That is at the times of the claims, and at those at which these look back on what was recorded; where that may have
    been at any time, as often as the group is evaluated.
    """
    derived, usual, later = _derived(plan, group)
    told = [*derived, *stated_values(plan, group)] if told is None else told
    needed = _needed(plan, [record for record, _ in told])
    steps = _steps_back(needed) if looks_back(needed) else []
    try:
        times = [milliseconds_of(time) for time in (*(steps or ()), *(claim.at for _, claim in told))]
    except ValueError:  # a time that is none: a check tells of it
        return 0
    if steps is None or (steps and (later or not usual or any(time % usual for time in times))):
        return usual + later
    return math.gcd(*times) or usual


def looks_back_on(plan: Plan, told: Iterable[Stated]) -> bool:
    """Whether what is told depends on what was recorded before."""
    return looks_back(_needed(plan, [record for record, _ in told]))


def _steps_back(records: Sequence[PlannedRecord]) -> list[str] | None:
    """The steps of subqueries, where nothing else reads what was recorded before; None where something does.

    Prometheus evaluates a subquery at whole multiples of its step.
    """
    names = {record.name for record in records}
    steps = []
    computed: set[str] = set()
    for record in records:
        parts = list(record.node.walk())
        read = [part for part in parts if isinstance(part, Select) and part.name in names]
        stepped = [part for part in parts if isinstance(part, Subquery)]
        within = {id(inner) for one in stepped for inner in one.walk()}
        ranges = [part.of for part in parts if isinstance(part, Range)]
        if any(part.offset or part.at or any(part is one for one in ranges) for part in read):
            return None
        if any(part.name not in computed and id(part) not in within for part in read):
            return None
        if any(one.step is None or one.at for one in stepped):
            return None
        steps += [one.step for one in stepped if one.step]
        computed.add(record.name)
    return steps


def _derived(plan: Plan, group: RuleGroup) -> tuple[list[Stated], int, int]:
    """The claims, how often the group is evaluated for them, and by how much each time later; computed once."""
    known = _known.setdefault(plan, {})
    if id(group) not in known:
        try:
            interval = _interval_of(plan, group)
            found, later = _values(plan, group, interval) if interval else ([], 0)
            known[id(group)] = found, interval, later
        except ValueError:  # an interval that is none: a check tells of it
            known[id(group)] = [], 0, 0
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


def _values(plan: Plan, group: RuleGroup, interval: int) -> tuple[list[Stated], int]:
    """The claims, and by how much each evaluation comes later, where only then both engines say the same."""
    given = shown_by_given(plan, group)
    own = [record for record in plan.records if record.group is group and record.name not in given]
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
    spacing = spacing_of(milliseconds_of(_scrape(nodes.values(), interval)), evaluations * interval)
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
    traffic = Traffic.of(plan, records)
    instances = TWO if all(_is_derivable(plan, record, TWO) for record in records) else ONE
    tell = partial(_told, plan, records, traffic, interval, later, instances)
    told, untold = tell(frozenset(), AS_IT_IS)
    if untold:
        # Something of who is idle is no number, which no test can state: he lives without that. Or something is so near
        # a threshold that floats decide: all are busier.
        read = frozenset(leaf.metric.name for leaf in Traffic.of(plan, untold).leaves)
        for never_idle, busier in ((read, AS_IT_IS), (frozenset[str](), _BUSIER), (read, _BUSIER)):
            others, still_untold = tell(never_idle, busier)
            if len(still_untold) < len(untold):
                told, untold = others, still_untold
            if not untold:
                break
    return told


def _told(
    plan: Plan,
    records: Sequence[PlannedRecord],
    traffic: Traffic,
    interval: int,
    later: int,
    instances: Instances,
    never_idle: frozenset[str],
    busier: Decimal,
) -> tuple[list[Stated], list[PlannedRecord]]:
    """A claim for each record of which one can be made, and the others."""
    evaluations = _evaluations(records, interval)
    needed = _needed(plan, records)
    nodes = nodes_of(needed)
    scrape = _scrape(nodes.values(), interval)
    scenario = traffic.scenario(interval, evaluations, scrape, instances, never_idle, busier)
    # Where a sample may lie on the edge of a window, both engines are asked.
    is_edged = any(one.step or one.is_recorded for node in nodes.values() for one in edged_in(node, nodes))
    # What is claimed is told of the last evaluation.
    first = 0 if looks_back(needed) else evaluations
    moments = []
    for closed in (False, True) if is_edged else (False,):
        store = stored(scenario, {name for leaf in traffic.leaves for name in leaf.series}, closed=closed)
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
    """How many there are; the last one is at a step, where these are multiples, so that no others are needed for it."""
    of_a_step = max(map(_longest_step, records)) // interval
    needed = EVALUATIONS + of_a_step
    return -(-needed // of_a_step) * of_a_step if of_a_step else needed


def _is_derivable(plan: Plan, record: PlannedRecord, instances: Instances = ONE) -> bool:
    try:
        Traffic.of(plan, [record]).scenario(30_000, EVALUATIONS, "30s", instances)
        # Whether there is a model of it shows where nothing is scraped yet.
        recorded(Store(), (*plan.records_read(record.node), record), 0)
    except (UnderivableError, DefinitionError):
        return False
    return True


def _longest_step(record: PlannedRecord) -> int:
    steps = (part.step for part in record.node.walk() if isinstance(part, Subquery))
    return max((milliseconds_of(step) for step in steps if step), default=0)


def _scrape(nodes: Iterable[Node], interval: int) -> str:
    """How often there is one, for what is evaluated so often."""
    windows = (
        milliseconds_of(one.window.text("rule")) for node in nodes for one in node.walk() if isinstance(one, Range)
    )
    are_enough = all(window >= _SCRAPES * interval for window in windows)
    return duration_text(interval if are_enough or interval % 2000 else interval // 2)
