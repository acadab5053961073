from decimal import Decimal

import pytest

from tocsin.units import (
    BYTES,
    CALLS,
    MILLISECONDS,
    MINUTES,
    PERCENT,
    RATIO,
    REQUESTS,
    SECONDS,
    TOKENS,
    USD,
    milliseconds,
    percent,
    quantity,
    seconds,
    usd,
)


def test_errors_per_request_is_a_ratio() -> None:
    assert REQUESTS / REQUESTS == RATIO


def test_tokens_per_request_is_no_ratio() -> None:
    assert TOKENS / REQUESTS != RATIO
    assert str(TOKENS / REQUESTS) == "tokens/requests"


def test_sum_of_durations_divided_by_their_count_is_a_duration() -> None:
    assert (SECONDS * REQUESTS) / REQUESTS == SECONDS


def test_milliseconds_and_seconds_measure_the_same_but_are_not_equal() -> None:
    assert MILLISECONDS != SECONDS
    assert MILLISECONDS.measures_like(SECONDS)
    assert not BYTES.measures_like(SECONDS)


def test_rate_knows_what_is_counted_and_by_which_time() -> None:
    assert (CALLS / SECONDS).per_time == (CALLS, SECONDS)
    assert (CALLS / MINUTES).per_time == (CALLS, MINUTES)
    assert (USD / MINUTES).per_time == (USD, MINUTES)
    assert SECONDS.per_time is None


def test_quantities_convert_exactly() -> None:
    assert percent(5).to(RATIO) == Decimal("0.05")
    assert milliseconds(200).to(SECONDS) == Decimal("0.2")
    assert seconds(3).to(MILLISECONDS) == 3000
    assert quantity(1, MINUTES).to(SECONDS) == 60


def test_quantity_of_another_kind_does_not_convert() -> None:
    with pytest.raises(ValueError, match="10 seconds is no number of ratio"):
        seconds(10).to(RATIO)


def test_float_is_refused_because_money_is_exact() -> None:
    with pytest.raises(TypeError, match=r'write 0\.1 as "0\.1"'):
        usd(0.1)  # type: ignore[arg-type]
    assert usd("0.1").value * 3 == Decimal("0.3")


def test_only_plain_counts_have_a_noun() -> None:
    assert REQUESTS.noun == "requests"
    assert USD.noun is None
    assert PERCENT.noun is None
    assert (REQUESTS / SECONDS).noun is None
