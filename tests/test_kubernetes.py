"""What is for clusters: each resource is valid, and each overlay has one alert engine."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from charts import known_of, types_of, values_in
from kubernetes import hold
from projects import REPOSITORY
from pydantic import ValidationError

from tocsin.findings import TocsinError
from tocsin.output import Document
from tocsin.promtool import find_promtool, version
from tocsin.targets import kubernetes as target

KUSTOMIZE = os.environ.get("KUSTOMIZE") or shutil.which("kustomize")
OVERLAYS = ("prometheus-alerts", "grafana-alerts")


@pytest.fixture(scope="session")
def cluster(project_documents: dict[str, Any]) -> dict[str, Any]:
    return {path: data for path, data in project_documents.items() if path.startswith("kubernetes/")}


def rendering(documents: dict[str, Any], folder: str) -> Iterator[dict[str, Any]]:
    """What `kubectl kustomize` makes of a kustomization that lists resources and does nothing else."""
    for name in documents[f"{folder}/kustomization.yaml"]["resources"]:
        path = os.path.normpath(f"{folder}/{name}")
        if path.endswith(".yaml"):
            yield documents[path]
        else:
            yield from rendering(documents, path)


def test_every_resource_meets_the_schema_of_its_kind(cluster: dict[str, Any]) -> None:
    assert len(cluster) > 10
    for resource in cluster.values():
        hold(resource)


@pytest.mark.parametrize(
    ("kind", "spoil"),
    [
        ("ConfigMap", lambda resource: resource["data"].update(number=1)),
        ("ConfigMap", lambda resource: resource.update(datas={})),
        ("PrometheusRule", lambda resource: resource["spec"]["groups"][0].update(intervall="1m")),
        ("ScrapeConfig", lambda resource: resource["spec"]["relabelings"][0].update(action="keeep")),
        ("PodMonitor", lambda resource: resource["spec"].update(selectors={})),
    ],
)
def test_a_wrong_resource_is_told_from_a_right_one(cluster: dict[str, Any], kind: str, spoil: Any) -> None:
    resource = next(json.loads(json.dumps(one)) for one in cluster.values() if one["kind"] == kind)
    spoil(resource)
    with pytest.raises((AssertionError, ValidationError, kubernetes_validate.ValidationError)):
        hold(resource)


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_overlay_has_all_dashboards_and_one_alert_engine(
    cluster: dict[str, Any], project_documents: dict[str, Any], overlay: str
) -> None:
    resources = list(rendering(cluster, f"kubernetes/overlays/{overlay}"))
    labels = [resource["metadata"]["labels"] for resource in resources]
    dashboards = [name for name in project_documents if name.startswith("grafana/dashboards/")]
    assert sum(1 for one in labels if one.get("grafana_dashboard") == "1") == len(dashboards)
    in_prometheus = any(
        "alert" in rule
        for resource in resources
        if resource["kind"] == "PrometheusRule"
        for group in resource["spec"]["groups"]
        for rule in group["rules"]
    )
    in_grafana = any(one.get("grafana_alert") == "1" for one in labels)
    assert (in_prometheus, in_grafana) == (overlay == "prometheus-alerts", overlay == "grafana-alerts")
    names = [(resource["kind"], resource["metadata"]["name"]) for resource in resources]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("overlay", OVERLAYS)
@pytest.mark.skipif(KUSTOMIZE is None, reason="kustomize is not installed; our own rendering is tested above")
def test_kustomize_renders_the_same(
    cluster: dict[str, Any], project_files: dict[str, bytes], tmp_path: Path, overlay: str
) -> None:
    for path in cluster:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(project_files[path])
    said = subprocess.run(
        [str(KUSTOMIZE), "build", str(tmp_path / f"kubernetes/overlays/{overlay}")],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )

    def key(resource: dict[str, Any]) -> tuple[str, str]:
        return resource["kind"], resource["metadata"]["name"]

    ours = sorted(rendering(cluster, f"kubernetes/overlays/{overlay}"), key=key)
    assert sorted(yaml.safe_load_all(said.stdout), key=key) == ours


def test_what_is_in_a_config_map_is_the_file_to_the_byte(
    cluster: dict[str, Any], project_files: dict[str, bytes]
) -> None:
    data = cluster["kubernetes/base/dashboard-ai-agents.yaml"]["data"]
    assert data["ai-agents.json"].encode() == project_files["grafana/dashboards/ai-agents.json"]


def test_alert_files_are_packed_below_a_config_maps_limit() -> None:
    files = [Document(f"{number}.yaml", b"x" * 300_000) for number in range(7)]
    packs = list(target._packed(files))
    assert [len(pack) for pack in packs] == [3, 3, 1]
    assert [file for pack in packs for file in pack] == files


def test_dashboard_that_no_config_map_holds_is_refused() -> None:
    from tocsin.model.site import Kubernetes

    with pytest.raises(TocsinError, match=r"big\.json would be 2000000 bytes"):
        target._config_map(Kubernetes(), "big", {}, [Document("big.json", b"x" * 2_000_000)])


def test_promtool_takes_the_configuration_for_a_plain_prometheus(
    project_documents: dict[str, Any], project_files: dict[str, bytes], tmp_path: Path
) -> None:
    for path, content in project_files.items():
        if path.startswith("prometheus/"):
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_bytes(content)
    file = tmp_path / "prometheus/prometheus.yaml"
    said = _checked(file)
    if "kubernetes_sd_configs not found" in said.stdout + said.stderr:
        # Debian builds Prometheus without Kubernetes: everything else can still be checked there.
        assert version() < (3, 0)
        data = project_documents["prometheus/prometheus.yaml"]
        jobs = [{**job, "static_configs": [{"targets": ["pod:9090"]}]} for job in data["scrape_configs"]]
        for job in jobs:
            del job["kubernetes_sd_configs"]
        file.write_text(yaml.safe_dump({**data, "scrape_configs": jobs}))
        said = _checked(file)
    assert said.returncode == 0, said.stdout + said.stderr
    rules = sum(1 for path in project_files if path.startswith(("prometheus/rules/", "prometheus/alerts/")))
    assert f"SUCCESS: {rules} rule files found" in said.stdout


def _checked(file: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [find_promtool(), "check", "config", file], capture_output=True, text=True, check=False, timeout=60
    )


def test_exporter_of_langfuse_is_scraped_with_and_without_the_operator(
    cluster: dict[str, Any], project_documents: dict[str, Any]
) -> None:
    documents = yaml.safe_load_all((REPOSITORY / "deploy/langfuse/exporter.yaml").read_text())
    (pod,) = [one["spec"]["template"] for one in documents if one["kind"] == "Deployment"]
    labels, ports = pod["metadata"]["labels"], [port["name"] for port in pod["spec"]["containers"][0]["ports"]]
    monitor = cluster["kubernetes/base/langfuse-exporter.yaml"]["spec"]
    assert monitor["selector"]["matchLabels"].items() <= labels.items()
    assert [endpoint["port"] for endpoint in monitor["podMetricsEndpoints"]] == ports
    jobs = {job["job_name"]: job for job in project_documents["prometheus/prometheus.yaml"]["scrape_configs"]}
    kept = [rule["regex"] for rule in jobs["langfuse-exporter"]["relabel_configs"] if rule["action"] == "keep"]
    assert kept == [labels["app.kubernetes.io/name"], *ports]
    # Annotated, it would be scraped a second time.
    assert "annotations" not in pod["metadata"]


def test_prometheus_stack_takes_its_values_and_finds_what_is_generated(cluster: dict[str, Any]) -> None:
    stated = values_in(REPOSITORY / "deploy/kube-prometheus-stack-values.yaml")
    known = known_of("prometheus_stack")
    assert types_of(stated) == known["values"]
    wanted, seen = known["labels"], set()
    for path, resource in cluster.items():
        if resource["kind"] == "ConfigMap":
            (kind,) = [one for one in wanted if Path(path).name.startswith(one)]
            assert wanted[kind].items() <= resource["metadata"]["labels"].items()
            folder = resource["metadata"].get("annotations", {})
            assert (stated["grafana.sidecar.dashboards.folderAnnotation"] in folder) == (kind == "dashboard")
            seen.add(kind)
    assert seen == set(wanted)
    alerts = {stated["grafana.sidecar.alerts.label"]: stated["grafana.sidecar.alerts.labelValue"]}
    assert alerts == wanted["alerts"]


def test_mimir_has_every_rule_in_groups_within_its_limits(project_documents: dict[str, Any]) -> None:
    for name, folder in (("rules", "prometheus/rules/"), ("alerts", "prometheus/alerts/")):
        groups = project_documents[f"mimir/{name}.yaml"]["groups"]
        assert len(groups) <= 70
        assert all(len(group["rules"]) <= 20 for group in groups)
        theirs = [rule for group in groups for rule in group["rules"]]
        ours = [
            rule
            for path, data in project_documents.items()
            if path.startswith(folder)
            for group in data["groups"]
            for rule in group["rules"]
        ]
        assert sorted(map(str, theirs)) == sorted(map(str, ours))
