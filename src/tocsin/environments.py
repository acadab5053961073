"""The definitions as one environment has them, and how the environments differ."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from tocsin.display import quantity_text
from tocsin.findings import DefinitionError, TocsinError
from tocsin.metrics import nearest
from tocsin.model.alert import Alert
from tocsin.model.definitions import Definitions
from tocsin.model.environment import Environment, Settings
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
    return _changed(definitions, environment)


def _changed(definitions: Definitions, environment: Environment) -> Definitions:
    alerts = []
    same: set[int] = set()
    for alert in definitions.alerts:
        if alert in environment.without:
            continue
        changed = _alert(alert, environment)
        if changed is alert:
            same.add(id(alert))
        alerts.append(changed)
    # The author's proofs state what is seen at the threshold that the definition has.
    proofs = tuple(proof for proof in definitions.proofs if not isinstance(proof.of, Alert) or id(proof.of) in same)
    return replace(definitions, alerts=tuple(alerts), proofs=proofs)


def _alert(alert: Alert, environment: Environment) -> Alert:
    threshold, hold = environment.thresholds.get(alert), environment.holds.get(alert)
    if threshold is not None:
        if not isinstance(alert.when.right, Quantity):
            raise DefinitionError(
                f"{alert.name} has no threshold: it compares with {alert.when.right.title}",
                help="take it out of the environments' thresholds",
                source=alert.source,
            )
        alert = replace(alert, when=replace(alert.when, right=threshold))
    return replace(alert, hold=hold) if hold is not None else alert


def differences(definitions: Definitions) -> Iterator[tuple[str, ...]]:
    """A table: what differs, and how it is in each environment; the names of the environments first."""
    settings = definitions.settings
    if settings is None:
        return
    environments = settings.environments
    yield ("", "", *(f"{name} *" if name == settings.default else name for name in environments))
    for alert in definitions.alerts:
        seen = [_alert(alert, environment) for environment in environments.values()]
        rows = {
            "threshold": [_threshold(one) for one in seen],
            "hold": [one.hold for one in seen],
            "generated": ["no" if alert in one.without else "yes" for one in environments.values()],
        }
        for what, values in rows.items():
            if len(set(values)) > 1:
                yield (alert.name, what, *values)


def _threshold(alert: Alert) -> str:
    right = alert.when.right
    return quantity_text(right) if isinstance(right, Quantity) else right.title


def check_settings(settings: Settings) -> None:
    """Raises DefinitionError where the default is none of the environments."""
    if settings.default not in settings.environments:
        raise DefinitionError(
            f"the default {settings.default!r} is none of the environments",
            help=f"name one of {', '.join(settings.environments) or 'them'}",
            source=settings.source,
        )
