"""The plan: every expression as it will be written, with the recorded series that it can read instead.

An expression is written for the place where it stands. In a rule it has a fixed window. In a panel it has
`$__rate_interval` and, for each dashboard variable whose label its series have, a matcher. In both it reads a recorded
series where that means the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property, partial

from tocsin.display import value_template
from tocsin.findings import DefinitionError
from tocsin.layout import Place, placed_panels
from tocsin.metrics import Label, Matcher, Metric, series_of
from tocsin.model.alert import Alert
from tocsin.model.dashboard import Dashboard
from tocsin.model.definitions import Definitions
from tocsin.model.indicator import Condition, Indicator
from tocsin.model.recording import Record, RuleGroup
from tocsin.panels.panel import Panel
from tocsin.promql.build import or_default
from tocsin.promql.durations import milliseconds_of
from tocsin.promql.infer import analyse
from tocsin.promql.parse import prettify
from tocsin.promql.tree import (
    Aggregate,
    Binary,
    Call,
    Node,
    Number,
    Range,
    Select,
    Standing,
    Subquery,
    Window,
)
from tocsin.promql.types import Type
from tocsin.promql.versions import version_of
from tocsin.promql.world import Recording, World
from tocsin.units import RATIO, Quantity, Unit


@dataclass(frozen=True, slots=True)
class PlannedRecord:
    """A recording rule: the name of its series, and its expression as a rule."""

    record: Record
    group: RuleGroup
    name: str
    node: Node
    labels: frozenset[str]

    @property
    def expr(self) -> str:
        return laid_out(self.node)


@dataclass(frozen=True, slots=True)
class PlannedAlert:
    """An alert's condition: `left operator right`, where right is a number or another expression."""

    alert: Alert
    left: Node
    operator: str
    right: Node
    labels: tuple[str, ...]
    unit: Unit | None

    @property
    def expr(self) -> str:
        """The condition as Prometheus evaluates it."""
        return laid_out(self.condition)

    @property
    def condition(self) -> Binary:
        return Binary(self.operator, self.left, self.right)

    def value_template(self, value: str = "$value") -> str:
        """How its value is printed, `value` being how the engine names it."""
        unit, limit = self.unit or RATIO, self.alert.when.right
        # Half a call is less than one, and no 500 thousandths of it.
        if unit.noun and self.operator in ("<", "<=") and isinstance(limit, Quantity) and limit.value <= _FEW:
            return f'{{{{ printf "%.3g" {value} }}}} {unit.noun}'
        return value_template(unit, value)

    @property
    def usual(self) -> PlannedAlert:
        """The condition as it is for those who have no threshold of their own."""
        condition = self.alert.when
        if condition.own is None or isinstance(condition.right, Indicator):
            return self
        return replace(self, right=Number(in_unit(condition.right, self.unit)))


class Plan:
    """Definitions, resolved. All of it is computed when it is asked for, and once."""

    def __init__(self, definitions: Definitions) -> None:
        self.definitions = definitions
        self.series: Mapping[str, Metric] = {
            name: metric for catalog in definitions.catalogs for name, metric in catalog.series().items()
        }
        self._alerts: dict[int, PlannedAlert] = {}
        self._readings: dict[frozenset[str], Recorded] = {}
        # By the indicators' ids: the definitions keep them alive.
        self._known: dict[int, tuple[Unit | None, tuple[str, ...] | None]] = {}
        self._read: dict[int, tuple[frozenset[str], ...]] = {}
        self._texts: dict[tuple[int, type[Panel], frozenset[str]], str] = {}
        self._places: dict[int, dict[int, Place]] = {}

    @cached_property
    def _recorded(self) -> tuple[tuple[PlannedRecord, ...], World]:
        planned: list[PlannedRecord] = []
        recordings: dict[str, tuple[Recording, ...]] = {}
        oldest = version_of(self.definitions.site.prometheus.oldest)
        world = World.of(self.definitions.catalogs, prometheus=oldest)
        for group in self.definitions.groups:
            for record in group.records:
                node = Recorded(planned).read_in(_in_rule(record.indicator))
                if record.spare and isinstance(node, Select):
                    continue
                labels = frozenset(analyse(node.text(), world).type.labels.names)
                made = PlannedRecord(record, group, record_name(record, labels), node, labels)
                planned.append(made)
                recordings[made.name] = (*recordings.get(made.name, ()), _recording(made))
                world = World.of(self.definitions.catalogs, recordings, prometheus=oldest)
        return tuple(planned), world

    @cached_property
    def exported(self) -> Mapping[str, tuple[Metric, tuple[Label, ...]]]:
        """The metric that each exported series is of, and the labels that its scrape adds."""
        return {
            series.name: (metric, catalog.target_labels)
            for catalog in self.definitions.catalogs
            for metric in catalog
            for series in series_of(metric)
        }

    @property
    def records(self) -> tuple[PlannedRecord, ...]:
        """The recording rules in the order in which Prometheus computes them."""
        return self._recorded[0]

    @property
    def world(self) -> World:
        """All that a query can read: the catalogs' series and the recorded ones."""
        return self._recorded[1]

    def _reading(self, narrowed_by: frozenset[str]) -> Recorded:
        """The recorded series that keep all of these labels."""
        found = self._readings.get(narrowed_by)
        if found is None:
            usable = [record for record in self.records if narrowed_by <= record.labels]
            found = self._readings[narrowed_by] = Recorded(usable)
        return found

    @property
    def stated(self) -> frozenset[str]:
        """The exported series that tables state too, so that no exporter must: Prometheus makes them."""
        return frozenset(series.metric.name for table in self.definitions.tables for series, _ in table.series())

    def type_of(self, node: Node, place: Standing = "rule") -> Type:
        """What is known of an expression."""
        return analyse(node.text(place), self.world).type

    def unit_of(self, indicator: Indicator) -> Unit | None:
        """The indicator's unit: as stated, or as its expression has it."""
        return indicator.unit or self._known_of(indicator)[0]

    def labels_of(self, indicator: Indicator) -> tuple[str, ...] | None:
        """The labels of the indicator's series, sorted; None where they cannot be known."""
        return self._known_of(indicator)[1]

    def _known_of(self, indicator: Indicator) -> tuple[Unit | None, tuple[str, ...] | None]:
        known = self._known.get(id(indicator))
        if known is None:
            found = analyse(indicator.expr.text("panel"), self.world).type
            labels = tuple(sorted(found.labels.names)) if found.labels.closed else None
            known = self._known[id(indicator)] = (found.unit, labels)
        return known

    def rule(self, indicator: Indicator) -> Node:
        """The indicator as a rule reads it."""
        return self._reading(frozenset()).read_in(_in_rule(indicator))

    def panel(self, indicator: Indicator, variables: Iterable[Label] = ()) -> Node:
        """The indicator as a panel reads it, before it is narrowed by the dashboard's variables."""
        if not self.records:
            return indicator.expr
        return self._reading(self.narrowed_by(indicator, variables)).read_in(placed(indicator.expr, "panel"))

    def panel_text(self, panel: Panel, indicator: Indicator, variables: Iterable[Label]) -> str:
        """The query of a panel, narrowed by the dashboard's variables."""
        applied = self.narrowed_by(indicator, variables)
        # Many dashboards show the same indicator in the same kind of panel.
        key = (id(indicator), type(panel), applied)
        text = self._texts.get(key)
        if text is None:
            node = panel.arranged(self.panel(indicator, variables))
            text = node.text("panel", partial(self._matchers, applied) if applied else None)
            self._texts[key] = text
        return text

    def _matchers(self, variables: frozenset[str], select: Select) -> tuple[Matcher, ...]:
        matched = {matcher.label for matcher in select.matchers}
        chosen = (variables & self._labels.get(select.name, _NO_LABELS)) - matched
        return tuple(Matcher(name, "=~", f"${name}") for name in sorted(chosen))

    def narrowed_by(self, indicator: Indicator, variables: Iterable[Label]) -> frozenset[str]:
        """The variables that narrow a panel: those whose label all of its series have.

        Errors of all models, divided by the requests of one, would be no error rate.
        """
        names = frozenset(label.name for label in variables)
        return names.intersection(*self._labels_of_each(indicator)) if names else names

    def labels_read(self, indicator: Indicator) -> frozenset[str]:
        """Every label that some series of the indicator has."""
        return frozenset[str]().union(*self._labels_of_each(indicator))

    def _labels_of_each(self, indicator: Indicator) -> tuple[frozenset[str], ...]:
        found = self._read.get(id(indicator))
        if found is None:
            names = {node.name for node in indicator.expr.walk() if isinstance(node, Select)}
            found = self._read[id(indicator)] = tuple({self._labels.get(name, _NO_LABELS) for name in names})
        return found

    @cached_property
    def _labels(self) -> Mapping[str, frozenset[str]]:
        exported = {name: frozenset(metric.label_names) for name, metric in self.series.items()}
        return {**exported, **{record.name: record.labels for record in self.records}}

    def alert(self, alert: Alert) -> PlannedAlert:
        """An alert's condition, resolved."""
        planned = self._alerts.get(id(alert))
        if planned is None:
            planned = self._alerts[id(alert)] = self._alert(alert)
        return planned

    def _alert(self, alert: Alert) -> PlannedAlert:
        condition = alert.when
        left = self.rule(condition.left)
        found = self.type_of(left)
        unit = condition.left.unit or found.unit
        right = self._threshold(condition, left, unit)
        labels = tuple(sorted(found.labels.names)) if found.labels.closed else ()
        return PlannedAlert(alert, left, condition.operator, right, labels, unit)

    def _threshold(self, condition: Condition, left: Node, unit: Unit | None) -> Node:
        if isinstance(condition.right, Indicator):
            return self.rule(condition.right)
        usual = Number(in_unit(condition.right, unit))
        return or_default(Select(condition.own.series.name), usual, for_each=left) if condition.own else usual

    def group_of(self, alert: Alert) -> str:
        """The name of the group that an alert has for itself, which no other group has."""
        return self._alert_groups[alert.slug]

    @cached_property
    def _alert_groups(self) -> Mapping[str, str]:
        groups, tables = self.definitions.groups, self.definitions.tables
        slugs = dict.fromkeys(alert.slug for alert in self.definitions.alerts)
        taken = {*(group.name for group in groups), *(table.name for table in tables)}
        named = {slug: slug for slug in slugs if slug not in taken}
        for slug in slugs:
            name = slug
            while slug not in named and (name in taken or name in named.values()):
                name += "-alert"
            named.setdefault(slug, name)
        return named

    @property
    def alerts(self) -> Iterator[PlannedAlert]:
        return (self.alert(alert) for alert in self.definitions.alerts)

    @cached_property
    def alerts_by_indicator(self) -> Mapping[int, tuple[Alert, ...]]:
        """The alerts on each indicator, whatever it is grouped by; the key is the root's `id`."""
        found: dict[int, tuple[Alert, ...]] = {}
        for alert in self.definitions.alerts:
            key = id(alert.when.left.root)
            found[key] = (*found.get(key, ()), alert)
        return found

    def alerts_on(self, indicator: Indicator) -> tuple[Alert, ...]:
        return self.alerts_by_indicator.get(id(indicator.root), ())

    @cached_property
    def _shown(self) -> Mapping[int, tuple[Dashboard, Panel]]:
        found: dict[int, tuple[Dashboard, Panel]] = {}
        for dashboard in self.definitions.dashboards:
            for panel in dashboard.panels:
                for indicator in panel.indicators:
                    found.setdefault(id(indicator.root), (dashboard, panel))
        return found

    def place_of_panel(self, indicator: Indicator) -> tuple[Dashboard, Place] | None:
        """Where an indicator is shown first: the dashboard, and the panel's place in it."""
        found = self._shown.get(id(indicator.root))
        if found is None:
            return None
        dashboard, panel = found
        if id(dashboard) not in self._places:
            self._places[id(dashboard)] = {id(place.of): place for place in placed_panels(dashboard)}
        return dashboard, self._places[id(dashboard)][id(panel)]

    def records_read(self, node: Node) -> tuple[PlannedRecord, ...]:
        """The recording rules that an expression rests on, those that they rest on included, in their order."""
        names = {part.name for part in node.walk() if isinstance(part, Select)}
        needed = []
        for record in reversed(self.records):
            if record.name in names:
                needed.append(record)
                names |= {part.name for part in record.node.walk() if isinstance(part, Select)}
        return tuple(reversed(needed))


_LONG = 100
_FEW = 100  # things that are counted: three digits print them
_NO_LABELS: frozenset[str] = frozenset()


def laid_out(node: Node) -> str:
    """A rule's expression as a file has it: over several lines where it is long."""
    text = node.text()
    return text if len(text) <= _LONG else prettify(text)


def placed(node: Node, place: Standing) -> Node:
    """The expression with its open windows closed for the place where it stands."""

    def closed(part: Node) -> Node | None:
        match part:
            case Range(of, window) if window.variable:
                return Range(of, Window(window.text(place)))
            case Subquery(of, window, step, offset, at):
                return Subquery(of.rewrite(closed), Window(window.text(place)), step, offset, at)
        return None

    return node.rewrite(closed)


def _in_rule(indicator: Indicator) -> Node:
    try:
        return placed(indicator.expr, "rule")
    except ValueError as error:
        raise DefinitionError(
            f"{indicator.title} is read by a rule: {error}",
            help='give the rule an indicator with a fixed window, such as over="24h"',
            source=indicator.source,
        ) from None


def in_unit(quantity: Quantity, unit: Unit | None) -> Decimal:
    """The quantity's number in a unit, where both measure the same; a check tells of those that do not."""
    return quantity.to(unit) if unit is not None and quantity.unit.measures_like(unit) else quantity.value


def record_name(record: Record, labels: Iterable[str]) -> str:
    """`level:metric:operations`, the level being the labels that are left."""
    names = sorted(name for name in labels if name != "le")
    level = "_".join(names) if names else "all"
    return f"{level}:{record.name}"


def _recording(record: PlannedRecord) -> Recording:
    try:
        interval = milliseconds_of(record.group.interval)
    except ValueError:  # a check tells of it
        interval = milliseconds_of("1m")
    return Recording(record.node.text(), {}, interval)


class Recorded:
    """What is recorded, found by meaning."""

    def __init__(self, records: Iterable[PlannedRecord]) -> None:
        self._whole: dict[Node, PlannedRecord] = {}
        self._sums: dict[tuple[str, str, Window], list[PlannedRecord]] = {}
        for record in records:
            written = placed(record.record.indicator.expr, "rule")
            self._whole[written] = record
            summed = _summed(written)
            if summed is not None and not summed[3]:
                self._sums.setdefault(summed[:3], []).append(record)

    def read_in(self, node: Node) -> Node:
        """The expression with everything that is recorded read from its recorded series."""
        return node.rewrite(self._read) if self._whole else node

    def _read(self, part: Node) -> Node | None:
        record = self._whole.get(part)
        if record is not None:
            return Select(record.name)
        summed = _summed(part)
        if summed is None:
            return None
        function, name, window, matchers, grouping = summed
        needed = set(grouping) | {matcher.label for matcher in matchers}
        able = [found for found in self._sums.get((function, name, window), ()) if needed <= found.labels]
        if not able:
            return None
        nearest = min(able, key=lambda found: len(found.labels))
        return Aggregate("sum", Select(nearest.name, matchers), grouping or None)


_Summed = tuple[str, str, Window, tuple[Matcher, ...], tuple[str, ...]]


def _summed(node: Node) -> _Summed | None:
    """A sum of one counter's growth, taken apart: function, series, window, matchers, labels that are left."""
    match node:
        case Aggregate("sum", Call(function, (Range(Select(name, matchers, None, None), window),)), grouping, False):
            return function, name, window, matchers, grouping or ()
    return None
