"""promtool's tests of alerts that ask several things at once: who is at one bound, and beyond all others, is quiet.

What the alert reads is given: of values that rules compute, all would be beyond their bounds together. Where that can
stand beside what is derived it does, and has no file of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tocsin.documents import Draft
from tocsin.plan import Plan, PlannedAlert
from tocsin.promql.durations import duration_text, milliseconds_of
from tocsin.proving.bounds import Bounded, bounded, bounded_beside
from tocsin.targets.prometheus_tests import expected_alert
from tocsin.targets.prometheus_thresholds import given_file, step_of, threshold_test_path

_EVALUATIONS = 2  # after the first, where `for` is seen at each


def documents(plan: Plan) -> Iterator[Draft]:
    for planned in plan.alerts:
        found = bounded(plan, planned)
        if found is not None and bounded_beside(plan, planned.alert) is None:
            data = _test_file(plan, planned, found)
            yield Draft(threshold_test_path(planned.alert), "promtool-tests", data, planned.alert.source)


def _test_file(plan: Plan, planned: PlannedAlert, found: Bounded) -> dict[str, Any]:
    alert = planned.alert
    step = step_of(alert)
    end = (milliseconds_of(alert.hold) // step + _EVALUATIONS) * step
    first = found.names[0]
    # Where no label tells subjects apart, each has a test of its own.
    together = [found.names] if planned.labels else [(name,) for name in found.names]
    tests = [
        {
            "name": f"just beyond all bounds it fires, at one of them it is quiet: {', '.join(names)}",
            "interval": duration_text(step),
            "input_series": [series for name in names for series in found.series_of(name, 0, end // step + 1)],
            "alert_rule_test": [
                {
                    "eval_time": duration_text(end),
                    "alertname": alert.name,
                    "exp_alerts": [expected_alert(plan, alert, found.instance)] if first in names else [],
                }
            ],
        }
        for names in together
    ]
    return given_file(plan, [alert], step, tests)
