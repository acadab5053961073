"""All that a project defines, as it was collected."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from tocsin.metrics import Catalog
from tocsin.model.alert import Alert
from tocsin.model.dashboard import Dashboard
from tocsin.model.environment import Settings
from tocsin.model.indicator import Indicator
from tocsin.model.mapping import SeriesMapping
from tocsin.model.recording import RuleGroup
from tocsin.model.scenario import Proof
from tocsin.model.site import Site
from tocsin.model.table import Table


@dataclass(frozen=True, slots=True)
class Definitions:
    """All definitions of a project.

    `indicators` are by name: the variable that each was assigned to. `runbooks` are the pages of the site's runbook
    folder by their names without the ending. `root` is the project's folder.
    """

    site: Site
    catalogs: tuple[Catalog, ...] = ()
    indicators: Mapping[str, Indicator] = field(default_factory=dict)
    dashboards: tuple[Dashboard, ...] = ()
    alerts: tuple[Alert, ...] = ()
    groups: tuple[RuleGroup, ...] = ()
    mappings: tuple[SeriesMapping, ...] = ()
    tables: tuple[Table, ...] = ()
    proofs: tuple[Proof, ...] = ()
    settings: Settings | None = None
    runbooks: Mapping[str, str] = field(default_factory=dict)
    root: str = "."

    def proofs_of(self, subject: Alert | Indicator) -> Iterator[Proof]:
        """The proofs of an alert, or of a recorded indicator."""
        return (proof for proof in self.proofs if proof.of is subject)

    def name_of(self, indicator: Indicator) -> str:
        """The variable that an indicator was assigned to, or its title."""
        for name, known in self.indicators.items():
            if known is indicator.root:
                return name
        return indicator.title
