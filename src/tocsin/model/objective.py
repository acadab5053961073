"""Objectives (SLOs): how much may go wrong over a window, and the alerts that tell when it goes too fast.

By the method of the Google SRE workbook, chapter 5: several windows, several burn rates. An alert fires when a long
window has burnt a share of the budget and a short one shows that it still burns. Few failures are none of its business,
whatever their share: one of three requests in a quiet night would be 33 %.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from decimal import Decimal

from tocsin.findings import DefinitionError
from tocsin.model.alert import CRITICAL, WARNING, Alert, Severity, slug
from tocsin.model.indicator import Indicator, at_least
from tocsin.model.recording import Record, RuleGroup
from tocsin.promql.build import above_zero, summed_over
from tocsin.promql.durations import milliseconds_of
from tocsin.promql.tree import Aggregate, Binary, Node, Number, Range, Window
from tocsin.source import Source, here
from tocsin.units import RATIO, Quantity, Unit, plain, quantity

_SHORT, _HOUR = "5m", "1h"
_EVERY, _EVERY_SLOWLY = "30s", "2m"
TIMES = Unit.counting("times")
_SHORTEST = "28d"
_A_SECOND = 1000
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
    window is summed of these: the agents' many series are read once. Up to `few` failures in its long window no alert
    fires.
    """

    name: str
    indicator: Indicator
    target: Quantity
    window: str = "30d"
    few: int = field(default=5, kw_only=True)
    runbook: str = field(kw_only=True)
    source: Source = field(default_factory=here, kw_only=True, repr=False)
    part: Indicator = field(init=False, repr=False)
    whole: Indicator = field(init=False, repr=False)
    whole_hour: Indicator = field(init=False, repr=False)
    failures: dict[str, Indicator] = field(init=False, repr=False)
    burns: dict[str, Indicator] = field(init=False, repr=False)
    budget_left: Indicator = field(init=False, repr=False)
    alerts: tuple[Alert, ...] = field(init=False, repr=False)
    groups: tuple[RuleGroup, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        put = object.__setattr__
        part, whole = self._sides()
        put(self, "part", self._side(_over_minutes(part), "what goes wrong"))
        put(self, "whole", self._side(_over_minutes(whole), "all there is"))
        put(self, "whole_hour", self._side(_summed(self.whole.expr, None, _HOUR, counted=True), "all there is, 1h"))
        put(self, "failures", {})
        for burn in BURNS:
            self.failures[burn.long] = self._failures(burn.long)
        windows = dict.fromkeys(window for burn in BURNS for window in (burn.short, burn.long))
        put(self, "burns", {window: self._burn(window) for window in (*windows, self.window)})
        put(self, "budget_left", self._budget_left())
        put(self, "alerts", self._alerts())
        put(self, "groups", self._groups())

    @property
    def allowed(self) -> Decimal:
        """The share that may go wrong."""
        return 1 - self.target.to(RATIO)

    @property
    def _promised(self) -> str:
        return f"{plain(self.target.to(RATIO) * 100)}%"

    @property
    def indicators(self) -> tuple[Indicator, ...]:
        sides = (self.part, self.whole, self.whole_hour)
        return (*sides, *self.failures.values(), *self.burns.values(), self.budget_left)

    def _sides(self) -> tuple[Node, Node]:
        if not 0 < self.target.to(RATIO) < 1:
            raise DefinitionError(
                f"{self.name}: a target is between 0 and 100%, not {self.target}",
                help='write percent("99.5")',
                source=self.source,
            )
        if type(self.few) is not int or self.few < 0:
            raise DefinitionError(
                f"{self.name}: few is a number of failures, not {self.few!r}", help="write few=5", source=self.source
            )
        if milliseconds_of(self.window) < milliseconds_of(_SHORTEST):
            raise DefinitionError(
                f"{self.name}: over {self.window} the slowest of its alerts would tell of what is allowed",
                help=f"promise it over {_SHORTEST} or more",
                source=self.source,
            )
        if self._rate(BURNS[0]) * self.allowed >= 1:
            raise DefinitionError(
                f"{self.name}: of {self._promised} all may fail for {BURNS[0].long}, and no alert can tell",
                help="promise more",
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

    def _failures(self, window: str) -> Indicator:
        hour = self.failures.get(_HOUR)
        return self._side(_summed(self.part.expr, hour, window, counted=True), f"what goes wrong, {window}")

    def _burn(self, window: str) -> Indicator:
        failures = self.failures.get(window)
        part = failures.expr if failures else _summed(self.part.expr, self.failures[_HOUR], window)
        whole = _summed(self.whole.expr, self.whole_hour, window, counted=failures is not None)
        return Indicator(
            # Written as 1 - target, so that a reader finds the target in the query.
            part / above_zero(whole) / (1 - Number(self.target.to(RATIO))),
            title=f"{self.name}: burn rate, {window}",
            description=f"How many times as fast as it may the error budget went in the last {window}: "
            f"at 1 it lasts for {self.window}.",
            unit=TIMES,
            source=self.source,
        )

    def _budget_left(self) -> Indicator:
        return Indicator(
            1 - self.burns[self.window].expr,
            title=f"{self.name}: budget left",
            description=f"What is left of the error budget of {self.window}: {self._promised} are promised. "
            "Below 0 the promise is broken.",
            unit=RATIO,
            target=at_least(quantity("0.25", RATIO), red=quantity(0, RATIO)),
            source=self.source,
        )

    def _alerts(self) -> tuple[Alert, ...]:
        """The slowest burn first: each quicker one keeps the slower ones quiet."""
        made: tuple[Alert, ...] = ()
        for burn in reversed(BURNS):
            made = (*made, self._alert(burn, made))
        return made

    def _rate(self, burn: Burn) -> Decimal:
        """How many times as fast the budget goes as it may."""
        return burn.budget * milliseconds_of(self.window) / milliseconds_of(burn.long)

    def _alert(self, burn: Burn, slower: tuple[Alert, ...]) -> Alert:
        rate = self._rate(burn)
        own = self.burns[burn.long]
        asked = Binary("and", own.expr, Binary(">", self.burns[burn.short].expr, Number(rate)))
        if self.few:
            asked = Binary("and", asked, Binary(">", self.failures[burn.long].expr, Number(Decimal(self.few))))
        both = replace(own, expr=asked, origin=own)
        speed = "" if rate == 1 else f"{plain(rate)} times as fast as "
        whose = "".join(f" of {{{label}}}" for label in _labels_of(self.whole.expr))
        return Alert(
            f"{self.name}Burn{burn.long}",
            when=both > quantity(rate, TIMES),
            hold=burn.hold,
            every=_EVERY if milliseconds_of(burn.long) <= _QUARTER else _EVERY_SLOWLY,
            severity=burn.severity,
            summary=f"{self.name}{whose}: the error budget goes {speed or 'faster than '}it may",
            description=f"Over {burn.long} the error budget{whose} went {{value}} as fast as it may, "
            f"above {{threshold}}: more than {plain(burn.budget * 100)}% of the budget of {self.window}.",
            runbook=self.runbook,
            inhibits=slower,
            source=self.source,
        )

    def _groups(self) -> tuple[RuleGroup, ...]:
        name = slug(self.name)
        metric = name.replace("-", "_")
        recorded = [
            ("all_rate5m", _SHORT, self.whole),
            ("bad_rate5m", _SHORT, self.part),
            ("all_increase1h", _HOUR, self.whole_hour),
            *((f"bad_increase{window}", window, failures) for window, failures in self.failures.items()),
            *((f"burn_rate{window}", window, burn) for window, burn in self.burns.items()),
        ]

        def group(suffix: str, every: str, longer: int, most: float) -> RuleGroup:
            records = (
                Record(indicator, f"{metric}:{operation}", spare=True, source=self.source)
                for operation, window, indicator in recorded
                if longer < milliseconds_of(window) <= most
            )
            return RuleGroup(f"objective-{name}{suffix}", every, tuple(records), source=self.source)

        # Who is to be told within minutes waits for no window of hours, in Prometheus and in tests.
        hour = milliseconds_of(_HOUR)
        return (
            group("", _EVERY, 0, hour),
            group("-hours", _EVERY, hour, _QUARTER),
            group("-slow", _EVERY_SLOWLY, _QUARTER, math.inf),
        )


def _over_minutes(node: Node) -> Node:
    return node.rewrite(lambda part: Range(part.of, Window(_SHORT)) if isinstance(part, Range) else None)


def _summed(rate: Node, hour: Indicator | None, window: str, *, counted: bool = False) -> Node:
    """How much there was in a window: `hour` by hour where it is long, else of the rate's values.

    These need not be counted where they are divided by such a sum; nor need the rate of the shortest window be summed.
    """
    if window == _SHORT:
        return rate
    if hour is not None and window == _HOUR:
        return hour.expr
    if hour is not None and milliseconds_of(window) > _QUARTER:
        return summed_over(hour.expr, window, every=_HOUR)
    of_values = summed_over(rate, window, every=_EVERY)
    return of_values * (milliseconds_of(_EVERY) // _A_SECOND) if counted else of_values


def _labels_of(node: Node) -> tuple[str, ...]:
    """The labels by which it is told whose objective is missed."""
    return next((part.grouping or () for part in node.walk() if isinstance(part, Aggregate) and not part.without), ())
