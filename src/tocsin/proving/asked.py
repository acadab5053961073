"""What an alert asks, answered in the steady state: whether it would fire, and of which value it would tell."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from tocsin.promql.tree import Binary, Node
from tocsin.proving.errors import UnderivableError
from tocsin.proving.evaluate import evaluate, vector_of
from tocsin.proving.printed import is_stable, shows_format
from tocsin.proving.steady import Steady
from tocsin.proving.vectors import Vector, joined
from tocsin.proving.workloads import Workload, steady_levels


@dataclass(frozen=True, slots=True)
class Answer:
    """The value that is compared, and what of it meets the condition."""

    value: Vector
    met: Vector

    @property
    def holds(self) -> bool:
        return bool(self.met)

    @property
    def is_compared(self) -> bool:
        """Whether there is a value: where there is none, not the alert's own comparison says no."""
        return any(not math.isnan(value) for value in self.value.values())


@dataclass(frozen=True, slots=True)
class Asked:
    """A condition over recorded series and others; `template` prints its value."""

    condition: Binary
    records: Mapping[str, Node]
    template: str

    def of(self, workload: Workload) -> Answer:
        flows, values = steady_levels(workload, {})
        source = Steady(flows, values, self.records)
        left = vector_of(self.condition.left, source)
        met = joined(self.condition, left, evaluate(self.condition.right, source))
        if not isinstance(met, dict):
            raise UnderivableError(f"`{self.condition.text()}`, which is no vector")
        return Answer(left, met)

    def holds(self, workload: Workload) -> bool:
        return self.of(workload).holds

    def told(self, workload: Workload) -> int:
        """How good a value is to be told: best if its format shows, bad if others may print another."""
        values = self.of(workload).value.values()
        if not all(is_stable(self.template, value) for value in values):
            return 0
        return 2 if all(shows_format(self.template, value) for value in values) else 1
