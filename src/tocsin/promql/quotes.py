"""Fragments of expressions, as findings quote them."""

from __future__ import annotations

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


def quoted(node: Any, faults: Faults, source: str | None = None) -> Faults:
    """Faults that quote the node which they are about; `source` is its text, where that is known."""
    text = source if source is not None and _is_plain(source) else quote(node)
    return tuple([Fault(fault.id, fault.severity, fault.message, fault.help, text) for fault in faults])


def _is_plain(source: str) -> bool:
    """Whether a text is one line, spaced as usual and without a comment, so that it is its own quote."""
    return not ("\n" in source or "  " in source or "#" in source or "\t" in source or source != source.strip())
