"""The states of an alerting rule's instances over time, as Prometheus keeps them (rules/alerting.go)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from tocsin.proving.vectors import Labels, Vector

State = Literal["pending", "firing"]
States = Mapping[Labels, tuple[State, float]]


@dataclass(slots=True)
class _Active:
    since: float
    value: float
    state: State = "pending"
    kept_since: float | None = None


@dataclass(slots=True)
class AlertingRule:
    """One rule, evaluated from one moment to the next. Times are in seconds."""

    hold: float
    keep: float = 0.0
    _active: dict[Labels, _Active] = field(default_factory=dict)

    def evaluated(self, now: float, result: Vector) -> States:
        """The states after an evaluation whose condition gave that result."""
        for labels, value in result.items():
            active = self._active.setdefault(labels, _Active(now, value))
            active.value, active.kept_since = value, None
        for labels in [labels for labels in self._active if labels not in result]:
            active = self._active[labels]
            if active.state == "firing" and self.keep > 0:
                if active.kept_since is None:
                    active.kept_since = now
                if now - active.kept_since < self.keep:
                    continue
            del self._active[labels]
        for active in self._active.values():
            if active.state == "pending" and now - active.since >= self.hold:
                active.state = "firing"
        return {labels: (active.state, active.value) for labels, active in self._active.items()}
