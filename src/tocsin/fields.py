"""Fields: what a definition is given, held to what its class says that it takes.

Python does not look at annotations. A text where a number belongs would go on to where nobody knows whose it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from tocsin.findings import DefinitionError
from tocsin.metrics import Label
from tocsin.model.alert import Severity
from tocsin.model.environment import Environment, Tenant
from tocsin.model.indicator import Condition, Indicator
from tocsin.panels.panel import Panel
from tocsin.promql.tree import Node
from tocsin.source import Source
from tocsin.units import Quantity

# How what is wanted is written.
_WRITTEN: Mapping[type, str] = {
    str: 'text in quotes, such as "5m"',
    Mapping: 'names with values, such as {"team": "agents"}',
    tuple: "a tuple: (one, other), or (one,) of one alone",
    Condition: "a comparison, such as latency_p99 > seconds(10)",
    Quantity: "a quantity, such as seconds(10), percent(5) or usd(100)",
    Severity: "INFO, WARNING or CRITICAL",
    Node: 'an expression, such as rate(...) or promql("...")',
    Panel: "a panel, such as Stat(indicator)",
    Indicator: "an indicator, such as a variable of monitors/indicators.py",
    Label: "a label of the catalog",
    Environment: "an environment: dev=Environment(...)",
    Tenant: 'a tenant: {"acme": Tenant(...)}',
}


def check_fields(definition: Any) -> None:
    """Raises DefinitionError, naming the line, where the definition or a part of it is given what it does not take."""
    _check(definition, definition.source, set())


def _check(value: Any, source: Source, seen: set[int]) -> None:
    if id(value) in seen:
        return
    seen.add(id(value))
    source = getattr(value, "source", source)
    taken = _taken_by(value.__class__)
    for name, hint in taken.items():
        given = getattr(value, name)
        wrong = next(_misfits(given, hint), None)
        if wrong is not None:
            what, wanted = wrong
            raise DefinitionError(
                f"{_named(value)}: {name} does not take {_shown(what)}",
                help=f"give it {', or '.join(_WRITTEN.get(one, one.__name__) for one in wanted)}",
                source=source,
            )
        for part in _parts(given):
            if _is_ours(part):
                _check(part, source, seen)


def _named(value: Any) -> str:
    name = getattr(value, "name", None) or getattr(value, "title", None)
    return name if name and isinstance(name, str) else type(value).__name__


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{type(value).__name__} ({_named(value)})"


def _parts(given: Any) -> Iterable[Any]:
    if isinstance(given, Mapping):
        return given.values()
    return given if isinstance(given, tuple) else (given,)


def _is_ours(value: Any) -> bool:
    # Expressions and metrics check themselves when they are made.
    return is_dataclass(value) and type(value).__module__.startswith(("tocsin.model.", "tocsin.panels."))


@cache
def _taken_by(kind: type) -> Mapping[str, Any]:
    hints = get_type_hints(kind)
    return {field.name: hints[field.name] for field in fields(kind)}


def _misfits(value: Any, hint: Any) -> Iterator[tuple[Any, tuple[type, ...]]]:
    """Each part of a value that its annotation does not allow, and the types that it does."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        if all(any(_misfits(value, one)) for one in inner):
            yield value, tuple(get_origin(one) or one for one in inner if one is not type(None))
    elif origin is tuple:
        if not isinstance(value, tuple):
            yield value, (tuple,)
        elif inner[-1] is Ellipsis:
            for one in value:
                yield from _misfits(one, inner[0])
    elif origin is not None and origin is not Literal:
        if not isinstance(value, origin):
            yield value, (origin,)
        elif origin is Mapping:
            for key, one in value.items():
                yield from (*_misfits(key, inner[0]), *_misfits(one, inner[1]))
    elif hint is not Any and isinstance(hint, type) and not isinstance(value, hint):
        yield value, (hint,)
