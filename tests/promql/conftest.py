"""A real Prometheus over synthetic series."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from synthetic import exposition


@dataclass(frozen=True)
class Prometheus:
    """A running Prometheus to query."""

    url: str

    def query(self, expr: str, at: float) -> dict[str, Any] | None:
        """What an instant query answers: its `resultType` and `result`; None where it fails."""
        form = urllib.parse.urlencode({"query": expr, "time": at}).encode()
        try:
            with urllib.request.urlopen(f"{self.url}/api/v1/query", form, timeout=10) as answer:
                found: dict[str, Any] = json.load(answer)["data"]
                return found
        except urllib.error.HTTPError as failure:
            if failure.code == 422:
                return None
            raise AssertionError(f"{expr}: {failure.read().decode()}") from failure


@pytest.fixture(scope="session")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """Prometheus with the synthetic series of `synthetic.py`."""
    if not shutil.which("prometheus") or not shutil.which("promtool"):
        pytest.skip("prometheus and promtool are not installed")
    directory = tmp_path_factory.mktemp("prometheus")
    _load(directory)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    (directory / "prometheus.yml").write_text("global: {}\n")
    process = subprocess.Popen(
        [
            "prometheus",
            f"--config.file={directory / 'prometheus.yml'}",
            f"--storage.tsdb.path={directory / 'data'}",
            "--storage.tsdb.retention.time=100y",
            f"--web.listen-address={address}",
            "--log.level=error",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait(f"http://{address}/-/ready", process)
        yield Prometheus(f"http://{address}")
    finally:
        process.terminate()
        process.wait(10)


def _load(directory: Path) -> None:
    series = directory / "series.om"
    series.write_text(exposition())
    subprocess.run(
        ["promtool", "tsdb", "create-blocks-from", "openmetrics", series, directory / "data"],
        check=True,
        capture_output=True,
    )


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and process.poll() is None:
        try:
            urllib.request.urlopen(url, timeout=1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise AssertionError("prometheus did not start")
