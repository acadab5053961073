"""The Langfuse stack's manifests: valid, probed where Langfuse answers, and without a secret in them."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from charts import known_of, types_of, values_in
from kubernetes import hold
from projects import REPOSITORY

FOLDER = REPOSITORY / "deploy/langfuse"
SECRET_NAMES = re.compile(r"PASSWORD|SECRET|SALT|_KEY|AUTH|MINIO_ROOT|TOKEN")


def resources() -> list[dict[str, Any]]:
    kustomization = yaml.safe_load((FOLDER / "kustomization.yaml").read_text())
    return [one for name in kustomization["resources"] for one in yaml.safe_load_all((FOLDER / name).read_text())]


def of_kind(kind: str) -> dict[str, dict[str, Any]]:
    return {one["metadata"]["name"]: one for one in resources() if one["kind"] == kind}


def containers() -> dict[str, dict[str, Any]]:
    workloads = {**of_kind("Deployment"), **of_kind("StatefulSet")}
    return {name: one["spec"]["template"]["spec"]["containers"][0] for name, one in workloads.items()}


def generated_secret(*arguments: str) -> dict[str, Any]:
    said = subprocess.run(
        ["sh", FOLDER / "secrets.sh", *arguments], capture_output=True, text=True, check=True, timeout=30
    )
    secret: dict[str, Any] = yaml.safe_load(said.stdout)
    return secret


def test_every_manifest_is_valid() -> None:
    found = resources()
    assert {one["kind"] for one in found} >= {
        "ConfigMap",
        "Deployment",
        "HorizontalPodAutoscaler",
        "Ingress",
        "PodDisruptionBudget",
        "Service",
        "StatefulSet",
    }
    for resource in found:
        hold(resource)


def test_every_file_of_the_folder_is_applied() -> None:
    kustomization = yaml.safe_load((FOLDER / "kustomization.yaml").read_text())
    manifests = {file.name for file in FOLDER.glob("*.yaml")} - {"kustomization.yaml", "helm-values.yaml"}
    assert set(kustomization["resources"]) == manifests


@pytest.mark.parametrize(
    ("name", "ready", "alive"),
    [
        ("langfuse-web", "/api/public/ready", "/api/public/health"),
        ("langfuse-worker", "/api/ready", "/api/health"),
    ],
)
def test_probes_ask_where_langfuse_answers(name: str, ready: str, alive: str) -> None:
    container = containers()[name]
    assert container["readinessProbe"]["httpGet"]["path"] == ready
    assert container["livenessProbe"]["httpGet"]["path"] == alive
    assert container["startupProbe"]["httpGet"]["path"] == alive
    assert container["ports"][0]["containerPort"] == {"langfuse-web": 3000, "langfuse-worker": 3030}[name]


def test_every_secret_is_a_reference_to_one_that_the_script_makes() -> None:
    made = set(generated_secret()["stringData"])
    seen = set()
    for name, container in containers().items():
        for variable in container.get("env", []):
            if SECRET_NAMES.search(variable["name"]):
                reference = variable["valueFrom"]["secretKeyRef"]
                assert "value" not in variable, variable["name"]
                if reference["name"] == "langfuse":
                    assert reference["key"] in made, f"{name}: {variable['name']}"
                    seen.add(reference["key"])
    assert seen == made
    assert not [key for config in of_kind("ConfigMap").values() for key in config["data"] if "PASSWORD" in key]


@pytest.fixture(scope="module")
def chart() -> dict[str, Any]:
    return known_of("langfuse")


def chart_values() -> dict[str, Any]:
    return values_in(FOLDER / "helm-values.yaml")


def test_chart_has_every_value_that_is_stated(chart: dict[str, Any]) -> None:
    assert types_of(chart_values()) == chart["values"]
    assert f"({chart['chart']} {chart['version']})" in (FOLDER / "helm-values.yaml").read_text()


def test_stores_of_the_chart_are_given_the_secret_that_langfuse_is(chart: dict[str, Any]) -> None:
    stated = chart_values()
    for path, others in chart["together"].items():
        assert {stated[path]} == {stated[other] for other in others}


def test_secret_for_the_chart_has_every_key_that_is_looked_for(chart: dict[str, Any]) -> None:
    secret = generated_secret("chart")
    stated, made = chart_values(), secret["stringData"]
    wanted = {stated[path] for path in chart["keys"]["named"]} | set(chart["keys"]["looked_for"])
    assert set(made) == wanted
    assert {value for path, value in stated.items() if path.endswith(("ecret", "secretKeyRef.name"))} == {
        secret["metadata"]["name"]
    }
    (identity,) = json.loads(made["seaweedfs_s3_config"])["identities"]
    assert identity["credentials"] == [{"accessKey": made["s3-access-key"], "secretKey": made["s3-secret-key"]}]
    hold(secret)


def test_script_makes_strong_secrets_and_new_ones_each_time() -> None:
    first, second = generated_secret(), generated_secret()
    hold(first)
    for key, value in first["stringData"].items():
        assert re.fullmatch(r"[0-9a-f]{20,}", value), key
        assert value != second["stringData"][key]
    assert len(first["stringData"]["encryption-key"]) == 64
    assert len(set(first["stringData"].values())) == len(first["stringData"])


def test_what_langfuse_needs_is_set() -> None:
    config = of_kind("ConfigMap")["langfuse"]["data"]
    for name in ("langfuse-web", "langfuse-worker"):
        known = set(config) | {variable["name"] for variable in containers()[name]["env"]}
        assert known >= {
            "DATABASE_URL",
            "NEXTAUTH_URL",
            "NEXTAUTH_SECRET",
            "SALT",
            "ENCRYPTION_KEY",
            "CLICKHOUSE_URL",
            "CLICKHOUSE_MIGRATION_URL",
            "CLICKHOUSE_USER",
            "CLICKHOUSE_PASSWORD",
            "REDIS_HOST",
            "REDIS_AUTH",
            "LANGFUSE_S3_EVENT_UPLOAD_BUCKET",
        }


def test_services_are_where_langfuse_looks_for_them() -> None:
    config = of_kind("ConfigMap")["langfuse"]["data"]
    hosts = {config["REDIS_HOST"], *re.findall(r"//([a-z0-9-]+):", " ".join(config.values()))}
    assert hosts - {"langfuse"} <= set(of_kind("Service"))


def test_exporter_asks_web_and_worker_for_their_health() -> None:
    variables = {one["name"]: one.get("value", "") for one in containers()["langfuse-exporter"]["env"]}
    for name, part in (("LANGFUSE_HOST", "langfuse-web"), ("LANGFUSE_WORKER_URL", "langfuse-worker")):
        service = of_kind("Service")[part]["spec"]
        assert variables[name] == f"http://{part}:{service['ports'][0]['port']}"
        assert service["selector"] == {"app.kubernetes.io/name": part}


def test_web_and_worker_scale_and_survive_a_drain() -> None:
    for name in ("langfuse-web", "langfuse-worker"):
        assert of_kind("HorizontalPodAutoscaler")[name]["spec"]["minReplicas"] >= 2
        assert of_kind("PodDisruptionBudget")[name]["spec"]["minAvailable"] == 1


def test_script_prints_no_secret_where_it_is_asked_for_something_else() -> None:
    said = subprocess.run(
        ["sh", FOLDER / "secrets.sh", "charts"], capture_output=True, text=True, check=False, timeout=30
    )
    assert (said.returncode, said.stdout) == (2, "")
    assert "usage: sh secrets.sh [chart]" in said.stderr


def test_script_is_plain_posix_shell() -> None:
    assert Path(FOLDER / "secrets.sh").read_text().startswith("#!/bin/sh\n")
