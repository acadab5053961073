"""Fields of parsed documents, whatever they hold: JSON has types, YAML as it is read here has text alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_FLAGS = {"true": True, "false": False}


def as_text(value: Any) -> str:
    """A scalar as text; "" for null and for what is no scalar."""
    if isinstance(value, str):
        return value
    if value is None or isinstance(value, dict | list):
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def text(of: Mapping[Any, Any], key: str) -> str:
    value = of.get(key, "")
    return value if value.__class__ is str else as_text(value)


def texts(of: Any) -> dict[str, str]:
    """A mapping of texts: labels, annotations."""
    return {str(key): as_text(value) for key, value in of.items()} if isinstance(of, dict) else {}


def mapping(of: Mapping[Any, Any], key: str) -> dict[str, Any]:
    value = of.get(key)
    return value if isinstance(value, dict) else {}


def mappings(of: Mapping[Any, Any], key: str) -> list[dict[str, Any]]:
    """The mappings in a list; what else stands in it is passed over."""
    value = of.get(key)
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def items(of: Mapping[Any, Any], key: str) -> list[Any]:
    value = of.get(key)
    return value if isinstance(value, list) else []


def number(value: Any) -> float | None:
    """A number, as such or as text."""
    if isinstance(value, bool) or value is None or isinstance(value, dict | list):
        return None
    try:
        return float(value)
    except ValueError:
        return None


def whole(value: Any) -> int | None:
    found = value if value.__class__ is int else number(value)
    return int(found) if found is not None and found == found and abs(found) < 2**53 else None


def flag(value: Any) -> bool | None:
    """A boolean, as such or as text; None where nothing is said."""
    if value is None or isinstance(value, bool):
        return value
    return _FLAGS.get(str(value).lower())
