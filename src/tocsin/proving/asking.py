"""Alerts that are asked for roughly: a setting beyond a threshold, one short of it, and neither just there."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import pairwise

from tocsin.metrics import Gauge
from tocsin.model.alert import Alert
from tocsin.plan import Plan, PlannedAlert
from tocsin.promql.tree import Binary, Number, names_read
from tocsin.proving.asked import Asked
from tocsin.proving.drivers import drivers_of
from tocsin.proving.errors import UnprovenError
from tocsin.proving.steady import nodes_of
from tocsin.proving.workloads import Leaf, Setting, Workload

_NEAR = 2  # times
_HAIR = Decimal("1e-6")


@dataclass(frozen=True, slots=True)
class Asking:
    """An alert with its condition, for those who have no threshold of their own."""

    alert: Alert
    asked: Asked

    @classmethod
    def of(cls, plan: Plan, planned: PlannedAlert) -> Asking:
        condition = planned.condition
        records = nodes_of(plan.records_read(condition))
        return cls(planned.alert, Asked(condition, records, planned.value_template()))

    def is_near(self, workload: Workload) -> bool:
        """Whether it stands at the threshold, where a hair may make the difference."""
        condition = self.asked.condition
        moved = (replace(condition, right=Binary("*", condition.right, Number(1 + hair))) for hair in (-_HAIR, _HAIR))
        return len({replace(self.asked, condition=one).holds(workload) for one in moved}) > 1

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
        raise UnprovenError("nothing makes it fire by itself")

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
