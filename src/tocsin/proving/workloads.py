"""What a condition reads, and settings for it: which series there are for one subject, and how each behaves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from types import MappingProxyType

from tocsin.metrics import Counter, Gauge, Histogram, Label, Matcher, Metric, Selection, bounds_of
from tocsin.model.amounts import a_second
from tocsin.model.scenario import Feed, Growing, Holding, Segment, Serving, Silence
from tocsin.plan import Plan
from tocsin.promql.durations import milliseconds_of
from tocsin.promql.tree import Aggregate, Binary, Call, Node, Select
from tocsin.proving.errors import UnderivableError
from tocsin.proving.patterns import examples_of
from tocsin.proving.vectors import Labels, Vector, matches


@dataclass(frozen=True, slots=True)
class Mix:
    """A histogram's observations: so many a second, of these values in these shares."""

    flow: Decimal
    parts: tuple[tuple[Decimal, Decimal], ...]


Setting = Decimal | Mix | None
"""A counter's flow a second, a gauge's value, a histogram's observations; None where the series is missing."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """A metric that a condition reads: the labels that the condition fixes, and those that each subject names.

    `foreign` has a value for each fixed label that the condition does not let through, where there is one. What `ticks`
    is a gauge that is compared with the clock: its settings are told from now.
    """

    metric: Metric
    fixed: tuple[tuple[str, str], ...]
    open: tuple[Label, ...]
    series: frozenset[str]
    foreign: tuple[tuple[str, str], ...] = ()
    ticks: bool = False

    def labels(self, subject: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
        """The labels of the leaf's series of one subject."""
        own = ((label.name, subject.get(label.name) or _anything(label)) for label in self.open)
        return (*self.fixed, *own)


Workload = Mapping[Leaf, Setting]


def _anything(label: Label) -> str:
    return label.values[0] if label.values else "any"


def in_order(node: Node) -> Iterator[Node]:
    """The node and all below it, as they are written."""
    yield node
    for child in node.children():
        yield from in_order(child)


def read_beside_the_clock(nodes: Iterable[Node]) -> frozenset[str]:
    """The series that some expressions subtract from the time, or the time from them."""
    found: set[str] = set()
    for node in nodes:
        for part in in_order(node):
            if isinstance(part, Binary) and part.operator == "-":
                for clock, other in ((part.left, part.right), (part.right, part.left)):
                    if isinstance(clock, Call) and clock.function == "time":
                        found |= {one.name for one in in_order(other) if isinstance(one, Select)}
    return frozenset(found)


_NONE: Mapping[str, Metric] = MappingProxyType({})


def leaves_of(
    plan: Plan, nodes: Iterable[Node], subject_labels: Iterable[str], given: Mapping[str, Metric] = _NONE
) -> tuple[Leaf, ...]:
    """What expressions read, recorded series seen through, in the order in which it is written.

    `given` are recorded series whose samples are given, and that are not seen through.
    """
    selects: list[Select] = []
    named = set(subject_labels)
    for node in nodes:
        read, labels = _selects(plan, node, given)
        selects += read
        named |= labels
    bases = {**plan.exported, **{name: (metric, ()) for name, metric in given.items()}}
    found: dict[tuple[str, Labels], Leaf] = {}
    # Those that fix the most come first: a selector of all series reads theirs too.
    for select in sorted(selects, key=lambda one: -len(one.matchers)):
        if select.name not in bases:
            raise UnderivableError(f"the series {select.name or select.text()}, which no catalog has")
        metric, targets = bases[select.name]
        known = (*metric.labels, *(label for label in targets if label.name in named))
        fixed = tuple(sorted(_chosen(select, known, let_through=True)))
        leaf = Leaf(
            metric,
            fixed,
            tuple(label for label in known if label.name not in dict(fixed)),
            frozenset(),
            tuple(sorted(_chosen(select, known, let_through=False))),
        )
        key = (metric.name, frozenset(leaf.labels({})))
        leaf = found.get(key, leaf)
        found[key] = replace(leaf, series=leaf.series | {select.name})
    order = {select.name: place for place, select in reversed(list(enumerate(selects)))}
    return tuple(sorted(found.values(), key=lambda leaf: min(order[name] for name in leaf.series)))


def _selects(plan: Plan, condition: Node, given: Mapping[str, Metric]) -> tuple[list[Select], set[str]]:
    """The selectors of exported series, and every label that the expressions name."""
    records = {record.name: record.node for record in plan.records if record.name not in given}
    selects: list[Select] = []
    named: set[str] = set()
    for node in in_order(condition):
        if isinstance(node, Select):
            named |= {matcher.label for matcher in node.matchers}
            if node.name in records:
                inner, labels = _selects(plan, records[node.name], given)
                selects += inner
                named |= labels
            else:
                selects.append(node)
        elif isinstance(node, Aggregate) and not node.without:
            named |= set(node.grouping or ())
        elif isinstance(node, Binary) and not node.matching.ignoring:
            named |= set(node.matching.labels or ())
    return selects, named


def _chosen(select: Select, labels: Iterable[Label], *, let_through: bool) -> Iterator[tuple[str, str]]:
    """A value that the matchers let through, or one that they do not, for each label that has some.

    `le` is the buckets' own. Raises UnderivableError where no value is let through.
    """
    known = {label.name: label for label in labels}
    for name in dict.fromkeys(matcher.label for matcher in select.matchers if matcher.label != "le"):
        own = [matcher for matcher in select.matchers if matcher.label == name]
        for value in _candidates(known.get(name), own):
            if matches(frozenset({(name, value)}), own) == let_through:
                yield name, value
                break
        else:
            if let_through:
                raise UnderivableError(f"a value of {name} that meets `{select.text()}`")


def _candidates(label: Label | None, matchers: Iterable[Matcher]) -> Iterator[str]:
    if label is not None and label.values:
        yield from label.values
        return
    for matcher in matchers:
        if matcher.operator in ("=", "!="):
            yield matcher.value
        else:
            yield from examples_of(matcher.value)
    yield from ("any", "other")


def steady_levels(workload: Workload, subject: Mapping[str, str]) -> tuple[dict[str, Vector], dict[str, Vector]]:
    """Flows a second of counters, and values of gauges, by series."""
    flows: dict[str, Vector] = {}
    values: dict[str, Vector] = {}
    for leaf, setting in workload.items():
        for name in leaf.series:
            (values if isinstance(leaf.metric, Gauge) else flows).setdefault(name, {})
        if setting is None:
            continue
        labels: Labels = frozenset(leaf.labels(subject))
        if isinstance(setting, Mix):
            for name, extra, level in _histogram_levels(leaf, setting):
                flows.setdefault(name, {})[labels | extra] = level
        else:
            target = values if isinstance(leaf.metric, Gauge) else flows
            target.setdefault(leaf.metric.name, {})[labels] = float(setting)
    return flows, values


def _histogram_levels(leaf: Leaf, mix: Mix) -> Iterator[tuple[str, Labels, float]]:
    metric = leaf.metric
    assert isinstance(metric, Histogram)
    buckets = metric.bucket.name
    if buckets in leaf.series:
        for upto, le in bounds_of(metric.buckets):
            share = sum((share for value, share in mix.parts if value <= upto), Decimal(0))
            yield buckets, frozenset({("le", le)}), float(mix.flow * share)
    yield metric.count.name, frozenset(), float(mix.flow)
    mean = sum((value * share for value, share in mix.parts), Decimal(0))
    yield metric.sum.name, frozenset(), float(mix.flow * mean)


def feed(
    leaf: Leaf,
    subject: Mapping[str, str],
    phases: Iterable[tuple[Setting, str]],
    *,
    late: str,
    every: str,
    resets: tuple[str, ...] = (),
    missed: tuple[str, ...] = (),
    instance: str | None = None,
) -> Feed:
    """The leaf's series of one subject, through phases of its life, as one instance of the exporter shows them."""
    own = leaf.labels(subject)
    # Where a rule reads the instance, the series have the label already.
    labels = own if instance is None or "instance" in dict(own) else (*own, ("instance", instance))
    segments = [_segment(leaf.metric, setting, lasting) for setting, lasting in phases]
    if leaf.ticks:
        segments = list(_ticking(segments, milliseconds_of(late), milliseconds_of(every)))
    return Feed(_selection(leaf, labels), *segments, late=late, resets=resets, missed=missed)


def foreign_feeds(
    leaf: Leaf, subject: Mapping[str, str], setting: Setting, lasting: str, *, late: str
) -> Iterator[Feed]:
    """Series that differ from the leaf's in one label, by a value that the condition does not let through."""
    for name, value in leaf.foreign if setting is not None else ():
        labels = tuple((label, value if label == name else own) for label, own in leaf.labels(subject))
        yield Feed(_selection(leaf, labels), _segment(leaf.metric, setting, lasting), late=late)


def _selection(leaf: Leaf, labels: Iterable[tuple[str, str]]) -> Selection:
    # A time may be before that at which tests begin.
    metric = leaf.metric
    if leaf.ticks and isinstance(metric, Gauge):
        metric = replace(metric, minimum=None)
    return Selection(metric, tuple(Matcher(name, "=", value) for name, value in labels))


def _ticking(segments: Iterable[Segment], start: int, every: int) -> Iterator[Segment]:
    """The same, each sample as much later as its scrape: at an evaluation it is as old as at every other."""
    for segment in segments:
        lasting = milliseconds_of(segment.lasting)
        if isinstance(segment, Holding):
            first, last = Decimal(start) / 1000, Decimal(start + lasting - every) / 1000
            yield Holding(segment.lasting, segment.value + first, segment.to + max(first, last))
        else:
            yield segment
        start += lasting


def _segment(metric: Metric, setting: Setting, lasting: str) -> Segment:
    if setting is None:
        return Silence(lasting)
    if isinstance(setting, Mix):
        flow = a_second(setting.flow)
        return Serving(lasting, flow, flow, setting.parts)
    if isinstance(metric, Counter):
        return Growing(lasting, a_second(setting), a_second(setting))
    return Holding(lasting, setting, setting)
