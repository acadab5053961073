"""Label sets: which labels the series of a result may have, must have, and with which values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import prod
from typing import NamedTuple

from tocsin.metrics import Label


class Known(NamedTuple):
    """What is known of one label.

    `values` are the only ones that it takes, where it is there at all; `sure` says that every series has it;
    `target` that the scrape adds it; `cardinality` how many values are expected; `optional` that some series have it
    and others, for certain, have not.
    """

    values: frozenset[str] | None = None
    sure: bool = False
    cardinality: int | None = None
    target: bool = False
    optional: bool = False

    @property
    def pinned(self) -> bool:
        """Whether one value alone is possible."""
        return self.values is not None and len(self.values) == 1

    def narrowed(self, values: frozenset[str], *, sure: bool) -> Known:
        """The label where only `values` are let through."""
        left = values if self.values is None else self.values & values
        return make(Known, (left, self.sure or sure, len(left), self.target, False))


ANY = Known()
_NONE: frozenset[str] = frozenset()
# What every scrape adds.
_ALWAYS = frozenset({"job", "instance"})
# What a NamedTuple's own constructor does, without the detour through a function that takes keywords.
make = tuple.__new__


class _Labels(NamedTuple):
    known: Mapping[str, Known]
    closed: bool
    partial: bool = False
    seen: bool = False
    external: frozenset[str] = frozenset()


class LabelSet(_Labels):
    """The labels of a result, without the metric's name.

    Where it is `closed`, no series has a label that is not in `known`, but those that are `external`: what a system
    adds that reads several Prometheus, such as Thanos. Where it is open and `seen`, no series had another label when
    they were looked at. `partial` says that series were chosen by value, so that how many remain for a label set
    cannot be told.
    """

    # A tuple, since they are made by the thousand; but each is equal to itself alone.
    __slots__ = ()
    __hash__ = object.__hash__

    def __eq__(self, other: object) -> bool:
        return self is other

    @classmethod
    def of(
        cls,
        labels: Iterable[Label],
        targets: Iterable[Label] = (),
        *,
        closed: bool = True,
        sure: bool = True,
        seen: bool = False,
    ) -> LabelSet:
        """The labels of a metric with those that the scrape adds. A bucket has its `le` for sure."""
        known = {label.name: _known(label, target=False, sure=sure or label.name == "le") for label in labels}
        known |= {label.name: _known(label, target=True, sure=sure) for label in targets}
        return cls(known, closed, seen=seen)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(sorted(self.known))

    @property
    def shown(self) -> tuple[str, ...]:
        """Those that somebody stated or saw: of what was only seen, not all that a scrape may add."""
        known = self.known
        return tuple([name for name in self.names if not (self.seen and known[name].target and name not in _ALWAYS)])

    @property
    def listed(self) -> str:
        """The names for a text. Where they were only seen, nobody knows what a scrape adds to them."""
        if not self.seen:
            return ", ".join(self.names) or "none"
        own = [name for name in self.names if not self.known[name].target]
        return ", ".join([*own, "those that a scrape adds"])

    def may_have(self, name: str) -> bool:
        return not self.closed or name in self.known or name in self.external

    def misses(self, name: str) -> bool:
        """Whether no series has a label, as far as anybody has seen; for certain only where it is closed."""
        return name not in self.known and (name not in self.external if self.closed else self.seen)

    def get(self, name: str) -> Known | None:
        """What is known of a label; None where no series has it."""
        return self.known.get(name, None if self.closed and name not in self.external else ANY)

    def keep(self, names: Iterable[str]) -> LabelSet:
        """Only these labels: `by`, `on`."""
        found = {name: known for name in names if (known := self.get(name)) is not None}
        return make(LabelSet, (found, True, self.partial, False, _NONE))

    def drop(self, names: Iterable[str]) -> LabelSet:
        """All but these labels: `without`, `ignoring`."""
        gone = frozenset(names)
        known = {name: known for name, known in self.known.items() if name not in gone}
        return LabelSet(known, self.closed, self.partial, self.seen, self.external - gone)

    def with_label(self, name: str, known: Known) -> LabelSet:
        return LabelSet({**self.known, name: known}, *self[1:])

    def opened(self) -> LabelSet:
        """The same labels, and perhaps others."""
        return LabelSet(self.known, False, self.partial)

    def unsure(self) -> LabelSet:
        """The same labels, any of which may be gone."""
        return LabelSet({name: known._replace(sure=False) for name, known in self.known.items()}, *self[1:])

    def read_elsewhere(self, external: frozenset[str]) -> LabelSet:
        """The same labels, as they are where a system reads them that may add some."""
        return LabelSet(*self[:4], self.external | external) if external else self

    def chosen(self) -> LabelSet:
        """The same labels, after some series were chosen by value."""
        return self if self.partial else make(LabelSet, (self.known, self.closed, True, *self[3:]))

    def either(self, other: LabelSet) -> LabelSet:
        """The labels of series that come from one side or the other."""
        names = [*self.known, *(name for name in other.known if name not in self.known)]
        merged = {name: _either(self.get(name), other.get(name)) for name in names}
        closed, partial = self.closed and other.closed, self.partial or other.partial
        seen = (self.closed or self.seen) and (other.closed or other.seen)
        return LabelSet(merged, closed, partial, seen and not closed, self.external | other.external)

    def together(self, other: LabelSet, names: Iterable[str]) -> LabelSet:
        """These labels of the series that agree in them on both sides."""
        merged = {}
        for name in names:
            ours, theirs = self.get(name), other.get(name)
            if ours is not None and theirs is not None:
                merged[name] = both(ours, theirs)
        return make(LabelSet, (merged, True, self.partial or other.partial, False, _NONE))

    @property
    def series(self) -> int | None:
        """How many series are expected at most, where that is known of each label."""
        sizes = self.sizes
        return prod(sizes.values()) if sizes is not None else None

    @property
    def sizes(self) -> dict[str, int] | None:
        """How many values each label has. Of those that the scrape adds the largest alone: they come together."""
        found: dict[str, int] = {}
        targets: dict[str, int] = {}
        for name, known in self.known.items():
            if known.cardinality is None:
                return None
            (targets if known.target else found)[name] = known.cardinality
        if targets:
            largest = max(targets, key=lambda name: targets[name])
            found[largest] = targets[largest]
        return found if self.closed else None


def _known(label: Label, *, target: bool, sure: bool) -> Known:
    values = frozenset(label.values) if label.values is not None else None
    return Known(values, sure and not label.optional, label.cardinality, target, label.optional)


def _either(ours: Known | None, theirs: Known | None) -> Known:
    if ours is None or theirs is None:
        found = ours or theirs or ANY
        return found._replace(sure=False, optional=True)
    if ours is theirs:
        return ours
    values = ours.values | theirs.values if ours.values is not None and theirs.values is not None else None
    sizes = (ours.cardinality, theirs.cardinality)
    size = len(values) if values is not None else None if None in sizes else max(sizes)  # type: ignore[type-var]
    optional = ours.optional or theirs.optional
    return Known(values, ours.sure and theirs.sure, size, ours.target and theirs.target, optional)


def both(ours: Known, theirs: Known) -> Known:
    """A label that has the same value on both sides."""
    if ours is theirs:
        return ours
    sizes = [size for size in (ours.cardinality, theirs.cardinality) if size is not None]
    values = ours.values
    if theirs.values is not None:
        values = theirs.values if values is None else values & theirs.values
    size = len(values) if values is not None else min(sizes, default=None)
    return Known(values, ours.sure or theirs.sure, size, ours.target and theirs.target)


def disjoint(ours: Known | None, theirs: Known | None) -> bool:
    """Whether no series of the one side can have the other side's value of a label."""
    if ours is None or theirs is None:
        return (ours is None or theirs is None) and bool((ours or theirs or ANY).sure)
    if not (ours.sure or theirs.sure) or ours.values is None or theirs.values is None:
        return False
    return not ours.values & theirs.values


NO_LABELS = LabelSet({}, True)
OPEN_LABELS = LabelSet({}, False)
