from decimal import Decimal

import pytest

from tocsin.display import grafana_unit, number_of, quantity_text, value_template
from tocsin.units import (
    CALLS,
    MEBIBYTES,
    MINUTES,
    PERCENT,
    RATIO,
    REQUESTS,
    SECONDS,
    TOKENS,
    USD,
    Quantity,
    Unit,
    calls,
    milliseconds,
    percent,
    quantity,
    seconds,
    usd,
)


@pytest.mark.parametrize(
    ("unit", "name"),
    [
        (SECONDS, "s"),
        (RATIO, "percentunit"),
        (PERCENT, "percent"),
        (USD, "currencyUSD"),
        (MEBIBYTES, "mbytes"),
        (REQUESTS, "short"),
        (REQUESTS / SECONDS, "reqps"),
        (TOKENS / SECONDS, "suffix: tokens/s"),
        (REQUESTS / MINUTES, "suffix: requests/min"),
    ],
)
def test_units_have_grafanas_ids(unit: Unit, name: str) -> None:
    assert grafana_unit(unit) == name


@pytest.mark.parametrize(
    ("unit", "template"),
    [
        (SECONDS, "{{ $value | humanizeDuration }}"),
        (RATIO, "{{ $value | humanizePercentage }}"),
        (USD, 'USD {{ printf "%.2f" $value }}'),
        (CALLS, "{{ $value | humanize }} calls"),
        (REQUESTS / MINUTES, '{{ printf "%.4g" $value }} requests/minute'),
    ],
)
def test_values_are_printed_with_their_unit(unit: Unit, template: str) -> None:
    assert value_template(unit, "$value") == template


def test_money_template_is_not_eaten_by_grafanas_shell_expansion() -> None:
    assert "${" not in value_template(USD, "$values.B.Value")


@pytest.mark.parametrize(
    ("quantity_", "text"),
    [
        (seconds(10), "10s"),
        (milliseconds(200), "200ms"),
        (percent(5), "5%"),
        (quantity("0.05", RATIO), "5%"),
        (usd(100), "USD 100"),
        (usd("0.5"), "USD 0.50"),
        (calls(10), "10 calls"),
    ],
)
def test_quantities_read_as_people_write_them(quantity_: Quantity, text: str) -> None:
    assert quantity_text(quantity_) == text


def test_whole_numbers_are_written_whole() -> None:
    assert repr(number_of(Decimal("10.0"))) == "10"
    assert repr(number_of(Decimal("0.05"))) == "0.05"
