"""Indicators: named expressions with a unit, and the conditions that alerts put on them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from tocsin.findings import DefinitionError
from tocsin.metrics import Gauge, Label
from tocsin.model.silence import Silence
from tocsin.promql.tree import Aggregate, Node
from tocsin.source import Source, here
from tocsin.units import Quantity, Unit

Comparison = Literal[">", ">=", "<", "<="]


@dataclass(frozen=True, slots=True)
class Target:
    """Where an indicator should stay: amber beyond it on a dashboard, red beyond the red bounds; nobody is paged."""

    least: Quantity | None = None
    most: Quantity | None = None
    red_below: Quantity | None = None
    red_above: Quantity | None = None

    @property
    def quantities(self) -> tuple[Quantity, ...]:
        """All that the indicator is compared with."""
        bounds = (self.least, self.most, self.red_below, self.red_above)
        return tuple(bound for bound in bounds if bound is not None)


def at_most(quantity: Quantity, *, red: Quantity | None = None) -> Target:
    """Green up to `quantity`, amber above it, red above `red`."""
    return Target(most=quantity, red_above=red)


def at_least(quantity: Quantity, *, red: Quantity | None = None) -> Target:
    """Green from `quantity` on, amber below it, red below `red`."""
    return Target(least=quantity, red_below=red)


def between(least: Quantity, most: Quantity, *, red: Quantity | None = None) -> Target:
    """Green between the two, amber outside, red above `red`."""
    return Target(least=least, most=most, red_above=red)


@dataclass(frozen=True, slots=True, eq=False)
class Indicator:
    """A named expression (an SLI). Compare it with a quantity or another indicator, and an alert has its condition.

    `unit` is stated only where it cannot be inferred from the expression.
    """

    expr: Node
    title: str = field(kw_only=True)
    description: str = field(default="", kw_only=True)
    unit: Unit | None = field(default=None, kw_only=True)
    target: Target | None = field(default=None, kw_only=True)
    allow: tuple[Silence, ...] = field(default=(), kw_only=True)
    origin: Indicator | None = field(default=None, kw_only=True, repr=False)
    source: Source = field(default_factory=here, kw_only=True, repr=False)

    def by(self, *labels: Label | str) -> Indicator:
        """The same indicator grouped by other labels: each `by` of its expression becomes these.

        Raises DefinitionError where there is none.
        """
        names = tuple(str(label) for label in labels)
        if names and not any(isinstance(part, Aggregate) and part.grouping for part in self.expr.walk()):
            raise DefinitionError(
                f"{self.title} is grouped by nothing, so it has no grouping to change",
                help="group it where it is defined, and show its .overall where you want it ungrouped",
                source=here(),
            )

        def regrouped(node: Node) -> Node | None:
            if not isinstance(node, Aggregate) or node.grouping is None or node.without:
                return None
            grouping = (*names, "le") if "le" in node.grouping else names
            return replace(node, of=node.of.rewrite(regrouped), grouping=grouping or None)

        return replace(self, expr=self.expr.rewrite(regrouped), origin=self.root)

    @property
    def overall(self) -> Indicator:
        """The same indicator over everything: one series."""
        return self.by()

    def within(self, target: Target) -> Indicator:
        """The same indicator judged by another target, for the panel that it stands in."""
        return replace(self, target=target, origin=self.root)

    @property
    def root(self) -> Indicator:
        """The indicator that this one is another grouping of."""
        return self.origin or self

    def __gt__(self, other: Quantity | Indicator) -> Condition:
        return Condition(self, ">", other)

    def __ge__(self, other: Quantity | Indicator) -> Condition:
        return Condition(self, ">=", other)

    def __lt__(self, other: Quantity | Indicator) -> Condition:
        return Condition(self, "<", other)

    def __le__(self, other: Quantity | Indicator) -> Condition:
        return Condition(self, "<=", other)


@dataclass(frozen=True, slots=True, eq=False)
class OwnThresholds:
    """The thresholds of those who have one of their own, by the value of the only label of `series`, which has them."""

    series: Gauge
    stated: Mapping[str, Quantity]

    @property
    def label(self) -> str:
        return self.series.label_names[0]


@dataclass(frozen=True, slots=True)
class Condition:
    """An indicator compared with a fixed quantity, or with another indicator that has the same labels.

    With `own` thresholds, a fixed quantity is that of everybody else.
    """

    left: Indicator
    operator: Comparison
    right: Quantity | Indicator
    own: OwnThresholds | None = None
    source: Source = field(default_factory=here, compare=False, repr=False)

    def __bool__(self) -> bool:
        raise TypeError("a condition is no yes or no: an alert takes it as `when=`")
