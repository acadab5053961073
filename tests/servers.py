"""Servers that tests talk to, on loopback: a real Prometheus, programs that expose metrics, and broken ones."""

from __future__ import annotations

import contextlib
import json
import shutil
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest


@dataclass(frozen=True)
class Prometheus:
    """A running Prometheus to query."""

    url: str

    def query(self, expr: str, at: float | None = None) -> dict[str, Any] | None:
        """What an instant query answers: its `resultType` and `result`; None where it fails."""
        return self._asked("query", {"query": expr} | ({} if at is None else {"time": str(at)}))

    def query_range(self, expr: str, start: float, end: float, step: float) -> list[dict[str, Any]] | None:
        """The series of a range query, each with its `metric` and `values`; None where it fails."""
        times = {"start": str(start), "end": str(end), "step": str(step)}
        found = self._asked("query_range", {"query": expr} | times)
        return None if found is None else list(found["result"])

    def _asked(self, what: str, parameters: dict[str, str]) -> dict[str, Any] | None:
        form = urllib.parse.urlencode(parameters).encode()
        try:
            with urllib.request.urlopen(f"{self.url}/api/v1/{what}", form, timeout=10) as answer:
                found: dict[str, Any] = json.load(answer)["data"]
                return found
        except urllib.error.HTTPError as failure:
            if failure.code == 422:
                return None
            raise AssertionError(f"{parameters['query']}: {failure.read().decode()}") from failure

    def wait_for(self, expr: str) -> None:
        """Until a query answers with something."""
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            answer = self.query(expr)
            if answer and answer["result"]:
                return
            time.sleep(0.1)
        raise AssertionError(f"{expr} stays empty")


@contextlib.contextmanager
def running_prometheus(directory: Path, config: str = "global: {}\n") -> Iterator[Prometheus]:
    """Prometheus over `directory`/data. Skips where it is not installed."""
    if not shutil.which("prometheus") or not shutil.which("promtool"):
        pytest.skip("prometheus and promtool are not installed")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    (directory / "prometheus.yml").write_text(config)
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


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and process.poll() is None:
        try:
            urllib.request.urlopen(url, timeout=1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise AssertionError("prometheus did not start")


@dataclass(frozen=True)
class Answer:
    """What a server says to everybody, or to those with its `login`. `promised` is a Content-Length that is wrong."""

    body: bytes
    kind: str = "text/plain; version=0.0.4"
    code: int = 200
    promised: int | None = None
    login: str = ""


@contextlib.contextmanager
def serving(answer: Answer, asked: list[str] | None = None) -> Iterator[str]:
    """The address of a server with that answer; `asked` gets the paths that it was asked for."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if asked is not None:
                asked.append(self.path)
            allowed = not answer.login or self.headers["Authorization"] == answer.login
            self.send_response(answer.code if allowed else 401)
            self.send_header("Content-Type", answer.kind)
            self.send_header("Content-Length", str(answer.promised or len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

        do_POST = do_GET  # noqa: N815

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
