"""What the comparisons of PromQL say of two numbers."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any

HOLDS: Mapping[str, Callable[[Any, Any], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
}
