"""The rules for Mimir, Thanos and Cortex: in a namespace each, in groups within their default limits."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tocsin.documents import Draft
from tocsin.plan import Plan
from tocsin.targets import prometheus_alerts
from tocsin.targets.kubernetes import recording_files

# Mimir's ruler_max_rules_per_rule_group.
_MOST_RULES = 20


def documents(plan: Plan) -> Iterator[Draft]:
    if plan.definitions.site.kubernetes is None:
        return
    recording = [group for file in recording_files(plan) for group in file.data["groups"]]
    yield _file("rules", [part for group in recording for part in _within_limits(group)])
    yield _file("alerts", list(_alert_groups(plan)))


def _file(name: str, groups: list[dict[str, Any]]) -> Draft:
    return Draft(f"mimir/{name}.yaml", "mimir-rules", {"namespace": f"tocsin-{name}", "groups": groups})


def _within_limits(group: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The group, or several one after the other where it has more rules than are allowed."""
    rules = group["rules"]
    parts = [rules[start : start + _MOST_RULES] for start in range(0, len(rules), _MOST_RULES)]
    for number, part in enumerate(parts, 1):
        name = group["name"] if len(parts) == 1 else f"{group['name']}-{number}"
        yield {**group, "name": name, "rules": part}


def _alert_groups(plan: Plan) -> Iterator[dict[str, Any]]:
    """The alerts of one interval together: a group of its own for each would soon be more groups than are allowed."""
    by_interval: dict[str, list[dict[str, Any]]] = {}
    for file in prometheus_alerts.documents(plan):
        for group in file.data["groups"]:
            by_interval.setdefault(group["interval"], []).extend(group["rules"])
    for interval, rules in sorted(by_interval.items()):
        yield from _within_limits({"name": f"alerts-{interval}", "interval": interval, "rules": rules})
