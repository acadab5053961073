"""The tokens of a model call, and how they are counted without counting one twice."""

from __future__ import annotations

from collections.abc import Iterator
from operator import index
from typing import NamedTuple, TypedDict

# The kinds of token that prices tell apart.
KINDS = ("input", "output", "cache_read", "cache_write", "cache_write_1h", "reasoning")


class Tokens(TypedDict, total=False):
    """How the tokens of a call are told. `input` is all that was read, cached tokens included, and `output` all that
    was written, reasoning included. What a provider leaves out may be None.
    """

    input: int | None
    output: int | None
    cache_read: int | None
    cache_write: int | None
    cache_write_1h: int | None
    reasoning: int | None


class Usage(NamedTuple):
    """Tokens of one call. `cache_read` and `cache_write` are parts of `input`, `reasoning` is one of `output`; what is
    kept for an hour, `cache_write_1h`, is a part of `cache_write`.
    """

    input: int = 0
    output: int = 0
    cache_read: int = 0
    cache_write: int = 0
    cache_write_1h: int = 0
    reasoning: int = 0

    @classmethod
    def of(cls, tokens: Tokens) -> Usage:
        """The usage that was told. Raises ValueError where a part is more than the whole, or less than nothing, and
        TypeError where a number is not whole.
        """
        usage = cls(**{name: index(number or 0) for name, number in tokens.items()})  # type: ignore[arg-type]
        read, written, cached, stored, hour, reasoned = usage
        if cached + stored > read:
            raise ValueError(
                f"{cached + stored} of {read} input tokens were cached: "
                "input counts all that were read, cached ones included"
            )
        if reasoned > written:
            raise ValueError(f"{reasoned} of {written} output tokens were reasoning: output counts them too")
        if hour > stored or min(usage) < 0:
            raise ValueError(f"{usage} cannot be: a part is no more than the whole, and no less than nothing")
        return usage

    def parts(self) -> tuple[int, int, int, int, int, int]:
        """Each token once, in the order of `KINDS`: their sum is all that was read and written."""
        read, written, cached, stored, hour, reasoned = self
        return read - cached - stored, written - reasoned, cached, stored - hour, hour, reasoned

    def counts(self) -> Iterator[tuple[str, int]]:
        """Each token once, by `token_type`. What was read and written is told even where it is nothing."""
        yield "input", self.input - self.cache_read - self.cache_write
        yield "output", self.output - self.reasoning
        if self.cache_read:
            yield "cache_read", self.cache_read
        if self.cache_write:
            yield "cache_write", self.cache_write
        if self.reasoning:
            yield "reasoning", self.reasoning
