"""pint, another linter of Prometheus rules, finds nothing in our output that we do not find or have not judged.

It runs where it is at hand: on PATH, or named by PINT.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterable, Iterator, Mapping
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import CollectorRegistry, Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from servers import running_prometheus

from agentmetrics.serve import start_metrics_server
from tocsin.metrics import Catalog, Counter, Gauge, Histogram, Label, bound_text
from tocsin.plan import Plan
from tocsin.promql.durations import milliseconds_of

PINT = os.environ.get("PINT") or shutil.which("pint")
needs_pint = pytest.mark.skipif(PINT is None, reason="pint is not here: put it on PATH, or name it with PINT")


def problems(folder: Path, config: str, *, online: bool) -> list[dict[str, Any]]:
    """What pint reports of the rules and alerts in a folder."""
    assert PINT is not None
    (folder / "pint.hcl").write_text(config)
    report = folder / "report.json"
    offline = [] if online else ["--offline"]
    command = [PINT, "--config", "pint.hcl", *offline, "lint", "--min-severity", "info", "--json", report.name]
    answer = subprocess.run([*command, "rules", "alerts"], cwd=folder, capture_output=True, text=True, check=False)
    assert report.exists(), answer.stderr
    found: list[dict[str, Any]] = json.loads(report.read_text())
    return found


@pytest.fixture
def rules(project_files: dict[str, bytes], tmp_path: Path) -> Path:
    """The rules and alerts of the repository's own project, written to a folder."""
    for name, content in project_files.items():
        if name.startswith(("prometheus/rules/", "prometheus/alerts/")):
            path = tmp_path / name.removeprefix("prometheus/")
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content)
    return tmp_path


def intervals(folder: Path) -> dict[str, str]:
    """How often each recorded series and each file's group is evaluated."""
    found = {}
    for path in sorted(folder.glob("*/*.yaml")):
        for group in yaml.safe_load(path.read_text())["groups"]:
            found[str(path.relative_to(folder))] = group["interval"]
            found |= {rule["record"]: group["interval"] for rule in group["rules"] if "record" in rule}
    return found


def unjudged(found: Iterable[dict[str, Any]], folder: Path) -> Iterator[dict[str, Any]]:
    """What is left where a rule may read what another group records at least as often as the rule is evaluated.

    pint warns of each such rule. It is one evaluation late then, which `for` covers; rule-lag tells where it is more.
    """
    known = intervals(folder)
    for problem in found:
        reads = [name for name in known if f"`{name}`" in json.dumps(problem)]
        every = milliseconds_of(known[problem["path"]])
        late = [name for name in reads if milliseconds_of(known[name]) > every]
        if problem["reporter"] != "rule/dependency" or not reads or late:
            yield problem


@needs_pint
def test_pint_offline_finds_nothing(rules: Path) -> None:
    assert not list(unjudged(problems(rules, "", online=False), rules))


@needs_pint
def test_pint_finds_nothing_beside_a_running_prometheus(rules: Path, project_plan: Plan) -> None:
    registry = CollectorRegistry()
    catalogs, values = project_plan.definitions.catalogs, asked(rules)
    registry.register(Growing(catalogs, values))
    with start_metrics_server(0, address="127.0.0.1", registry=registry) as exporter:
        config = watching(f"127.0.0.1:{exporter.port}", catalogs, values, rules)
        with running_prometheus(rules, config) as prometheus:
            for record in project_plan.records:
                prometheus.wait_for(record.name)
            demo = f'prometheus "demo" {{\n  uri = "{prometheus.url}"\n}}\n'
            assert not list(unjudged(problems(rules, demo, online=True), rules))


def asked(folder: Path) -> dict[str, tuple[str, ...]]:
    """The values of each label that the rules and alerts in a folder ask for."""
    found: dict[str, set[str]] = {}
    for path in folder.glob("*/*.yaml"):
        for label, values in _MATCHER.findall(path.read_text()):
            found.setdefault(label, set()).update(values.split("|"))
    return {label: tuple(sorted(values)) for label, values in found.items()}


def watching(address: str, catalogs: Iterable[Catalog], values: Mapping[str, tuple[str, ...]], folder: Path) -> str:
    """Prometheus's settings: it scrapes the address and evaluates the rules, all much more often than they say.

    What a rule reads at each midnight of a month, it reads at each second of a minute here.
    """
    quick = folder / "quick"
    quick.mkdir()
    for path in (folder / "rules").glob("*.yaml"):
        made = yaml.safe_load(path.read_text())
        for group in made["groups"]:
            group["interval"] = "1s"
            for rule in group["rules"]:
                rule["expr"] = _SUBQUERY.sub("[1m:1s]", rule["expr"])
        (quick / path.name).write_text(yaml.safe_dump(made))
    names = {label.name for catalog in catalogs for label in catalog.target_labels} - {"job", "instance"}
    target = {"targets": [address], "labels": {name: values.get(name, ("demo",))[0] for name in sorted(names)}}
    scrape = {"job_name": "demo", "honor_labels": True, "scrape_interval": "1s", "scrape_timeout": "1s"}
    scrape["static_configs"] = [target]
    settings = {"global": {"scrape_interval": "15s"}, "rule_files": ["quick/*.yaml"], "scrape_configs": [scrape]}
    return str(yaml.safe_dump(settings))


_MATCHER = re.compile(r'(\w+)=~?"([\w.|-]+)"')
_SUBQUERY = re.compile(r"\[\w+:\w+\]( offset \w+)?")


class Growing:
    """A program that exports all series of some catalogs, and to which something happens all the time."""

    def __init__(self, catalogs: Iterable[Catalog], values: Mapping[str, tuple[str, ...]]) -> None:
        self.catalogs, self.values = tuple(catalogs), values

    def collect(self) -> Iterator[Metric]:
        for catalog in self.catalogs:
            for metric in catalog:
                family = _FAMILIES[type(metric)](metric.name, metric.help, labels=metric.label_names)
                for values in product(*map(self.values_of, metric.labels)):
                    _grow(family, metric, values)
                yield family

    def values_of(self, label: Label) -> Iterable[str]:
        return dict.fromkeys([*(label.values or ())[:2], *self.values.get(label.name, ())]) or ("a",)


_FAMILIES: dict[type, Any] = {
    Counter: CounterMetricFamily,
    Gauge: GaugeMetricFamily,
    Histogram: HistogramMetricFamily,
}


def _grow(family: Any, metric: Any, values: tuple[str, ...]) -> None:
    happened = int(time.monotonic() * 100)
    if isinstance(metric, Histogram):
        bounds = [*map(bound_text, metric.buckets), "+Inf"]
        family.add_metric(values, [(bound, happened) for bound in bounds], sum_value=happened)
    else:
        family.add_metric(values, happened if isinstance(metric, Counter) else 1)


def test_everything_is_exported(project_plan: Plan) -> None:
    catalogs = project_plan.definitions.catalogs
    names = {sample.name for family in Growing(catalogs, {}).collect() for sample in family.samples}
    assert names >= {name for catalog in catalogs for name in catalog.series()}
