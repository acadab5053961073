"""Catalogs from Python, expositions and a real Prometheus, and what the analysis makes of them."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from prometheus_client import generate_latest
from servers import Answer, Prometheus, serving

from agentmetrics.catalog import CATALOG
from tocsin.contract.inferred import unit_of
from tocsin.contract.sources import catalog_from, is_source
from tocsin.findings import TocsinError
from tocsin.metrics import Catalog, Counter, Gauge, Histogram
from tocsin.promql.infer import analyse
from tocsin.promql.world import World
from tocsin.units import BYTES, RATIO, SECONDS, UNKNOWN, USD

SHOP = """\
# TYPE asked_total counter
asked_total{route="/",code="200"} 5
# TYPE took_seconds histogram
took_seconds_bucket{le="0.5"} 1
took_seconds_bucket{le="1"} 1
took_seconds_bucket{le="+Inf"} 1
took_seconds_sum 0.3
took_seconds_count 1
# TYPE refused_total counter
# TYPE waited_seconds histogram
"""


@pytest.fixture
def shop_file(tmp_path: Path) -> str:
    file = tmp_path / "shop.prom"
    file.write_text(SHOP)
    return str(file)


def ids(expr: str, catalog: Catalog) -> list[str]:
    return sorted({fault.id for fault in analyse(expr, World.of((catalog,))).faults})


def test_a_python_object_is_taken_as_it_is() -> None:
    assert catalog_from("agentmetrics.catalog:CATALOG") is CATALOG


def test_types_labels_bounds_help_and_units_are_inferred(shop_url: str) -> None:
    found = {metric.name: metric for metric in catalog_from(shop_url)}
    asked, took, sessions = found["asked_total"], found["took_seconds"], found["open_sessions"]
    assert isinstance(asked, Counter)
    assert (asked.label_names, asked.help, asked.initialised) == (("code", "route"), "Requests.", None)
    assert isinstance(took, Histogram)
    assert (took.label_names, took.buckets, took.unit) == (("route",), (0.5, 1.0, 2.5), SECONDS)
    assert isinstance(sessions, Gauge)
    assert found["refused_total"].open


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("request_duration_seconds", SECONDS),
        ("process_cpu_seconds_total", SECONDS),
        ("memory_bytes", BYTES),
        ("hit_ratio", RATIO),
        ("llm_cost_dollars_total", USD),
        ("seconds_behind", UNKNOWN),
        ("requests_total", UNKNOWN),
        ("total", UNKNOWN),
    ],
)
def test_unit_is_what_a_name_ends_in(name: str, unit: object) -> None:
    assert unit_of(name) == unit


@pytest.mark.parametrize(
    ("expr", "found"),
    [
        ("sum by (rout) (rate(asked_total[5m]))", ["label-unknown"]),
        ("rate(askd_total[5m])", ["metric-unknown"]),
        ("took_seconds", ["type-function"]),
        ("histogram_quantile(0.9, sum by (le) (rate(took_seconds_bucket[5m]))) > 1", []),
        ('took_seconds_bucket{le="0.7"}', ["le-value"]),
        # What a part of the series cannot tell: values, labels of the scrape, whether a counter starts at 0.
        ('rate(asked_total{code="500", route=~"/pay|/cart"}[5m])', []),
        ("sum by (namespace, pod, job, instance, cluster) (rate(asked_total[5m]))", []),
        ('sum(rate(asked_total{code=~"5.."}[5m])) / (sum(rate(asked_total[5m])) > 0) > 0.05', []),
        ("rate(took_seconds_sum[5m]) / (rate(took_seconds_count[5m]) > 0) > 3", []),
        ("rate(asked_total[15s])", []),
        # Metrics that have no series yet.
        ('sum by (why) (rate(refused_total{who="x"}[5m]))', []),
        ("histogram_quantile(0.99, sum by (le, route) (rate(waited_seconds_bucket[5m]))) > 1e9", []),
        ("rate(waited_seconds_sum[5m]) / (rate(waited_seconds_count[5m]) > 0)", []),
    ],
)
def test_analysis_finds_what_is_sure_and_no_more(expr: str, found: list[str], shop_file: str) -> None:
    assert ids(expr, catalog_from(shop_file)) == found


def test_prometheus_tells_types_labels_bounds_and_recorded_series(scraping: Prometheus) -> None:
    catalog = catalog_from(f"prometheus+{scraping.url}")
    found = {metric.name: metric for metric in catalog}
    took = found["took_seconds"]
    assert isinstance(took, Histogram)
    assert (took.label_names, took.buckets, took.help) == (("route",), (0.5, 1.0, 2.5), "Time.")
    assert isinstance(found["asked_total"], Counter)
    assert found["asked_total"].label_names == ("code", "route")
    assert found["route:asked:rate1m"].label_names == ("route",)
    assert {label.name for label in catalog.target_labels} == {"job", "instance", "zone"}
    assert catalog.scrape_interval == "200ms"
    assert "up" not in found
    assert ids("sum by (zone, route) (rate(asked_total[5m]))", catalog) == []
    assert ids("sum by (namespace) (rate(asked_total[5m]))", catalog) == ["label-unknown"]
    assert ids("route:asked:rate1m", catalog) == []


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("nowhere.prom", "No such file"),
        (".", "Is a directory"),
        ("http://127.0.0.1:1/metrics", "Connection refused"),
        ("http://[", "cannot be reached"),
        ("prometheus+http://127.0.0.1:1", "Connection refused"),
        ("agentmetrics.nothing:CATALOG", "no module agentmetrics.nothing"),
        ("agentmetrics.catalog:CATALOGUE", "has no CATALOGUE"),
        ("agentmetrics.catalog:model", "is no catalog but a Label"),
    ],
)
def test_source_that_cannot_be_had_is_one_clear_error(source: str, says: str) -> None:
    with pytest.raises(TocsinError, match=says) as caught:
        catalog_from(source)
    assert caught.value.help
    assert "\n" not in caught.value.message


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (Answer(b"a 1\n", code=404), "404"),
        (Answer(b"a 1\n", code=500), "500"),
        (Answer(b"<html></html>", "text/html"), "text/html"),
        (Answer(b"<html></html>"), "HTML"),
        (Answer(b"a 1\n", promised=99), "cut off"),
        (Answer(b"a 1\n", "application/openmetrics-text; version=1.0.0"), "# EOF"),
        (Answer(b"\xff\n"), "UTF-8"),
        (Answer(b"\x1f\x8b\x08\x00"), "compressed"),
        (Answer(b""), "no metrics"),
    ],
)
def test_address_that_answers_otherwise_is_one_clear_error(answer: Answer, says: str) -> None:
    with serving(answer) as url, pytest.raises(TocsinError, match=says) as caught:
        catalog_from(f"{url}/metrics")
    assert str(caught.value.source).startswith(f"{url}/metrics")


@pytest.mark.parametrize(
    "answer",
    [
        Answer(b"<html></html>", "text/html"),
        Answer(json.dumps({"status": "error", "error": "no"}).encode(), "application/json"),
        Answer(b"[]", "application/json"),
        Answer(json.dumps({"status": "success", "data": 3}).encode(), "application/json"),
    ],
)
def test_what_is_no_prometheus_is_one_clear_error(answer: Answer) -> None:
    with serving(answer) as url, pytest.raises(TocsinError, match="like a Prometheus"):
        catalog_from(f"prometheus+{url}")


def test_text_may_begin_with_the_mark_of_windows(tmp_path: Path) -> None:
    (tmp_path / "m.prom").write_bytes(b"\xef\xbb\xbf# TYPE a_total counter\na_total 1\n")
    assert [metric.name for metric in catalog_from(str(tmp_path / "m.prom"))] == ["a_total"]


def test_a_source_is_told_from_a_git_revision(tmp_path: Path) -> None:
    file = tmp_path / "old.prom"
    file.write_bytes(generate_latest())
    assert all(is_source(text) for text in ("a.b:C", "http://x/metrics", "prometheus+http://x", str(file)))
    assert not any(is_source(text) for text in ("main", "v1.2.0", "HEAD~3", "origin/main"))


def test_address_may_log_in_and_its_password_is_shown_nowhere() -> None:
    login = "Basic " + base64.b64encode(b"bot:hun@ter").decode()
    with serving(Answer(b"# TYPE a gauge\na 1\n", login=login)) as url:
        address = url.replace("://", "://bot:hun%40ter@")
        assert "hun" not in repr(catalog_from(f"{address}/metrics"))
        with pytest.raises(TocsinError, match="401"):
            catalog_from(f"{url}/metrics")
    for source in (f"{address}/metrics", f"prometheus+{address}"):
        with pytest.raises(TocsinError, match="Connection refused") as caught:
            catalog_from(source)
        assert "hun" not in f"{caught.value.source} {caught.value.message}"
