"""Recording rules: indicators that Prometheus computes once for all who read them."""

from __future__ import annotations

from dataclasses import dataclass, field

from tocsin.model.indicator import Indicator
from tocsin.model.silence import Silence
from tocsin.source import Source, here


@dataclass(frozen=True, slots=True, eq=False)
class Record:
    """An indicator, recorded as `level:NAME`, where the level is made of the labels that it keeps.

    `name` is `metric:operations`, for example `agent_request_duration_seconds:p99_5m`. A `spare` one is left out where
    another record means the same: that is read instead.
    """

    indicator: Indicator
    name: str
    spare: bool = field(default=False, kw_only=True)
    allow: tuple[Silence, ...] = field(default=(), kw_only=True)
    source: Source = field(default_factory=here, kw_only=True, repr=False)


@dataclass(frozen=True, slots=True, eq=False)
class RuleGroup:
    """Recording rules that are computed together, in this order, every `interval`."""

    name: str
    interval: str
    records: tuple[Record, ...]
    source: Source = field(default_factory=here, kw_only=True, repr=False)
