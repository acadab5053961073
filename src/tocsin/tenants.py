"""Thresholds that single tenants have in place of everybody's.

They become series, as tables do, and the alert compares each tenant with its own, or with the usual one where it has
none. So there is one alert, whoever differs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from tocsin.findings import DefinitionError
from tocsin.metrics import Catalog, Gauge, Label
from tocsin.model.alert import Alert
from tocsin.model.definitions import Definitions
from tocsin.model.indicator import OwnThresholds
from tocsin.model.site import TENANT
from tocsin.model.table import Table
from tocsin.plan import Plan, PlannedAlert
from tocsin.source import Source
from tocsin.units import UNKNOWN, Quantity

_TABLE = "tenant-thresholds"


def with_own_thresholds(
    definitions: Definitions, stated: Mapping[Alert, Mapping[str, Quantity]], source: Source
) -> Definitions:
    """The definitions with what is `stated` at `source`: thresholds by alert and tenant. Raises DefinitionError."""
    if not stated:
        return definitions
    plan, label = Plan(definitions), _tenant_label(definitions, source)
    owns = {
        alert: OwnThresholds(_series(plan.alert(alert), label, source), by_tenant)
        for alert, by_tenant in stated.items()
    }
    rows: dict[str, dict[str, Quantity]] = {}
    for alert, own in owns.items():
        for tenant, quantity in own.stated.items():
            rows.setdefault(tenant, {})[alert.slug] = quantity
    columns = {alert.slug: own.series for alert, own in owns.items()}
    return replace(
        definitions,
        alerts=tuple(
            replace(alert, when=replace(alert.when, own=owns[alert])) if alert in owns else alert
            for alert in definitions.alerts
        ),
        catalogs=(*definitions.catalogs, Catalog(_TABLE, tuple(columns.values()))),
        tables=(*definitions.tables, Table(_TABLE, by=label, columns=columns, rows=rows, source=source)),
    )


def _tenant_label(definitions: Definitions, source: Source) -> Label:
    for catalog in definitions.catalogs:
        for metric in catalog:
            if TENANT in metric.label_names:
                return metric.label(TENANT)
    raise DefinitionError(
        f"tenants are told apart by the label {TENANT}, which no series has",
        help="take the tenants out of the settings",
        source=source,
    )


def _series(planned: PlannedAlert, label: Label, source: Source) -> Gauge:
    alert = planned.alert
    if planned.labels != (TENANT,):
        raise DefinitionError(
            f"{alert.name} is not one for each tenant: its labels are {', '.join(planned.labels) or 'none'}",
            help=f"take it out of the tenants' thresholds, or group its indicator by {TENANT}",
            source=source,
        )
    return Gauge(
        f"tenant_{alert.slug.replace('-', '_')}_threshold",
        f"From where on a tenant's {alert.name} fires, for tenants that differ from the others.",
        labels=(label,),
        unit=planned.unit or UNKNOWN,
    )
