"""What `tocsin check --against` does: hold the project's catalogs to what they promised before."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from tocsin.contract.changes import contract_breaks
from tocsin.contract.revision import catalogs_at
from tocsin.contract.sources import catalog_from, is_source
from tocsin.findings import Finding
from tocsin.metrics import Catalog
from tocsin.plan import Plan
from tocsin.project import Settings
from tocsin.readers import readers_of
from tocsin.source import Source


def breaks_against(settings: Settings, plan: Plan, older: str) -> Iterator[Finding]:
    """What the catalogs break of an older contract: that of a git revision, or of a SOURCE. Raises TocsinError."""
    old = (catalog_from(older),) if is_source(older) else catalogs_at(settings, older)
    new = plan.definitions.catalogs
    return contract_breaks(old, new, readers_of(plan), dict(_places(settings, new)))


def _places(settings: Settings, catalogs: Sequence[Catalog]) -> Iterator[tuple[str, Source]]:
    """Where the metrics are named in the catalogs' modules; "" is the first module."""
    modules = (sys.modules.get(name.partition(":")[0]) for name in settings.catalogs)
    files = [str(module.__file__) for module in modules if module is not None and module.__file__]
    if files:
        yield "", Source(files[0])
    lines = [(file, Path(file).read_text(encoding="utf-8").splitlines()) for file in files]
    for metric in (metric for catalog in catalogs for metric in catalog):
        for file, text in lines:
            line = next((number for number, line in enumerate(text, 1) if f'"{metric.name}"' in line), None)
            if line:
                yield metric.name, Source(file, line)
                break
