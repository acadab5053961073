"""`make demo`, headless, from end to end: real agents, a real Prometheus, a real Alertmanager."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from projects import REPOSITORY

from demo.faster import expression, faster

SPEED = 60
PATIENCE = 120
DASHBOARDS = sorted((REPOSITORY / "generated/grafana/dashboards").glob("*.json"))
EXPECTED = {
    ("AgentHighLatency", "warning", ("agent_name", "support")),
    ("AgentHighErrorRate", "critical", ("agent_name", "research")),
    ("LLMRateLimitErrors", "warning", ("model", "gpt-4o")),
    ("DailyCostBudgetExceeded", "warning", ("tenant_id", "globex")),
}
installed = shutil.which("prometheus") and (shutil.which("alertmanager") or shutil.which("prometheus-alertmanager"))
needs_servers = pytest.mark.skipif(not installed, reason="prometheus and alertmanager are not installed")


@contextmanager
def demo(*options: str, **environment: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "demo", *options],
        cwd=REPOSITORY,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def addresses(process: subprocess.Popen[str]) -> dict[str, str]:
    """Where the demo says that everything is: what is scraped, Prometheus and Alertmanager."""
    assert process.stdout is not None
    found: dict[str, str] = {}
    for line in process.stdout:
        told = re.match(r"(\w[\w ]*?) +(http://[\d.:]+)", line)
        if told:
            found[told.group(1)] = told.group(2)
        if line.startswith("Time passes"):
            return found
    raise AssertionError(process.stderr.read() if process.stderr else "")


def until_notified(process: subprocess.Popen[str], names: set[str]) -> str:
    """What the terminal shows until the Alertmanager has each alert; the demo itself ends when its time is over."""
    assert process.stdout is not None
    shown = ""
    for line in process.stdout:
        shown += line
        if all(re.search(rf"FIRING +{name} ", shown) and re.search(rf"NOTIFIED +{name} ", shown) for name in names):
            return shown
    raise AssertionError(shown)


def asked(url: str, **parameters: str) -> Any:
    query = f"?{urllib.parse.urlencode(parameters)}" if parameters else ""
    with urllib.request.urlopen(url + query, timeout=10) as answer:
        return json.load(answer)


def alerts_at(alertmanager: str) -> set[tuple[str, str, tuple[str, str]]]:
    """Those of the four alerts that the Alertmanager has, with their labels."""
    found = set()
    for alert in asked(f"{alertmanager}/api/v2/alerts", active="true"):
        labels = dict(alert["labels"])
        found.add((labels.pop("alertname"), labels.pop("severity"), *labels.items()))
    return {alert for alert in found if alert[0] in {name for name, *_ in EXPECTED}}


def alerts_once_together(alertmanager: str) -> set[tuple[str, str, tuple[str, str]]]:
    """The alerts there at a time when all of them are; on a busy machine one may come and go."""
    deadline = time.monotonic() + 20
    while (there := alerts_at(alertmanager)) != EXPECTED and time.monotonic() < deadline:
        time.sleep(0.2)
    return there


def queries() -> Iterator[tuple[str, str]]:
    """Every query of every dashboard and variable, with all variables at All and the times as the demo has them."""
    times = {"$__rate_interval": "10m", "$__range": "1h"}
    for file in DASHBOARDS:
        dashboard = json.loads(file.read_text())
        names = sorted((variable["name"] for variable in dashboard["templating"]["list"]), key=len, reverse=True)
        for variable in dashboard["templating"]["list"]:
            if variable["type"] == "query":
                asked_of = re.fullmatch(r"label_values\((.+), (\w+)\)", variable["query"]["query"])
                assert asked_of, variable
                yield f"{dashboard['title']} / ${variable['name']}", f"{asked_of[1]}{{{asked_of[2]}!=''}}"
        for panel in dashboard["panels"]:
            for target in panel.get("targets", ()):
                expr = target.get("expr")
                if expr:
                    for name, value in {**times, **{f"${name}": ".*" for name in names}}.items():
                        expr = expr.replace(name, value)
                    yield f"{dashboard['title']} / {panel['title']}", expression(expr, SPEED)


def without_data(prometheus: str) -> list[str]:
    """The panels whose queries give nothing, or nothing but NaN."""
    return [
        f"{panel}: {expr}"
        for panel, expr in queries()
        if all(one["value"][1] == "NaN" for one in asked(f"{prometheus}/api/v1/query", query=expr)["data"]["result"])
    ]


def without_data_once_filled(prometheus: str) -> list[str]:
    """The same; what is worked out every few minutes is waited for."""
    deadline = time.monotonic() + 40
    while (missing := without_data(prometheus)) and time.monotonic() < deadline:
        time.sleep(0.5)
    return missing


def is_served(url: str) -> bool:
    address = urllib.parse.urlsplit(url)
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((str(address.hostname), int(address.port or 0))) == 0


@needs_servers
def test_every_alert_fires_every_panel_has_data_and_nothing_is_left(tmp_path: Path) -> None:
    options = ("--speed", str(SPEED), "--at-once", "--seconds", str(PATIENCE))
    with demo(*options, TMPDIR=str(tmp_path)) as process:
        found = addresses(process)
        assert len(found) == 9
        shown = until_notified(process, {name for name, *_ in EXPECTED})
        assert alerts_once_together(found["Alertmanager"]) == EXPECTED, shown
        assert len({panel.partition(" / ")[0] for panel, _ in queries()}) == len(DASHBOARDS) >= 7
        assert not without_data_once_filled(found["Prometheus"])
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=20)
    assert process.returncode == 0, errors
    assert not errors
    assert [url for url in found.values() if is_served(url)] == []
    assert list(tmp_path.iterdir()) == []


@needs_servers
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends the children of a process that is killed")
def test_no_server_is_left_of_a_demo_that_is_killed(tmp_path: Path) -> None:
    with demo(TMPDIR=str(tmp_path)) as process:
        found = addresses(process)
        process.kill()
        process.wait()
        deadline = time.monotonic() + 20
        while any(is_served(url) for url in found.values()) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert [url for url in found.values() if is_served(url)] == []


def test_a_server_that_is_missing_is_one_line() -> None:
    with demo(ALERTMANAGER="/nowhere") as process:
        _, errors = process.communicate(timeout=20)
    assert process.returncode == 2
    assert errors.startswith("error: alertmanager is not installed")
    assert len(errors.splitlines()) == 1


@needs_servers
def test_a_server_that_does_not_start_is_one_line() -> None:
    with demo(PROMETHEUS="/bin/false") as process:
        _, errors = process.communicate(timeout=20)
    assert process.returncode == 2
    assert errors == "error: Prometheus does not start: it says nothing\n"


def test_the_rules_are_the_same_but_for_their_durations() -> None:
    rules = r"""
    groups:
    - name: a
      interval: 30s
      rules:
      - {alert: A, expr: 'max_over_time(rate(x{y=~"[5m]"}[5m] offset 1h)[1d:]) > 5', for: 5m, labels: {s: w}}
      - {record: 'a:x:p99_5m', expr: 'sum_over_time(x[1h30m:1m])'}
    """
    (group,) = faster(yaml.safe_load(rules), 30)["groups"]
    alert, record = group["rules"]
    assert group["interval"] == "1s"
    assert alert["expr"] == 'max_over_time(rate(x{y=~"[5m]"}[10s] offset 2m)[48m:]) > 5'
    assert alert["for"] == "10s"
    assert record == {"record": "a:x:p99_5m", "expr": "sum_over_time(x[3m:2s])"}


def test_the_compose_file_mounts_what_is_there() -> None:
    folder = REPOSITORY / "deploy"
    compose = yaml.safe_load((folder / "docker-compose.yml").read_text())
    ports = [port for service in compose["services"].values() for port in service["ports"]]
    assert len(ports) == len(set(ports)) == 3
    for service in compose["services"].values():
        assert set(service.get("depends_on", ())) <= set(compose["services"])
        for volume in service["volumes"]:
            source, target, *_ = volume.split(":")
            assert target.startswith("/")
            assert (folder / source).exists() if source.startswith(".") else source in compose["volumes"]
    provisioned = (REPOSITORY / "generated/grafana/provisioning/dashboards/dashboards.yaml").read_text()
    sources = (REPOSITORY / "generated/grafana/provisioning/datasources/datasources.yaml").read_text()
    targets = [volume.split(":")[1] for volume in compose["services"]["grafana"]["volumes"]]
    assert f"path: {targets[-1]}\n" in provisioned
    assert "url: http://prometheus:9090\n" in sources


@needs_servers
def test_the_configurations_of_the_compose_file_are_valid() -> None:
    for command in (["promtool", "check", "config", "prometheus.yml"], ["amtool", "check-config", "alertmanager.yml"]):
        if shutil.which(command[0]):
            done = subprocess.run(command, cwd=REPOSITORY / "deploy", capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stdout + done.stderr
