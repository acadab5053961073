"""Faults: what is wrong with an expression, before anybody says where it stands."""

from __future__ import annotations

from typing import NamedTuple

from tocsin.findings import Severity


class Fault(NamedTuple):
    """One thing that is wrong with an expression. `expr` quotes the fragment that it is about."""

    id: str
    severity: Severity
    message: str
    help: str
    expr: str | None = None


def error(check: str, message: str, help: str) -> Fault:  # noqa: A002
    """It cannot mean what it says."""
    return Fault(check, Severity.ERROR, message, help)


def warning(check: str, message: str, help: str) -> Fault:  # noqa: A002
    """It will mislead or hurt."""
    return Fault(check, Severity.WARNING, message, help)


def information(check: str, message: str, help: str) -> Fault:  # noqa: A002
    """It could be better."""
    return Fault(check, Severity.INFO, message, help)
