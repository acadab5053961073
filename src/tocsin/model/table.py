"""Tables: series whose values people state, such as the budgets that tenants agreed to.

Prometheus computes them from the stated values by recording rules, so that no exporter must run.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import copy
from dataclasses import dataclass, field
from decimal import Decimal
from math import isinf
from pathlib import Path

from tocsin.findings import DefinitionError
from tocsin.lined import TableError, Value, read_table
from tocsin.metrics import ContractError, Gauge, Label, Selection, nearest
from tocsin.source import Source, here
from tocsin.units import RATIO, Quantity, plain

Rows = Mapping[str, Mapping[str, Quantity]]


@dataclass(frozen=True, slots=True)
class Row:
    """One value of the label, with what each column states of it. `source` is the row's line in its file."""

    key: str
    values: Mapping[str, Quantity]
    source: Source


@dataclass(frozen=True, slots=True, eq=False, init=False)
class Table:
    """Series by one label. Each column is a gauge of the catalog, each row a value of the label.

    `rows` are stated here, or are the name of a YAML or JSON file beside the definition, which has its numbers in the
    gauges' units: `acme: {daily: 50, monthly: 1000}`. In an `ascending` table a column is expected not to exceed the
    next one. Raises DefinitionError, with the file's line, where a value cannot be.
    """

    name: str
    by: Label
    columns: Mapping[str, Gauge]
    rows: tuple[Row, ...]
    ascending: bool
    interval: str
    source: Source = field(repr=False)

    def __init__(
        self,
        name: str,
        *,
        by: Label,
        columns: Mapping[str, Gauge],
        rows: Rows | str,
        ascending: bool = False,
        interval: str = "15s",  # as often as an exporter would be asked
        source: Source | None = None,
    ) -> None:
        source = source or here()
        for column, gauge in columns.items():
            if gauge.label_names != (by.name,):
                labels = ", ".join(gauge.label_names) or "none"
                raise DefinitionError(
                    f"the column {column} states {gauge.name}, whose labels are {labels}",
                    help=f"a table by {by} has gauges with that label and no other",
                    source=source,
                )
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "by", by)
        object.__setattr__(self, "columns", columns)
        object.__setattr__(self, "rows", _rows(rows, by, columns, source, source))
        object.__setattr__(self, "ascending", ascending)
        object.__setattr__(self, "interval", interval)
        object.__setattr__(self, "source", source)

    def stating(self, rows: Rows | str, source: Source) -> Table:
        """The table with other rows, which are stated at `source`, or are a file beside this definition."""
        other = copy(self)
        object.__setattr__(other, "rows", _rows(rows, self.by, self.columns, source, self.source))
        return other

    def series(self) -> Iterator[tuple[Selection, Decimal]]:
        """Each series that is stated, with its value in the gauge's unit."""
        for column, gauge in self.columns.items():
            for row in self.rows:
                if column in row.values:
                    yield gauge(**{self.by.name: row.key}), row.values[column].to(gauge.unit)


def _rows(
    stated: Rows | str, by: Label, columns: Mapping[str, Gauge], source: Source, beside: Source
) -> tuple[Row, ...]:
    rows = tuple(
        _read(stated, columns, beside)
        if isinstance(stated, str)
        else (Row(key, values, source) for key, values in stated.items())
    )
    for row in rows:
        _check(by, columns, row)
    return rows


def _read(name: str, columns: Mapping[str, Gauge], source: Source) -> Iterator[Row]:
    try:
        for key, place, row in read_table(Path(source.file).parent / name).items():
            values = {column: value for column, _, value in row.items()}
            stated = {column: _quantity(columns.get(column), value) for column, value in values.items()}
            yield Row(key, stated, Source(place.file, place.line))
    except TableError as error:
        raise DefinitionError(error.message, help=error.help, source=Source(error.file, error.line)) from None


def _quantity(gauge: Gauge | None, value: Value) -> Quantity:
    # What an unknown column is measured in does not matter: it is refused below.
    return Quantity(value.number(), gauge.unit if gauge else RATIO)


def _check(by: Label, columns: Mapping[str, Gauge], row: Row) -> None:
    def wrong(message: str, way_out: str) -> DefinitionError:
        return DefinitionError(f"{row.key}: {message}", help=way_out, source=row.source)

    if not row.values:
        raise wrong("nothing is stated of it", f"state {' or '.join(columns)}")
    for column, quantity in row.values.items():
        gauge = columns.get(column)
        if gauge is None:
            near = nearest(column, columns)
            known = f"did you mean {near}?" if near else f"it has {', '.join(columns)}"
            raise wrong(f"there is no column {column}", known)
        if not quantity.unit.measures_like(gauge.unit):
            raise wrong(f"{column} is measured in {gauge.unit}, {quantity} is not", f"state it in {gauge.unit}")
        if isinf(float(quantity.to(gauge.unit))):
            raise wrong(f"{column} is {quantity.value}, which is more than Prometheus can count", "state less")
        least = Decimal(str(gauge.minimum)) if gauge.minimum is not None else None
        if least is not None and quantity.to(gauge.unit) < least:
            raise wrong(f"{column} is {plain(quantity.value)}", f"it is {plain(least)} {gauge.unit} or more")
        try:
            gauge(**{by.name: row.key})
        except ContractError as error:
            raise wrong(str(error), f"see the values of {by}") from None
