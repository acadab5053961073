"""Reads expositions where they are: in a file, or at the address of a program that runs."""

from __future__ import annotations

import http.client
import re
import time
import urllib.error
import urllib.request
from base64 import b64encode
from pathlib import Path
from urllib.parse import unquote

from tocsin.contract.exposition import Exposition, parse_exposition
from tocsin.findings import TocsinError
from tocsin.source import Source

_OPENMETRICS = "application/openmetrics-text"
_ACCEPT = f"text/plain;version=0.0.4, {_OPENMETRICS};version=1.0.0;q=0.8, */*;q=0.1"
_TIMEOUT = 10.0
_PATIENCE = 60.0
_FORMS = "name a file with metrics, an http(s) address, prometheus+http://host:9090, or package.module:NAME"
_LOGIN = re.compile(r"://([^/?#@]*)@")
_GZIP = b"\x1f\x8b"
_LARGEST = 256 * 2**20


def read_exposition(source: str) -> Exposition:
    """What a file or an http(s) address exposes. Raises TocsinError where it cannot be had, or is no exposition."""
    if not source:
        raise TocsinError("the source of the metrics is empty", help=_FORMS)
    if is_address(source):
        body, kind = fetched(source, _ACCEPT)
        source = without_login(source)
        if "html" in kind or "json" in kind:
            raise TocsinError(
                f"the answer is {kind.partition(';')[0]}, not metrics",
                help="name the path of the metrics, often /metrics",
                source=Source(source),
            )
        return parse_exposition(_decoded(body, source), source, openmetrics=kind.startswith(_OPENMETRICS))
    try:
        body = Path(source).read_bytes()
    except (OSError, ValueError) as error:
        raise TocsinError(
            f"cannot read it: {getattr(error, 'strerror', None) or error}",
            help=_FORMS,
            source=Source(source),
        ) from None
    return parse_exposition(_decoded(body, source), source)


def is_address(source: str) -> bool:
    return source.startswith(("http://", "https://"))


def without_login(address: str) -> str:
    """The address as it may be shown: without user and password."""
    return _LOGIN.sub("://", address, count=1)


def fetched(url: str, accept: str = "*/*", form: bytes | None = None) -> tuple[bytes, str]:
    """The body that an address answers with, and its content type. `user:password@` in it is basic auth.

    Raises TocsinError.
    """
    login = _LOGIN.search(url)
    url = without_login(url)
    place = Source(url.partition("?")[0])
    headers = {"Accept": accept, "User-Agent": "tocsin"}
    if login:
        headers["Authorization"] = f"Basic {b64encode(unquote(login[1]).encode()).decode()}"
    try:
        request = urllib.request.Request(url, form, headers=headers)
        with urllib.request.urlopen(request, timeout=_TIMEOUT) as answer:
            body = _body(answer)
            kind = str(answer.headers.get("Content-Type", ""))
            missing = answer.length
    except urllib.error.HTTPError as error:
        with error:
            raise TocsinError(
                f"the server answers {error.code} {error.reason}",
                help="see whether the address and its path are right, and whether it needs a login",
                source=place,
            ) from None
    except http.client.IncompleteRead:
        raise _cut_off(place) from None
    except (OSError, ValueError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", None) or error
        raise TocsinError(
            f"cannot be reached: {getattr(reason, 'strerror', None) or reason or type(error).__name__}",
            help="see whether it runs, and whether the address is right",
            source=place,
        ) from None
    if len(body) > _LARGEST:
        raise TocsinError("the answer is longer than 256 MiB", help="name the metrics of one program", source=place)
    if missing:
        raise _cut_off(place)
    return body, kind


def _body(answer: http.client.HTTPResponse) -> bytes:
    """A server that sends a byte now and then never runs into the socket's time-out: all of it has one of its own."""
    deadline, parts, size = time.monotonic() + _PATIENCE, [], 0
    while size <= _LARGEST and (part := answer.read1(65536)):
        parts.append(part)
        size += len(part)
        if time.monotonic() > deadline:
            raise TimeoutError(f"it is not done after {_PATIENCE:g} s")
    return b"".join(parts)


def _cut_off(place: Source) -> TocsinError:
    return TocsinError("the answer is cut off", help="get it again: the connection broke", source=place)


def _decoded(body: bytes, source: str) -> str:
    if body.startswith(_GZIP):
        raise TocsinError("it is compressed", help="unpack it first: gunzip, curl --compressed", source=Source(source))
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = body.count(b"\n", 0, error.start) + 1
        raise TocsinError(
            "this is no text in UTF-8", help="name what a program exports at /metrics", source=Source(source, line)
        ) from None
