"""Quantities that are compared with an indicator: they must be of its unit, and that must be known."""

from __future__ import annotations

from tocsin.display import quantity_text
from tocsin.model.indicator import Indicator
from tocsin.units import Quantity, Unit, plain


def misfit(
    indicator: Indicator, unit: Unit | None, what: str, quantity: Quantity, of: str = ""
) -> tuple[str, str] | None:
    """What is wrong with a quantity that is compared with an indicator of that unit, and the way out; None if nothing.

    `what` is what the quantity is ("the threshold", "its target"), `of` whose.
    """
    said = f"{what} {quantity_text(quantity)}{of}"
    if unit is None and quantity.value:  # 0 is the same in every unit
        known = f"{quantity.unit} or others" if quantity.unit.factors else "RATIO where 1 is all of it, or PERCENT"
        return (
            f"nothing tells what {indicator.title} is measured in, so {said} would be compared with it as the number"
            f" {plain(quantity.value)}",
            f"state unit= in the indicator: in what its numbers are, {known}",
        )
    if unit is None or quantity.unit.measures_like(unit):
        return None
    return f"{indicator.title} is measured in {unit}, {said} is not", f"state a quantity of {unit}"
