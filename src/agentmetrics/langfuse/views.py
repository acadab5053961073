"""What is asked of Langfuse, and what its rows become: amounts to count, or gauges."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from agentmetrics.langfuse import catalog
from agentmetrics.langfuse.api import LangfuseError, Question, Row
from agentmetrics.langfuse.ledger import Key

_QUANTILES = {"0.5": "p50", "0.95": "p95", "0.99": "p99"}
_MILLI = Decimal("0.001")
_LEVELS = frozenset(catalog.level.values or ())


@dataclass(frozen=True, slots=True)
class View:
    """One thing that is asked for: how, by the version of the API, and what one row becomes."""

    name: str
    question: Callable[[int], Question]
    amounts: Callable[[Row], Iterable[tuple[Key, Decimal]]]

    def summed(self, rows: Iterable[Row]) -> dict[Key, Decimal]:
        """Raises LangfuseError for rows that are not what was asked for."""
        found: defaultdict[Key, Decimal] = defaultdict(Decimal)
        for row in rows:
            for key, amount in self.amounts(row):
                found[key] += amount
        return dict(found)


def _number(row: Row, column: str) -> Decimal | None:
    """A column's number, which Langfuse writes as text where it is large; None where there is none."""
    if column not in row:
        raise LangfuseError("garbage", f"a row of its answer has no {column}")
    value = row[column]
    if value is None or value == "":
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        number = Decimal("NaN")
    if isinstance(value, bool) or not number.is_finite():
        raise LangfuseError("garbage", f"{column} is {str(value)[:40]!r}, which is no number")
    return number


def _text(row: Row, column: str) -> str:
    value = row.get(column)
    return "" if value is None else str(value)


def _observations(_: int) -> Question:
    return Question(
        "observations",
        ("environment", "providedModelName", "type", "level"),
        (
            ("count", "count"),
            ("latency", "sum"),
            ("inputTokens", "sum"),
            ("outputTokens", "sum"),
            ("totalTokens", "sum"),
            ("totalCost", "sum"),
        ),
    )


def _observation_amounts(row: Row) -> Iterable[tuple[Key, Decimal]]:
    environment, model = _text(row, "environment"), _text(row, "providedModelName")
    level = _text(row, "level")
    labels = (environment, model, _text(row, "type"), level if level in _LEVELS else "DEFAULT")
    yield (catalog.observations.name, labels), _number(row, "count_count") or Decimal(0)
    yield (catalog.observation_seconds.name, labels), (_number(row, "sum_latency") or 0) * _MILLI
    read = _number(row, "sum_inputTokens") or Decimal(0)
    written = _number(row, "sum_outputTokens") or Decimal(0)
    total = _number(row, "sum_totalTokens") or Decimal(0)
    if model or total:
        # Usage of other kinds than input and output is in the total alone.
        split = {"input": read, "output": written, "other": max(total - read - written, Decimal(0))}
        for token_type, amount in split.items():
            yield (catalog.tokens.name, (environment, model, token_type)), amount
    cost = _number(row, "sum_totalCost")
    if cost is not None and (model or cost):
        yield (catalog.cost.name, (environment, model)), cost


# Version 2 has no traces: a trace is its root observation there.
_ROOTS = ({"type": "boolean", "column": "isRootObservation", "operator": "=", "value": True},)


def _of_traces(measures: tuple[tuple[str, str], ...]) -> Callable[[int], Question]:
    def question(version: int) -> Question:
        if version == 1:
            return Question("traces", ("environment", "name"), measures)
        return Question("observations", ("environment", "traceName"), measures, _ROOTS)

    return question


def _trace_labels(row: Row) -> tuple[str, str]:
    return _text(row, "environment"), _text(row, "name") or _text(row, "traceName")


def _trace_amounts(row: Row) -> Iterable[tuple[Key, Decimal]]:
    yield (catalog.traces.name, _trace_labels(row)), _number(row, "count_count") or Decimal(0)


# The count comes first: rows are ordered by it, and the busiest must not be cut off.
_LATENCIES = (("count", "count"), *(("latency", how) for how in _QUANTILES.values()))


def _generation_latency(_: int) -> Question:
    generations = {"type": "string", "column": "type", "operator": "=", "value": "GENERATION"}
    return Question("observations", ("environment", "providedModelName"), _LATENCIES, (generations,))


def _quantiles(name: str, labels: tuple[str, ...], row: Row) -> Iterable[tuple[Key, Decimal]]:
    for quantile, how in _QUANTILES.items():
        latency = _number(row, f"{how}_latency")
        if latency is not None:
            yield (name, (*labels, quantile)), latency * _MILLI


def _trace_quantiles(row: Row) -> Iterable[tuple[Key, Decimal]]:
    return _quantiles(catalog.trace_latency.name, _trace_labels(row), row)


def _generation_quantiles(row: Row) -> Iterable[tuple[Key, Decimal]]:
    labels = (_text(row, "environment"), _text(row, "providedModelName"))
    return _quantiles(catalog.generation_latency.name, labels, row)


COUNTED = (
    View("observations", _observations, _observation_amounts),
    View("traces", _of_traces((("count", "count"),)), _trace_amounts),
)
SHOWN = (
    View("generation_latency", _generation_latency, _generation_quantiles),
    View("trace_latency", _of_traces(_LATENCIES), _trace_quantiles),
)
