"""Environments: how development, staging and production differ, in numbers and not in code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tocsin.model.alert import Alert
from tocsin.source import Source, here
from tocsin.units import Quantity


@dataclass(frozen=True, slots=True, eq=False)
class Environment:
    """What is otherwise here than the definitions say: thresholds and `hold` by alert, and the alerts left out."""

    thresholds: Mapping[Alert, Quantity] = field(default_factory=dict)
    holds: Mapping[Alert, str] = field(default_factory=dict)
    without: tuple[Alert, ...] = ()


@dataclass(frozen=True, slots=True, eq=False, init=False)
class Settings:
    """The environments by name; `default` is the one that is generated where nobody names another."""

    default: str
    environments: Mapping[str, Environment]
    source: Source = field(repr=False)

    def __init__(self, *, default: str, **environments: Environment) -> None:
        object.__setattr__(self, "default", default)
        object.__setattr__(self, "environments", environments)
        object.__setattr__(self, "source", here())
