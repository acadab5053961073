"""Indicators: targets that can be compared with them."""

from __future__ import annotations

from collections.abc import Iterator

from tocsin.checks.units import misfit
from tocsin.findings import Finding, Severity
from tocsin.plan import Plan


def findings(plan: Plan) -> Iterator[Finding]:
    for name, indicator in plan.definitions.indicators.items():
        unit = plan.unit_of(indicator)
        bounds = indicator.target.quantities if indicator.target is not None else ()
        for quantity in bounds:
            wrong = misfit(indicator, unit, "its target", quantity)
            if wrong:
                yield Finding("unit-mismatch", Severity.ERROR, *wrong, indicator.source, name)
