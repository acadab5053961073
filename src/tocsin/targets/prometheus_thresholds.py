"""promtool's tests of alerts at the threshold itself, where that cannot stand beside what is derived.

The series stands where the alert must be quiet for as long as it holds, then where it must fire. Alerts that are given
other series share a test.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from tocsin.documents import Draft
from tocsin.model.alert import Alert
from tocsin.plan import Plan, PlannedAlert
from tocsin.promql.durations import duration_text, milliseconds_of
from tocsin.promql.tree import Binary
from tocsin.proving.sharing import Guest, at_once, next_path, shared
from tocsin.proving.threshold import Standing, standing_beside, standings
from tocsin.targets.prometheus_alerts import alert_path
from tocsin.targets.prometheus_tests import expected_alert
from tocsin.units import plain

# How many times as often as its `for` is seen an alert is evaluated, to be told of beside another.
_OFTEN = 4


@dataclass(frozen=True, slots=True, eq=False)
class _Told(Guest):
    """What is told of an alert at its threshold, evaluated every `step` milliseconds."""

    planned: PlannedAlert
    step: int
    data: dict[str, Any]

    @property
    def kind(self) -> int:
        return self.step

    @property
    def evaluations(self) -> int:
        return max(milliseconds_of(claim["eval_time"]) for claim in self.data["alert_rule_test"]) // self.step + 1

    def test(self) -> dict[str, Any]:
        return self.data

    @property
    def alerts(self) -> tuple[Alert]:
        return (self.planned.alert,)

    def conditions(self, plan: Plan) -> tuple[Binary]:  # noqa: ARG002
        return (self.planned.condition,)


@dataclass(frozen=True, slots=True)
class ThresholdsFile:
    """A file of one test, which tells of several alerts or of one, evaluated every `step` milliseconds."""

    path: str
    alerts: tuple[Alert, ...]
    step: int
    test: dict[str, Any]


_known: WeakKeyDictionary[Plan, tuple[ThresholdsFile, ...]] = WeakKeyDictionary()


def documents(plan: Plan) -> Iterator[Draft]:
    for file in thresholds_files(plan):
        data = given_file(plan, file.alerts, file.step, [file.test])
        yield Draft(file.path, "promtool-tests", data, file.alerts[0].source)


def thresholds_files(plan: Plan) -> tuple[ThresholdsFile, ...]:
    """The test files of all alerts that have one at their threshold; computed once."""
    if plan not in _known:
        _known[plan] = tuple(_files(plan))
    return _known[plan]


def _files(plan: Plan) -> Iterator[ThresholdsFile]:
    apart = [
        (planned, found)
        for planned in plan.alerts
        if (found := standings(plan, planned)) and standing_beside(plan, planned.alert) is None
    ]
    holding = sorted({step_of(planned.alert) for planned, _ in apart if milliseconds_of(planned.alert.hold)})
    several = list(
        shared(plan, [_told(plan, planned, found, _common(planned.alert, holding)) for planned, found in apart])
    )
    taken = {id(one.planned) for told in several for one in told}
    for planned, found in apart:
        if id(planned) not in taken:
            own = _told(plan, planned, found, step_of(planned.alert))
            yield ThresholdsFile(threshold_test_path(planned.alert), (planned.alert,), own.step, own.data)
    numbers: dict[str, int] = {}
    for told in several:
        path = next_path(f"prometheus/tests/alerts-threshold-{duration_text(told[0].step)}", numbers)
        alerts = tuple(one.planned.alert for one in told)
        titles = (f"{one.data['name']} ({one.planned.alert.name})" for one in told)
        test = {**at_once([one.data for one in told]), "name": "; ".join(titles)}
        yield ThresholdsFile(path, alerts, told[0].step, test)


def _common(alert: Alert, holding: Sequence[int]) -> int:
    """A step that others need too, where it will do: who fires at once may be evaluated at any."""
    own, is_held = step_of(alert), milliseconds_of(alert.hold)
    return next((step for step in holding if not is_held or (own % step == 0 and own <= _OFTEN * step)), own)


def threshold_test_path(alert: Alert) -> str:
    return f"prometheus/tests/{alert.slug}-threshold.yaml"


def _told(plan: Plan, planned: PlannedAlert, found: Sequence[Standing], step: int) -> _Told:
    alert = planned.alert
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
    return _Told((), planned, step, test)


def step_of(alert: Alert) -> int:
    """How often to evaluate: not more often than its `for` can be seen; how long that is, others prove."""
    every, hold = milliseconds_of(alert.every), milliseconds_of(alert.hold)
    return hold if hold and hold % every == 0 else every


def given_file(plan: Plan, alerts: Sequence[Alert], step: int, tests: list[dict[str, Any]]) -> dict[str, Any]:
    """Tests of alerts whose inputs are given: no recording rule is loaded."""
    return {
        "rule_files": [f"../{alert_path(alert).removeprefix('prometheus/')}" for alert in alerts],
        "evaluation_interval": duration_text(step),
        "group_eval_order": [plan.group_of(alert) for alert in alerts],
        "tests": tests,
    }
