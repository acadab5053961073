"""Langfuse's public API over HTTP: metrics of version 1 (servers 2 and 3) and 2 (servers from 4), and health.

The standard library does the little that is needed, so the exporter adds no HTTP client to an agent's image.
"""

from __future__ import annotations

import base64
import http.client
import json
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from email.message import Message
from typing import IO, Any

ROW_LIMIT = 1000
_LARGEST = 16 * 2**20
_PATHS = {1: "/api/public/metrics", 2: "/api/public/v2/metrics"}
_REASONS = {401: "credentials", 403: "credentials", 404: "not_found", 429: "rate_limit"}
_WAYS_OUT = {
    401: "check LANGFUSE_PUBLIC_KEY and LANGFUSE_SECRET_KEY",
    403: "these keys may not read the project: check LANGFUSE_PUBLIC_KEY and LANGFUSE_SECRET_KEY",
    404: "check LANGFUSE_HOST: it is the address without a path",
    429: "poll less often (--interval), or raise the server's rate limit",
}

Row = Mapping[str, Any]


class LangfuseError(Exception):
    """Langfuse gave no usable answer. `reason` is a value of the catalog's label."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Question:
    """What to ask of one view: dimensions and (measure, aggregation), as both versions of the API name them."""

    view: str
    dimensions: tuple[str, ...]
    measures: tuple[tuple[str, str], ...]
    filters: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Health:
    works: bool
    version: str = ""


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """Keys are for the host that was named, and for no other."""

    def redirect_request(
        self,
        req: urllib.request.Request,  # noqa: ARG002
        fp: IO[bytes],  # noqa: ARG002
        code: int,
        msg: str,  # noqa: ARG002
        headers: Message,  # noqa: ARG002
        newurl: str,
    ) -> None:
        raise LangfuseError("refused", f"it answers {code} and points to {newurl}: set LANGFUSE_HOST to where it is")


_open = urllib.request.build_opener(_NoRedirects).open


class Api:
    """One Langfuse server, as one project's keys see it."""

    def __init__(self, host: str, public_key: str, secret_key: str, timeout: float) -> None:
        self.host = host.rstrip("/")
        self._timeout = timeout
        pair = base64.b64encode(f"{public_key}:{secret_key}".encode()).decode()
        self._headers = {"Authorization": f"Basic {pair}", "Accept": "application/json"}
        self._version = 0

    def version(self) -> int:
        """The version of the metrics API that the server has. Raises LangfuseError where it has none."""
        if not self._version:
            self._version = self._detected()
        return self._version

    def _detected(self) -> int:
        now = time.time()
        probe = Question("observations", (), (("count", "count"),))
        for version in (1, 2):
            try:
                self._rows(version, probe, now - 60, now)
            except LangfuseError as error:
                if error.reason != "not_found":
                    raise
                continue
            return version
        raise LangfuseError("not_found", f"it has no metrics API (404): {_WAYS_OUT[404]}")

    def rows(self, question: Question, start: float, end: float) -> Sequence[Row]:
        """The answer for start <= time < end, largest first, at most ROW_LIMIT rows. Raises LangfuseError."""
        try:
            return self._rows(self.version(), question, start, end)
        except LangfuseError as error:
            if error.reason != "not_found":
                raise
            self._version = 0  # The server may have been replaced by a newer one.
            return self._rows(self.version(), question, start, end)

    def _rows(self, version: int, question: Question, start: float, end: float) -> Sequence[Row]:
        measure, aggregation = question.measures[0]
        query = {
            "view": question.view,
            "dimensions": [{"field": name} for name in question.dimensions],
            "metrics": [{"measure": measure, "aggregation": how} for measure, how in question.measures],
            "filters": list(question.filters),
            "fromTimestamp": _written(start),
            # Langfuse takes what lies on the end, too.
            "toTimestamp": _written(end - 0.001),
            "orderBy": [{"field": f"{aggregation}_{measure}", "direction": "desc"}],
            "config": {"row_limit": ROW_LIMIT},
        }
        parameters = urllib.parse.urlencode({"query": json.dumps(query)})
        answer = self._json(f"{self.host}{_PATHS[version]}?{parameters}", self._headers)
        rows = answer.get("data") if isinstance(answer, dict) else None
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise LangfuseError("garbage", "its answer is no list of rows under data")
        return rows

    def health(self, url: str) -> Health:
        """What a health endpoint says. Raises LangfuseError where nothing like it answers."""
        answer = self._json(url, {"Accept": "application/json"})
        if not isinstance(answer, dict):
            raise LangfuseError("garbage", "its health endpoint does not answer with an object")
        return Health(answer.get("status") == "OK", str(answer.get("version") or ""))

    def _json(self, url: str, headers: Mapping[str, str]) -> Any:
        body = self._body(url, headers)
        try:
            return json.loads(body, parse_float=Decimal)
        except (ValueError, RecursionError):
            raise LangfuseError("garbage", f"its answer is no JSON: {body[:60]!r}") from None

    def _body(self, url: str, headers: Mapping[str, str]) -> bytes:
        deadline = time.monotonic() + self._timeout
        late = LangfuseError("timeout", f"it gave no answer within {self._timeout:g} s")
        try:
            with _open(urllib.request.Request(url, headers=dict(headers)), timeout=self._timeout) as response:
                parts, size = [], 0
                # A server that sends a byte now and then never runs into the socket's time-out.
                while part := response.read1(65536):
                    parts.append(part)
                    size += len(part)
                    if time.monotonic() > deadline:
                        raise late
                    if size > _LARGEST:
                        raise LangfuseError("garbage", f"its answer is longer than {_LARGEST // 2**20} MiB")
                if response.length:
                    raise LangfuseError("connection", "its answer was cut off")
                return b"".join(parts)
        except urllib.error.HTTPError as error:
            with error:
                raise _refused(error) from None
        except TimeoutError:
            raise late from None
        except (urllib.error.URLError, http.client.HTTPException, OSError, ValueError) as error:
            cause = getattr(error, "reason", error)
            if isinstance(cause, TimeoutError):
                raise late from None
            raise LangfuseError("connection", f"cannot be reached: {cause or type(error).__name__}") from None


def _refused(error: urllib.error.HTTPError) -> LangfuseError:
    reason = _REASONS.get(error.code) or ("server" if error.code >= 500 else "refused")
    way_out = _WAYS_OUT.get(error.code)
    said = "" if way_out else _message_in(error)
    return LangfuseError(reason, f"it answers {error.code}" + (f": {way_out or said}" if way_out or said else ""))


def _message_in(error: urllib.error.HTTPError) -> str:
    try:
        answer = json.loads(error.read(2000))
        return " ".join(str(answer.get("message") or answer.get("error") or "").split())[:200]
    except (ValueError, AttributeError, OSError, http.client.HTTPException):
        return ""


def _written(time_: float) -> str:
    return datetime.fromtimestamp(time_, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
