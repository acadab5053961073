"""Fragments of expressions, as findings quote them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tocsin.promql.faults import Fault
from tocsin.promql.parse import printed
from tocsin.promql.variables import variables_put_back

Faults = tuple[Fault, ...]


def quote(node: Any) -> str:
    """A node's text on one line, as its author wrote it."""
    text = variables_put_back(printed(node))
    if "\n" not in text:
        return text
    lines = [line.strip() for line in text.splitlines()]
    return " ".join(lines).replace("( ", "(").replace(" )", ")")


def quoted(node: Any, faults: Iterable[Fault]) -> Faults:
    """Faults that quote the node which they are about."""
    found = tuple(faults)
    if not found:
        return found
    text = quote(node)
    return tuple([Fault(fault.id, fault.severity, fault.message, fault.help, text) for fault in found])
