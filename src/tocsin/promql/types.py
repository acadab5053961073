"""What the analysis infers of an expression: kind, labels, unit, range of values, and what may be missing."""

from __future__ import annotations

from enum import Enum
from math import inf
from typing import Any, Literal, NamedTuple

from tocsin.promql.labels import NO_LABELS, OPEN_LABELS, LabelSet, make
from tocsin.units import Unit

Value = Literal["scalar", "vector", "range", "string"]


class Kind(Enum):
    """What the numbers of an expression are."""

    COUNTER = "counter"
    BUCKETS = "buckets"
    SUMMED = "sum of counters"
    GAUGE = "gauge"
    RATE = "rate"
    INCREASE = "increase"
    RATIO = "ratio"
    QUANTILE = "quantile"
    BOOL = "bool"
    COUNT = "count"
    TIME = "time"
    OPEN = "open"

    # The hash of an Enum is written in Python; members are equal to themselves alone.
    __hash__ = object.__hash__

    def __str__(self) -> str:
        return self.value


GROWING = frozenset({Kind.COUNTER, Kind.BUCKETS})
FLOWING = frozenset({Kind.RATE, Kind.INCREASE})
# Values that are no -0 where none is below 0, since they count something: dividing by them gives no -Inf.
NATURAL = frozenset({Kind.COUNTER, Kind.BUCKETS, Kind.SUMMED, Kind.GAUGE, Kind.COUNT}) | FLOWING
COUNTERS = GROWING | {Kind.SUMMED}


class Origin(NamedTuple):
    """Where a sum comes from: one family of series, seen through one function.

    The buckets of a histogram count as its `_count` with a condition on `le`. `conditions` are the matchers as
    text, `restricted` the labels that they are about, `selected` all labels that the family has. `whole` says that
    each row is the sum of all that belongs to it, `all_rows` that no row was left out.
    """

    series: str
    conditions: frozenset[str]
    restricted: frozenset[str]
    selected: frozenset[str]
    view: str
    labels: LabelSet
    whole: bool = True
    all_rows: bool = True

    def summed(self, labels: LabelSet) -> Origin:
        """The same after a sum that leaves these labels."""
        series, conditions, restricted, selected, view, _, whole, all_rows = self
        return Origin(series, conditions, restricted, selected, view, labels, whole and all_rows, True)

    def through(self, view: str) -> Origin:
        """The same, seen through a function."""
        series, conditions, restricted, selected, before, labels, whole, all_rows = self
        return Origin(series, conditions, restricted, selected, f"{view} {before}", labels, whole, all_rows)

    def some(self) -> Origin:
        """The same, after some rows were left out."""
        return Origin(*self[:7], False) if self.all_rows else self

    def in_part(self) -> Origin:
        """The same, where a row may be less than the sum of all that belongs to it."""
        return Origin(*self[:6], False, self.all_rows) if self.whole else self


class _Facts(NamedTuple):
    value: Value
    kind: Kind = Kind.OPEN
    labels: LabelSet = OPEN_LABELS
    unit: Unit | None = None
    low: float = -inf
    high: float = inf
    finite: bool = False
    maybe_absent: bool = True
    maybe_nan: bool = True
    floats: bool = False
    buckets: tuple[float, ...] | None = None
    observed: Unit | None = None
    comparison: Comparison | None = None
    origin: Origin | None = None
    window: int | None = None
    scrape: int | None = None
    lazy: tuple[str, ...] = ()
    nan: str = ""
    text: str | None = None


class Type(_Facts):
    """The type of an expression. What is not known is open: None, or without bounds.

    `low` and `high` are inclusive; what is 0 alone, and perhaps -0, is from -0 to 0. `finite` says that no value is
    infinite. `nan` tells how NaN gets in, where that is known; `maybe_nan` is False only where it is certain that none
    does. `floats` says that no sample is a native histogram. `buckets` are the finite bounds of the histogram that it
    comes from, `observed` the unit of what that observes. `window` is how far back a range reaches, `scrape` how far
    apart its samples are, both in milliseconds. `lazy` names counters that are missing until their first event.
    """

    # A tuple, since copies with changes are made by the thousand; but each is equal to itself alone.
    __slots__ = ()
    __hash__ = object.__hash__

    def __eq__(self, other: object) -> bool:
        return self is other

    def but(self, **changes: Any) -> Type:
        """The same type with some fields changed."""
        values = list(self)
        for name, value in changes.items():
            values[_PLACES[name]] = value
        return make(Type, values)

    def labelled(self, labels: LabelSet) -> Type:
        """The same type with other labels."""
        return make(Type, (*self[:2], labels, *self[3:]))

    @property
    def constant(self) -> float | None:
        """The one value that is possible."""
        return self.low if self.low == self.high and not self.maybe_nan else None

    @property
    def literal(self) -> bool:
        """Whether it is a bare number, which has no unit of its own and fits any."""
        return self.unit is None and self.low == self.high and not self.maybe_nan


_PLACES = {name: place for place, name in enumerate(_Facts._fields)}


class Comparison(NamedTuple):
    """A comparison: the series of `left` that are let through, or 0 and 1 where it is `boolean`.

    A number that stands on the left in the text stands on the right here, and the operator is turned round.
    """

    operator: str
    left: Type
    right: Type
    boolean: bool = False


OPEN = Type("vector")
OPEN_SCALAR = Type("scalar", labels=NO_LABELS, maybe_absent=False)
