"""Findings and errors: what is wrong, where, and how to mend it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

from tocsin.source import Source


class Severity(IntEnum):
    """How bad a finding is. An error cannot mean what it says; a warning will mislead or hurt."""

    INFO = 0
    WARNING = 1
    ERROR = 2

    def __str__(self) -> str:
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a check found. `object` is the definition's name, `expr` the fragment that it is about."""

    id: str
    severity: Severity
    message: str
    help: str
    source: Source | None = None
    object: str | None = None
    expr: str | None = None


class TocsinError(Exception):
    """Something that a user can mend: `message` says what is wrong, `help` the way out."""

    def __init__(self, message: str, *, help: str = "", source: Source | None = None) -> None:  # noqa: A002
        super().__init__(message)
        self.message = message
        self.help = help
        self.source = source


class DefinitionError(TocsinError):
    """A definition that cannot be."""


def errors_in(findings: Iterable[Finding]) -> list[Finding]:
    """Only the findings that stop the generation."""
    return [finding for finding in findings if finding.severity is Severity.ERROR]
