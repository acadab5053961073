"""promtool's tests of alerts at the threshold itself, where that cannot stand beside what is derived: a file for each.

The series stands where the alert must be quiet for as long as it holds, then where it must fire.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from tocsin.documents import Draft
from tocsin.model.alert import Alert
from tocsin.plan import Plan, PlannedAlert
from tocsin.promql.durations import duration_text, milliseconds_of
from tocsin.proving.threshold import Standing, standing_beside, standings
from tocsin.targets.prometheus_alerts import alert_path
from tocsin.targets.prometheus_tests import expected_alert
from tocsin.units import plain


def documents(plan: Plan) -> Iterator[Draft]:
    for planned in plan.alerts:
        found = standings(plan, planned)
        if found and standing_beside(plan, planned.alert) is None:
            data = _test_file(plan, planned, found)
            yield Draft(threshold_test_path(planned.alert), "promtool-tests", data, planned.alert.source)


def threshold_test_path(alert: Alert) -> str:
    return f"prometheus/tests/{alert.slug}-threshold.yaml"


def _test_file(plan: Plan, planned: PlannedAlert, found: Sequence[Standing]) -> dict[str, Any]:
    alert = planned.alert
    step = step_of(alert)
    steps = -(-milliseconds_of(alert.hold) // step) + 1
    claims: tuple[tuple[int, Sequence[Standing]], ...] = ((steps - 1, ()), (2 * steps - 1, found))
    first = found[0]
    test = {
        "name": f"the threshold itself: {plain(first.quiet)} is quiet, {plain(first.firing)} fires",
        "interval": duration_text(step),
        "input_series": [series for one in found for series in one.series(steps, steps)],
        "alert_rule_test": [
            {
                "eval_time": duration_text(at * step),
                "alertname": alert.name,
                "exp_alerts": [expected_alert(plan, alert, one.instance) for one in firing],
            }
            for at, firing in claims
        ],
    }
    return given_file(alert, step, [test])


def step_of(alert: Alert) -> int:
    """How often to evaluate: not more often than its `for` can be seen; how long that is, others prove."""
    every, hold = milliseconds_of(alert.every), milliseconds_of(alert.hold)
    return hold if hold and hold % every == 0 else every


def given_file(alert: Alert, step: int, tests: list[dict[str, Any]]) -> dict[str, Any]:
    """Tests of an alert whose inputs are given: no recording rule is loaded."""
    return {
        "rule_files": [f"../{alert_path(alert).removeprefix('prometheus/')}"],
        "evaluation_interval": duration_text(step),
        "group_eval_order": [alert.slug],
        "tests": tests,
    }
