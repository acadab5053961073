"""Keeps labels from exploding: how many values a label may have, and what becomes of those beyond."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from threading import Lock

from tocsin.metrics import Label

OTHER = "other"
UNKNOWN = "unknown"

_log = logging.getLogger("agentmetrics")


class LabelLimits:
    """The values that each label has taken. The first ones keep their name, those beyond the limit become `other`.

    A label has its closed set of values, or as many as its stated cardinality, `other` and `unknown` included. `limits`
    says by the label's name how many there may be beside those two. `capped` is told the name of the label each time.
    """

    def __init__(self, capped: Callable[[str], object], limits: Mapping[str, int] | None = None) -> None:
        self._limits = dict(limits or {})
        self._capped = capped
        self._seen: dict[str, set[str]] = {}
        self._lock = Lock()

    def kept(self, label: Label, value: object) -> str:
        """The value as the label has it: the value itself, or `other`; `unknown` where there is none."""
        text = UNKNOWN if value is None or value == "" else str(value)
        if text in (UNKNOWN, OTHER) or self._admits(label, text):
            return text
        self._capped(label.name)
        return OTHER

    def _admits(self, label: Label, value: str) -> bool:
        if label.values is not None:
            return value in label.values
        limit = self._limits.get(label.name)
        if limit is None:
            if label.cardinality is None:
                return True
            limit = label.cardinality - len((UNKNOWN, OTHER))
        with self._lock:
            seen = self._seen.setdefault(label.name, set())
            if value in seen:
                return True
            if len(seen) < limit:
                seen.add(value)
                return True
            if OTHER not in seen:
                seen.add(OTHER)  # said once
                _log.warning(
                    "label %s has more than %d values: %r and further ones are counted as %r; "
                    "raise its limit with AgentMetrics(limits={%r: ...})",
                    *(label.name, limit, value, OTHER, label.name),
                )
            return False
