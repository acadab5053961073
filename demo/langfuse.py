"""A server on loopback that answers as Langfuse documents it: metrics API v1 or v2 over recorded events, and health.

Written from Langfuse's API definition and query builder: both ends of the time range belong to it, rows are cut off at
`row_limit` (100 where none is asked for), large integers are text, unknown fields are refused with 400.
"""

from __future__ import annotations

import base64
import json
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

KEYS = ("pk-lf-test", "sk-lf-test")
_DIMENSIONS = {
    "traces": {"environment", "name"},
    "observations": {"environment", "providedModelName", "type", "level", "traceName", "isRootObservation"},
}
_MEASURES = {
    "traces": {"count", "latency"},
    "observations": {"count", "latency", "inputTokens", "outputTokens", "totalTokens", "totalCost"},
}
Event = dict[str, Any]
Handler = BaseHTTPRequestHandler


def observation(time: float, **values: Any) -> Event:
    return {
        "time": time,
        "environment": "production",
        "providedModelName": "gpt-4o",
        "type": "GENERATION",
        "level": "DEFAULT",
        "traceName": "support",
        "isRootObservation": False,
        "latency": 1500,
        "inputTokens": 100,
        "outputTokens": 20,
        "totalTokens": 130,
        "totalCost": 0.0125,
        **values,
    }


def trace(time: float, name: str = "support", latency: int = 4000) -> Event:
    """A trace, as its root observation: without a model, tokens or cost."""
    none = dict.fromkeys(("providedModelName", "inputTokens", "outputTokens", "totalTokens", "totalCost"))
    return observation(time, traceName=name, type="SPAN", isRootObservation=True, latency=latency, **none)


@dataclass
class LangfuseServer:
    version: int
    events: list[Event] = field(default_factory=list)
    fault: Callable[[Handler], bool] | None = None  # Answers in our stead, where it returns True.
    asked: list[dict[str, Any]] = field(default_factory=list)
    healthy: bool = True
    url: str = ""

    def answer(self, handler: Handler) -> tuple[int, Any]:
        address = urlsplit(handler.path)
        if address.path == "/api/public/health":
            return (200, {"status": "OK", "version": "4.16.0"}) if self.healthy else (503, {"status": "Database down"})
        if address.path == "/api/health":
            return 200, {"status": "OK"}
        api = {"/api/public/metrics": 1, "/api/public/v2/metrics": 2}.get(address.path)
        if api is None or api != self.version:
            return 404, {"message": "Not Found"}
        pair = base64.b64encode(":".join(KEYS).encode()).decode()
        if handler.headers.get("Authorization") != f"Basic {pair}":
            return 401, {"message": "Invalid credentials"}
        query = json.loads(parse_qs(address.query)["query"][0])
        self.asked.append(query)
        return self._metrics(query)

    def _metrics(self, query: dict[str, Any]) -> tuple[int, Any]:
        view = query["view"]
        dimensions = [one["field"] for one in query["dimensions"]]
        wanted = [(one["measure"], one["aggregation"]) for one in query["metrics"]]
        filters = query["filters"]
        limit = query.get("config", {}).get("row_limit", 100)
        if view not in _DIMENSIONS or (view == "traces" and self.version == 2):
            return 400, {"message": f"Invalid view {view}"}
        unknown = {*dimensions, *(one["column"] for one in filters)} - _DIMENSIONS[view]
        unknown |= {measure for measure, _ in wanted} - _MEASURES[view]
        columns = [*dimensions, *(f"{how}_{measure}" for measure, how in wanted)]
        unknown |= {one["field"] for one in query["orderBy"]} - set(columns)
        if unknown or not 1 <= limit <= 1000:
            return 400, {"message": f"Invalid {unknown or limit}"}
        groups: defaultdict[tuple[Any, ...], list[Event]] = defaultdict(list)
        for event in self._chosen(query):
            groups[tuple(event["traceName" if name == "name" else name] for name in dimensions)].append(event)
        if not dimensions and not groups:
            groups[()] = []
        rows = [
            dict(zip(dimensions, key, strict=True))
            | {f"{how}_{what}": _measured(found, what, how) for what, how in wanted}
            for key, found in groups.items()
        ]
        for order in reversed(query["orderBy"]):
            rows.sort(key=lambda row: float(row[order["field"]] or 0), reverse=order["direction"] == "desc")
        return 200, {"data": rows[:limit]}

    def _chosen(self, query: dict[str, Any]) -> Iterator[Event]:
        start, end = (datetime.fromisoformat(query[name]).timestamp() for name in ("fromTimestamp", "toTimestamp"))
        for event in tuple(self.events):
            inside = start <= round(event["time"], 3) <= end
            fitting = all(event[one["column"]] == one["value"] for one in query["filters"])
            if inside and fitting and (query["view"] != "traces" or event["isRootObservation"]):
                yield event


def _measured(events: list[Event], measure: str, how: str) -> Any:
    if measure == "count":
        return str(len(events))
    values = sorted(event[measure] for event in events if event[measure] is not None)
    if how == "sum":
        total = sum(values)
        return str(total) if isinstance(total, int) else total
    return values[int((len(values) - 1) * int(how[1:]) / 100)] if values else None


@contextmanager
def langfuse(version: int) -> Iterator[LangfuseServer]:
    state = LangfuseServer(version)

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if state.fault is not None and state.fault(self):
                return
            status, answer = state.answer(self)
            body = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    state.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
