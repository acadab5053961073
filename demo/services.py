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
from pathlib import Path
from typing import Any

import yaml

from demo.faster import faster, shortened

_SCRAPE = "15s"
_PATIENCE = 30.0


class DemoError(Exception):
    """The demo cannot go on; the message says why, and what to do."""


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
    stack: ExitStack, folder: Path, generated: Path, targets: Iterable[str], speed: int
) -> tuple[Service, Service]:
    """Prometheus with our rules, and the Alertmanager that it tells, until the stack is closed. Raises DemoError."""
    alertmanager = _alertmanager(stack, folder)
    rules = _faster_rules(folder / "rules", generated, speed)
    config = {
        "global": {"scrape_interval": shortened(_SCRAPE, speed), "scrape_timeout": shortened(_SCRAPE, speed)},
        "rule_files": [str(path) for path in rules],
        "scrape_configs": [{"job_name": "agents", "static_configs": [{"targets": list(targets)}]}],
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": [alertmanager.url.removeprefix("http://")]}]}]},
    }
    file = folder / "prometheus.yml"
    file.write_text(yaml.safe_dump(config))
    port = _free_port(9090)
    command = [
        _program("PROMETHEUS", "prometheus"),
        f"--config.file={file}",
        f"--storage.tsdb.path={folder / 'prometheus'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--log.level=error",
    ]
    return _run(stack, folder, "Prometheus", command, port), alertmanager


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
