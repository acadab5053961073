"""Answers scrapes: a server of its own, or an app for the server that the agent has already.

Where several processes share `PROMETHEUS_MULTIPROC_DIR`, each of them answers for all.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from threading import Thread
from typing import Any
from wsgiref.simple_server import WSGIServer

from prometheus_client import REGISTRY, CollectorRegistry, make_asgi_app, make_wsgi_app, start_http_server
from prometheus_client.multiprocess import MultiProcessCollector

Asgi = Callable[[Any, Any, Any], Awaitable[None]]
Wsgi = Callable[[dict[str, Any], Any], Iterable[bytes]]


class MetricsServerError(OSError):
    """The metrics cannot be served there."""


@dataclass(frozen=True, slots=True)
class MetricsServer:
    """A running server of metrics; it ends with the process, or when it is stopped."""

    port: int
    _server: WSGIServer
    _thread: Thread

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def __enter__(self) -> MetricsServer:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def start_metrics_server(
    port: int = 9464, *, address: str = "0.0.0.0", registry: CollectorRegistry = REGISTRY
) -> MetricsServer:
    """Serves the metrics at `http://address:port/metrics`, from a thread of its own. Port 0 takes any that is free.

    Raises MetricsServerError where the port cannot be had.
    """
    try:
        server, thread = start_http_server(port, address, registry=served(registry))
    except (OSError, OverflowError) as error:
        why, way_out = str(error), "see the address and the port"
        if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
            why, way_out = "the port is in use", "choose another one, or stop what listens there"
        raise MetricsServerError(f"cannot serve metrics at {address}:{port}: {why}; {way_out}") from None
    return MetricsServer(server.server_port, server, thread)


def asgi_app(registry: CollectorRegistry = REGISTRY) -> Asgi:
    """The metrics as an ASGI app: `app.mount("/metrics", asgi_app())` in FastAPI and Starlette."""
    return make_asgi_app(served(registry))


def wsgi_app(registry: CollectorRegistry = REGISTRY) -> Wsgi:
    """The metrics as a WSGI app, for Flask and Django."""
    return make_wsgi_app(served(registry))


def served(registry: CollectorRegistry) -> CollectorRegistry:
    """What is scraped: the registry, or what all processes have counted together where they share a folder."""
    if not os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        return registry
    together = CollectorRegistry()
    MultiProcessCollector(together)  # type: ignore[no-untyped-call]
    return together
