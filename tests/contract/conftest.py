"""Real programs that expose metrics, and a real Prometheus that scrapes them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, start_http_server
from servers import Prometheus, running_prometheus

_CONFIG = """
global: {{scrape_interval: 200ms, evaluation_interval: 200ms}}
rule_files: [rules.yml]
scrape_configs:
  - job_name: shop
    static_configs:
      - {{targets: ["127.0.0.1:{port}"], labels: {{zone: north}}}}
"""
_RULES = """
groups:
  - name: shop
    rules:
      - {record: "route:asked:rate1m", expr: "sum by (route) (rate(asked_total[1m]))"}
"""


def shop() -> CollectorRegistry:
    """What a small program exports."""
    registry = CollectorRegistry()
    asked = Counter("asked", "Requests.", ["route", "code"], registry=registry)
    asked.labels("/", "200").inc(5)
    asked.labels("/pay", "500").inc()
    Histogram("took_seconds", "Time.", ["route"], buckets=(0.5, 1, 2.5), registry=registry).labels("/").observe(0.7)
    Gauge("open_sessions", "Sessions.", registry=registry).set(3)
    Counter("refused", "Refused requests.", ["why"], registry=registry)
    return registry


@pytest.fixture(scope="session")
def shop_url() -> Iterator[str]:
    """The address of the program's metrics."""
    server, thread = start_http_server(0, addr="127.0.0.1", registry=shop())
    yield f"http://127.0.0.1:{server.server_port}/metrics"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="session")
def scraping(shop_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """A Prometheus that has scraped the program, and recorded."""
    folder: Path = tmp_path_factory.mktemp("scraping")
    (folder / "rules.yml").write_text(_RULES)
    port = shop_url.removesuffix("/metrics").rpartition(":")[2]
    with running_prometheus(folder, _CONFIG.format(port=port)) as found:
        found.wait_for("route:asked:rate1m")
        yield found
