"""What the terminal shows: alerts as they go pending, firing, to the Alertmanager, and are resolved."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from demo.services import Service

Key = tuple[str, tuple[tuple[str, str], ...]]
_OURS = ("alertname", "severity")


class Watch:
    """Tells what has changed since it last looked."""

    def __init__(self, prometheus: Service, alertmanager: Service, say: Callable[[str], None]) -> None:
        self._prometheus, self._alertmanager, self._say = prometheus, alertmanager, say
        self._states: dict[Key, str] = {}
        self._told: set[Key] = set()

    def look(self) -> None:
        """Asks both. Raises DemoError where one of them is gone."""
        alerts = {_key(one["labels"]): one for one in self._prometheus.get("/api/v1/alerts")["data"]["alerts"]}
        for key, alert in alerts.items():
            if self._states.get(key) != alert["state"]:
                words = alert["annotations"].get("description", "") if alert["state"] == "firing" else ""
                self._say(f"{alert['state'].upper():9} {_named(key)}  {words}".rstrip())
        for key, state in self._states.items():
            if key not in alerts:
                self._say(f"{'RESOLVED' if state == 'firing' else 'CALM':9} {_named(key)}")
        self._states = {key: alert["state"] for key, alert in alerts.items()}
        told = set(_keys(self._alertmanager.get("/api/v2/alerts?active=true")))
        for key in sorted(told - self._told):
            self._say(f"NOTIFIED  {_named(key)}  (Alertmanager has it)")
        self._told = told


def _keys(alerts: Iterable[Mapping[str, Any]]) -> Iterable[Key]:
    return (_key(alert["labels"]) for alert in alerts)


def _key(labels: Mapping[str, str]) -> Key:
    return labels["alertname"], tuple(sorted((name, value) for name, value in labels.items() if name not in _OURS))


def _named(key: Key) -> str:
    name, labels = key
    return f"{name} " + " ".join(f"{label}={value}" for label, value in labels)
