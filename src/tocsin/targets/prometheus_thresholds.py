"""promtool's tests of the alerts at the threshold itself: one file for each alert that compares a series.

What the alert reads is given here, not computed: a value that rules compute from rates would meet a threshold only by
accident. The series stands where the alert must be quiet for longer than it holds, then where it must fire.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tocsin.display import value_template
from tocsin.documents import Draft
from tocsin.metrics import Matcher
from tocsin.model.alert import Alert
from tocsin.model.scenario import Instance
from tocsin.plan import Plan, PlannedAlert, in_unit
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


@dataclass(frozen=True, slots=True)
class _Subject:
    """Somebody whose series stands where the alert is quiet, and then where it fires."""

    name: str
    limit: Decimal
    quiet: Decimal
    firing: Decimal
    printed: str
    given: tuple[Select, ...] = ()

    def labels(self, planned: PlannedAlert) -> tuple[tuple[str, str], ...]:
        return tuple((label, self.name) for label in planned.labels)

    def matchers(self, planned: PlannedAlert) -> tuple[Matcher, ...]:
        return tuple(Matcher(label, "=", value) for label, value in self.labels(planned))

    def values(self, planned: PlannedAlert, steps: int) -> Iterator[tuple[Select, str]]:
        """What is given of it, in promtool's notation."""
        if isinstance(planned.left, Select):
            yield planned.left, f"{plain(self.quiet)}x{steps} {plain(self.firing)}x{steps}"
        yield from ((read, f"{plain(self.limit)}x{2 * steps + 1}") for read in self.given)


def _at_threshold(plan: Plan, planned: PlannedAlert) -> dict[str, Any] | None:
    """The test file; None where the alert compares anything but series that stand by themselves."""
    if planned.operator not in _INCLUSIVE or not _are_given(plan, planned.usual):
        return None
    try:
        return _test_file(plan, planned, list(_subjects(planned)))
    except UnderivableError:
        return None


def _are_given(plan: Plan, planned: PlannedAlert) -> bool:
    left, right = planned.left, planned.right
    if not isinstance(left, Select) or left.matchers or left.offset or left.at:
        return False
    if isinstance(right, Number):
        return True
    plain_series = isinstance(right, Select) and not (right.matchers or right.offset or right.at)
    return plain_series and plan.type_of(left).labels.names == plan.type_of(right).labels.names


def _subjects(planned: PlannedAlert) -> Iterator[_Subject]:
    right, own = planned.usual.right, planned.alert.when.own
    usual = right.value if isinstance(right, Number) else _ANY
    yield _subject(planned, "any", usual, (right,) if isinstance(right, Select) else ())
    if own:
        # The message states the threshold of whom the definitions name.
        named, quantity = min(own.stated.items())
        yield _subject(planned, named, in_unit(quantity, planned.unit), (Select(own.series.name),))
        # Far enough from the usual threshold for that one to give the wrong answer.
        for name, limit in (("higher", usual * 4 or _ANY), ("lower", usual / 4 or -_ANY)):
            yield _subject(planned, name, limit, (Select(own.series.name),))


def _subject(planned: PlannedAlert, name: str, limit: Decimal, given: tuple[Select, ...]) -> _Subject:
    far, near = limit * 2 or Decimal(1), limit / 2 or Decimal(-1)
    beyond, short = (far, near) if planned.operator.startswith(">") == (limit >= 0) else (near, far)
    quiet, firing = (short, limit) if _INCLUSIVE[planned.operator] else (limit, beyond)
    text = printed(value_template(planned.unit or RATIO, "$value"), float(firing))
    return _Subject(name, limit, quiet, firing, text, given)


def _test_file(plan: Plan, planned: PlannedAlert, subjects: Sequence[_Subject]) -> dict[str, Any]:
    alert = planned.alert
    step = milliseconds_of(alert.every)
    steps = milliseconds_of(alert.hold) // step + 2
    series = [
        {"series": Select(read.name, one.matchers(planned)).text(), "values": values}
        for one in subjects
        for read, values in one.values(planned, steps)
    ]
    fires = [expected_alert(plan, alert, Instance(one.printed, one.labels(planned))) for one in subjects]
    claims: tuple[tuple[int, list[dict[str, Any]]], ...] = ((steps, []), (2 * steps + 1, fires))
    first = subjects[0]
    test = {
        "name": f"the threshold itself: {plain(first.quiet)} is quiet, {plain(first.firing)} fires",
        "interval": alert.every,
        "input_series": series,
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
