"""Tables: that somebody knows the series which they state, and that their columns ascend where they should."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from tocsin.display import quantity_text
from tocsin.findings import Finding, Severity
from tocsin.model.table import Row, Table
from tocsin.plan import Plan


def findings(plan: Plan) -> Iterator[Finding]:
    for table in plan.definitions.tables:
        for gauge in table.columns.values():
            if gauge.name not in plan.series:
                yield Finding(
                    "metric-unknown",
                    Severity.ERROR,
                    f"no catalog has {gauge.name}",
                    "take the gauge from a catalog of [tool.tocsin]",
                    table.source,
                    table.name,
                )
        if table.ascending:
            for row in table.rows:
                yield from _descending(table, row)


def _descending(table: Table, row: Row) -> Iterator[Finding]:
    stated = [column for column in table.columns if column in row.values]
    for left, right in pairwise(stated):
        low, high = row.values[left], row.values[right]
        if low.to(high.unit) > high.value:
            yield Finding(
                "table-order",
                Severity.WARNING,
                f"{row.key}: {left} is {quantity_text(low)}, more than {right} with {quantity_text(high)}",
                "see whether the two are exchanged",
                row.source,
                table.name,
            )
