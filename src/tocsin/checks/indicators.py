"""Indicators: targets that can be compared with them."""

from __future__ import annotations

from collections.abc import Iterator

from tocsin.display import quantity_text
from tocsin.findings import Finding, Severity
from tocsin.plan import Plan


def findings(plan: Plan) -> Iterator[Finding]:
    for name, indicator in plan.definitions.indicators.items():
        unit = plan.unit_of(indicator)
        bounds = indicator.target.quantities if indicator.target is not None else ()
        for quantity in bounds:
            if unit is not None and not quantity.unit.measures_like(unit):
                yield Finding(
                    "unit-mismatch",
                    Severity.ERROR,
                    f"{indicator.title} is measured in {unit}, its target {quantity_text(quantity)} is not",
                    f"state the target in {unit}",
                    indicator.source,
                    name,
                )
