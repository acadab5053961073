"""Values for the charts of others, which have no schema: they pass over what they do not know."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml


def known_of(chart: str) -> dict[str, Any]:
    """What a chart takes, as it was read in its sources."""
    known: dict[str, Any] = yaml.safe_load((Path(__file__).parent / f"{chart}_chart.yaml").read_text())
    return known


def values_in(file: Path) -> dict[str, Any]:
    """The values that we state, by their paths."""

    def leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
        if isinstance(value, dict):
            for key, inner in value.items():
                yield from leaves(inner, f"{path}.{key}" if path else key)
        else:
            yield path, value

    return dict(leaves(yaml.safe_load(file.read_text()), ""))


def types_of(values: dict[str, Any]) -> dict[str, str]:
    return {path: type(value).__name__ for path, value in values.items()}
