"""How the two sides of an operator find each other, and which labels the result has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from tocsin.promql.labels import OPEN_LABELS, LabelSet, both, disjoint
from tocsin.promql.variables import stands_in


class Join(NamedTuple):
    """What the labels of two sides make: those of the result, and whether the sides meet for `certain`.

    That is where both have one series, without labels in which to disagree.
    """

    labels: LabelSet
    certain: bool


@dataclass(frozen=True, slots=True, eq=False)
class Matching:
    """`on` or `ignoring` some labels (neither is `ignoring` none), with `group_left` or `group_right`.

    `filled` says that sides without a partner count too, `open` that a variable stands for some of the labels. Each is
    equal to itself alone.
    """

    labels: tuple[str, ...] = ()
    on: bool = False
    group: Literal["left", "right"] | None = None
    include: tuple[str, ...] = ()
    boolean: bool = False
    filled: bool = False
    open: bool = False

    @classmethod
    def of(cls, modifier: Any) -> Matching:
        """What promql-parser's modifier says."""
        found = modifier.matching
        card = str(modifier.card)
        fill = modifier.fill_values
        labels = tuple(found.labels) if found is not None else ()
        include = tuple(modifier.group_labels or ())
        return cls(
            labels,
            found is not None and str(found.type).endswith("Include"),
            "left" if card.endswith("ManyToOne") else "right" if card.endswith("OneToMany") else None,
            include,
            modifier.return_bool,
            fill is not None and (fill.lhs is not None or fill.rhs is not None),
            any(map(stands_in, labels)) or any(map(stands_in, include)),
        )

    def keys(self, left: LabelSet, right: LabelSet) -> Iterable[str]:
        """The labels in which the two sides must agree, as far as they are known."""
        if self.on:
            return self.labels
        names = {**left.known, **right.known}
        return [name for name in names if name not in self.labels] if self.labels else names

    def besides(self, side: LabelSet) -> Iterator[str]:
        """The labels of a side that do not count in the matching."""
        for name in side.known:
            if (name not in self.labels) if self.on else (name in self.labels):
                yield name

    def never_meets(self, left: LabelSet, right: LabelSet) -> str | None:
        """A label in which no series of the two sides can agree."""
        for name in self.keys(left, right):
            if name != "__name__" and disjoint(left.get(name), right.get(name)):
                return name
        return None

    def join(self, left: LabelSet, right: LabelSet) -> Join:
        """What becomes of two vectors' labels in arithmetic or a comparison."""
        certain = left.closed and right.closed and not (self.on and "__name__" in self.labels) and not self.open
        if certain and (left.known or right.known):
            certain = not any((name in self.labels) == self.on for name in (*left.known, *right.known))
        return Join(self._result(left, right), certain)

    def _result(self, left: LabelSet, right: LabelSet) -> LabelSet:
        if self.filled or "__name__" in self.labels or "__name__" in self.include or self.open:
            return OPEN_LABELS
        if self.group == "left":
            return self._of_many(left, right)
        if self.group == "right":
            return self._of_many(right, left)
        found = left.together(right, self.keys(left, right))
        closed = self.on or left.closed or right.closed
        if not closed:
            return found.opened()
        external = left.external | right.external
        return found if self.on or not external else found.read_elsewhere(external - set(self.labels))

    def _of_many(self, many: LabelSet, one: LabelSet) -> LabelSet:
        """The labels of the many, narrowed by the one, with those that are included from the one."""
        known = dict(many.known)
        for name in self.keys(many, one):
            ours, theirs = many.get(name), one.get(name)
            if theirs is None:
                known.pop(name, None)
            elif ours is not None:
                known[name] = both(ours, theirs)
        for name in self.include:
            known.pop(name, None)
            theirs = one.get(name)
            if theirs is not None:
                known[name] = theirs
        closed = many.closed or (one.closed and not self.on and not self.labels)
        return LabelSet(known, closed, many.partial or one.partial, external=many.external | one.external)
