"""Tests that several things share: each finds there what it would find alone.

promtool makes a database for each test, which takes it longer than most of what is evaluated in there.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, Generic, TypeVar

from tocsin.model.alert import Alert
from tocsin.model.recording import RuleGroup
from tocsin.plan import Plan, PlannedRecord
from tocsin.promql.tree import Node, names_read

# So many tests are looked at for a place: where all read the same series, none of them has any.
_TRIED = 16
# Evaluations of rules that take promtool less than a database, even where each prints who fires: more of them, for who
# needs fewer, are not worth it.
_DATABASE = 20


@dataclass(frozen=True, slots=True, eq=False)
class Guest(ABC):
    """What may be told of beside others. `loaded` are the groups that are evaluated for it."""

    loaded: tuple[RuleGroup, ...]

    @property
    @abstractmethod
    def kind(self) -> Hashable:
        """Only what is of one kind can stand in one test: it is scraped and evaluated alike."""

    @property
    def alerts(self) -> tuple[Alert, ...]:
        """Those that are evaluated after the groups, each as a group of its own."""
        return ()

    @property
    def evaluations(self) -> int:
        """How often its rules are evaluated; 0 where all of one kind are equally often."""
        return 0

    @abstractmethod
    def test(self) -> Mapping[str, Any]:
        """The test that it would have alone."""

    def written(self, plan: Plan) -> dict[str, bytes]:
        """The series that are there while it is told, by their names: a digest of their samples, and who records them.

        The groups that are evaluated are among them: promtool knows them by their names alone. In front of these stands
        a blank, which no series has in its name.
        """
        groups: list[tuple[str, object]] = [(group.name, group) for group in self.loaded]
        groups += ((plan.group_of(alert), alert) for alert in self.alerts)
        written: dict[str, list[object]] = {f" {name}": [id(group)] for name, group in groups}
        written |= {record.name: [id(record)] for record in self._records(plan)}
        for one in self.test()["input_series"]:
            written.setdefault(one["series"].partition("{")[0], []).append((one["series"], one["values"]))
        return {name: blake2b(repr(found).encode(), digest_size=16).digest() for name, found in written.items()}

    def wanted(self, plan: Plan) -> frozenset[str]:
        """The series that are read while it is told, whether they are there or not."""
        return names_read(*self.conditions(plan), *(record.node for record in self._records(plan)))

    def conditions(self, plan: Plan) -> Iterable[Node]:  # noqa: ARG002
        """What is asked beside what the groups record."""
        return ()

    @property
    def rules(self) -> int:
        """How many rules are evaluated for it."""
        return sum(len(group.records) for group in self.loaded) + len(self.alerts)

    def _records(self, plan: Plan) -> list[PlannedRecord]:
        loaded = {id(group) for group in self.loaded}
        return [record for record in plan.records if id(record.group) in loaded]


Told = TypeVar("Told", bound=Guest)


@dataclass(slots=True)
class _Room(Generic[Told]):
    """A test that several may share, and what is written and read in it."""

    told: list[Told] = field(default_factory=list)
    written: dict[str, bytes] = field(default_factory=dict)
    wanted: set[str] = field(default_factory=set)

    def is_worth(self, one: Told) -> bool:
        """Whether all that are evaluated for longer than they need take less than a database of its own."""
        longest = max(told.evaluations for told in (*self.told, one))
        return sum((longest - told.evaluations) * told.rules for told in (*self.told, one)) <= _DATABASE

    def has_place_for(self, written: Mapping[str, bytes], wanted: frozenset[str]) -> bool:
        """Whether each finds there what it finds alone: what both have is the same, and neither reads what only the
        other has.
        """
        if "" in wanted | self.wanted:
            return False  # a selector without a name may read anything
        both = self.written.keys() & written.keys()
        alone = (self.wanted & written.keys()) | (wanted & self.written.keys())
        return alone <= both and all(self.written[name] == written[name] for name in both)


def shared(plan: Plan, every: Iterable[Told]) -> Iterator[Sequence[Told]]:
    """Those who share a test, each in one of the last that has a place for it; who would be alone is in none."""
    rooms: dict[Hashable, list[_Room[Told]]] = {}
    for one in every:
        written, wanted = one.written(plan), one.wanted(plan)
        own = rooms.setdefault(one.kind, [])
        room = next(
            (room for room in own[-_TRIED:] if room.is_worth(one) and room.has_place_for(written, wanted)), None
        )
        if room is None:
            own.append(room := _Room())
        room.written |= written
        room.wanted |= wanted
        room.told.append(one)
    yield from (room.told for own in rooms.values() for room in own if len(room.told) > 1)


def at_once(tests: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Several tests as one. Their scenarios are scraped alike, and what series two of them have is the same."""
    series = {one["series"]: one for test in tests for one in test["input_series"]}
    kinds = ("alert_rule_test", "promql_expr_test")
    asked = {kind: [one for test in tests for one in test.get(kind, ())] for kind in kinds}
    return {
        "name": "; ".join(dict.fromkeys(test["name"] for test in tests)),
        "interval": tests[0]["interval"],
        "input_series": list(series.values()),
        **{kind: found for kind, found in asked.items() if found},
    }


def next_path(stem: str, numbers: dict[str, int]) -> str:
    """The next path of that name: the first has no number."""
    number = numbers[stem] = numbers.get(stem, 0) + 1
    return f"{stem}{f'-{number}' * (number > 1)}.yaml"
