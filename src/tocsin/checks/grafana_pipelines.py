"""Grafana's alert rules: that the steps lead from a query to one number a series, and the condition is about that.

Grafana loads a broken pipeline without a word; it fails, or means something else, when it is evaluated.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from tocsin.findings import Finding, Severity
from tocsin.metrics import nearest
from tocsin.reading.values import GrafanaRule, Step
from tocsin.subject import PROMETHEUS, Subject

# What a step gives: samples over time, one number a series, or what nobody can tell.
_Gives = Literal["series", "numbers", "open"]
_NAMED = re.compile(r"\$\{([^}]+)\}|\$([A-Za-z_]\w*)")
_MATH_FUNCTIONS = frozenset({"abs", "is_inf", "is_nan", "is_null", "is_number", "log", "round", "ceil", "floor"})


def findings_in(subject: Subject) -> Iterator[Finding]:
    for rule in subject.contents.grafana_rules:
        yield from _Pipeline(rule).findings()
        yield from _states(rule)


def _states(rule: GrafanaRule) -> Iterator[Finding]:
    for name, value, effect in (
        ("noDataState", rule.no_data, "an alert of its own, DatasourceNoData, fires whenever the query finds nothing"),
        ("execErrState", rule.on_error, "in files the default is Alerting: a query that times out pages somebody"),
    ):
        if not value:
            yield Finding(
                "grafana-states",
                Severity.WARNING,
                f"{name} is left to the default: {effect}",
                f"state {name}: OK behaves like Prometheus, Error and NoData tell of it, KeepLast waits",
                rule.source,
                rule.name,
            )


@dataclass(frozen=True, slots=True)
class _Pipeline:
    rule: GrafanaRule

    def found(self, message: str, way_out: str, step: Step | None = None) -> Finding:
        place = step.source if step is not None else self.rule.source
        fragment = f"refId {step.ref}" if step is not None else None
        return Finding("grafana-pipeline", Severity.ERROR, message, way_out, place, self.rule.name, fragment)

    def findings(self) -> Iterator[Finding]:
        steps: dict[str, Step] = {}
        for step in self.rule.steps:
            if step.ref in steps:
                yield self.found(f"two steps have the refId {step.ref}: only one of them counts", "rename one", step)
            steps.setdefault(step.ref, step)
        for step in self.rule.steps:
            yield from self._references(step, steps)
            if step.kind == "query":
                yield from self._span(step)
            elif step.kind == "threshold":
                yield from self._threshold(step, steps)
        yield from self._condition(steps)

    def _condition(self, steps: Mapping[str, Step]) -> Iterator[Finding]:
        rule = self.rule
        step = steps.get(rule.condition)
        if step is None:
            near = nearest(rule.condition, steps)
            if near is None:
                near = next((ref for ref, one in steps.items() if one.kind == "threshold"), None)
            yield self.found(
                f"the condition {rule.condition!r} is no refId of a step: every evaluation fails",
                f"did you mean {near}?" if near else "name the step that decides",
            )
        elif step.kind == "reduce":
            yield self.found(
                f"the condition {step.ref} is a reduce: any value but 0 fires, whatever the threshold",
                "let the condition name a threshold on it",
                step,
            )
        elif gives(step, steps) == "series":
            yield self.found(
                f"the condition {step.ref} gives samples over time, and an alert needs one number: it fails with "
                "'only reduced data can be alerted on'",
                "reduce it, and let the condition name a threshold on that",
                step,
            )

    def _references(self, step: Step, steps: Mapping[str, Step]) -> Iterator[Finding]:
        for ref in _read(step):
            if ref == step.ref:
                yield self.found(f"step {ref} works on itself: Grafana refuses the rule", "name another step", step)
            elif ref not in steps:
                near = nearest(ref, steps)
                yield self.found(
                    f"step {step.ref} works on {ref}, which does not exist: every evaluation fails",
                    f"did you mean {near}?" if near else f"the steps are {', '.join(steps)}",
                    step,
                )

    def _span(self, step: Step) -> Iterator[Finding]:
        if step.first is None or step.first <= (step.last or 0):
            yield self.found(
                f"the query {step.ref} has no time range: Grafana refuses the rule",
                "state relativeTimeRange: {from: 600, to: 0}",
                step,
            )

    def _threshold(self, step: Step, steps: Mapping[str, Step]) -> Iterator[Finding]:
        if not step.of:
            classic = next((evaluator.classic for evaluator in step.evaluators if evaluator.classic), ())
            why = f"; {', '.join(classic)} belong to classic conditions and mean nothing here" if classic else ""
            yield self.found(
                f"the threshold {step.ref} works on nothing{why}: Grafana refuses the rule",
                "state `expression`: the refId of what is compared",
                step,
            )
        elif step.of in steps and gives(steps[step.of], steps) == "series":
            yield self.found(
                f"the threshold {step.ref} comes before a reduce: it compares {step.of}, samples over time, and fails",
                f"reduce {step.of} first, and compare that",
                step,
            )
        if len(step.evaluators) != 1:
            yield self.found(
                f"the threshold {step.ref} has {len(step.evaluators) or 'no'} conditions, and exactly one is allowed: "
                "Grafana refuses the rule",
                "keep one; combine several in a math step: $B > 1 && $C > 2",
                step,
            )


def _read(step: Step) -> tuple[str, ...]:
    """The refIds that an expression works on."""
    if step.kind == "math":
        names = (braced or bare for braced, bare in _NAMED.findall(step.of))
        return tuple(dict.fromkeys(name for name in names if name not in _MATH_FUNCTIONS))
    if step.kind in ("reduce", "resample", "threshold"):
        return (step.of.removeprefix("$"),) if step.of else ()
    return ()


def gives(step: Step, steps: Mapping[str, Step], depth: int = 0) -> _Gives:
    """What a step gives."""
    if step.kind == "query":
        return "open" if step.engine not in PROMETHEUS else "numbers" if step.instant else "series"
    if step.kind == "resample":
        return "series"
    if step.kind == "math" and depth < len(steps):
        inner = {gives(steps[ref], steps, depth + 1) for ref in _read(step) if ref in steps}
        return "series" if "series" in inner else "numbers" if inner == {"numbers"} else "open"
    return "numbers" if step.kind in ("reduce", "threshold", "classic_conditions") else "open"
