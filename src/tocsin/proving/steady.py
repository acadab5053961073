"""The steady state: everything has flowed, or stood, as it does now for longer than any window."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tocsin.plan import PlannedRecord
from tocsin.promql.durations import milliseconds_of
from tocsin.promql.tree import Node, Range, Select, Subquery
from tocsin.proving.errors import UnderivableError
from tocsin.proving.evaluate import vector_of
from tocsin.proving.vectors import Vector, matches

_STILL = frozenset(
    {"avg_over_time", "min_over_time", "max_over_time", "last_over_time", "quantile_over_time", "predict_linear"}
)
_UNCHANGING = frozenset({"delta", "idelta", "deriv", "changes", "resets"})


@dataclass(frozen=True, slots=True)
class Steady:
    """A source of values: flows a second of counters, values of gauges, by the name of their series."""

    flows: Mapping[str, Vector]
    values: Mapping[str, Vector]
    records: Mapping[str, Node]

    @property
    def now(self) -> float:
        return 0.0

    def instant(self, select: Select) -> Vector:
        if select.name in self.records:
            return _matched(vector_of(self.records[select.name], self), select)
        if select.name in self.flows:
            # Where a counter stands depends on its past: that it is there is all that can be said.
            return dict.fromkeys(_matched(self.flows[select.name], select), math.nan)
        return _matched(self.values.get(select.name, {}), select)

    def over(self, function: str, ranged: Range | Subquery, parameters: tuple[float, ...]) -> Vector:  # noqa: ARG002
        if isinstance(ranged, Range) and ranged.of.name in self.flows:
            flow = _matched(self.flows[ranged.of.name], ranged.of)
            if function in ("rate", "irate"):
                return flow
            if function == "present_over_time":
                return dict.fromkeys(flow, 1.0)
            if function == "increase":
                seconds = milliseconds_of(ranged.window.text("rule")) / 1000
                return {labels: value * seconds for labels, value in flow.items()}
        else:
            still = vector_of(ranged.of, self)
            if function in _STILL:
                return still
            if function == "sum_over_time" and isinstance(ranged, Subquery) and ranged.step:
                steps = milliseconds_of(ranged.window.text("rule")) // milliseconds_of(ranged.step)
                return {labels: value * steps for labels, value in still.items()}
            if function in _UNCHANGING:
                return dict.fromkeys(still, 0.0)
            if function == "present_over_time":
                return dict.fromkeys(still, 1.0)
        raise UnderivableError(f"{function}() over `{ranged.text()}`")


def _matched(vector: Vector, select: Select) -> Vector:
    if not select.name or select.at:
        raise UnderivableError(f"the selector `{select.text()}`")
    return {labels: value for labels, value in vector.items() if matches(labels, select.matchers)}


def nodes_of(records: Iterable[PlannedRecord]) -> dict[str, Node]:
    """The recording rules' expressions, by the name of their series."""
    return {record.name: record.node for record in records}
