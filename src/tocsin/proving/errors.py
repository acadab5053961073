"""What stops a derivation. It ends as a finding, so the words are for the alert's author."""

from __future__ import annotations


class UnderivableError(Exception):
    """Something of an expression that the derivation has no model of: its name."""

    def __str__(self) -> str:
        return f"there is no model of {super().__str__()}"


class UnprovenError(UnderivableError):
    """A proof that was tried and did not come about: a sentence that says why."""

    def __str__(self) -> str:
        return Exception.__str__(self)
