"""Who lives in a derived scenario: series that should make an alert fire, and series that should not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from tocsin.metrics import Gauge
from tocsin.model.scenario import Claim
from tocsin.promql.tree import Binary, Call, Node
from tocsin.proving.spread import Split
from tocsin.proving.workloads import Leaf, Mix, Setting, Workload

# What is not shown where one of them does not do as it should.
LOST = {
    "just beyond": "series just beyond its threshold do not make it fire and resolve",
    "far beyond": "series far beyond its threshold, whose counters start again, do not make it fire all the while and"
    " resolve",
    "just short": "series just short of its threshold make it fire",
    "brief": "series beyond its threshold for less than its `for` make it fire",
    "idle": "series without traffic make it fire",
    "": "series that fail what else it asks make it fire",
}


@dataclass(frozen=True, slots=True)
class Subject:
    """Someone in a scenario. `labels` tell it from the others; phases are settings with how many scrapes they last.

    Whoever `fires` must do so for so many evaluations, `firing`. `hits` are evaluations just before which its counters
    start again, `missed` those just before which the scrape fails, the last time with so many before it that `failing`
    do.
    `beside` is how series live that the condition's matchers keep out: whoever drops a matcher will see them. `splits`
    say how two instances of its exporter show what they say. Who has `turns` lives the lives of several, one after the
    other: they are the evaluations at which each was seen for long enough.
    """

    name: str
    labels: Mapping[str, str]
    phases: tuple[tuple[Workload, int], ...]
    fires: bool
    firing: int = 1
    hits: tuple[int, ...] = ()
    missed: tuple[int, ...] = ()
    failing: int = 1
    beside: Workload | None = None
    splits: Mapping[Leaf, Split] = field(default_factory=dict)
    turns: tuple[int, ...] = ()


def tell_of(claims: Sequence[Claim], subjects: Iterable[Subject]) -> bool:
    """Whether each subject that must fire is seen to, all at once; and everybody to be quiet."""
    all_at_once = [frozenset(subject.labels.items()) for subject in subjects if subject.fires]
    shown = ([frozenset(one.labels) for one in claim.instances] for claim in claims)
    quiet = any(not claim.instances for claim in claims)
    return quiet and any(all(any(own <= one for one in seen) for own in all_at_once) for seen in shown)


def distinct(subjects: Iterable[Subject]) -> list[Subject]:
    """Without those who live like one before them, under the same labels: a series cannot be far from missing."""
    found: list[Subject] = []
    for subject in subjects:
        if all((subject.labels, subject.phases) != (known.labels, known.phases) for known in found):
            found.append(subject)
    return found


def asks_for_presence(node: Node) -> bool:
    """Whether it is true where something is not there."""
    return (isinstance(node, Call) and node.function.startswith("absent")) or (
        isinstance(node, Binary) and node.operator == "unless"
    )


def idle_setting(leaf: Leaf, setting: Setting) -> Setting:
    """The same without traffic; a gauge stands as it stood."""
    if isinstance(setting, Mix):
        return Mix(Decimal(0), setting.parts)
    return setting if setting is None or isinstance(leaf.metric, Gauge) else Decimal(0)
