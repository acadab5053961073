"""Alerts: one definition, compiled for Prometheus and for Grafana."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from tocsin.findings import DefinitionError
from tocsin.model.indicator import Condition
from tocsin.model.silence import Silence
from tocsin.source import Source, here


class Severity(StrEnum):
    """Who is woken: nobody, somebody in working hours, somebody now."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


INFO = Severity.INFO
WARNING = Severity.WARNING
CRITICAL = Severity.CRITICAL


@dataclass(frozen=True, slots=True, eq=False)
class Alert:
    """A condition that somebody must hear of.

    `hold` is how long the condition must be true (Prometheus's and Grafana's `for`), `keep_firing` how long the alert
    goes on after it. While it fires, Alertmanager does not send the weaker alerts that it `inhibits` for the same
    labels. `summary` and `description` may name the condition's labels, `{value}` and `{threshold}`; both are printed
    with their unit. `runbook` is a page of the runbook folder, without its ending.
    """

    name: str
    when: Condition = field(kw_only=True)
    hold: str = field(default="0s", kw_only=True)
    keep_firing: str = field(default="0s", kw_only=True)
    severity: Severity = field(kw_only=True)
    summary: str = field(kw_only=True)
    description: str = field(kw_only=True)
    runbook: str = field(kw_only=True)
    labels: Mapping[str, str] = field(default_factory=dict, kw_only=True)
    every: str = field(default="30s", kw_only=True)
    inhibits: tuple[Alert, ...] = field(default=(), kw_only=True)
    allow: tuple[Silence, ...] = field(default=(), kw_only=True)
    source: Source = field(default_factory=here, kw_only=True, repr=False)

    def __post_init__(self) -> None:
        if isinstance(self.name, str) and not slug(self.name):
            raise DefinitionError(
                f"an alert cannot be called {self.name!r}", help="give it a name such as AgentSlow", source=self.source
            )
        for label, way_out in _TAKEN.items():
            if label in self.labels:
                raise DefinitionError(
                    f"{self.name}: labels states {label}, which every alert has", help=way_out, source=self.source
                )

    @property
    def slug(self) -> str:
        """The name as file names and uids want it: AgentHighLatency is agent-high-latency."""
        return slug(self.name)


_TAKEN = {
    "alertname": "take it out: it is the alert's name",
    "severity": "take it out, and state severity=",
}
_WORD_START = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def slug(name: str) -> str:
    """A name in lower case, its words joined by hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", _WORD_START.sub("-", name).lower()).strip("-")
