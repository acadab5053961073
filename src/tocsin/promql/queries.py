"""Whole queries: the kind of their result, how many series it has, and whether it is recorded already."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from tocsin.promql.faults import Fault, error, information, warning
from tocsin.promql.labels import LabelSet
from tocsin.promql.quotes import quote
from tocsin.promql.types import Type
from tocsin.promql.world import World


def result_faults(of: Type, node: Any) -> Iterator[Fault]:
    """result-type: a root that gives no numbers at a time."""
    if of.value == "range":
        yield error(
            "result-type",
            "the result is a range vector, samples over time: a rule fails with it, and a panel shows nothing",
            "put a function around it: rate(...), increase(...), max_over_time(...)",
        )._replace(expr=quote(node))
    elif of.value == "string":
        yield error(
            "result-type", "the result is a text: a rule fails with it, and a panel shows nothing", "query series"
        )._replace(expr=quote(node))


def budget_faults(of: Type, budget: int) -> Iterator[Fault]:
    """cardinality: more series than the place can bear."""
    labels = of.labels
    if of.value != "vector" or labels.partial or not labels.closed:
        return
    size = labels.series
    if size is None or size <= budget:
        return
    yield warning(
        "cardinality",
        f"the result may have {size:,} series ({_product(of.labels)}), and {budget:,} are the budget here",
        "sum away the labels that nobody reads, or show the largest alone: topk(10, ...)",
    )


def _product(labels: LabelSet) -> str:
    return " x ".join(f"{size:,} {name}" for name, size in sorted((labels.sizes or {}).items()))


def recorded_faults(
    world: World, found: Sequence[tuple[Any, str]], reads: Iterable[str], recorded: Callable[[str], Type]
) -> Iterator[Fault]:
    """recorded-instead: what a rule records already, the outermost only."""
    quoted = [(quote(node), name) for node, name in found]
    for text, name in quoted:
        if any(text != other and text in other for other, _ in quoted):
            continue
        raw = [world.exported_type(series).labels.series for series in dict.fromkeys(reads) if series in world.series]
        few = recorded(name).labels.series
        many = sum(size for size in raw if size is not None) if None not in raw and raw else None
        saving = f": {few:,} series to read instead of up to {many:,}" if few is not None and many is not None else ""
        yield information(
            "recorded-instead",
            f"{name} already records this{saving}",
            f"read {name}: it costs less, and both agree",
        )._replace(expr=text)
