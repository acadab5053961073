"""What went wrong: from an exception to the value of `error_type`.

Errors of HTTP and model libraries are known by their status code and their name, so that none need be imported.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from types import MappingProxyType

TIMEOUT = "timeout"
RATE_LIMIT = "rate_limit"
UNKNOWN = "unknown"

# None: it ends the work and is no error.
_BY_CLASS: Mapping[type[BaseException], str | None] = MappingProxyType(
    {
        TimeoutError: TIMEOUT,
        ConnectionError: "connection",
        asyncio.CancelledError: "cancelled",
        KeyboardInterrupt: "cancelled",
        GeneratorExit: None,  # whoever reads a stream has read enough
        SystemExit: None,
    }
)
_BY_NAME: Mapping[str, str | None] = MappingProxyType(
    {
        "RateLimitError": RATE_LIMIT,
        "ResourceExhausted": RATE_LIMIT,
        "ThrottlingException": RATE_LIMIT,
        "Timeout": TIMEOUT,
        "TimeoutException": TIMEOUT,
        "APITimeoutError": TIMEOUT,
        "DeadlineExceeded": TIMEOUT,
        "NetworkError": "connection",
        "APIConnectionError": "connection",
        "AuthenticationError": "auth",
        "GraphBubbleUp": None,  # LangGraph's interrupts
    }
)
_BY_STATUS: Mapping[int, str] = MappingProxyType(
    {401: "auth", 403: "auth", 408: TIMEOUT, 429: RATE_LIMIT, 504: TIMEOUT}
)
# What a library calls it, where a stream has no status of its own.
_BY_CODE: Mapping[str, str] = MappingProxyType({"rate_limit_exceeded": RATE_LIMIT, "rate_limit_error": RATE_LIMIT})

ERROR_TYPES = (UNKNOWN, TIMEOUT, RATE_LIMIT, "connection", "auth", "invalid_request", "server_error", "cancelled")
_MOST_CAUSES = 32


class ErrorTypes:
    """Exceptions by type. `mapping` comes first: a class, with its subclasses, to a type, or to None for no error."""

    def __init__(self, mapping: Mapping[type[BaseException], str | None] | None = None) -> None:
        self._mapping = dict(mapping or {})

    def of(self, error: BaseException) -> str | None:
        """The type of an error: `unknown` where neither it nor what caused it is known. None where it is no error
        itself, or groups nothing else; what caused an error, or stands beside it in a group, does not undo it.
        """
        try:
            if self._is_none(error):
                return None
            known = (self._own(cause) for cause in _causes(error))
            return next((found for found in known if found not in (None, UNKNOWN)), UNKNOWN)
        except Exception:  # an error that cannot be asked is one still
            return UNKNOWN

    def _is_none(self, error: BaseException) -> bool:
        own = self._own(error)
        if own == UNKNOWN and isinstance(error, BaseExceptionGroup):
            return all(self._is_none(one) for one in error.exceptions)
        return own is None

    def _own(self, error: BaseException) -> str | None:
        """The type by the error alone."""
        for known in (self._stated, _of_class, _of_code, _of_status):
            found = known(error)
            if found != UNKNOWN:
                return found
        return UNKNOWN

    def _stated(self, error: BaseException) -> str | None:
        for kind in type(error).__mro__:
            if kind in self._mapping:
                return self._mapping[kind]
        return UNKNOWN


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error, those that it groups, and those that it was explicitly raised from."""
    waiting = [error]
    for _ in range(_MOST_CAUSES):
        if not waiting:
            return
        one = waiting.pop(0)
        yield one
        if isinstance(one, BaseExceptionGroup):
            waiting.extend(one.exceptions)
        if one.__cause__ is not None:
            waiting.append(one.__cause__)


def _of_class(error: BaseException) -> str | None:
    for kind in type(error).__mro__:
        if kind in _BY_CLASS:
            return _BY_CLASS[kind]
        if kind.__name__ in _BY_NAME:
            return _BY_NAME[kind.__name__]
    return UNKNOWN


def _of_code(error: BaseException) -> str:
    code = _attribute(error, "code")
    return _BY_CODE.get(code, UNKNOWN) if isinstance(code, str) else UNKNOWN


def _of_status(error: BaseException) -> str:
    status = next((status for status in _statuses(error) if 400 <= status < 600), None)
    if status is None:
        return UNKNOWN
    return _BY_STATUS.get(status, "invalid_request" if status < 500 else "server_error")


def _statuses(error: BaseException) -> Iterator[int]:
    """The HTTP statuses that an error carries, wherever its library puts them, as a number or as text."""
    response = _attribute(error, "response")
    if isinstance(response, Mapping):  # botocore
        metadata = response.get("ResponseMetadata")
        response_status = metadata.get("HTTPStatusCode") if isinstance(metadata, Mapping) else None
    else:
        response_status = _attribute(response, "status_code")
    for status in (*(_attribute(error, name) for name in ("status_code", "status", "code")), response_status):
        if isinstance(status, int) or (
            isinstance(status, str) and status.isascii() and status.isdigit() and len(status) == len("429")
        ):
            yield int(status)


def _attribute(thing: object, name: str) -> object:
    """An attribute of somebody else's object: None where it has none, and where it raises."""
    try:
        return getattr(thing, name, None)
    except Exception:
        return None
