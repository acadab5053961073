"""Values as the templates of annotations print them (Go's text/template with Prometheus's functions)."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from decimal import Decimal

from tocsin.proving.errors import UnderivableError

_FUNCTION = re.compile(r"\{\{ ?\$value \| (\w+) ?\}\}")
_PRINTF = re.compile(r'\{\{ ?printf "([^"%]*%\.\d+[fg][^"]*)" \$value ?\}\}')
_FORMAT = re.compile(r"%\.\d+[fg]")
_ACTION = re.compile(r"\{\{.*?\}\}")
_LARGE, _SMALL = ("", "k", "M", "G", "T", "P", "E", "Z", "Y"), ("", "m", "u", "n", "p", "f", "a", "z", "y")


def printed(template: str, value: float) -> str:
    """The text of a template that prints `$value`. Raises UnderivableError for what it does not know."""

    def piped(found: re.Match[str]) -> str:
        function = _FUNCTIONS.get(found.group(1))
        if function is None:
            raise UnderivableError(f"the template function {found.group(1)}")
        return function(value)

    def formatted(found: re.Match[str]) -> str:
        text: str = found.group(1)
        if math.isfinite(value):
            return text % value
        return _FORMAT.sub(_four_digits(value), text).replace("%%", "%")

    text = _PRINTF.sub(formatted, _FUNCTION.sub(piped, template))
    if "{{" in text:
        raise UnderivableError(f"the template {template}")
    return text


def is_stable(template: str, value: float) -> bool:
    """Whether a float that is a hair away is printed alike, as two versions of Prometheus may compute it."""
    hair = abs(value) * 1e-9
    return printed(template, value - hair) == printed(template, value) == printed(template, value + hair)


def shows_format(template: str, value: float) -> bool:
    """Whether the value without its format would be printed otherwise."""
    return printed(template, value) != _ACTION.sub(_plain(value), template)


def _plain(value: float) -> str:
    """A float as Go prints it where no exponent is needed."""
    return format(Decimal(repr(value)).normalize(), "f") if math.isfinite(value) else _four_digits(value)


def _four_digits(value: float) -> str:
    """A float as Go prints it with `%.4g`, which has names of its own for what is no number."""
    if math.isnan(value):
        return "NaN"
    return f"{value:.4g}" if math.isfinite(value) else "+Inf" if value > 0 else "-Inf"


def _scaled(value: float, step: float, units: tuple[str, ...], *, up: bool) -> str:
    place = 0
    while place + 1 < len(units) and (abs(value) >= step if up else abs(value) < 1):
        value = value / step if up else value * step
        place += 1
    return f"{value:.4g}{units[place]}"


def _humanize(value: float) -> str:
    if value == 0 or not math.isfinite(value):
        return _four_digits(value)
    return _scaled(value, 1000, _LARGE if abs(value) >= 1 else _SMALL, up=abs(value) >= 1)


def _humanize1024(value: float) -> str:
    if abs(value) <= 1 or not math.isfinite(value):
        return _four_digits(value)
    return _scaled(value, 1024, ("", "ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi", "Yi"), up=True)


def _humanize_duration(value: float) -> str:
    if value == 0:
        return "0s"
    if not math.isfinite(value):
        return _four_digits(value)
    if abs(value) < 1:
        return _scaled(value, 1000, _SMALL, up=False) + "s"
    sign, whole = "-" if value < 0 else "", int(abs(value))
    days, hours, minutes, seconds = whole // 86400, whole // 3600 % 24, whole // 60 % 60, whole % 60
    if days:
        return f"{sign}{days}d {hours}h {minutes}m {seconds}s"
    if hours:
        return f"{sign}{hours}h {minutes}m {seconds}s"
    return f"{sign}{minutes}m {seconds}s" if minutes else f"{sign}{abs(value):.4g}s"


def _humanize_percentage(value: float) -> str:
    return f"{_four_digits(value * 100)}%"


_FUNCTIONS: dict[str, Callable[[float], str]] = {
    "humanize": _humanize,
    "humanize1024": _humanize1024,
    "humanizeDuration": _humanize_duration,
    "humanizePercentage": _humanize_percentage,
}
