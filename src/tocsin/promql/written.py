"""Expressions as they are written, without what their texts and comments say."""

from __future__ import annotations

import re

_SAID = re.compile(r"""\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'|`[^`]*`|\#[^\n]*""")


def bare(expr: str) -> str:
    """An expression with its texts empty, and without its comments."""
    return _SAID.sub(_emptied if "#" in expr else '""', expr)


def _emptied(said: re.Match[str]) -> str:
    return "" if said[0].startswith("#") else '""'
