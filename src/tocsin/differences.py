"""How environments and tenants differ, as a table that people read."""

from __future__ import annotations

from collections.abc import Iterator

from tocsin.display import quantity_text
from tocsin.environments import in_place, own_thresholds, table_in
from tocsin.model.alert import Alert
from tocsin.model.definitions import Definitions
from tocsin.model.environment import Settings
from tocsin.model.table import Table
from tocsin.units import Quantity

_NONE = "-"

# What differs, in what of it, and how it is in each environment.
Row = tuple[str, str, *tuple[str, ...]]


def differences(definitions: Definitions, settings: Settings) -> Iterator[Row]:
    """The names of the environments, what differs between them, and what single tenants have."""
    yield ("", "", *(f"{name} *" if name == settings.default else name for name in settings.environments))
    for alert in definitions.alerts:
        yield from _between_environments(alert, settings)
    for alert in definitions.alerts:
        yield from _between_tenants(alert, settings)
    for table in definitions.tables:
        yield from _stated(table, settings)


def _between_environments(alert: Alert, settings: Settings) -> Iterator[Row]:
    environments = settings.environments.values()
    seen = [in_place(alert, environment) for environment in environments]
    rows = {
        "threshold": [_threshold(one) for one in seen],
        "hold": [one.hold for one in seen],
        "generated": ["no" if alert in environment.without else "yes" for environment in environments],
    }
    for what, values in rows.items():
        if len(set(values)) > 1:
            yield (alert.name, what, *values)


def _between_tenants(alert: Alert, settings: Settings) -> Iterator[Row]:
    stated = own_thresholds(alert, settings)
    environments = settings.environments.values()

    def row(what: str, values: Iterator[str]) -> Row:
        shown = (_NONE if alert in one.without else value for one, value in zip(environments, values, strict=True))
        return (alert.name, what, *shown)

    if stated:
        yield row("threshold", (_threshold(in_place(alert, environment)) for environment in environments))
    for tenant, quantity in stated.items():
        yield row(f"of tenant {tenant}", (quantity_text(quantity) for _ in environments))


def _stated(table: Table, settings: Settings) -> Iterator[Row]:
    seen = [_values(table_in(table, settings, environment)) for environment in settings.environments.values()]
    for key, column in dict.fromkeys(place for values in seen for place in values):
        yield (table.name, f"{column} of {key}", *(values.get((key, column), _NONE) for values in seen))


def _values(table: Table) -> dict[tuple[str, str], str]:
    return {(row.key, column): quantity_text(value) for row in table.rows for column, value in row.values.items()}


def _threshold(alert: Alert) -> str:
    right = alert.when.right
    return quantity_text(right) if isinstance(right, Quantity) else right.title
