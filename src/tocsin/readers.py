"""Who reads a series: the alerts, panels and recording rules that rest on it, directly or through what is recorded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from tocsin.plan import Plan
from tocsin.promql.infer import analyse
from tocsin.source import Source


@dataclass(frozen=True, slots=True)
class Reader:
    """One alert, panel or recorded series; `text` is all PromQL that it rests on."""

    kind: str
    name: str
    source: Source
    text: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


Readers = Mapping[str, tuple[Reader, ...]]


def readers_of(plan: Plan) -> Readers:
    """The readers of each series, by its name: recorded series first, then alerts, then panels."""
    rests: dict[str, tuple[frozenset[str], str]] = {}
    found: dict[str, dict[Reader, None]] = {}
    for kind, name, source, texts in _queries(plan):
        series = frozenset(one for text in texts for one in analyse(text, plan.world).series)
        below = [rests[one] for one in series if one in rests]
        series = series.union(*(names for names, _ in below))
        text = "\n".join([*texts, *(text for _, text in below)])
        if kind == "recorded series":
            rests[name] = (series, text)
        reader = Reader(kind, name, source, text)
        for one in series:
            found.setdefault(one, {})[reader] = None
    return {name: tuple(readers) for name, readers in found.items()}


def told(readers: Iterable[Reader]) -> str:
    """Readers by name: `alert AgentHighLatency; panels AI Agents / Latency, AI Agents / Average latency`."""
    by_kind: dict[str, list[str]] = {}
    for reader in readers:
        names = by_kind.setdefault(reader.kind, [])
        if reader.name not in names:
            names.append(reader.name)
    order = sorted(by_kind, key=("alert", "panel", "recorded series").index)
    return "; ".join(f"{_many(kind, by_kind[kind])} {', '.join(by_kind[kind])}" for kind in order)


def _many(kind: str, names: list[str]) -> str:
    return kind if len(names) == 1 or kind.endswith("s") else f"{kind}s"


def _queries(plan: Plan) -> Iterator[tuple[str, str, Source, tuple[str, ...]]]:
    for record in plan.records:
        yield "recorded series", record.name, record.record.source, (record.node.text(),)
    for planned in plan.alerts:
        sides = (planned.left.text(), planned.right.text())
        yield "alert", planned.alert.name, planned.alert.source, sides
    for dashboard in plan.definitions.dashboards:
        for panel in dashboard.panels:
            texts = (plan.panel_text(panel, indicator, dashboard.variables) for indicator in panel.indicators)
            yield "panel", f"{dashboard.title} / {panel.title}", panel.source, tuple(texts)
