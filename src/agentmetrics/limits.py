"""Keeps labels from exploding: how many values a label may have, and what becomes of those beyond."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from threading import Lock

from tocsin.metrics import Catalog, Label

OTHER = "other"
UNKNOWN = "unknown"
LONGEST = 200  # characters of a value: each series keeps it, and each scrape carries it

_log = logging.getLogger("agentmetrics")


class LabelLimits:
    """The values that each label has taken. The first ones keep their name, those beyond the limit become `other`.

    A label has its closed set of values, or as many as its stated cardinality, `other` and `unknown` included. `limits`
    says by the label's name how many there may be beside those two. `capped` is told the name of the label each time
    that one is observed.
    """

    def __init__(self, capped: Callable[[str], object], limits: Mapping[str, int]) -> None:
        self._limits = dict(limits)
        self._capped = capped
        self._seen: dict[str, set[str]] = {}
        self._lock = Lock()

    def kept(self, label: Label, value: object, *, observed: bool) -> str:
        """The value as the label has it: the value itself, or `other`; `unknown` where there is none."""
        text = UNKNOWN if value is None or value == "" else _writable(str(value))
        if text in (UNKNOWN, OTHER) or self._admits(label, text):
            return text
        if observed:
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


def _writable(value: str) -> str:
    """A value as a scrape can carry it: half a character would fail every scrape."""
    return value[:LONGEST].encode("utf-8", "replace").decode()


def checked(limits: Mapping[str, int], catalog: Catalog) -> Mapping[str, int]:
    """The limits that a user states. Raises ValueError where one is of no label, or no number of values."""
    names = {label.name for metric in catalog for label in metric.labels if label.values is None}
    for name, limit in limits.items():
        if name not in names:
            raise ValueError(f"limits: no label {name!r} can be limited; those that can are {', '.join(sorted(names))}")
        if not isinstance(limit, int) or limit < 0:
            raise ValueError(f"limits: {limit!r} is no number of values for {name}; write 0 or more")
    return limits
