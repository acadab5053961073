"""Grafana's alert rules, evaluated as Grafana evaluates them: query, reduce, threshold, and the states of instances.

What is here follows Grafana 11 to 13 (pkg/expr, pkg/services/ngalert/state). A rule is read as a provisioning file
has it; the queries' values come from whoever asks, one instant vector for each evaluation.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from tocsin.promql.durations import milliseconds_of
from tocsin.proving.errors import UnderivableError
from tocsin.proving.vectors import Labels, Vector

Outcome = Literal["normal", "alerting", "no data"]
GrafanaState = Literal["normal", "pending", "alerting", "recovering", "no data", "error"]
Numbers = dict[Labels, float | None]
"""What a step gives for each label set; None where it is no number."""

_SINGLE: Mapping[str, Callable[[float, float], bool]] = {
    "gt": lambda value, limit: value > limit,
    "gte": lambda value, limit: value >= limit,
    "lt": lambda value, limit: value < limit,
    "lte": lambda value, limit: value <= limit,
    "eq": lambda value, limit: value == limit,
    "ne": lambda value, limit: value != limit,
}
_RANGES: Mapping[str, Callable[[float, float, float], bool]] = {
    "within_range": lambda value, low, high: low < value < high,
    "outside_range": lambda value, low, high: value < low or value > high,
    "within_range_included": lambda value, low, high: low <= value <= high,
    "outside_range_included": lambda value, low, high: value <= low or value >= high,
}
# An instant query gives one value a series, and all of these reduce it to itself.
_ITSELF = frozenset({"last", "mean", "min", "max", "sum", "median"})


@dataclass(slots=True)
class _Instance:
    state: GrafanaState
    since: float
    seen: float


@dataclass(slots=True)
class GrafanaAlert:
    """One rule of a provisioning file, evaluated from one moment to the next. Times are in seconds."""

    rule: Mapping[str, Any]
    interval: float
    _instances: dict[Labels, _Instance] = field(default_factory=dict)

    def queries(self) -> dict[str, str]:
        """The expression of each query, by its refId. Raises UnderivableError for one that is no instant query."""
        found = {}
        for step in self.rule["data"]:
            model = step["model"]
            if step["datasourceUid"] == "__expr__":
                continue
            if not model.get("instant") or model.get("range"):
                raise UnderivableError(f"the query {step['refId']}, which is no instant query")
            found[step["refId"]] = model["expr"]
        return found

    def evaluated(self, now: float, answers: Mapping[str, Vector | None]) -> dict[Labels, GrafanaState]:
        """The states after an evaluation; an answer that is None is a query that failed."""
        if any(answer is None for answer in answers.values()):
            self._all(now, self.rule.get("execErrState", "Alerting"), "error")
        else:
            self._take(now, self._outcomes({ref: answer or {} for ref, answer in answers.items()}))
        return {labels: one.state for labels, one in self._instances.items() if one.state != "normal"}

    def _outcomes(self, answers: Mapping[str, Vector]) -> dict[Labels, Outcome]:
        steps = {step["refId"]: step["model"] for step in self.rule["data"]}
        condition = self._numbers(self.rule["condition"], steps, answers)
        return {
            labels: "no data" if value is None else "alerting" if value else "normal"
            for labels, value in condition.items()
        }

    def _numbers(self, ref: str, steps: Mapping[str, Mapping[str, Any]], answers: Mapping[str, Vector]) -> Numbers:
        if ref in answers:
            return dict(answers[ref])
        model = steps[ref]
        if model["type"] not in ("reduce", "threshold"):
            raise UnderivableError(f"the expression {ref} of type {model['type']}")
        values = self._numbers(model["expression"], steps, answers)
        if model["type"] == "reduce":
            return {labels: reduced(model, value) for labels, value in values.items()}
        (condition,) = model["conditions"]
        return {labels: self._beyond(condition, labels, value) for labels, value in values.items()}

    def _beyond(self, condition: Mapping[str, Any], labels: Labels, value: float | None) -> float | None:
        if value is None:
            return None
        instance = self._instances.get(labels)
        unload = condition.get("unloadEvaluator")
        if unload and instance is not None and instance.state in ("pending", "alerting", "recovering"):
            # The recovery threshold: whoever is beyond the first one stays so until this one is met.
            return float(not is_met(unload, value))
        return float(is_met(condition["evaluator"], value))

    def _take(self, now: float, outcomes: Mapping[Labels, Outcome]) -> None:
        if not outcomes:
            self._all(now, self.rule.get("noDataState", "NoData"), "no data")
        for labels, outcome in outcomes.items():
            instance = self._instances.setdefault(labels, _Instance("normal", now, now))
            instance.seen = now
            if outcome == "no data":
                self._mapped(instance, now, self.rule.get("noDataState", "NoData"), "no data")
            elif outcome == "alerting":
                self._alerting(instance, now)
            else:
                self._normal(instance, now)
        patience = self.rule.get("missing_series_evals_to_resolve", 2) * self.interval
        for labels, instance in list(self._instances.items()):
            wait = self.interval if instance.state in ("error", "no data") else patience
            if instance.seen != now and now - instance.seen >= wait:
                del self._instances[labels]

    def _all(self, now: float, mapped: str, otherwise: Literal["error", "no data"]) -> None:
        """A result that has no labels concerns all instances, unless it makes one of its own."""
        concerned = list(self._instances.values())
        if mapped in ("Error", "NoData") or (mapped == "Alerting" and not concerned):
            concerned = [self._instances.setdefault(frozenset(), _Instance("normal", now, now))]
        for instance in concerned:
            instance.seen = now
            self._mapped(instance, now, mapped, otherwise)

    def _mapped(self, instance: _Instance, now: float, mapped: str, otherwise: Literal["error", "no data"]) -> None:
        if mapped == "OK":
            self._normal(instance, now)
        elif mapped == "Alerting":
            self._alerting(instance, now)
        elif mapped != "KeepLast":
            instance.state, instance.since = otherwise, now

    def _alerting(self, instance: _Instance, now: float) -> None:
        hold = _seconds(self.rule.get("for"))
        if instance.state == "pending":
            if now - instance.since >= hold:
                instance.state, instance.since = "alerting", now
        elif instance.state == "recovering" or (instance.state != "alerting" and hold == 0):
            instance.state, instance.since = "alerting", now
        elif instance.state != "alerting":
            instance.state, instance.since = "pending", now

    def _normal(self, instance: _Instance, now: float) -> None:
        keep = _seconds(self.rule.get("keepFiringFor"))
        if instance.state == "recovering" and now - instance.since < keep:
            return
        if instance.state == "alerting" and keep > 0:
            instance.state, instance.since = "recovering", now
        else:
            instance.state, instance.since = "normal", now


def _seconds(duration: str | None) -> float:
    return milliseconds_of(duration) / 1000 if duration else 0.0


def reduced(model: Mapping[str, Any], value: float | None) -> float | None:
    """What a reduce makes of a series of one value."""
    reducer = model.get("reducer", "")
    settings = model.get("settings", {})
    mode = settings.get("mode", "")
    no_number = value is None or not math.isfinite(value)
    if mode == "replaceNN" and no_number:
        value, no_number = float(settings.get("replaceWithValue", 0)), False
    if reducer == "count":
        return 0.0 if mode == "dropNN" and no_number else 1.0
    if reducer not in _ITSELF:
        raise UnderivableError(f"the reducer {reducer}")
    if mode == "dropNN" and no_number:
        return 0.0 if reducer == "sum" else None
    return value


def is_met(evaluator: Mapping[str, Any], value: float) -> bool:
    """Whether a value meets a threshold's evaluator; NaN meets none."""
    kind, params = evaluator["type"], evaluator["params"]
    if kind in _SINGLE:
        return _SINGLE[kind](value, params[0])
    if kind in _RANGES:
        return _RANGES[kind](value, *sorted(params[:2]))
    raise UnderivableError(f"the threshold type {kind}")


_AS_PROMETHEUS: Mapping[GrafanaState, Literal["pending", "firing"]] = {
    "pending": "pending",
    "alerting": "firing",
    "recovering": "firing",
}


def as_prometheus(states: Mapping[Labels, GrafanaState]) -> dict[Labels, str]:
    """The states in Prometheus's words; what is neither pending nor firing there keeps Grafana's word."""
    return {labels: _AS_PROMETHEUS.get(state, state) for labels, state in states.items()}


def grafana_states(
    rule: Mapping[str, Any], interval: float, answers: Mapping[str, Sequence[Vector | None]]
) -> Iterator[dict[Labels, str]]:
    """The states after each evaluation, in Prometheus's words; `answers` has each query's vectors by its refId."""
    alert = GrafanaAlert(rule, interval)
    for number, vectors in enumerate(zip(*answers.values(), strict=True)):
        yield as_prometheus(alert.evaluated(number * interval, dict(zip(answers, vectors, strict=True))))
