"""How much the instrumentation costs an agent.

    python benchmarks/instrumentation.py [ROUNDS]        (default: 60)

One request is what a small agent does: two calls of a model with their tokens (read, written, cached) and their cost,
two calls of tools and one search. The same is counted by bare prometheus_client calls, as one writes them by hand:
`.labels(...)` at each place, the cost computed beforehand. Both run in turns, in this process; the processor's time of
the best round counts, since everything else that runs here only adds.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from time import perf_counter, process_time
from typing import Any

import prometheus_client as client

from agentmetrics import AgentMetrics
from agentmetrics.catalog import CATALOG
from tocsin.metrics import Counter, Gauge, Histogram

REQUESTS = 500


def instrumented() -> Callable[[], None]:
    metrics = AgentMetrics(registry=client.CollectorRegistry(), agent_name="support")

    def request() -> None:
        with metrics.request(tenant_id="acme"):
            for _ in range(2):
                with metrics.llm("gpt-4o", "openai") as call:
                    call.tokens(input=1200, output=300, cache_read=800)
                with metrics.tool("search"):
                    pass
            with metrics.retrieval("docs"):
                pass

    return request


def bare() -> Callable[[], None]:
    registry = client.CollectorRegistry()
    made: dict[str, Any] = {}
    for metric in CATALOG:
        kind = {Counter: client.Counter, Gauge: client.Gauge, Histogram: client.Histogram}[type(metric)]
        buckets = {"buckets": metric.buckets} if isinstance(metric, Histogram) else {}
        made[metric.name] = kind(metric.name, metric.help, metric.label_names, registry=registry, **buckets)
    tokens, cost = made["llm_tokens_total"], made["llm_cost_dollars_total"]

    def request() -> None:
        began = perf_counter()
        for _ in range(2):
            called = perf_counter()
            made["llm_inference_duration_seconds"].labels("gpt-4o", "openai").observe(perf_counter() - called)
            tokens.labels("gpt-4o", "input", "acme", "support").inc(400)
            tokens.labels("gpt-4o", "output", "acme", "support").inc(300)
            tokens.labels("gpt-4o", "cache_read", "acme", "support").inc(800)
            cost.labels("gpt-4o", "acme", "support").inc(0.005)
            called = perf_counter()
            made["tool_execution_duration_seconds"].labels("search", "support").observe(perf_counter() - called)
        called = perf_counter()
        made["vector_search_duration_seconds"].labels("docs", "support").observe(perf_counter() - called)
        made["agent_request_duration_seconds"].labels("support", "gpt-4o", "acme").observe(perf_counter() - began)
        made["agent_chain_length"].labels("support").observe(5)
        made["agent_tool_calls"].labels("support").observe(2)
        made["agent_iterations"].labels("support").observe(2)

    return request


def plain() -> Callable[[], None]:
    """A request that does nothing but be counted."""
    metrics = AgentMetrics(registry=client.CollectorRegistry(), agent_name="support")

    def request() -> None:
        with metrics.request(tenant_id="acme"):
            pass

    return request


def measure(rounds: int) -> dict[str, float]:
    """Microseconds for one request, each way."""
    ways = {"instrumented": instrumented(), "bare": bare(), "request alone": plain()}
    best = dict.fromkeys(ways, float("inf"))
    for _ in range(rounds):
        for name, request in ways.items():
            began = process_time()
            for _ in range(REQUESTS):
                request()
            best[name] = min(best[name], (process_time() - began) / REQUESTS * 1e6)
    return best


def main(rounds: int) -> None:
    best = measure(rounds)
    for name, micros in best.items():
        sys.stdout.write(f"{name:<14} {micros:6.2f} us a request\n")
    times, added = best["instrumented"] / best["bare"], best["instrumented"] - best["bare"]
    sys.stdout.write(f"{times:.2f} x bare calls, {added:+.2f} us on a request\n")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 60)
