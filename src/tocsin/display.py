"""How a unit is shown: Grafana's id for it, the template that prints a value, the text of a quantity."""

from __future__ import annotations

from decimal import Decimal

from tocsin.units import (
    BYTES,
    CELSIUS,
    MEBIBYTES,
    MILLISECONDS,
    MINUTES,
    PERCENT,
    RATIO,
    REQUESTS,
    SECONDS,
    USD,
    WATTS,
    Quantity,
    Unit,
    plain,
)

_GRAFANA = {
    SECONDS: "s",
    MILLISECONDS: "ms",
    MINUTES: "m",
    RATIO: "percentunit",
    PERCENT: "percent",
    USD: "currencyUSD",
    BYTES: "bytes",
    MEBIBYTES: "mbytes",
    CELSIUS: "celsius",
    WATTS: "watt",
    REQUESTS / SECONDS: "reqps",
}
# What panels of others are shown in, as far as it says what is measured.
GRAFANA_UNITS = {
    **{name: unit for unit, name in _GRAFANA.items() if unit not in (REQUESTS / SECONDS, MINUTES)},
    "decbytes": BYTES,
}
OPERATOR_WORDS = {">": "above", ">=": "at or above", "<": "below", "<=": "at or below"}
_SHORT_TIME = {"seconds": "s", "minutes": "min", "hours": "h", "days": "d"}


def grafana_unit(unit: Unit) -> str:
    """Grafana's id for a unit: `s`, `reqps`, `percentunit`; a rate of anything else shows its noun."""
    known = _GRAFANA.get(unit)
    if known:
        return known
    rate = unit.per_time
    if rate:
        what, time = rate
        return f"suffix: {what}/{_SHORT_TIME[time.name]}"
    return "short"


def value_template(unit: Unit, value: str) -> str:
    """The Go template that prints `value` with its unit. Both Prometheus and Grafana have its functions."""
    if unit == SECONDS:
        return f"{{{{ {value} | humanizeDuration }}}}"
    if unit == RATIO:
        return f"{{{{ {value} | humanizePercentage }}}}"
    if unit == PERCENT:
        return f'{{{{ printf "%.4g" {value} }}}}%'
    if unit == USD:
        return f'USD {{{{ printf "%.2f" {value} }}}}'
    if unit == BYTES:
        return f"{{{{ {value} | humanize1024 }}}}B"
    if unit.noun:
        return f"{{{{ {value} | humanize }}}} {unit.noun}"
    return f'{{{{ printf "%.4g" {value} }}}} {unit}'


def quantity_text(quantity: Quantity) -> str:
    """A quantity as a person writes it: 10s, 5%, USD 100, 10 calls."""
    unit, number = quantity.unit, plain(quantity.value)
    if unit == RATIO:
        return f"{plain(quantity.value * 100)}%"
    if unit == PERCENT:
        return f"{number}%"
    if unit == USD:
        return f"USD {number}" if quantity.value == quantity.value.to_integral() else f"USD {quantity.value:.2f}"
    short = {SECONDS: "s", MILLISECONDS: "ms", MINUTES: "min"}.get(unit)
    return f"{number}{short}" if short else f"{number} {unit}"


def number_of(value: Decimal) -> int | float:
    """A number for JSON or YAML: whole where it is whole."""
    return int(value) if value == value.to_integral() else float(value)
