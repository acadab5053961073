"""The catalog's metrics as a client library's, made from their definitions: nothing is stated twice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any, Generic, TypeVar

import prometheus_client

from agentmetrics import catalog
from agentmetrics.limits import LabelLimits
from tocsin.metrics import Counter, Gauge, Histogram, Label, Metric

Child = TypeVar("Child", prometheus_client.Counter, prometheus_client.Gauge, prometheus_client.Histogram)

# How the processes of one server add up, by gauge; one that is not here has the same value in each.
_ACROSS_PROCESSES = {catalog.agent_active_sessions.name: "livesum"}


class Series(Generic[Child]):
    """The series of one metric. Those in use are remembered, so that counting one costs a look into a dict."""

    __slots__ = ("_children", "_limits", "_parent", "metric")

    def __init__(self, metric: Metric, parent: Child, limits: LabelLimits) -> None:
        self.metric = metric
        self._parent: Child = parent
        self._limits = limits
        self._children: dict[tuple[str, ...], Child] = {}

    def of(self, *values: str) -> Child:
        """The series with these label values, in the order of the metric's labels, to count an observation."""
        child = self._children.get(values)
        return child if child is not None else self._made(values, observed=True)

    def begin(self, *values: str) -> None:
        """Makes the series with these label values, with 0: nothing was observed yet."""
        if values not in self._children:
            self._made(values, observed=False)

    def _made(self, values: tuple[str, ...], *, observed: bool) -> Child:
        if not values:
            return self._parent
        labels = zip(self.metric.labels, values, strict=True)
        kept = tuple(self._limits.kept(label, value, observed=observed) for label, value in labels)
        child = self._parent.labels(*kept)
        if kept == values:  # one that was capped is asked again each time, and counted as such
            self._children[values] = child
        return child


class Instruments:
    """Every metric that the instrumentation fills, registered in one registry."""

    def __init__(self, registry: prometheus_client.CollectorRegistry, limits: Mapping[str, int]) -> None:
        self.registry = registry
        self._limits = LabelLimits(self._capped, limits)
        self._all: list[Series[Any]] = []
        self.request_duration = self._histogram(catalog.agent_request_duration)
        self.inference_duration = self._histogram(catalog.llm_inference_duration)
        self.tool_duration = self._histogram(catalog.tool_execution_duration)
        self.search_duration = self._histogram(catalog.vector_search_duration)
        self.tokens = self._counter(catalog.llm_tokens)
        self.cost = self._counter(catalog.llm_cost)
        self.unpriced = self._counter(catalog.llm_unpriced_requests)
        self.without_usage = self._counter(catalog.llm_calls_without_usage)
        self.daily_budget = self._gauge(catalog.tenant_daily_budget)
        self.monthly_budget = self._gauge(catalog.tenant_monthly_budget)
        self.errors = self._counter(catalog.agent_errors)
        self.rate_limits = self._counter(catalog.llm_rate_limit_errors)
        self.inference_errors = self._counter(catalog.llm_inference_errors)
        self.tool_errors = self._counter(catalog.tool_execution_errors)
        self.search_errors = self._counter(catalog.vector_search_errors)
        self.timeouts = self._counter(catalog.agent_timeouts)
        self.sessions = self._gauge(catalog.agent_active_sessions)
        self.chain_length = self._histogram(catalog.agent_chain_length)
        self.tool_calls = self._histogram(catalog.agent_tool_calls)
        self.iterations = self._histogram(catalog.agent_iterations)
        self.dropped = self._counter(catalog.observations_dropped)
        labels = {label.name for label in self._labels()}
        self.capped = self._counter(catalog.label_values_capped)
        for name in sorted(labels):
            self.capped.begin(name)

    def __iter__(self) -> Iterator[Series[Any]]:
        return iter(self._all)

    def _labels(self) -> Iterator[Label]:
        return (label for series in self for label in series.metric.labels)

    def declare(self, values: Mapping[str, tuple[str, ...]]) -> None:
        """Makes the series of these label values, with 0, wherever all labels of a metric are among them.

        A gauge is left out: 0 would be a statement.
        """
        for series in self:
            names = series.metric.label_names
            if names and not isinstance(series.metric, Gauge) and values.keys() >= set(names):
                for combination in product(*(values[name] for name in names)):
                    series.begin(*combination)

    def _capped(self, label: str) -> None:
        self.capped.of(label).inc()

    def _counter(self, metric: Counter) -> Series[prometheus_client.Counter]:
        made = prometheus_client.Counter(metric.name, metric.help, metric.label_names, registry=self.registry)
        return self._added(Series(metric, made, self._limits))

    def _gauge(self, metric: Gauge) -> Series[prometheus_client.Gauge]:
        mode: Any = _ACROSS_PROCESSES.get(metric.name, "livemax")
        made = prometheus_client.Gauge(
            metric.name, metric.help, metric.label_names, registry=self.registry, multiprocess_mode=mode
        )
        return self._added(Series(metric, made, self._limits))

    def _histogram(self, metric: Histogram) -> Series[prometheus_client.Histogram]:
        made = prometheus_client.Histogram(
            metric.name, metric.help, metric.label_names, registry=self.registry, buckets=metric.buckets
        )
        return self._added(Series(metric, made, self._limits))

    def _added(self, series: Series[Child]) -> Series[Child]:
        self._all.append(series)
        return series
