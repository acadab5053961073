"""promtool's tests of the alerts at the threshold itself: one file for each alert that compares a series.

What the alert reads is given here, not computed: a value that rules compute from rates would meet a threshold only by
accident. The series stands where the alert must be quiet for longer than it holds, then where it must fire.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from tocsin.display import value_template
from tocsin.documents import Draft
from tocsin.metrics import Matcher
from tocsin.model.alert import Alert
from tocsin.model.scenario import Instance
from tocsin.plan import Plan, PlannedAlert
from tocsin.promql.durations import duration_text, milliseconds_of
from tocsin.promql.tree import Number, Select
from tocsin.proving.errors import UnderivableError
from tocsin.proving.printed import printed
from tocsin.targets.prometheus_alerts import alert_path
from tocsin.targets.prometheus_tests import expected_alert
from tocsin.units import RATIO, plain

_INCLUSIVE = {">": False, "<": False, ">=": True, "<=": True}
_ANY = Decimal(100)


def documents(plan: Plan) -> Iterator[Draft]:
    for planned in plan.alerts:
        data = _at_threshold(plan, planned)
        if data is not None:
            yield Draft(threshold_test_path(planned.alert), "promtool-tests", data)


def threshold_test_path(alert: Alert) -> str:
    return f"prometheus/tests/{alert.slug}-threshold.yaml"


def _at_threshold(plan: Plan, planned: PlannedAlert) -> dict[str, Any] | None:
    """The test file; None where the alert compares anything but series that stand by themselves."""
    if planned.operator not in _INCLUSIVE or not _are_given(plan, planned):
        return None
    limit = planned.right.value if isinstance(planned.right, Number) else _ANY
    above = planned.operator.startswith(">")
    beyond, short = (limit * 2 or Decimal(1), limit / 2 or Decimal(-1)) if above else (limit / 2, limit * 2)
    quiet, firing = (short, limit) if _INCLUSIVE[planned.operator] else (limit, beyond)
    try:
        value = printed(value_template(planned.unit or RATIO, "$value"), float(firing))
    except UnderivableError:
        return None
    return _test_file(plan, planned, (limit, quiet, firing), value)


def _are_given(plan: Plan, planned: PlannedAlert) -> bool:
    left, right = planned.left, planned.right
    if not isinstance(left, Select) or left.matchers or left.offset or left.at:
        return False
    if isinstance(right, Number):
        return True
    plain_series = isinstance(right, Select) and not (right.matchers or right.offset or right.at)
    return plain_series and plan.type_of(left).labels.names == plan.type_of(right).labels.names


def _test_file(
    plan: Plan, planned: PlannedAlert, values: tuple[Decimal, Decimal, Decimal], printed_value: str
) -> dict[str, Any]:
    alert = planned.alert
    limit, quiet, firing = values
    step = milliseconds_of(alert.every)
    steps = milliseconds_of(alert.hold) // step + 2
    labels = tuple((label, "any") for label in planned.labels)
    given = [(planned.left, f"{plain(quiet)}x{steps} {plain(firing)}x{steps}")]
    if isinstance(planned.right, Select):
        given.append((planned.right, f"{plain(limit)}x{2 * steps + 1}"))
    matchers = tuple(Matcher(label, "=", value) for label, value in labels)
    fires = [expected_alert(plan, alert, Instance(printed_value, labels))]
    claims: tuple[tuple[int, list[dict[str, Any]]], ...] = ((steps, []), (2 * steps + 1, fires))
    test = {
        "name": f"the threshold itself: {plain(quiet)} is quiet, {plain(firing)} fires",
        "interval": alert.every,
        "input_series": [
            {"series": Select(read.name, matchers).text(), "values": text}
            for read, text in given
            if isinstance(read, Select)
        ],
        "alert_rule_test": [
            {"eval_time": duration_text(at * step), "alertname": alert.name, "exp_alerts": alerts}
            for at, alerts in claims
        ],
    }
    return {
        "rule_files": [f"../{alert_path(alert).removeprefix('prometheus/')}"],
        "evaluation_interval": alert.every,
        "group_eval_order": [alert.slug],
        "tests": [test],
    }
