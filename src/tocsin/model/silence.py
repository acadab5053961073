"""Silences: a finding that is meant, with the reason, at the definition that it is about."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Silence:
    """This definition is not told of that check. `because` is for the next reader."""

    check: str
    because: str


def allow(check: str, *, because: str) -> Silence:
    """`allow=(allow("bucket-gap", because="..."),)` on a definition."""
    return Silence(check, because)
