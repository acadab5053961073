"""Somebody who has a threshold of their own: just beyond it they fire, just short of it they do not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from tocsin.plan import PlannedAlert, in_unit
from tocsin.promql.tree import Number, Select
from tocsin.proving.errors import UnderivableError
from tocsin.proving.solve import Solver
from tocsin.proving.workloads import Leaf, Workload


@dataclass(frozen=True, slots=True)
class Own:
    """Whose threshold it is, and workloads around it, the series that states it included."""

    labels: Mapping[str, str]
    series: str
    beyond: Workload
    short: Workload


def own_of(planned: PlannedAlert, solver: Solver) -> Own | None:
    """The first who has a threshold; None where nobody has, or where tests at the threshold show it."""
    own = planned.alert.when.own
    if own is None or isinstance(planned.left, Select):
        return None
    name, quantity = min(own.stated.items())
    limit = in_unit(quantity, planned.unit)
    asked = replace(solver.asked, condition=replace(solver.asked.condition, right=Number(limit)))
    try:
        levels = replace(solver, asked=asked).levels()
    except UnderivableError:
        return None
    leaf = Leaf(own.series, (), own.series.labels, frozenset({own.series.name}))
    beyond, short = ({**workload, leaf: limit} for workload in (levels.just_beyond, levels.just_short))
    return Own({own.label: name}, own.series.name, beyond, short)
