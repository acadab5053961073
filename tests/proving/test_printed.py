"""Values are printed as Go's templates print them."""

from __future__ import annotations

from dataclasses import replace
from math import inf, nan

import pytest
from shapes import DEFINITIONS, alert

from agentmetrics.catalog import agent_active_sessions
from tocsin.define import SESSIONS, quantity, total
from tocsin.display import value_template
from tocsin.plan import Plan
from tocsin.proving.errors import UnderivableError
from tocsin.proving.printed import is_stable, printed
from tocsin.units import BYTES, CALLS, RATIO, SECONDS, USD


@pytest.mark.parametrize(
    ("unit", "value", "text"),
    [
        (SECONDS, 20.0, "20s"),
        (SECONDS, 0.5005, "500.5ms"),
        (SECONDS, 93784.0, "1d 2h 3m 4s"),
        (SECONDS, -61.5, "-1m 1s"),
        (SECONDS, 0.0, "0s"),
        (RATIO, 0.0501, "5.01%"),
        (RATIO, 1234.5, "1.234e+05%"),
        (USD, 148.749999, "USD 148.75"),
        (BYTES, 1536.0, "1.5kiB"),
        (CALLS, 12345.0, "12.35k calls"),
        (CALLS, 0.05, "50m calls"),
        (CALLS, 0.0, "0 calls"),
        (RATIO, inf, "+Inf%"),
        (SECONDS, -inf, "-Inf"),
        (USD, inf, "USD +Inf"),
        (BYTES, nan, "NaNB"),
    ],
)
def test_value_is_printed_with_its_unit(unit: object, value: float, text: str) -> None:
    assert printed(value_template(unit, "$value"), value) == text  # type: ignore[arg-type]


@pytest.mark.parametrize(("value", "text"), [(2.5, "at 2.50% now"), (inf, "at +Inf% now")])
def test_sign_of_percent_in_a_format_is_one(value: float, text: str) -> None:
    assert printed('at {{ printf "%.2f%% now" $value }}', value) == text


def test_value_between_two_texts_is_not_stable() -> None:
    template = value_template(USD, "$value")
    assert is_stable(template, 1.23)
    assert not is_stable(template, 1.125)


def test_unknown_template_is_refused() -> None:
    with pytest.raises(UnderivableError, match="humanizeTimestamp"):
        printed("{{ $value | humanizeTimestamp }}", 1.0)


@pytest.mark.parametrize(
    ("operator", "limit", "value", "text"),
    [
        ("<", 5, 0.5, "0.5 sessions"),
        ("<", 5, 0.0, "0 sessions"),
        (">", 5, 12345.0, "12.35k sessions"),
        ("<", 20000, 12345.0, "12.35k sessions"),
    ],
)
def test_few_of_what_is_counted_are_no_thousandths(operator: str, limit: int, value: float, text: str) -> None:
    few = alert("Few", total(agent_active_sessions), operator, quantity(limit, SESSIONS))
    plan = Plan(replace(DEFINITIONS, alerts=(few,), proofs=()))
    assert printed(plan.alert(few).value_template(), value) == text
