"""From an exception to the type of the error."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest

from agentmetrics.errors import ErrorTypes


def _error(name: str = "SomeError", *bases: type[BaseException], **attributes: object) -> BaseException:
    return type(name, bases or (Exception,), attributes)("message")


def _raised_from(cause: BaseException) -> BaseException:
    error = RuntimeError("wrapped")
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (ValueError("what"), "unknown"),
        (TimeoutError(), "timeout"),
        (_error("ReadTimeout", type("TimeoutException", (Exception,), {})), "timeout"),  # httpx
        (_error("APITimeoutError", type("APIConnectionError", (Exception,), {})), "timeout"),  # openai
        (ConnectionResetError(), "connection"),
        (_error("RateLimitError"), "rate_limit"),
        (_error(status_code=429), "rate_limit"),
        (_error("HTTPStatusError", response=SimpleNamespace(status_code=429)), "rate_limit"),  # httpx
        (_error("ClientError", response={"ResponseMetadata": {"HTTPStatusCode": 429}}), "rate_limit"),  # botocore
        (_error("APIError", code=429), "rate_limit"),  # google
        (_error("APIError", code="insufficient_quota", status_code=402), "invalid_request"),
        (_error(status_code=401), "auth"),
        (_error(status_code=504), "timeout"),
        (_error(status_code=529), "server_error"),
        (_error(status_code=200), "unknown"),
        (_raised_from(_error(status_code=429)), "rate_limit"),
        (ExceptionGroup("both", [ValueError(), TimeoutError()]), "timeout"),
        (_error(status_code="429"), "rate_limit"),
        (_error("APIError", code="rate_limit_exceeded"), "rate_limit"),  # openai, in a stream
        (_error(code=property(lambda _: 1 / 0)), "unknown"),
        (_error(code=property(lambda _: 1 / 0), response=SimpleNamespace(status_code=429)), "rate_limit"),
        (_raised_from(SystemExit()), "unknown"),
        (BaseExceptionGroup("both", [SystemExit(), TimeoutError()]), "timeout"),
        (BaseExceptionGroup("both", [SystemExit(), ValueError()]), "unknown"),
        (BaseExceptionGroup("both", [SystemExit(), BaseExceptionGroup("in", [GeneratorExit()])]), None),
        (asyncio.CancelledError(), "cancelled"),
        (GeneratorExit(), None),
        (_error("GraphInterrupt", type("GraphBubbleUp", (Exception,), {})), None),
    ],
)
def test_type_of_an_error(error: BaseException, kind: str | None) -> None:
    assert ErrorTypes().of(error) == kind


def test_a_mapping_of_the_users_comes_first_and_holds_for_subclasses() -> None:
    types = ErrorTypes({OSError: "disk", asyncio.CancelledError: None, LookupError: "missing"})
    assert types.of(TimeoutError()) == "disk"  # a TimeoutError is an OSError
    assert types.of(asyncio.CancelledError()) is None
    assert types.of(_raised_from(KeyError("x"))) == "missing"


def test_causes_that_go_round_in_a_circle_end() -> None:
    first, second = RuntimeError(), RuntimeError()
    first.__cause__, second.__cause__ = second, first
    assert ErrorTypes().of(first) == "unknown"
