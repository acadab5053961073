"""The output formats. Each module here is one: its `documents(plan)` are written. Adding a file adds a format."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tocsin.documents import Draft
    from tocsin.plan import Plan


def names() -> tuple[str, ...]:
    """The modules of this package, in the order in which they are compiled."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(__path__)))


def drafts(plan: Plan) -> Iterator[Draft]:
    """Every document of every target, one at a time."""
    for name in names():
        yield from importlib.import_module(f"{__name__}.{name}").documents(plan)
