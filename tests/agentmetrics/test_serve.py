"""Scrapes: of a server of its own, of an app in another's, and of several processes together."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any
from wsgiref.util import setup_testing_defaults

import pytest
from prometheus_client import CollectorRegistry

from agentmetrics import AgentMetrics, asgi_app, start_metrics_server, wsgi_app
from agentmetrics.serve import MetricsServerError

_COUNTED = 'agent_request_duration_seconds_count{agent_name="support",model="unknown",tenant_id="acme"} 1.0'


@pytest.fixture
def counted(metrics: AgentMetrics, registry: CollectorRegistry) -> CollectorRegistry:
    with metrics.request():
        pass
    return registry


def test_server_answers_until_it_is_stopped(counted: CollectorRegistry) -> None:
    with start_metrics_server(0, address="127.0.0.1", registry=counted) as server:
        url = f"http://127.0.0.1:{server.port}/metrics"
        with urllib.request.urlopen(url, timeout=10) as answer:
            assert _COUNTED in answer.read().decode()
        with pytest.raises(MetricsServerError, match=f"127.0.0.1:{server.port}: the port is in use; choose another"):
            start_metrics_server(server.port, address="127.0.0.1", registry=counted)
    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(url, timeout=10)


def test_a_port_that_cannot_be_is_said_in_one_line(registry: CollectorRegistry) -> None:
    with pytest.raises(MetricsServerError, match=r"cannot serve metrics at 127\.0\.0\.1:70000: "):
        start_metrics_server(70000, address="127.0.0.1", registry=registry)


def test_asgi_app_answers(counted: CollectorRegistry) -> None:
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request"}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": "/metrics", "headers": [], "query_string": b""}
    asyncio.run(asgi_app(counted)(scope, receive, send))  # type: ignore[arg-type]
    assert sent[0]["status"] == 200
    assert _COUNTED in sent[1]["body"].decode()


def test_wsgi_app_answers(counted: CollectorRegistry) -> None:
    environ: dict[str, Any] = {}
    setup_testing_defaults(environ)
    body = b"".join(wsgi_app(counted)(environ, lambda status, headers: None))  # noqa: ARG005
    assert _COUNTED in body.decode()


_WORKERS = """
import os
from agentmetrics import AgentMetrics
from agentmetrics.serve import served
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.multiprocess import mark_process_dead

registry = CollectorRegistry()
metrics = AgentMetrics(registry=registry, agent_name="support", tenant_id="acme", limits={"tenant_id": 2})
metrics.budget("acme", daily=50)
for worker in range(3):
    if os.fork() == 0:
        metrics.session().start()
        metrics.budget("acme", daily=50)
        with metrics.request(), metrics.llm("gpt-4o-2024-08-06", "openai") as call:
            call.tokens(input=100, output=10)
        os._exit(0)
workers = [os.wait()[0] for _ in range(3)]
mark_process_dead(workers[0])
print(generate_latest(served(registry)).decode())
"""


def test_processes_of_one_server_are_scraped_together(tmp_path: Path) -> None:
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", _WORKERS], env=environment, capture_output=True, text=True, check=True, timeout=60
    )
    samples = dict(line.rsplit(" ", 1) for line in done.stdout.splitlines() if line and not line.startswith("#"))
    of = 'agent_name="support",model="gpt-4o-2024-08-06",tenant_id="acme"'
    assert samples[f"agent_request_duration_seconds_count{{{of}}}"] == "3.0"
    assert (
        samples[f'agent_request_duration_seconds_bucket{{agent_name="support",le="+Inf",{of.split(",", 1)[1]}}}']
        == "3.0"
    )
    assert samples[f"llm_cost_dollars_total{{{of}}}"] == "0.00105"
    # A session ends with its process; a budget is the same in all.
    assert samples['agent_active_sessions{agent_name="support",tenant_id="acme"}'] == "2.0"
    assert samples['tenant_daily_budget_usd{tenant_id="acme"}'] == "50.0"
    assert not any('pid="' in name for name in samples)
