"""The ids of all findings that the code can make, read off its source."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from projects import REPOSITORY

SOURCES = REPOSITORY / "src" / "tocsin"
# Those that take the id of a check as an argument, and what it is called there.
_NAMES = ("check", "id", "id_")
_VALUES = {"Finding": 0, "Fault": 0}


def ids() -> set[str]:
    """Every id that is written where a finding or a fault is made, or handed to a function that makes one."""
    return {found for path in sorted(SOURCES.rglob("*.py")) for found in _ids_of(path)}


def _ids_of(path: Path) -> Iterator[str]:
    tree = ast.parse(path.read_text())
    places = dict(_VALUES)
    places |= {"error": 0, "warning": 0, "information": 0} if "faults import" in path.read_text() else {}
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            names = [argument.arg for argument in node.args.args]
            places.update((node.name, names.index(name)) for name in _NAMES if name in names)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in places:
            place = places[node.func.id]
            keywords = [keyword.value for keyword in node.keywords if keyword.arg in _NAMES]
            for value in [*node.args[place : place + 1], *keywords]:
                if isinstance(value, ast.Constant) and isinstance(value.value, str):
                    yield value.value
        elif isinstance(node, ast.Tuple) and node.elts and isinstance(node.elts[0], ast.Constant):
            # Tables of checks: each row begins with an id.
            value = node.elts[0].value
            if isinstance(value, str) and len(node.elts) > 2 and value.replace("-", "").isalpha() and "-" in value:
                yield value
