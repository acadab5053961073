"""The tokens of a model call, and how they are counted without counting one twice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypedDict


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


@dataclass(frozen=True, slots=True)
class Usage:
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
        return cls(**{name: number or 0 for name, number in tokens.items()})  # type: ignore[arg-type]

    def __post_init__(self) -> None:
        for name in self.__slots__:
            number = getattr(self, name)
            if not isinstance(number, int) or number < 0:
                raise ValueError(f"{name} is {number!r}; it is a number of tokens")
        if self.cache_read + self.cache_write > self.input:
            raise ValueError(
                f"{self.cache_read + self.cache_write} of {self.input} input tokens were cached: "
                "input counts all that were read, cached ones included"
            )
        if self.cache_write_1h > self.cache_write:
            raise ValueError(f"{self.cache_write_1h} of {self.cache_write} cached tokens are kept for an hour")
        if self.reasoning > self.output:
            raise ValueError(f"{self.reasoning} of {self.output} output tokens were reasoning: output counts them too")

    def counts(self) -> Iterator[tuple[str, int]]:
        """Each token once, by `token_type`: their sum is all that was read and written."""
        yield "input", self.input - self.cache_read - self.cache_write
        yield "output", self.output - self.reasoning
        if self.cache_read:
            yield "cache_read", self.cache_read
        if self.cache_write:
            yield "cache_write", self.cache_write
        if self.reasoning:
            yield "reasoning", self.reasoning
