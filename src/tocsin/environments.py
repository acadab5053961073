"""The definitions as one environment has them, and what settings cannot say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from tocsin.findings import DefinitionError, TocsinError
from tocsin.metrics import nearest
from tocsin.model.alert import Alert
from tocsin.model.definitions import Definitions
from tocsin.model.environment import Environment, Settings
from tocsin.model.table import Table
from tocsin.tenants import with_own_thresholds
from tocsin.units import Quantity


def in_environment(definitions: Definitions, name: str | None) -> Definitions:
    """The definitions with what the environment says otherwise. Raises TocsinError where there is none of that name."""
    settings = definitions.settings
    if settings is None:
        if name is None:
            return definitions
        raise TocsinError(
            f"there is no environment {name}: the project has no settings",
            help="state them: settings = Settings(default=..., ...)",
        )
    chosen = name if name is not None else settings.default
    environment = settings.environments.get(chosen)
    if environment is None:
        near = nearest(chosen, settings.environments)
        raise TocsinError(
            f"there is no environment {chosen!r}",
            help=f"did you mean {near}?" if near else f"there are {', '.join(settings.environments)}",
            source=settings.source,
        )
    return _changed(definitions, settings, environment)


def _changed(definitions: Definitions, settings: Settings, environment: Environment) -> Definitions:
    there = {alert: in_place(alert, environment) for alert in definitions.alerts if alert not in environment.without}
    owns = {alert: own_thresholds(alert, settings) for alert in there}
    # The author's proofs state what is seen at the threshold that the definition has.
    same = {id(alert) for alert, changed in there.items() if changed is alert and not owns[alert]}
    proofs = tuple(proof for proof in definitions.proofs if not isinstance(proof.of, Alert) or id(proof.of) in same)
    return with_own_thresholds(
        replace(
            definitions,
            alerts=tuple(there.values()),
            tables=tuple(table_in(table, settings, environment) for table in definitions.tables),
            proofs=proofs,
        ),
        {there[alert]: own for alert, own in owns.items() if own},
        settings.source,
    )


def in_place(alert: Alert, environment: Environment) -> Alert:
    """The alert with the environment's threshold and `hold`."""
    threshold, hold = environment.thresholds.get(alert), environment.holds.get(alert)
    if threshold is not None:
        alert = replace(alert, when=replace(alert.when, right=threshold))
    return replace(alert, hold=hold) if hold is not None else alert


def table_in(table: Table, settings: Settings, environment: Environment) -> Table:
    """The table with the environment's rows."""
    rows = environment.tables.get(table)
    return table if rows is None else table.stating(rows, settings.source)


def own_thresholds(alert: Alert, settings: Settings) -> Mapping[str, Quantity]:
    """The thresholds that tenants have in place of the alert's."""
    return {name: tenant.thresholds[alert] for name, tenant in settings.tenants.items() if alert in tenant.thresholds}


def check_settings(definitions: Definitions) -> None:
    """Raises DefinitionError where the settings name what is not there, or state what cannot be; in any environment."""
    settings = definitions.settings
    if settings is None:
        return
    if settings.default not in settings.environments:
        raise DefinitionError(
            f"the default {settings.default!r} is none of the environments",
            help=f"name one of {', '.join(settings.environments) or 'them'}",
            source=settings.source,
        )
    for message, way_out in _wrong(definitions, settings):
        raise DefinitionError(message, help=way_out, source=settings.source)
    for environment in settings.environments.values():
        for table in environment.tables:
            table_in(table, settings, environment)


def _wrong(definitions: Definitions, settings: Settings) -> Iterator[tuple[str, str]]:
    """What is wrong, and the way out."""
    for name, environment in settings.environments.items():
        yield from _strangers(name, "alert", definitions.alerts, environment.thresholds)
        yield from _strangers(name, "alert", definitions.alerts, environment.holds)
        yield from _strangers(name, "alert", definitions.alerts, environment.without)
        yield from _strangers(name, "table", definitions.tables, environment.tables)
        yield from _without_threshold(name, environment.thresholds)
    for name, tenant in settings.tenants.items():
        yield from _strangers(f"tenant {name}", "alert", definitions.alerts, tenant.thresholds)
        yield from _without_threshold(f"tenant {name}", tenant.thresholds)


def _strangers(
    name: str, what: str, known: Iterable[Alert | Table], named: Iterable[Alert | Table]
) -> Iterator[tuple[str, str]]:
    ours = set(known)
    for one in named:
        if one not in ours:
            yield f"{name}: {one.name} is no {what} of this project", f"assign the {what} to a variable of a module"


def _without_threshold(name: str, alerts: Iterable[Alert]) -> Iterator[tuple[str, str]]:
    for alert in alerts:
        if not isinstance(alert.when.right, Quantity):
            yield (
                f"{name}: {alert.name} has no threshold: it compares with {alert.when.right.title}",
                "take it out of the thresholds",
            )
