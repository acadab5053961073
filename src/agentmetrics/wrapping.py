"""Functions, coroutines and generators with a span around each call."""

from __future__ import annotations

import asyncio
import functools
import inspect
import weakref
from collections.abc import AsyncIterator, Callable, Generator
from types import AsyncGeneratorType, GeneratorType, TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from agentmetrics.spans import Span

    _Around = AbstractContextManager[Span]

Function = TypeVar("Function", bound=Callable[..., Any])


def wrapped(function: Function, span: Callable[[], Span]) -> Function:
    """The function with a span of its own around each call; around a stream, until the stream ends."""
    runs = (function, type(function).__call__)  # an object's own `async def __call__` counts too
    if any(map(inspect.isasyncgenfunction, runs)):
        wrapper = _async_stream(function, span)
    elif any(map(inspect.isgeneratorfunction, runs)):
        wrapper = _stream(function, span)
    elif any(map(inspect.iscoroutinefunction, runs)):
        wrapper = _coroutine(function, span)
    else:
        wrapper = _plain(function, span)
    return functools.wraps(function)(wrapper)  # type: ignore[return-value]


def _plain(function: Callable[..., Any], span: Callable[[], Span]) -> Callable[..., Any]:
    def call(*args: Any, **kwargs: Any) -> Any:
        running = span().start()
        try:
            result = function(*args, **kwargs)
        except BaseException as error:
            running.stop(error)
            raise
        if isinstance(result, _STREAMS) or hasattr(type(result), "__await__"):
            return _carried_on(result, running)
        running.stop()
        return result

    return call


_STREAMS = (GeneratorType, AsyncGeneratorType)


def _carried_on(result: Any, running: Span) -> Any:
    """A result that is still to come, with the span that has begun around it until it has come."""
    running.suspend()
    wrap = _coroutine
    if isinstance(result, _STREAMS):
        wrap = _stream if isinstance(result, GeneratorType) else _async_stream
    carried = wrap(lambda: result, lambda: _Begun(running))()
    weakref.finalize(carried, running.stop).atexit = False  # nobody may ask for it
    return result.get_loop().create_task(carried) if asyncio.isfuture(result) else carried


class _Begun:
    """A span that has begun before, entered to go on and to end."""

    def __init__(self, span: Span) -> None:
        self._span = span

    def __enter__(self) -> Span:
        self._span.resume()
        return self._span

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._span.stop(error)


def _coroutine(function: Callable[..., Any], span: Callable[[], _Around]) -> Callable[..., Any]:
    async def call(*args: Any, **kwargs: Any) -> Any:
        with span():
            return await function(*args, **kwargs)

    return call


# A stream's body runs only while its reader waits for the next value. In between the reader's own work is not the
# span's: the span is suspended.


def _stream(function: Callable[..., Any], span: Callable[[], _Around]) -> Callable[..., Any]:
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


def _async_stream(function: Callable[..., Any], span: Callable[[], _Around]) -> Callable[..., Any]:
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
                except GeneratorExit:
                    running.resume()
                    await body.aclose()
                    raise
                except BaseException as error:
                    step = functools.partial(body.athrow, error)
                running.resume()

    return call
