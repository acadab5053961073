"""Every document meets a strict schema, and the schemas refuse what Grafana or Prometheus would choke on."""

from __future__ import annotations

import copy
from collections.abc import Callable
from importlib import resources
from typing import Any

import jsonschema_rs
import pytest
from jsonschema import Draft202012Validator

from tocsin.documents import Draft, schema, validate
from tocsin.findings import TocsinError
from tocsin.plan import Plan
from tocsin.targets import drafts

NAMES = sorted(
    file.name.removesuffix(".json")
    for file in resources.files("tocsin.schemas").iterdir()
    if file.name.endswith(".json")
)
Break = Callable[[Any], object]


@pytest.fixture(scope="module")
def made(project_plan: Plan) -> dict[str, Draft]:
    """One draft of each kind, by its schema."""
    found = {draft.schema: draft for draft in drafts(project_plan)}
    # The one that has panels of most kinds.
    agents = next(draft for draft in drafts(project_plan) if draft.path.endswith("/ai-agents.json"))
    return {**found, agents.schema: agents}


@pytest.mark.parametrize("name", NAMES)
def test_schema_is_itself_valid(name: str) -> None:
    Draft202012Validator.check_schema(schema(name))


def test_every_schema_is_used(made: dict[str, Draft]) -> None:
    assert {*made, "manifest"} == set(NAMES)


def test_manifest_meets_its_schema(project_copy: Any) -> None:
    data = jsonschema_rs.validator_for(schema("manifest"))
    import orjson

    assert data.is_valid(orjson.loads((project_copy.root / "generated/manifest.json").read_bytes()))


def test_both_validators_accept_every_document(project_plan: Plan) -> None:
    for draft in drafts(project_plan):
        assert jsonschema_rs.validator_for(schema(draft.schema)).is_valid(draft.data), draft.path
        assert Draft202012Validator(schema(draft.schema)).is_valid(draft.data), draft.path


def rule(data: Any) -> Any:
    return data["groups"][0]["rules"][0]


def model(data: Any, kind: str) -> Any:
    steps = rule(data)["data"]
    return next(step["model"] for step in steps if step["model"].get("type", "query") == kind)


def panel(data: Any, kind: str) -> Any:
    return next(one for one in data["panels"] if one["type"] == kind)


def say(data: Any, text: str) -> None:
    rule(data)["annotations"]["description"] = text


BROKEN: dict[str, tuple[str, Break]] = {
    "a rule nested as in the API": ("grafana-alert-rules", lambda data: rule(data).update(grafana_alert={})),
    "a rule without a title": ("grafana-alert-rules", lambda data: rule(data).pop("title")),
    "a blank folder": ("grafana-alert-rules", lambda data: data["groups"][0].update(folder=" ")),
    "an interval that is no multiple of 10 s": (
        "grafana-alert-rules",
        lambda data: data["groups"][0].update(interval="15s"),
    ),
    "a uid of 41 characters": ("grafana-alert-rules", lambda data: rule(data).update(uid="x" * 41)),
    "a uid with a blank": ("grafana-alert-rules", lambda data: rule(data).update(uid="a b")),
    "no state for missing data": ("grafana-alert-rules", lambda data: rule(data).pop("noDataState")),
    "a state that is none": ("grafana-alert-rules", lambda data: rule(data).update(execErrState="Ok")),
    "a classic condition in a threshold": (
        "grafana-alert-rules",
        lambda data: model(data, "threshold")["conditions"][0].update(operator={"type": "and"}),
    ),
    "two conditions in a threshold": (
        "grafana-alert-rules",
        lambda data: model(data, "threshold")["conditions"].append(model(data, "threshold")["conditions"][0]),
    ),
    "a threshold of two numbers": (
        "grafana-alert-rules",
        lambda data: model(data, "threshold")["conditions"][0]["evaluator"].update(params=[1, 2]),
    ),
    "a query over a range": ("grafana-alert-rules", lambda data: model(data, "query").update(range=True)),
    "a query without a time range": (
        "grafana-alert-rules",
        lambda data: rule(data)["data"][0].update(relativeTimeRange={"from": 0, "to": 0}),
    ),
    "grafanalib's -100 for expressions": (
        "grafana-alert-rules",
        lambda data: rule(data)["data"][1].update(datasourceUid="-100"),
    ),
    "no threshold": ("grafana-alert-rules", lambda data: rule(data)["data"].pop(2)),
    "a value printed whole": ("grafana-alert-rules", lambda data: say(data, "now {{ $values.B }}")),
    "a template that Grafana's shell expansion eats": (
        "grafana-alert-rules",
        lambda data: say(data, "costs ${{ $values.B.Value }}"),
    ),
    "Prometheus's value in Grafana": ("grafana-alert-rules", lambda data: say(data, "now {{ $value }}")),
    "an unescaped $ in a label": (
        "grafana-alert-rules",
        lambda data: rule(data)["labels"].update(agent="{{ $labels.agent_name }}"),
    ),
    "a panel without its dashboard": ("grafana-alert-rules", lambda data: rule(data).pop("dashboardUid")),
    "an alert without a severity": ("prometheus-rules", lambda data: rule(data)["labels"].pop("severity")),
    "a value in a label": ("prometheus-rules", lambda data: rule(data)["labels"].update(value="{{ $value }}")),
    "a duration in words": ("prometheus-rules", lambda data: rule(data).update({"for": "5 minutes"})),
    "a group without rules": ("prometheus-rules", lambda data: data["groups"][0].update(rules=[])),
    "an alert that is a record too": ("prometheus-rules", lambda data: rule(data).update(record="a:b")),
    "a test without an interval": ("promtool-tests", lambda data: data["tests"][0].pop("interval")),
    "a test that asserts nothing": ("promtool-tests", lambda data: data["tests"][0].pop("alert_rule_test")),
    "a test of no rules": ("promtool-tests", lambda data: data.update(rule_files=[])),
    "grafanalib's schema version": ("grafana-dashboard", lambda data: data.update(schemaVersion=12)),
    "a data source by name": ("grafana-dashboard", lambda data: panel(data, "stat").update(datasource="Prometheus")),
    "a fixed data source": (
        "grafana-dashboard",
        lambda data: panel(data, "stat")["targets"][0].update(datasource={"type": "prometheus", "uid": "abc"}),
    ),
    "a panel of Angular's time": ("grafana-dashboard", lambda data: panel(data, "timeseries").update(type="graph")),
    "a panel without a target": ("grafana-dashboard", lambda data: panel(data, "stat").update(targets=[])),
    "a panel without a description": ("grafana-dashboard", lambda data: panel(data, "stat").update(description="")),
    "a panel without a unit": (
        "grafana-dashboard",
        lambda data: panel(data, "stat")["fieldConfig"]["defaults"].pop("unit"),
    ),
    "a panel off the grid": ("grafana-dashboard", lambda data: panel(data, "stat")["gridPos"].update(w=25)),
    "a heatmap of plain series": (
        "grafana-dashboard",
        lambda data: panel(data, "heatmap")["targets"][0].update(format="time_series"),
    ),
    "a target neither instant nor range": (
        "grafana-dashboard",
        lambda data: panel(data, "stat")["targets"][0].update(instant=False, range=False),
    ),
    "a variable that is not refreshed": (
        "grafana-dashboard",
        lambda data: data["templating"]["list"][1].update(refresh=0),
    ),
    "an option that stat panels do not have": (
        "grafana-dashboard",
        lambda data: panel(data, "stat")["options"].update(fieldOptions={}),
    ),
    "a secret in a data source": (
        "grafana-datasources",
        lambda data: data["datasources"][1]["secureJsonData"].update(basicAuthPassword="sk-lf-123"),
    ),
    "a provider of a relative path": (
        "grafana-dashboard-providers",
        lambda data: data["providers"][0]["options"].update(path="dashboards"),
    ),
    "a contact point without settings": (
        "grafana-contact-points",
        lambda data: data["contactPoints"][0]["receivers"][0].update(settings={}),
    ),
    "a policy without a receiver": ("grafana-policies", lambda data: data["policies"][0].pop("receiver")),
    "a matcher of two parts": (
        "grafana-policies",
        lambda data: data["policies"][0]["routes"][0].update(object_matchers=[["severity", "critical"]]),
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_document_is_refused_with_its_place(name: str, made: dict[str, Draft], project_plan: Plan) -> None:
    kind, break_it = BROKEN[name]
    draft = made[kind]
    if kind == "prometheus-rules":
        draft = next(one for one in drafts(project_plan) if one.path.startswith("prometheus/alerts/"))
    data = copy.deepcopy(draft.data)
    break_it(data)
    assert data != draft.data
    assert not Draft202012Validator(schema(kind)).is_valid(data)
    with pytest.raises(TocsinError, match=rf"{draft.path} would be invalid at \$"):
        validate(Draft(draft.path, kind, data))
