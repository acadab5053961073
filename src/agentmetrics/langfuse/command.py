"""`agentmetrics langfuse-exporter`."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
import urllib.parse
from typing import TYPE_CHECKING, NoReturn

import click

if TYPE_CHECKING:
    from agentmetrics.langfuse.exporter import Exporter

_REQUIRED = ("LANGFUSE_HOST", "LANGFUSE_PUBLIC_KEY", "LANGFUSE_SECRET_KEY")


@click.command(
    epilog="Environment: LANGFUSE_HOST, LANGFUSE_PUBLIC_KEY, LANGFUSE_SECRET_KEY; "
    "LANGFUSE_WORKER_URL where the worker's health is to be watched too."
)
@click.option("--address", default="0.0.0.0", show_default=True, help="Where to listen.")
@click.option("--port", default=9468, show_default=True, type=click.IntRange(0, 65535), help="0: a free one.")
@click.option("--interval", default=60.0, show_default=True, type=click.FloatRange(1), help="Seconds between polls.")
@click.option("--timeout", default=10.0, show_default=True, type=click.FloatRange(0.1), help="Seconds for an answer.")
@click.option("--once", is_flag=True, help="Ask once, print the series, and exit with 1 where something failed.")
def command(address: str, port: int, interval: float, timeout: float, once: bool) -> None:
    """Serve Langfuse's metrics and health to Prometheus."""
    exporter = _exporter(timeout)
    if once:
        sys.exit(_printed(exporter))
    _serve(exporter, address, port, interval)


def _fail(message: str) -> NoReturn:
    click.echo(f"error: {message}", err=True)
    sys.exit(2)


def _exporter(timeout: float) -> Exporter:
    try:
        from agentmetrics.langfuse.exporter import Exporter
    except ModuleNotFoundError as error:
        _fail(f"the Python package {error.name} is missing: pip install 'tocsin[agents]'")
    from agentmetrics.langfuse.api import Api

    missing = [name for name in _REQUIRED if not os.environ.get(name)]
    if missing:
        _fail(f"the environment lacks {', '.join(missing)}")
    host, public_key, secret_key = (os.environ[name] for name in _REQUIRED)
    urls = {"LANGFUSE_HOST": host}
    worker = os.environ.get("LANGFUSE_WORKER_URL")
    if worker:
        urls["LANGFUSE_WORKER_URL"] = worker
    for name, url in urls.items():
        _check_url(name, url)
    health = {"web": f"{host.rstrip('/')}/api/public/health?failIfDatabaseUnavailable=true"}
    if worker:
        health["worker"] = f"{worker.rstrip('/')}/api/health"
    return Exporter(Api(host, public_key, secret_key, timeout), health, time.time, _say)


def _check_url(name: str, url: str) -> None:
    try:
        parts = urllib.parse.urlsplit(url)
        fine = parts.scheme in ("http", "https") and parts.hostname and not parts.username
        fine = fine and not parts.query and not parts.fragment and parts.port != 0
    except ValueError:
        fine = False
    if not fine:
        _fail(f"{name} is no address such as https://langfuse.example.com")


def _say(line: str) -> None:
    click.echo(line, err=True)


def _printed(exporter: Exporter) -> int:
    from prometheus_client import CollectorRegistry, generate_latest

    fine = exporter.poll()
    registry = CollectorRegistry()
    registry.register(exporter)
    click.echo(generate_latest(registry).decode(), nl=False)
    return 0 if fine else 1


def _serve(exporter: Exporter, address: str, port: int, interval: float) -> None:
    from prometheus_client import CollectorRegistry, start_http_server

    registry = CollectorRegistry()
    registry.register(exporter)
    try:
        server, _ = start_http_server(port, address, registry)
    except OSError as error:
        _fail(f"cannot listen on {address}:{port}: {error.strerror or error}")
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    _say(f"serving http://{address}:{server.server_port}/metrics, asking every {interval:g} s")

    def keep_polling() -> None:
        try:
            while not stop.is_set():
                exporter.poll(stop.is_set)
                stop.wait(interval)
        finally:
            stop.set()  # An exporter that no longer asks must not go on serving.

    # A daemon, so that an answer that is still awaited does not hold up the end.
    threading.Thread(target=keep_polling, daemon=True).start()
    stop.wait()
    server.shutdown()
    server.server_close()
