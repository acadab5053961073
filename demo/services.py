"""A Prometheus and an Alertmanager of the demo's own, on loopback, which end with it."""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import yaml
from prometheus_client import CollectorRegistry

from agentmetrics.exporters import vllm
from agentmetrics.serve import start_metrics_server
from demo.faster import faster, shortened
from demo.past import past
from tocsin.scraping import metric_relabelings

_SCRAPE = "15s"
_PATIENCE = 30.0


class DemoError(Exception):
    """The demo cannot go on; the message says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Target:
    """What Prometheus scrapes, as Kubernetes would have found it."""

    name: str
    namespace: str
    address: str

    def scrape(self) -> dict[str, Any]:
        return {"targets": [self.address], "labels": {"namespace": self.namespace, "pod": f"{self.name}-0"}}


@dataclass(frozen=True, slots=True)
class Service:
    """A server that answers HTTP."""

    name: str
    url: str

    def get(self, path: str) -> Any:
        """What it answers. Raises DemoError where it is gone."""
        try:
            with urllib.request.urlopen(f"{self.url}{path}", timeout=5) as answer:
                return json.load(answer)
        except (OSError, ValueError) as error:
            raise DemoError(f"{self.name} no longer answers: {error}") from None


def started(
    stack: ExitStack, folder: Path, generated: Path, targets: Iterable[Target], speed: int
) -> tuple[Service, Service]:
    """Prometheus with our rules and a month behind it, and the Alertmanager that it tells, until the stack is closed.

    Raises DemoError.
    """
    alertmanager = _alertmanager(stack, folder)
    rules = _faster_rules(folder / "rules", generated, speed)
    config = {
        "global": {"scrape_interval": shortened(_SCRAPE, speed), "scrape_timeout": shortened(_SCRAPE, speed)},
        "rule_files": [str(path) for path in rules],
        "scrape_configs": [
            {
                "job_name": job,
                "honor_labels": True,
                "static_configs": [target.scrape() for target in found],
                "metric_relabel_configs": metric_relabelings([vllm.CATALOG], camel=False),
            }
            for job, found in groupby(targets, lambda target: target.namespace)
        ],
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": [alertmanager.url.removeprefix("http://")]}]}]},
    }
    file = folder / "prometheus.yml"
    file.write_text(yaml.safe_dump(config))
    prometheus, data = _program("PROMETHEUS", "prometheus"), folder / "data"
    _backfill(_program("PROMTOOL", "promtool", str(Path(prometheus).with_name("promtool"))), folder, data, speed)
    port = _free_port(9090)
    command = [
        prometheus,
        f"--config.file={file}",
        f"--storage.tsdb.path={data}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--log.level=error",
    ]
    return _run(stack, folder, "Prometheus", command, port), alertmanager


def served(stack: ExitStack, name: str, namespace: str, registry: CollectorRegistry) -> Target:
    """The registry's metrics on a free port, until the stack is closed."""
    server = stack.enter_context(start_metrics_server(0, address="127.0.0.1", registry=registry))
    return Target(name, namespace, f"127.0.0.1:{server.port}")


def _backfill(promtool: str, folder: Path, data: Path, speed: int) -> None:
    """Gives Prometheus the month before the demo."""
    file = folder / "past.om"
    file.write_text(past(speed, time.time()))
    command = [promtool, "tsdb", "create-blocks-from", "--max-block-duration=720h", "openmetrics", str(file), str(data)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise DemoError(f"promtool does not write the month before the demo: {done.stderr.strip()}")


def _faster_rules(folder: Path, generated: Path, speed: int) -> list[Path]:
    folder.mkdir()
    written = []
    for kind in ("rules", "alerts"):
        for source in sorted((generated / "prometheus" / kind).glob("*.yaml")):
            path = folder / f"{kind}-{source.name}"
            path.write_text(yaml.safe_dump(faster(yaml.safe_load(source.read_text()), speed), sort_keys=False))
            written.append(path)
    if not written:
        raise DemoError(f"there are no rules in {generated}: run `make generate`")
    return written


def _alertmanager(stack: ExitStack, folder: Path) -> Service:
    file = folder / "alertmanager.yml"
    route = {"receiver": "nobody", "group_by": ["alertname"], "group_wait": "1s", "group_interval": "5s"}
    file.write_text(yaml.safe_dump({"route": route, "receivers": [{"name": "nobody"}]}))
    port = _free_port(9093)
    command = [
        _program("ALERTMANAGER", "alertmanager", "prometheus-alertmanager"),
        f"--config.file={file}",
        f"--storage.path={folder / 'alertmanager'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
        "--log.level=error",
    ]
    return _run(stack, folder, "Alertmanager", command, port)


def _program(variable: str, *names: str) -> str:
    wanted = os.environ.get(variable)
    for name in (wanted,) if wanted else names:
        found = shutil.which(name)
        if found:
            return found
    raise DemoError(
        f"{names[0]} is not installed: `make demo` installs it, or name it: make demo {variable}=/path/to/it"
    )


def _free_port(preferred: int) -> int:
    """The port that people know, or where it is taken any that is free."""
    for port in (preferred, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise DemoError("there is no free port on 127.0.0.1")


def _run(stack: ExitStack, folder: Path, name: str, command: Sequence[str], port: int) -> Service:
    log = folder / f"{name.lower()}.log"
    with log.open("wb") as output:
        # A session of its own: Ctrl-C is for us, and we end it.
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            preexec_fn=_end_with_parent if sys.platform == "linux" else None,
        )
    stack.callback(_end, process)
    service = Service(name, f"http://127.0.0.1:{port}")
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        try:
            urllib.request.urlopen(f"{service.url}/-/ready", timeout=1).close()
            return service
        except OSError:
            time.sleep(0.05)
    said = log.read_text(errors="replace").strip().splitlines()
    raise DemoError(f"{name} does not start: {said[-1] if said else 'it says nothing'}")


_PR_SET_PDEATHSIG = 1


def _end_with_parent() -> None:
    """Runs in the child: where even we are killed, nothing of ours goes on."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
