"""Mappings: series of a catalog of ours, made by Prometheus from what another exporter has under other names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from tocsin.findings import DefinitionError
from tocsin.metrics import (
    Catalog,
    ContractError,
    Counter,
    Gauge,
    Histogram,
    Label,
    Metric,
    Selection,
    series_of,
)
from tocsin.model.silence import Silence
from tocsin.promql.tree import Call, Node, Select, Text
from tocsin.source import Source, here


@dataclass(frozen=True, slots=True)
class Mapped:
    """One metric of ours, and the series that it is made of.

    Each of their series becomes one of ours, with its own labels kept and ours added: nothing is added up, so a counter
    that starts again is seen to start again. `renamed` gives labels of ours with theirs, `fixed` those with a value.
    """

    metric: Metric
    of: Selection
    renamed: tuple[tuple[str, str], ...]
    fixed: tuple[tuple[str, str], ...]

    def series(self) -> Iterator[tuple[str, Node]]:
        """The name of each series of ours, with the expression that records it."""
        for ours, theirs in zip(series_of(self.metric), series_of(self.of.metric), strict=True):
            node: Node = Select(theirs.name, self.of.matchers)
            for name, origin in self.renamed:
                if name != origin:
                    node = Call("label_replace", (node, Text(name), Text("$1"), Text(origin), Text("(.*)")))
            yield ours.name, node


def mapped(metric: Metric, of: Metric | Selection, *, lacking: tuple[Label, ...] = (), **labels: Label | str) -> Mapped:
    """`mapped(llm_cost, litellm.spend, tenant_id=litellm.team_alias, model=litellm.model, lacking=(agent_name,))`.

    Each label of the metric is given or is `lacking`. Raises DefinitionError for what does not fit.
    """
    selection = of if isinstance(of, Selection) else Selection(of)
    _check_kinds(metric, selection.metric)
    try:
        for name, origin in labels.items():
            ours = metric.label(name)
            if isinstance(origin, Label):
                selection.metric.label(origin.name)
            elif ours.values is not None and origin not in ours.values:
                raise ContractError(f"{metric.name} has no {name} {origin!r}; it is one of {', '.join(ours.values)}")
    except ContractError as error:
        raise DefinitionError(str(error), help="name a label of the catalog", source=here()) from None
    told = {*labels, *(label.name for label in lacking)}
    if told != set(metric.label_names):
        raise DefinitionError(
            f"the mapping of {metric.name} says nothing of {', '.join(sorted(told ^ set(metric.label_names)))}",
            help="give each of its labels one of theirs or a text, or state it in lacking=(...)",
            source=here(),
        )
    renamed = {name: origin.name for name, origin in labels.items() if isinstance(origin, Label)}
    fixed = {name: origin for name, origin in labels.items() if isinstance(origin, str)}
    return Mapped(metric, selection, tuple(sorted(renamed.items())), tuple(sorted(fixed.items())))


def _check_kinds(ours: Metric, theirs: Metric) -> None:
    for kind in (Counter, Gauge, Histogram):
        if isinstance(ours, kind) and not isinstance(theirs, kind):
            raise DefinitionError(
                f"{ours.name} is a {kind.__name__.lower()}, {theirs.name} is none",
                help="map counters to counters (a histogram has two: .count and .sum), histograms to histograms",
                source=here(),
            )
    if ours.unit != theirs.unit:
        raise DefinitionError(
            f"{ours.name} is in {ours.unit}, {theirs.name} in {theirs.unit}",
            help="map what is measured in the same unit: a recorded counter cannot be converted and stay exact",
            source=here(),
        )


@dataclass(frozen=True, slots=True, eq=False)
class SeriesMapping:
    """What of `theirs` becomes ours: a file of recording rules, for those who have that exporter to load.

    `catalog` is what the exporter exports.
    """

    name: str
    catalog: Catalog
    mapped: tuple[Mapped, ...]
    interval: str = field(default="15s", kw_only=True)
    allow: tuple[Silence, ...] = field(default=(), kw_only=True)
    source: Source = field(default_factory=here, kw_only=True, repr=False)

    def catalogs(self, ours: Iterable[Catalog]) -> Iterator[Catalog]:
        """Our catalogs where the mapping fills them: histograms with the bounds that the exporter's have."""
        bounds = {one.metric: one.of.metric.buckets for one in self.mapped if isinstance(one.of.metric, Histogram)}
        for catalog in ours:
            metrics = tuple(
                replace(metric, buckets=bounds[metric])
                if isinstance(metric, Histogram) and metric in bounds
                else metric
                for metric in catalog
            )
            yield replace(catalog, metrics=metrics)
