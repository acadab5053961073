"""Settings that put a condition where a proof wants it: just beyond its threshold, far beyond it, just short of it.

One thing that the condition reads is driven while all else stands still, until the alert's own comparison changes. What
else the condition asks is driven next: whoever must fire just meets each such guard, and somebody fails it alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal

from tocsin.promql.comparisons import HOLDS
from tocsin.promql.tree import Binary, Call, Node, Number
from tocsin.proving.asked import Answer, Asked
from tocsin.proving.dates import DATES
from tocsin.proving.drivers import Accepts, At, Driver, Found, Presence, Search, base, drivers_of
from tocsin.proving.errors import UnprovenError
from tocsin.proving.parts import without_a_side
from tocsin.proving.workloads import Leaf, Workload, in_order


@dataclass(frozen=True, slots=True)
class Levels:
    """Workloads around a threshold. Each of `guarded` is beyond it, and fails something else that is asked; each of
    `others` is beyond it by an alternative (`or`) that the first one does not show."""

    just_beyond: Workload
    far_beyond: Workload
    just_short: Workload
    healthy: Workload
    guarded: tuple[Workload, ...] = ()
    others: tuple[Workload, ...] = ()

    @classmethod
    def around(cls, still: Workload, leaf: Leaf, found: Found) -> Levels:
        beyond, far, short, healthy = ({**still, leaf: setting} for setting in found)
        return cls(beyond, far, short, healthy)


@dataclass(frozen=True, slots=True)
class Solver:
    """`exact` says that no float loses a bit on the way. `direct` are the leaves that the condition itself reads."""

    asked: Asked
    leaves: tuple[Leaf, ...]
    direct: frozenset[Leaf]
    exact: bool
    by_presence: bool

    def levels(self) -> Levels:
        """Levels of the first thing that drives the alert's own comparison, and its guards. Raises UnprovenError."""
        still, leaf, driver, levels = self._first()
        guards = list(self._guards(levels, leaf)) if self._has_guards else []
        for guard, found in guards:
            still = {**still, guard: found.just_beyond}
        again = self._driven(still, leaf, driver, _by_comparison) if guards else None
        if again:
            # Who is far beyond does not stand at the guards.
            levels = replace(again, far_beyond=levels.far_beyond)
        guarded = [{**levels.just_beyond, guard: found.just_short} for guard, found in guards]
        guarded = [one for one in guarded if not self.asked.of(one).is_compared]
        return replace(levels, guarded=tuple(guarded), others=tuple(self._others(levels)))

    def _others(self, levels: Levels) -> Iterator[Workload]:
        for condition in without_a_side(self.asked.condition):
            without = replace(self.asked, condition=condition)
            if without.holds(levels.just_beyond):
                found = next(self._alone(levels.healthy, without), None)
                if found is not None:
                    yield found

    def _alone(self, still: Workload, without: Asked) -> Iterator[Workload]:
        """What is beyond the threshold, and would not be without an alternative."""
        for leaf, driver in self._drivers(still):
            for found in driver.levels(self._at(still, leaf), self._search(still, leaf, _by_any)):
                beyond = {**still, leaf: found.just_beyond}
                if not without.holds(beyond):
                    yield beyond

    def _first(self) -> tuple[Workload, Leaf, Driver | Presence, Levels]:
        still: Workload = {leaf: base(leaf) for leaf in self.leaves}
        if self._has_guards:
            stood = list(self._standings(still))
            for one in stood:
                for leaf, driver in self._drivers(one):
                    levels = self._driven(one, leaf, driver, _by_comparison)
                    if levels is not None:
                        return one, leaf, driver, levels
            if any(not self.asked.holds(one) for one in stood):
                raise self._nothing_found("other than by what it asks beside its threshold")
        for leaf, driver in self._drivers(still):
            levels = self._driven(still, leaf, driver, _by_any)
            if levels is not None:
                return still, leaf, driver, levels
        for one in self._elsewhere(still):
            for leaf, driver in self._drivers(one):
                levels = self._driven(one, leaf, driver, _by_any)
                if levels is not None:
                    return one, leaf, driver, levels
        raise self._nothing_found("all else standing still")

    @property
    def _has_guards(self) -> bool:
        return any(_is_guard(part) for part in in_order(self.asked.condition.left))

    def _drivers(self, still: Workload) -> Iterator[tuple[Leaf, Driver | Presence]]:
        for leaf in self.leaves:
            for driver in drivers_of(leaf, still[leaf], by_presence=self.by_presence):
                yield leaf, driver

    def _standings(self, still: Workload) -> Iterator[Workload]:
        """How all may stand for a value to be compared: as nothing special; else, one of them elsewhere."""
        if self.asked.of(still).is_compared:
            yield still
            return
        for leaf, driver in self._drivers(still):
            for setting in driver.settings(self._numbers):
                if self.asked.of({**still, leaf: setting}).is_compared:
                    yield {**still, leaf: setting}

    def _elsewhere(self, still: Workload) -> Iterator[Workload]:
        """How all may stand where it fires of each of several things alone: one of them less so."""
        if len(self.leaves) > 1 and self.asked.holds(still):
            for leaf, driver in self._drivers(still):
                yield from ({**still, leaf: setting} for setting in driver.settings(self._numbers))

    def _driven(self, still: Workload, leaf: Leaf, driver: Driver | Presence, accepts: Accepts) -> Levels | None:
        found = next(driver.levels(self._at(still, leaf), self._search(still, leaf, accepts)), None)
        return None if found is None else Levels.around(still, leaf, found)

    def _guards(self, levels: Levels, first: Leaf) -> Iterator[tuple[Leaf, Found]]:
        """What makes the value vanish though the alert's own comparison is met."""
        still = levels.just_beyond
        for leaf, driver in self._drivers(still):
            if leaf is not first and leaf in self.direct:
                search = replace(self._search(still, leaf, _by_guard), at_nothing=True)
                for found in driver.levels(self._at(still, leaf), search):
                    yield leaf, found

    def _at(self, still: Workload, leaf: Leaf) -> At:
        return lambda setting: self.asked.of({**still, leaf: setting})

    def _search(self, still: Workload, leaf: Leaf, accepts: Accepts) -> Search:
        return Search(
            accepts,
            self.exact,
            self.asked.condition.right == Number(Decimal(0)),
            self._numbers,
            lambda setting: self.asked.told({**still, leaf: setting}),
            # What rates give is printed with all its digits where the format is lost.
            best=2 if self.exact else 1,
        )

    @property
    def _numbers(self) -> tuple[Decimal, ...]:
        return numbers_of(self.asked.condition)

    def _nothing_found(self, how: str) -> UnprovenError:
        names = ", ".join(dict.fromkeys(leaf.metric.name for leaf in self.leaves))
        nodes = (self.asked.condition, *self.asked.records.values())
        dates = any(isinstance(part, Call) and part.function in DATES for node in nodes for part in in_order(node))
        when = "; tests begin at midnight on Thursday, 1 January 1970" if dates else ""
        return UnprovenError(f"no level of {names} was found at which it begins to fire, {how}{when}")


def _by_comparison(_: Answer, short: Answer) -> bool:
    """The alert's own comparison says no."""
    return short.is_compared


def _by_guard(_: Answer, short: Answer) -> bool:
    """Something else does: there is nothing to compare."""
    return not short.is_compared


def _by_any(_: Answer, __: Answer) -> bool:
    return True


def numbers_of(node: Node) -> tuple[Decimal, ...]:
    """The numbers that an expression states, each once."""
    return tuple(dict.fromkeys(part.value for part in in_order(node) if isinstance(part, Number)))


def _is_guard(node: Node) -> bool:
    """Whether it lets values pass, or does not."""
    if not isinstance(node, Binary):
        return False
    return node.operator in ("and", "unless") or (node.operator in HOLDS and not node.boolean)
