"""What an AI agent exports: the metric catalog, and the instrumentation that fills it.

The catalog alone (`agentmetrics.catalog`) needs nothing; the instrumentation needs `pip install tocsin[agents]`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from agentmetrics.instrument import AgentMetrics as AgentMetrics
    from agentmetrics.prices import Prices as Prices
    from agentmetrics.serve import asgi_app as asgi_app
    from agentmetrics.serve import start_metrics_server as start_metrics_server
    from agentmetrics.serve import wsgi_app as wsgi_app

_HOMES = {
    "AgentMetrics": "agentmetrics.instrument",
    "Prices": "agentmetrics.prices",
    "asgi_app": "agentmetrics.serve",
    "start_metrics_server": "agentmetrics.serve",
    "wsgi_app": "agentmetrics.serve",
}

__all__ = ["AgentMetrics", "Prices", "asgi_app", "start_metrics_server", "wsgi_app"]


def __getattr__(name: str) -> Any:
    # Loaded when asked for: who reads the catalog alone needs no metrics client.
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        return getattr(import_module(home), name)
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] not in ("prometheus_client", "genai_prices"):
            raise
        raise ImportError(f"{name} needs {error.name}: pip install 'tocsin[agents]'") from None
