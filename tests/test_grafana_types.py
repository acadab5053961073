"""What we write passes through Grafana's own types, from its Foundation SDK, and comes back equal."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from grafana_foundation_sdk.cog import plugins
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import alerting
from grafana_foundation_sdk.models.dashboard import Dashboard

# What Grafana's provisioning files call otherwise than its API, whose types these are.
FILE_NAMES = {"keepFiringFor": "keep_firing_for", "missing_series_evals_to_resolve": "missingSeriesEvalsToResolve"}
# Of provisioning files alone: the API has them in annotations.
ONLY_IN_FILES = {"dashboardUid", "panelId"}


@pytest.fixture(scope="module", autouse=True)
def _panel_types() -> None:
    plugins.register_default_plugins()


def returned(value: Any) -> Any:
    return json.loads(JSONEncoder(sort_keys=True).encode(value))


def differences(ours: Any, theirs: Any, path: str = "$") -> Iterator[str]:
    """Every field of ours that did not come back equal."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for name, value in ours.items():
            if name in theirs:
                yield from differences(value, theirs[name], f"{path}.{name}")
            else:
                yield f"{path}.{name} is unknown to Grafana"
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for place, (one, other) in enumerate(zip(ours, theirs, strict=True)):
            yield from differences(one, other, f"{path}[{place}]")
    elif ours != theirs:
        yield f"{path} is {ours!r}, and came back as {theirs!r}"


def test_dashboards_come_back_equal(project_documents: dict[str, Any]) -> None:
    dashboards = [data for path, data in project_documents.items() if path.startswith("grafana/dashboards/")]
    assert dashboards
    for data in dashboards:
        assert list(differences(data, returned(Dashboard.from_json(copy.deepcopy(data))))) == []


def test_field_that_grafana_does_not_know_would_be_seen(project_documents: dict[str, Any]) -> None:
    data = copy.deepcopy(project_documents["grafana/dashboards/ai-agents.json"])
    panel = next(panel for panel in data["panels"] if panel["type"] == "stat")
    panel["options"]["sparkline"] = True
    panel["fieldConfig"]["defaults"]["units"] = "s"
    told = list(differences(data, returned(Dashboard.from_json(copy.deepcopy(data)))))
    assert [one.rpartition(".")[2] for one in told] == [
        "units is unknown to Grafana",
        "sparkline is unknown to Grafana",
    ]


def groups(documents: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        group
        for path, data in documents.items()
        if path.startswith("grafana/provisioning/alerting/")
        for group in data.get("groups", ())
    ]


def test_alert_rules_come_back_equal(project_documents: dict[str, Any]) -> None:
    assert len(groups(project_documents)) > 20
    for group in groups(project_documents):
        for rule in group["rules"]:
            as_api = {FILE_NAMES.get(name, name): value for name, value in rule.items() if name not in ONLY_IN_FILES}
            made = alerting.Rule.from_json({**copy.deepcopy(as_api), "orgID": 1, "folderUID": "f", "ruleGroup": "g"})
            assert list(differences(as_api, returned(made))) == []


def test_contact_points_come_back_equal(project_documents: dict[str, Any]) -> None:
    (contact,) = project_documents["grafana/provisioning/alerting/contact-points.yaml"]["contactPoints"]
    for receiver in contact["receivers"]:
        assert list(differences(receiver, returned(alerting.ContactPoint.from_json(copy.deepcopy(receiver))))) == []


def test_notification_policies_come_back_equal(project_documents: dict[str, Any]) -> None:
    (policy,) = project_documents["grafana/provisioning/alerting/notification-policies.yaml"]["policies"]
    ours = {name: value for name, value in policy.items() if name != "orgId"}
    assert list(differences(ours, returned(alerting.NotificationPolicy.from_json(copy.deepcopy(ours))))) == []
