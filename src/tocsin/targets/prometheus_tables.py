"""Tables as recording rules, which make their series from the stated values, and promtool's tests of these rules."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tocsin.display import number_of
from tocsin.documents import Draft
from tocsin.model.table import Table
from tocsin.plan import Plan
from tocsin.promql.tree import Call, Number, Select
from tocsin.proving.sharing import next_path
from tocsin.targets.prometheus_recorded import rules_test_path
from tocsin.targets.prometheus_rules import rules_path


def documents(plan: Plan) -> Iterator[Draft]:
    for table in _stating(plan):
        yield _rules(table)
    for file in tables_files(plan):
        yield _tests(file)


@dataclass(frozen=True, slots=True)
class TablesFile:
    """A file of one test, of tables that state different series as often."""

    path: str
    tables: tuple[Table, ...]


def tables_files(plan: Plan) -> Iterator[TablesFile]:
    """The test files of all tables: promtool makes a database for each test, which takes longer than all else in it."""
    rooms: list[list[Table]] = []
    for table in _stating(plan):
        rooms_for_it = (room for room in rooms if all(_are_apart(table, other) for other in room))
        room = next(rooms_for_it, None)
        if room is None:
            rooms.append(room := [])
        room.append(table)
    numbers: dict[str, int] = {}
    for room in rooms:
        path = (
            rules_test_path(room[0])
            if len(room) == 1
            else next_path(f"prometheus/tests/tables-{room[0].interval}", numbers)
        )
        yield TablesFile(path, tuple(room))


def _stating(plan: Plan) -> Iterator[Table]:
    return (table for table in plan.definitions.tables if table.rows)


def _are_apart(one: Table, other: Table) -> bool:
    names = [{gauge.name for gauge in table.columns.values()} for table in (one, other)]
    return one.interval == other.interval and not names[0] & names[1]


def _rules(table: Table) -> Draft:
    rules = [
        {
            "record": series.metric.name,
            "expr": Call("vector", (Number(value),)).text(),
            "labels": {matcher.label: matcher.value for matcher in series.matchers},
        }
        for series, value in table.series()
    ]
    groups = {"groups": [{"name": table.name, "interval": table.interval, "rules": rules}]}
    return Draft(rules_path(table), "prometheus-rules", groups, table.source)


def _tests(file: TablesFile) -> Draft:
    """That each series of the tables is there with its value, and that there is no other."""
    interval = file.tables[0].interval
    expected: dict[str, list[dict[str, str | float]]] = {}
    for series, value in (one for table in file.tables for one in table.series()):
        sample = {"labels": Select(series.metric.name, series.matchers).text(), "value": number_of(value)}
        expected.setdefault(series.metric.name, []).append(sample)
    reads = [
        {"expr": Select(name).text(), "eval_time": interval, "exp_samples": samples}
        for name, samples in expected.items()
    ]
    names = [table.name for table in file.tables]
    test = {"name": "; ".join(names), "interval": interval, "input_series": [], "promql_expr_test": reads}
    data = {
        "rule_files": [f"../{rules_path(table).removeprefix('prometheus/')}" for table in file.tables],
        "evaluation_interval": interval,
        "group_eval_order": names,
        "tests": [test],
    }
    return Draft(file.path, "promtool-tests", data, file.tables[0].source)
