"""promtool's tests of alerts that ask several things at once: who is at one bound, and beyond all others, is quiet.

What the alert reads is given: of values that rules compute, all would be beyond their bounds together.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from tocsin.display import value_template
from tocsin.documents import Draft
from tocsin.metrics import Matcher
from tocsin.model.scenario import Instance
from tocsin.plan import Plan, PlannedAlert
from tocsin.promql.durations import duration_text, milliseconds_of
from tocsin.promql.tree import Select
from tocsin.proving.bounds import Bound, bounds_of
from tocsin.proving.errors import UnderivableError
from tocsin.proving.printed import printed
from tocsin.targets.prometheus_tests import expected_alert
from tocsin.targets.prometheus_thresholds import given_file, step_of, threshold_test_path
from tocsin.units import RATIO, plain

_BEYOND = "just-beyond"
_EVALUATIONS = 2  # after the first, where `for` is seen at each
Values = Mapping[Bound, Decimal]


def documents(plan: Plan) -> Iterator[Draft]:
    for planned in plan.alerts:
        bounds = bounds_of(plan, planned)
        data = _test_file(plan, planned, bounds) if bounds else None
        if data is not None:
            yield Draft(threshold_test_path(planned.alert), "promtool-tests", data, planned.alert.source)


def _test_file(plan: Plan, planned: PlannedAlert, bounds: Sequence[Bound]) -> dict[str, Any] | None:
    alert = planned.alert
    step = step_of(alert)
    end = (milliseconds_of(alert.hold) // step + _EVALUATIONS) * step
    try:
        value = printed(value_template(planned.unit or RATIO, "$value"), float(bounds[0].beyond))
    except UnderivableError:
        return None
    subjects = _subjects(bounds)
    # Where no label tells subjects apart, each has a test of its own.
    together = [subjects] if planned.labels else [{name: values} for name, values in subjects.items()]
    tests = []
    for one in together:
        labels = tuple((label, _BEYOND) for label in planned.labels)
        fires = [expected_alert(plan, alert, Instance(value, labels))] if _BEYOND in one else []
        tests.append(
            {
                "name": f"just beyond all bounds it fires, at one of them it is quiet: {', '.join(one)}",
                "interval": duration_text(step),
                "input_series": list(_given(planned, one, end // step + 1)),
                "alert_rule_test": [{"eval_time": duration_text(end), "alertname": alert.name, "exp_alerts": fires}],
            }
        )
    return given_file(alert, step, tests)


def _subjects(bounds: Sequence[Bound]) -> dict[str, Values]:
    """One beyond all bounds, and for each bound one that is at it and beyond all others."""
    beyond = {bound: bound.beyond for bound in bounds}
    at_one = {f"at-bound-{number}": {**beyond, bound: bound.limit} for number, bound in enumerate(bounds, 1)}
    return {_BEYOND: beyond, **at_one}


def _given(planned: PlannedAlert, subjects: Mapping[str, Values], samples: int) -> Iterator[dict[str, str]]:
    for name, values in subjects.items():
        matchers = tuple(Matcher(label, "=", name) for label in planned.labels)
        for bound, value in values.items():
            series = Select(bound.read.name, matchers).text()
            yield {"series": series, "values": f"{plain(value)}x{samples - 1}"}
