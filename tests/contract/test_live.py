"""The live check: real programs and a real Prometheus beside the agents' catalog."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from projects import REPOSITORY
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Info,
    Summary,
    generate_latest,
    start_http_server,
)
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics
from servers import Answer, running_prometheus, serving

from agentmetrics import AgentMetrics
from agentmetrics.catalog import CATALOG, agent_request_duration
from tocsin.cli import main

ERRORS = ["agent_name", "error_type", "tenant_id"]
TOKENS = ["model", "token_type", "tenant_id", "agent_name"]
REQUESTS = ["agent_name", "model", "tenant_id"]


@pytest.fixture(autouse=True)
def in_the_project(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(REPOSITORY)


def live(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["live", *map(str, arguments)])


def found(*arguments: str | Path) -> dict[tuple[str, str], dict[str, Any]]:
    """The findings by id and metric."""
    answer = live(*arguments, "--format", "json")
    assert answer.exit_code in (0, 1), answer.output
    return {(one["id"], one["object"]): one for one in json.loads(answer.stdout)}


def broken(told: dict[tuple[str, str], dict[str, Any]]) -> set[tuple[str, str]]:
    """What breaks the contract, but for what is not exported at all."""
    return {key for key, one in told.items() if one["severity"] == "error" and key[0] != "live-missing"}


def agent(registry: CollectorRegistry) -> None:
    """What a program says that has answered one request."""
    metrics = AgentMetrics(registry=registry, agent_name="support", tenant_id="acme")
    with metrics.request(), metrics.llm("gpt-4o", "openai") as call:
        call.tokens(input=10, output=3)


def file(folder: Path, registry: CollectorRegistry, name: str = "app.prom") -> Path:
    path = folder / name
    path.write_bytes(generate_latest(registry))
    return path


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


def test_our_own_instrumentation_keeps_the_contract(registry: CollectorRegistry) -> None:
    agent(registry)
    server, thread = start_http_server(0, addr="127.0.0.1", registry=registry)
    try:
        answer = live(f"http://127.0.0.1:{server.server_port}/metrics")
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    assert answer.exit_code == 0, answer.output
    assert "no series yet: " in answer.output
    assert "error" not in answer.output.replace("_errors", "")


@pytest.mark.parametrize("write", [generate_latest, generate_openmetrics])
def test_each_breach_is_told_with_what_it_blinds(write: Any, registry: CollectorRegistry, tmp_path: Path) -> None:
    Counter("agent_errors", "", ["agent", "error_type", "tenant_id"], registry=registry).labels("a", "b", "c").inc()
    Counter("llm_tokens", "", TOKENS, registry=registry).labels("m", "completion", "t", "a").inc()
    Histogram("agent_request_duration_seconds", "", REQUESTS, buckets=(0.1, 7), registry=registry).labels("a", "m", "t")
    Gauge("llm_cost_dollars", "", ["model", "tenant_id", "agent_name"], registry=registry).labels("m", "t", "a").set(1)
    Gauge("tenant_daily_budget_usd", "", ["tenant_id", "plan"], registry=registry).labels("t", "gold").set(1)
    Counter("agent_timeouts", "", ["agent_name", "tenant_id"], registry=registry).labels("a", "t").inc()
    sessions = Gauge("agent_active_sessions", "", ["agent_name", "tenant_id"], registry=registry)
    for number in range(501):
        sessions.labels("a", str(number)).set(1)
    path = tmp_path / "app.prom"
    path.write_bytes(write(registry))
    told = found(path)
    assert broken(told) == {
        ("live-label", "agent_errors_total"),
        ("live-value", "llm_tokens_total"),
        ("live-bucket", "agent_request_duration_seconds"),
        ("live-unknown", "llm_cost_dollars"),
        ("live-label", "tenant_daily_budget_usd"),
        ("live-unknown", "agent_timeouts_total"),
        ("live-cardinality", "agent_active_sessions"),
    }
    assert "AgentHighLatency" in told["live-bucket", "agent_request_duration_seconds"]["message"]
    assert "with 7.0" in told["live-bucket", "agent_request_duration_seconds"]["message"]
    assert "AI Agents / Token usage" in told["live-value", "llm_tokens_total"]["message"]
    assert "501 values" in told["live-cardinality", "agent_active_sessions"]["message"]
    assert told["live-unknown", "agent_timeouts_total"]["help"] == "call it agent_timeout_total"
    assert told["live-value", "llm_tokens_total"]["expr"].startswith('llm_tokens_total{agent_name="a"')
    assert live(path).exit_code == 1


def test_missing_label_names_the_one_that_stands_for_it(registry: CollectorRegistry, tmp_path: Path) -> None:
    Counter("agent_errors", "", ["agent", "error_type", "tenant_id"], registry=registry).labels("a", "b", "c").inc()
    answer = live(file(tmp_path, registry))
    assert "no label agent_name, but agent; this blinds alerts AgentHighErrorRate, " in answer.output


def test_wrong_type_is_a_breach(registry: CollectorRegistry, tmp_path: Path) -> None:
    Gauge("agent_errors_total", "", ERRORS, registry=registry).labels("a", "b", "c").set(1)
    assert "exported as a gauge" in found(file(tmp_path, registry))["live-type", "agent_errors_total"]["message"]


def test_what_an_alert_reads_is_missed_and_what_waits_for_an_event_is_not(
    registry: CollectorRegistry, tmp_path: Path
) -> None:
    Counter("agent_errors", "", ERRORS, registry=registry)
    Gauge("agent_active_sessions", "", ["agent_name", "tenant_id"], registry=registry).labels("a", "t").set(0)
    Counter("agent_cache_hits", "Not ours.", registry=registry)
    path = file(tmp_path, registry)
    told = found(path)
    assert not broken(told)
    assert told["live-missing", "agent_request_duration_seconds"]["severity"] == "error"
    assert told["live-missing", "agent_chain_length"]["severity"] == "warning"  # a panel reads it, and no alert
    assert told["live-empty", "agent_errors_total"]["severity"] == "info"
    assert told["live-unknown", "agent_cache_hits_total"]["severity"] == "warning"
    assert "AgentHighLatency" in told["live-missing", "agent_request_duration_seconds"]["message"]
    answer = live(path)
    assert answer.exit_code == 1
    assert f"agents: 1 of {len(CATALOG.metrics)} metrics exported; no series yet: agent_errors_total" in answer.output
    complete = found(path, "--complete")
    assert complete["live-missing", "agent_request_duration_seconds"]["severity"] == "error"
    assert complete["live-empty", "agent_errors_total"]["severity"] == "info"
    assert ("live-missing", "tenant_daily_budget_usd") not in complete  # a table states it


def test_program_that_exports_nothing_of_ours_is_a_breach(tmp_path: Path) -> None:
    path = tmp_path / "other.prom"
    path.write_text("go_goroutines 7\n")
    findings = json.loads(live(path, "--format", "json").stdout)
    assert all(finding["message"].startswith("exports none of the") for finding in findings)
    assert live(path).exit_code == 1


def test_several_sources_are_one_fleet(tmp_path: Path) -> None:
    good, bad = CollectorRegistry(), CollectorRegistry()
    agent(good)
    Counter("llm_tokens", "", TOKENS, registry=bad).labels("m", "completion", "t", "a").inc()
    told = found(file(tmp_path, good, "good.prom"), file(tmp_path, bad, "bad.prom"))
    breaches = [one for one in told.values() if one["severity"] == "error"]
    assert [one["id"] for one in breaches] == ["live-value"]
    assert "(in 1 of 2 sources)" in breaches[0]["message"]
    assert breaches[0]["file"].endswith("bad.prom")


def test_labels_that_a_scrape_added_are_welcome(tmp_path: Path) -> None:
    path = tmp_path / "federated.prom"
    labels = 'agent_name="a",tenant_id="t",instance="x:1",job="agents",namespace="ai"'
    path.write_text(f"# TYPE agent_active_sessions gauge\nagent_active_sessions{{{labels}}} 1\n")
    assert not broken(found(path))


def test_old_timestamps_are_stale(tmp_path: Path) -> None:
    now = int(time.time() * 1000)
    line = 'agent_active_sessions{{agent_name="{}",tenant_id="t"}} 1 {}\n'
    old, fresh = line.format("a", now - 600_000), line.format("b", now)
    head = "# TYPE agent_active_sessions gauge\n"
    with serving(Answer((head + old).encode())) as url:
        told = found(f"{url}/metrics")["live-stale", "agent_active_sessions"]
    assert (told["severity"], "10 m" in told["message"]) == ("error", True)
    with serving(Answer((head + old + fresh).encode())) as url:
        told = found(f"{url}/metrics")["live-stale", "agent_active_sessions"]
    assert (told["severity"], "1 of 2 series has" in told["message"]) == ("warning", True)
    path = tmp_path / "saved.prom"
    path.write_text(head + line.format("a", 1_000_000))
    assert not broken(found(path))


@pytest.mark.parametrize("write", [generate_latest, generate_openmetrics])
def test_an_exposition_keeps_the_contract_that_is_read_off_it(
    write: Any, registry: CollectorRegistry, tmp_path: Path
) -> None:
    agent(registry)
    Summary("size_bytes", "", ["kind"], registry=registry).labels("x").observe(1)
    Info("build", "", registry=registry).info({"version": "1"})
    path = tmp_path / "app.prom"
    path.write_bytes(write(registry))
    assert {one["id"] for one in found(path, "--catalog", path).values()} <= {"live-empty"}


def test_another_catalog_needs_no_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "old.prom").write_text('# TYPE a_total counter\na_total{x="1"} 1\n# TYPE b gauge\nb 1\n')
    (tmp_path / "new.prom").write_text('# TYPE a_total gauge\na_total{x="2"} 1\n# TYPE b gauge\nb 1\n')
    told = found("new.prom", "--catalog", "old.prom")
    assert {key[0] for key in told} == {"live-type"}
    answer = live("new.prom")
    assert answer.exit_code == 2
    assert "no Tocsin project" in answer.stderr


@pytest.mark.parametrize(
    ("text", "says"),
    [("agent_active_sessions{agent_na", ":1: error: this is no sample"), ("agent_active_sessions 1", "cut off")],
)
def test_cut_off_text_is_one_clear_error(text: str, says: str, tmp_path: Path) -> None:
    path = tmp_path / "cut.prom"
    path.write_text(text)
    answer = live(path)
    assert answer.exit_code == 2
    assert says in answer.stderr
    assert len(answer.stderr.splitlines()) == 2


def test_unreachable_address_is_one_clear_error() -> None:
    answer = live("http://127.0.0.1:1/metrics")
    assert answer.exit_code == 2
    assert answer.stderr.startswith("http://127.0.0.1:1/metrics: error: cannot be reached: Connection refused")


_CONFIG = """
global: {{scrape_interval: 200ms}}
scrape_configs:
  - job_name: agents
    static_configs:
      - {{targets: ["127.0.0.1:{ours}"], labels: {{namespace: ai, zone: north}}}}
      - {{targets: ["127.0.0.1:{gone}"], labels: {{namespace: ai, zone: south}}}}
"""


def found_where_up(source: str, check: str, metric: str, severity: str) -> dict[tuple[str, str], dict[str, Any]]:
    """The findings, asked for again while this one is not there as it is where the program is up.

    A scrape that takes a busy machine too long is a failed one, and its target is down until the next.
    """
    deadline = time.monotonic() + 20
    while True:
        told = found(source)
        if told.get((check, metric), {}).get("severity") == severity or time.monotonic() > deadline:
            return told


def test_real_prometheus_tells_breaches_and_what_is_gone(tmp_path: Path) -> None:
    ours, other = CollectorRegistry(), CollectorRegistry()
    took = Histogram(
        "agent_request_duration_seconds", "", REQUESTS, buckets=agent_request_duration.buckets, registry=ours
    )
    took.labels("a", "m", "t").observe(1)
    Counter("agent_timeout", "No series yet.", ["agent_name", "tenant_id"], registry=ours)
    Gauge("tenant_monthly_budget_usd", "", ["tenant_id"], registry=ours)
    Counter("agent_surprise", "", registry=ours)
    Gauge("tenant_daily_budget_usd", "", ["tenant_id"], registry=other).labels("acme").set(100)
    Gauge("tenant_monthly_budget_usd", "", ["tenant"], registry=other).labels("acme").set(100)
    running = [start_http_server(0, addr="127.0.0.1", registry=one) for one in (ours, other)]
    ports = [server.server_port for server, _ in running]
    try:
        with running_prometheus(tmp_path, _CONFIG.format(ours=ports[0], gone=ports[1])) as server:
            server.wait_for("tenant_daily_budget_usd and on () count(agent_request_duration_seconds_count)")
            before = found_where_up(f"prometheus+{server.url}", "live-empty", "agent_timeout_total", "info")
            running[1][0].shutdown()
            running[1][0].server_close()
            server.wait_for('up{zone="south"} == 0')
            server.wait_for(f"vector(1) unless on () last_over_time(tenant_daily_budget_usd[{4 * 200}ms])")
            after = found_where_up(f"prometheus+{server.url}", "live-stale", "tenant_monthly_budget_usd", "warning")
    finally:
        for one, thread in running:
            one.shutdown()
            one.server_close()
            thread.join()
    assert broken(before) == {("live-label", "tenant_monthly_budget_usd")}
    assert before["live-unknown", "agent_surprise_total"]["severity"] == "warning"
    assert before["live-empty", "agent_timeout_total"]["severity"] == "info"
    assert after["live-stale", "tenant_monthly_budget_usd"]["severity"] == "warning"
    gone = after["live-stale", "tenant_daily_budget_usd"]
    assert gone["severity"] == "error"
    assert "DailyCostBudgetExceeded" in gone["message"]
