"""The checks. Each module here is a family: its `findings(plan)` are reported. Adding a file adds a family."""

from __future__ import annotations

import importlib
import pkgutil
from typing import TYPE_CHECKING

from tocsin.source import Source

if TYPE_CHECKING:
    from tocsin.findings import Finding
    from tocsin.plan import Plan


def check(plan: Plan) -> list[Finding]:
    """All findings but the silenced ones, by file and line."""
    from tocsin.silences import without_silenced

    found: set[Finding] = set()
    for module in sorted(info.name for info in pkgutil.iter_modules(__path__)):
        found.update(importlib.import_module(f"{__name__}.{module}").findings(plan))
    nowhere = Source("")
    told = without_silenced(found, plan.definitions)
    return sorted(told, key=lambda one: (one.source or nowhere, -one.severity, one.id, one.message))
