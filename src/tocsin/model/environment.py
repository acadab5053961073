"""Settings: how environments and tenants differ, in numbers and not in code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tocsin.model.alert import Alert
from tocsin.model.table import Rows, Table
from tocsin.source import Source, here
from tocsin.units import Quantity


@dataclass(frozen=True, slots=True, eq=False)
class Environment:
    """What is otherwise here than the definitions say: thresholds and `hold` by alert, and the alerts left out.

    `tables` has the rows that a table has here in place of its own: stated, or the name of a file beside the table's.
    """

    thresholds: Mapping[Alert, Quantity] = field(default_factory=dict)
    holds: Mapping[Alert, str] = field(default_factory=dict)
    without: tuple[Alert, ...] = ()
    tables: Mapping[Table, Rows | str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Tenant:
    """What is otherwise for one tenant than for the others, in every environment: thresholds of alerts by tenant."""

    thresholds: Mapping[Alert, Quantity] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False, init=False)
class Settings:
    """The environments by name, and the tenants that differ from the others by their ids.

    `default` is the environment that is generated where nobody names another.
    """

    default: str
    tenants: Mapping[str, Tenant]
    environments: Mapping[str, Environment]
    source: Source = field(repr=False)

    def __init__(
        self, *, default: str, tenants: Mapping[str, Tenant] | None = None, **environments: Environment
    ) -> None:
        object.__setattr__(self, "default", default)
        object.__setattr__(self, "tenants", tenants or {})
        object.__setattr__(self, "environments", environments)
        object.__setattr__(self, "source", here())
