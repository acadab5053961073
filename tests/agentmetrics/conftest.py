"""Metrics of their own for each test, and a look at what a scrape of them returns."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from agentmetrics import AgentMetrics

Exported = Callable[..., float | None]


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def metrics(registry: CollectorRegistry) -> AgentMetrics:
    return AgentMetrics(registry=registry, agent_name="support", tenant_id="acme")


@pytest.fixture
def exported(registry: CollectorRegistry) -> Exported:
    """The sum of the exported samples of a name whose labels include these; None where there is no such sample."""

    def value(name: str, **labels: str) -> float | None:
        found = [
            sample.value
            for family in text_string_to_metric_families(generate_latest(registry).decode())
            for sample in family.samples
            if sample.name == name and labels.items() <= sample.labels.items()
        ]
        return sum(found) if found else None

    return value
