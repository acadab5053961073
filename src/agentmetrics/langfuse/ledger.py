"""Counting exactly once what is read again and again: totals that only grow, made of windows that are still filling."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

Key = tuple[str, tuple[str, ...]]
Amounts = Mapping[Key, Decimal]


class Ledger:
    """Remembers for each window what was counted of it, so that a later reading adds the difference alone.

    A window's amount that has shrunk (a trace was deleted, a replica of the database lags) takes nothing back, and what
    returns does not count again. A series is shown with 0 first and gets its amount with the next reading, since
    `increase` does not see a first sample.
    """

    def __init__(self) -> None:
        self.totals: dict[Key, Decimal] = {}
        self._counted: dict[float, dict[Key, Decimal]] = {}
        self._waiting: dict[Key, Decimal] = {}

    def begin(self) -> None:
        """Starts a reading: what new series have had since the last one is counted now."""
        for key, amount in self._waiting.items():
            self.totals[key] += amount
        self._waiting.clear()

    def count(self, window: float, amounts: Amounts, *, known: bool = False) -> None:
        """Takes a window's amounts. Of a `known` window, what the first reading gives happened before we began: it is
        remembered, but not counted.
        """
        known = known and window not in self._counted
        counted = self._counted.setdefault(window, {})
        for key, amount in amounts.items():
            growth = amount - counted.get(key, Decimal(0))
            counted[key] = max(amount, counted.get(key, amount))
            if key not in self.totals:
                self.totals[key] = Decimal(0)
                self._waiting[key] = Decimal(0)
            if growth > 0 and not known:
                into = self._waiting if key in self._waiting else self.totals
                into[key] += growth

    def forget(self, before: float) -> None:
        """Windows that began before will not be read again."""
        for window in [window for window in self._counted if window < before]:
            del self._counted[window]


class Windows:
    """Which windows are to be read. Each is read until it has been complete for `settle` seconds, so that what Langfuse
    records late is counted too; one that cannot be read is asked for again, for up to `patience` seconds.
    """

    def __init__(self, length: float, settle: float, patience: float) -> None:
        self.length, self._settle, self._patience = length, settle, patience
        self._oldest: float | None = None
        self.began: float | None = None
        self.lost = 0

    def due(self, now: float) -> Iterator[float]:
        """The starts of the windows to read, oldest first. Tell `read` of each that was read."""
        current = self._start(now)
        if self._oldest is None:
            self.began = current + self.length
            self._oldest = self._start(now - self._settle)
        while self._oldest < self._start(now - self._patience):
            self._oldest += self.length
            self.lost += 1
        start = self._oldest
        while start <= current:
            yield start
            start += self.length

    def read(self, start: float, now: float) -> None:
        if start == self._oldest and start + self.length + self._settle <= now:
            self._oldest = start + self.length

    def is_known(self, start: float) -> bool:
        """Whether the window began before we did."""
        return self.began is not None and start < self.began

    @property
    def oldest(self) -> float:
        return self._oldest or 0.0

    def last_complete(self, now: float) -> float:
        return self._start(now) - self.length

    def _start(self, time: float) -> float:
        return time // self.length * self.length
