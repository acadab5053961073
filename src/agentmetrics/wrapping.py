"""Functions, coroutines and generators with a span around each call."""

from __future__ import annotations

import functools
import inspect
from collections.abc import AsyncIterator, Callable, Generator
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from agentmetrics.spans import Span

Function = TypeVar("Function", bound=Callable[..., Any])


def wrapped(function: Function, span: Callable[[], Span]) -> Function:
    """The function with a span of its own around each call; around a stream, until the stream ends."""
    if inspect.isasyncgenfunction(function):
        wrapper = _async_stream(function, span)
    elif inspect.isgeneratorfunction(function):
        wrapper = _stream(function, span)
    elif inspect.iscoroutinefunction(function):
        wrapper = _coroutine(function, span)
    else:
        wrapper = _plain(function, span)
    return functools.wraps(function)(wrapper)  # type: ignore[return-value]


def _plain(function: Callable[..., Any], span: Callable[[], Span]) -> Callable[..., Any]:
    def call(*args: Any, **kwargs: Any) -> Any:
        with span():
            return function(*args, **kwargs)

    return call


def _coroutine(function: Callable[..., Any], span: Callable[[], Span]) -> Callable[..., Any]:
    async def call(*args: Any, **kwargs: Any) -> Any:
        with span():
            return await function(*args, **kwargs)

    return call


# A stream's body runs only while its reader waits for the next value. In between the reader's own work is not the
# span's: the span is suspended.


def _stream(function: Callable[..., Any], span: Callable[[], Span]) -> Callable[..., Any]:
    def call(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
        with span() as running:
            body = function(*args, **kwargs)
            step: Callable[[], Any] = functools.partial(next, body)
            while True:
                try:
                    value = step()
                except StopIteration as end:
                    return end.value
                running.suspend()
                try:
                    sent = yield value
                    step = functools.partial(body.send, sent)
                except BaseException as error:  # the body may handle what its reader throws at it
                    step = functools.partial(body.throw, error)
                running.resume()

    return call


def _async_stream(function: Callable[..., Any], span: Callable[[], Span]) -> Callable[..., Any]:
    async def call(*args: Any, **kwargs: Any) -> AsyncIterator[Any]:
        with span() as running:
            body = function(*args, **kwargs)
            step: Callable[[], Any] = functools.partial(body.asend, None)
            while True:
                try:
                    value = await step()
                except StopAsyncIteration:
                    return
                running.suspend()
                try:
                    sent = yield value
                    step = functools.partial(body.asend, sent)
                except BaseException as error:
                    step = functools.partial(body.athrow, error)
                running.resume()

    return call
