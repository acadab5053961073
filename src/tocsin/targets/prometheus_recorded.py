"""promtool's unit tests of recording rules: a file for each group, and what is told of several at once in one test.

promtool makes a database for each test, which takes it longer than nearly all that is evaluated in there. Most of what
is derived is told of one moment, and is the same whatever else is recorded then: groups that have no series in common
share a test, in a file of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any
from weakref import WeakKeyDictionary

from tocsin.display import number_of
from tocsin.documents import Draft
from tocsin.metrics import Matcher
from tocsin.model.alert import slug
from tocsin.model.recording import RuleGroup
from tocsin.model.scenario import Claim, Scenario
from tocsin.model.table import Table
from tocsin.plan import Plan, PlannedRecord
from tocsin.promql.durations import duration_text, milliseconds_of
from tocsin.promql.tree import Call, Number, Select, names_read
from tocsin.proving.beside import by_scenario
from tocsin.proving.given import given_values
from tocsin.proving.sharing import Guest, at_once, next_path, shared
from tocsin.proving.told import Stated, digits_of, stated_values
from tocsin.proving.values import derived_values, interval_of, looks_back_on
from tocsin.targets.prometheus_tests import series_fed, test_file


@dataclass(frozen=True, slots=True, eq=False)
class Told(Guest):
    """What is told of some records of a group in one scenario.

    `read` are the series that this needs. Where recorded series are given, those who record them are not loaded. It is
    evaluated every `interval` milliseconds; 0 is once, at the moment of which all is told.
    """

    group: RuleGroup
    scenario: Scenario
    stated: tuple[Stated, ...]
    read: frozenset[str]
    interval: int = 0

    @property
    def at(self) -> str:
        """Of which moment it is told, the last one."""
        return max((claim.at for _, claim in self.stated), key=milliseconds_of)

    @property
    def kind(self) -> tuple[int, int, int]:
        return self.interval, 0 if self.interval else milliseconds_of(self.at), self.scenario.spacing

    @property
    def evaluations(self) -> int:
        return milliseconds_of(self.at) // self.interval + 1 if self.interval else 0

    def test(self) -> dict[str, Any]:
        return {
            **series_fed(self.scenario, self.read),
            "promql_expr_test": [computed(record, claim) for record, claim in self.stated],
        }


@dataclass(frozen=True, slots=True)
class RecordsFile:
    """A file of tests, evaluated every so many milliseconds. What stands in one test is told at once."""

    path: str
    interval: int
    tests: tuple[tuple[Told, ...], ...]

    @property
    def groups(self) -> tuple[RuleGroup, ...]:
        """Those that it is about."""
        return tuple({id(told.group): told.group for test in self.tests for told in test}.values())


_known: WeakKeyDictionary[Plan, tuple[RecordsFile, ...]] = WeakKeyDictionary()


def documents(plan: Plan) -> Iterator[Draft]:
    for file in records_files(plan):
        loaded = {id(group) for test in file.tests for told in test for group in told.loaded}
        groups = [group for group in plan.definitions.groups if id(group) in loaded]
        tests = [at_once([told.test() for told in test]) for test in file.tests]
        yield test_file(plan, file.path, duration_text(file.interval), groups, tests, ())


def records_files(plan: Plan) -> tuple[RecordsFile, ...]:
    """The test files of all groups; computed once."""
    if plan not in _known:
        _known[plan] = tuple(_files(plan))
    return _known[plan]


def rules_test_path(group: RuleGroup | Table) -> str:
    return f"prometheus/tests/rules-{slug(group.name)}.yaml"


def given_test_path(group: RuleGroup) -> str:
    return f"prometheus/tests/rules-{slug(group.name)}-given.yaml"


def derived_test_path(group: RuleGroup) -> str:
    return f"prometheus/tests/rules-{slug(group.name)}-derived.yaml"


def _files(plan: Plan) -> Iterator[RecordsFile]:
    groups = plan.definitions.groups
    derived_together = _shared(plan, [told for group in groups for told in _told_once(plan, group)])
    together = [*derived_together, *_shared(plan, [told for group in groups for told in _stated(plan, group)])]
    taken = {(id(told.scenario), id(told.group)) for file in together for test in file.tests for told in test}
    for group in groups:
        stated, derived, given = (
            [told for told in tests if (id(told.scenario), id(group)) not in taken]
            for tests in (_stated(plan, group), _derived(plan, group), _given(plan, group))
        )
        every, own = (_interval(plan, group, tests) for tests in (stated, derived))
        if stated and derived and every != own:
            yield _file(derived_test_path(group), own, derived)
            derived = []
        if stated or derived:
            yield _file(rules_test_path(group), every if stated else own, [*stated, *derived])
        if given:
            yield _file(given_test_path(group), milliseconds_of(given[0].at), given)
    yield from together


def _file(path: str, interval: int, tests: Iterable[Told]) -> RecordsFile:
    return RecordsFile(path, interval, tuple((told,) for told in tests))


def _interval(plan: Plan, group: RuleGroup, tests: Iterable[Told]) -> int:
    return interval_of(plan, group, [stated for told in tests for stated in told.stated])


def _told_once(plan: Plan, group: RuleGroup) -> Iterator[Told]:
    """What is derived of a group in one scenario, and rests on nothing that was recorded before."""
    derived = list(_derived(plan, group))
    if looks_back_on(plan, [stated for told in derived for stated in told.stated]):
        derived = []
    for tests in (derived, list(_given(plan, group))):
        if len(tests) == 1:
            yield tests[0]


def _stated(plan: Plan, group: RuleGroup) -> list[Told]:
    told = list(_by_scenario(plan, group, stated_values(plan, group)))
    every = _interval(plan, group, told)
    return [replace(one, interval=every) for one in told]


def _derived(plan: Plan, group: RuleGroup) -> Iterator[Told]:
    return _by_scenario(plan, group, derived_values(plan, group))


def _given(plan: Plan, group: RuleGroup) -> Iterator[Told]:
    values = given_values(plan, group)
    told = values.stated if values else ()
    read = names_read(*(record.node for record, _ in told))
    for scenario, stated in _scenarios(told):
        yield Told((group,), group, scenario, stated, read)


def _by_scenario(plan: Plan, group: RuleGroup, told: Sequence[Stated]) -> Iterator[Told]:
    beneath = [one for record, _ in told for one in (*plan.records_read(record.node), record)]
    read = names_read(*(record.node for record in beneath))
    needed = {id(record.group) for record in beneath}
    # The group is loaded whole: what else its rules read is loaded too.
    for record in plan.records:
        if record.group is group:
            needed |= {id(other.group) for other in plan.records_read(record.node)}
    loaded = tuple(group for group in plan.definitions.groups if id(group) in needed)
    for scenario, stated in _scenarios(told):
        yield Told(loaded, group, scenario, stated, read)


def _scenarios(told: Iterable[Stated]) -> Iterator[tuple[Scenario, tuple[Stated, ...]]]:
    told = tuple(told)
    for scenario, claims in by_scenario(claim for _, claim in told):
        own = {id(claim) for claim in claims}
        yield scenario, tuple(one for one in told if id(one[1]) in own)


def _shared(plan: Plan, every: Iterable[Told]) -> Iterator[RecordsFile]:
    """The files that groups share, each of what is told of the same moment: of groups that have nothing in common."""
    numbers: dict[str, int] = {}
    for told in shared(plan, every):
        interval = told[0].interval or milliseconds_of(told[0].at)
        kind = "stated" if told[0].interval else "derived"
        path = next_path(f"prometheus/tests/rules-{kind}-{duration_text(interval)}", numbers)
        yield RecordsFile(path, interval, (tuple(told),))


def computed(record: PlannedRecord, claim: Claim) -> dict[str, Any]:
    """The values of a recorded series as promtool compares them, to as many digits as are stated."""
    precision = Number(Decimal(1).scaleb(-digits_of(claim)))
    return {
        "expr": Call("round", (Select(record.name), precision)).text(),
        "eval_time": claim.at,
        "exp_samples": [
            {
                "labels": Select("", tuple(Matcher(name, "=", value) for name, value in one.labels)).text(),
                "value": number_of(Decimal(one.value)),
            }
            for one in claim.instances
        ],
    }
