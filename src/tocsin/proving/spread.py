"""A subject's series as two instances of an exporter show them, unequally: the sum, the average and the largest differ.

Of each way to divide what one would show, that one is taken under which the value that the alert compares stays what it
is. Where there is none, as where nothing is aggregated, one instance shows it all.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import replace
from decimal import Decimal

from tocsin.metrics import Gauge
from tocsin.promql.tree import Aggregate
from tocsin.proving.asked import Answer, Asked
from tocsin.proving.errors import UnderivableError
from tocsin.proving.workloads import Leaf, Mix, Setting, Workload

_INSTANCES = ("a", "b")
_OF_TARGETS = frozenset({"job", "instance"})
_MOST, _REST = Decimal("0.8"), Decimal("0.2")
Split = Callable[[Leaf, Setting], tuple[Setting, Setting]]


def splits_of(asked: Asked, leaves: Iterable[Leaf], workloads: Iterable[Workload]) -> dict[Leaf, Split]:
    """How the settings of some leaves can be divided in all those workloads."""
    found: dict[Leaf, Split] = {}
    if not any(isinstance(part, Aggregate) for part in asked.condition.walk()):
        return found
    known = [(workload, asked.of(workload)) for workload in workloads]
    told_apart = {name for _, answer in known for labels in answer.value for name, _ in labels} - _OF_TARGETS
    for leaf in leaves:
        if not _can_be_split(leaf, told_apart):
            continue
        for split in _SPLITS:
            tried = {**found, leaf: split}
            if all(_stays(asked, spread(workload, tried), answer) for workload, answer in known):
                found = tried
                break
    return found


def _can_be_split(leaf: Leaf, told_apart: Set[str]) -> bool:
    """Whether it has no instance yet, or one of many that another label tells whose they are."""
    own = {label.name for label in leaf.open if not label.values}
    return "instance" not in dict(leaf.labels({})) or ("instance" in own and bool(own & told_apart))


def spread(workload: Workload, splits: Mapping[Leaf, Split]) -> Workload:
    """The workload with a leaf for each instance, where it is known how to divide it."""
    settings: dict[Leaf, Setting] = {}
    for leaf, setting in workload.items():
        if leaf in splits:
            settings |= zip(instances_of(leaf), splits[leaf](leaf, setting), strict=True)
        else:
            settings[leaf] = setting
    return settings


def instances_of(leaf: Leaf) -> tuple[Leaf, ...]:
    """The leaf, as each instance exports it."""
    others = tuple(label for label in leaf.open if label.name != "instance")
    return tuple(replace(leaf, fixed=(*leaf.fixed, ("instance", name)), open=others) for name in _INSTANCES)


def _stays(asked: Asked, workload: Workload, answer: Answer) -> bool:
    try:
        found = asked.of(workload)
    except UnderivableError:
        return False
    same = found.value.keys() == answer.value.keys() and found.met.keys() == answer.met.keys()
    return same and all(
        value == other or math.isclose(value, other, rel_tol=1e-9) or (math.isnan(value) and math.isnan(other))
        for value, other in ((found.value[labels], answer.value[labels]) for labels in answer.value)
    )


def _summed(leaf: Leaf, setting: Setting) -> tuple[Setting, Setting]:
    """Both together are what it is; most of what is slow is of the second."""
    if isinstance(setting, Mix):
        return _parted(setting)
    if setting is None:
        return None, None
    rest = setting / 4
    if isinstance(leaf.metric, Gauge) and leaf.metric.unit.noun and abs(rest) >= 1:
        rest = rest.to_integral_value("ROUND_DOWN")
    if not setting and _fits(leaf, Decimal(-1)):
        return Decimal(1), Decimal(-1)
    return (setting - rest, rest) if _fits(leaf, rest) and _fits(leaf, setting - rest) else (setting, setting)


def _parted(mix: Mix) -> tuple[Mix, Mix]:
    if len(mix.parts) != 2:
        return Mix(mix.flow * _MOST, mix.parts), Mix(mix.flow * _REST, mix.parts)
    (fast, _), (slow, share) = mix.parts
    theirs = min(share, _REST)
    return (
        Mix(mix.flow * _MOST, _parts((fast, 1 - (share - theirs) / _MOST), (slow, (share - theirs) / _MOST))),
        Mix(mix.flow * _REST, _parts((fast, 1 - theirs / _REST), (slow, theirs / _REST))),
    )


def _parts(*parts: tuple[Decimal, Decimal]) -> tuple[tuple[Decimal, Decimal], ...]:
    return tuple(part for part in parts if part[1])


def _moved(share: str, other: str) -> Split:
    """Each instance is moved by so many times what it would show; by so much where that is nothing."""

    def split(leaf: Leaf, setting: Setting) -> tuple[Setting, Setting]:
        if setting is None or isinstance(setting, Mix):
            return setting, setting
        size = abs(setting) or Decimal(1)
        moved = setting + size * Decimal(share), setting + size * Decimal(other)
        return moved if all(_fits(leaf, one) for one in moved) else (setting, setting)

    return split


def _fits(leaf: Leaf, value: Decimal) -> bool:
    metric = leaf.metric
    if not isinstance(metric, Gauge):
        return value >= 0
    low, high = None if leaf.ticks else metric.minimum, metric.maximum
    return (low is None or value >= Decimal(repr(low))) and (high is None or value <= Decimal(repr(high)))


# That of a sum, of the largest, of the least, of the average.
_SPLITS: tuple[Split, ...] = (_summed, _moved("0", "-0.5"), _moved("0", "0.5"), _moved("0.25", "-0.25"))
