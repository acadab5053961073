"""Tables as recording rules, which make their series from the stated values, and promtool's tests of these rules."""

from __future__ import annotations

from collections.abc import Iterator

from tocsin.display import number_of
from tocsin.documents import Draft
from tocsin.model.table import Table
from tocsin.plan import Plan
from tocsin.promql.tree import Call, Number, Select
from tocsin.targets.prometheus_recorded import rules_test_path
from tocsin.targets.prometheus_rules import rules_path


def documents(plan: Plan) -> Iterator[Draft]:
    for table in plan.definitions.tables:
        if table.rows:
            yield _rules(table)
            yield _tests(table)


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


def _tests(table: Table) -> Draft:
    """That each series of the table is there with its value, and that there is no other."""
    expected: dict[str, list[dict[str, str | float]]] = {}
    for series, value in table.series():
        sample = {"labels": Select(series.metric.name, series.matchers).text(), "value": number_of(value)}
        expected.setdefault(series.metric.name, []).append(sample)
    reads = [
        {"expr": Select(name).text(), "eval_time": table.interval, "exp_samples": samples}
        for name, samples in expected.items()
    ]
    test = {"name": table.name, "interval": table.interval, "input_series": [], "promql_expr_test": reads}
    data = {
        "rule_files": [f"../{rules_path(table).removeprefix('prometheus/')}"],
        "evaluation_interval": table.interval,
        "group_eval_order": [table.name],
        "tests": [test],
    }
    return Draft(rules_test_path(table), "promtool-tests", data, table.source)
