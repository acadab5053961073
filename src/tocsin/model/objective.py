"""Objectives (SLOs): how much may go wrong over a window, and the alerts that tell when it goes too fast.

By the method of the Google SRE workbook, chapter 5: several windows, several burn rates. An alert fires when a long
window has burnt a share of the budget and a short one shows that it still burns.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from tocsin.findings import DefinitionError
from tocsin.model.alert import CRITICAL, WARNING, Alert, Severity, slug
from tocsin.model.indicator import Indicator
from tocsin.model.recording import Record, RuleGroup
from tocsin.promql.build import above_zero, summed_over
from tocsin.promql.durations import milliseconds_of
from tocsin.promql.tree import Binary, Node, Number, Range, Window
from tocsin.source import Source, here
from tocsin.units import RATIO, Quantity, quantity

_SHORT, _HOUR = "5m", "1h"
_EVERY, _EVERY_SLOWLY = "30s", "2m"
# A window is summed of recorded values: up to a quarter of a day of those over 5 minutes, beyond that of hours.
_QUARTER = milliseconds_of("6h")


@dataclass(frozen=True, slots=True)
class Burn:
    """A share of the budget spent within `long`, and still being spent within `short`."""

    budget: Decimal
    long: str
    short: str
    hold: str
    severity: Severity


# The workbook's table 5-8: 2 % of a month's budget in an hour, 5 % in six, 10 % in one day and in three.
BURNS = (
    Burn(Decimal("0.02"), "1h", "5m", "2m", CRITICAL),
    Burn(Decimal("0.05"), "6h", "30m", "15m", CRITICAL),
    Burn(Decimal("0.1"), "1d", "2h", "1h", WARNING),
    Burn(Decimal("0.1"), "3d", "6h", "3h", WARNING),
)


@dataclass(frozen=True, slots=True, eq=False)
class Objective:
    """`indicator` (a share of failures: a part divided by its whole) stays below `1 - target` over `window`.

    `name` is in CamelCase, as an alert's is. The part and the whole are recorded over 5 minutes, and every longer
    window is summed of these: the agents' many series are read once.
    """

    name: str
    indicator: Indicator
    target: Quantity
    window: str = "30d"
    runbook: str = field(kw_only=True)
    source: Source = field(default_factory=here, kw_only=True, repr=False)
    part: Indicator = field(init=False, repr=False)
    whole: Indicator = field(init=False, repr=False)
    part_hour: Indicator = field(init=False, repr=False)
    whole_hour: Indicator = field(init=False, repr=False)
    shares: dict[str, Indicator] = field(init=False, repr=False)
    budget_left: Indicator = field(init=False, repr=False)
    alerts: tuple[Alert, ...] = field(init=False, repr=False)
    groups: tuple[RuleGroup, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        put = object.__setattr__
        part, whole = self._sides()
        put(self, "part", self._side(_over_minutes(part), "what goes wrong"))
        put(self, "whole", self._side(_over_minutes(whole), "all there is"))
        put(self, "part_hour", self._side(summed_over(self.part.expr, _HOUR, every=_EVERY), "what goes wrong, 1h"))
        put(self, "whole_hour", self._side(summed_over(self.whole.expr, _HOUR, every=_EVERY), "all there is, 1h"))
        windows = dict.fromkeys(window for burn in BURNS for window in (burn.short, burn.long))
        put(self, "shares", {window: self._share(window) for window in (*windows, self.window)})
        put(self, "budget_left", self._budget_left())
        put(self, "alerts", self._alerts())
        put(self, "groups", self._groups())

    @property
    def allowed(self) -> Decimal:
        """The share that may go wrong."""
        return 1 - self.target.to(RATIO)

    @property
    def indicators(self) -> tuple[Indicator, ...]:
        return (self.part, self.whole, self.part_hour, self.whole_hour, *self.shares.values(), self.budget_left)

    def _sides(self) -> tuple[Node, Node]:
        if not 0 < self.target.to(RATIO) < 1:
            raise DefinitionError(
                f"{self.name}: a target is between 0 and 100%, not {self.target}",
                help='write percent("99.5")',
                source=self.source,
            )
        match self.indicator.expr:
            case Binary("/", part, Binary(">", whole, Number(zero))) if zero == 0:
                return part, whole
        raise DefinitionError(
            f"{self.name}: {self.indicator.title} is no part divided by its whole",
            help="take an indicator made with ratio(...) or beyond(...)",
            source=self.source,
        )

    def _side(self, node: Node, what: str) -> Indicator:
        return Indicator(node, title=f"{self.name}: {what}", description=f"{what.capitalize()}.", source=self.source)

    def _share(self, window: str) -> Indicator:
        part = self._summed(self.part, self.part_hour, window)
        whole = self._summed(self.whole, self.whole_hour, window)
        return Indicator(
            part / above_zero(whole),
            title=f"{self.indicator.title}, {window}",
            description=f"{self.indicator.title} of the last {window}.",
            source=self.source,
        )

    def _summed(self, minutes: Indicator, hours: Indicator, window: str) -> Node:
        length = milliseconds_of(window)
        if window == _SHORT:
            return minutes.expr
        if window == _HOUR:
            return hours.expr
        if length <= _QUARTER:
            return summed_over(minutes.expr, window, every=_EVERY)
        return summed_over(hours.expr, window, every=_HOUR)

    def _budget_left(self) -> Indicator:
        # Written as 1 - target, so that a reader finds the target in the query.
        burnt = self.shares[self.window].expr / (1 - Number(self.target.to(RATIO)))
        return Indicator(
            1 - burnt,
            title=f"{self.name}: budget left",
            description=f"What is left of the error budget of {self.window}: {self.target} are promised. "
            "Below 0 the promise is broken.",
            unit=RATIO,
            source=self.source,
        )

    def _alerts(self) -> tuple[Alert, ...]:
        """The slowest burn first: each quicker one keeps the slower ones quiet."""
        made: tuple[Alert, ...] = ()
        for burn in reversed(BURNS):
            made = (*made, self._alert(burn, made))
        return made

    def _alert(self, burn: Burn, slower: tuple[Alert, ...]) -> Alert:
        rate = burn.budget * milliseconds_of(self.window) / milliseconds_of(burn.long)
        bound = rate * self.allowed
        still = Binary(">", self.shares[burn.short].expr, Number(bound))
        both = Indicator(
            Binary("and", self.shares[burn.long].expr, still),
            title=self.shares[burn.long].title,
            description=self.shares[burn.long].description,
            unit=RATIO,
            source=self.source,
        )
        speed = f"{rate.normalize():f}"
        return Alert(
            f"{self.name}Burn{burn.long}",
            when=both > quantity(bound, RATIO),
            hold=burn.hold,
            every=_EVERY if milliseconds_of(burn.long) <= _QUARTER else _EVERY_SLOWLY,
            severity=burn.severity,
            summary=f"{self.name} is being missed, {speed} times too fast",
            description=f"{self.indicator.title} of the last {burn.long} is {{value}}, above {{threshold}}: "
            f"{speed} times what an objective of {self.target.to(RATIO) * 100:f}% over {self.window} allows.",
            runbook=self.runbook,
            inhibits=slower,
            source=self.source,
        )

    def _groups(self) -> tuple[RuleGroup, ...]:
        name = slug(self.name)
        metric = name.replace("-", "_")
        sides = {
            "whole_rate5m": self.whole,
            "part_rate5m": self.part,
            "whole_sum1h": self.whole_hour,
            "part_sum1h": self.part_hour,
        }
        quick = {window: share for window, share in self.shares.items() if milliseconds_of(window) <= _QUARTER}
        slow = {window: share for window, share in self.shares.items() if window not in quick}

        def records(shares: dict[str, Indicator]) -> Iterator[Record]:
            for operation, indicator in shares.items():
                yield Record(indicator, f"{metric}:{operation}", source=self.source)

        def named(shares: dict[str, Indicator]) -> dict[str, Indicator]:
            return {f"ratio{window}": share for window, share in shares.items()}

        return (
            RuleGroup(f"objective-{name}", _EVERY, tuple(records({**sides, **named(quick)})), source=self.source),
            RuleGroup(f"objective-{name}-slow", _EVERY_SLOWLY, tuple(records(named(slow))), source=self.source),
        )


def _over_minutes(node: Node) -> Node:
    return node.rewrite(lambda part: Range(part.of, Window(_SHORT)) if isinstance(part, Range) else None)
