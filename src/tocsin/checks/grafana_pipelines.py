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
from tocsin.promql.written import bare
from tocsin.reading.values import Evaluator, GrafanaRule, Step
from tocsin.subject import PROMETHEUS, Subject

# What a step gives: samples over time, one number a series, or what nobody can tell.
_Gives = Literal["series", "numbers", "open"]
_NAMED = re.compile(r"\$\{([^}]+)\}|\$([A-Za-z_]\w*)")
# Thresholds by how many numbers they need; Grafana's editor writes a second one that nothing reads.
_THRESHOLDS = {
    **dict.fromkeys(("gt", "lt", "eq", "ne", "gte", "lte"), 1),
    **dict.fromkeys(("within_range", "outside_range", "within_range_included", "outside_range_included"), 2),
}
_REDUCERS = frozenset({"last", "mean", "median", "min", "max", "sum", "count"})
_EXPRESSIONS = frozenset({"reduce", "math", "resample", "threshold", "classic_conditions", "sql"})
# What the editor writes into each expression, whatever it is.
_UNTOUCHED = frozenset({"", "last", "avg"})
_COMPARES = re.compile(r"[<>!]|==|&&|\|\||is_(?:nan|null|inf|number)")
_FILTERS = re.compile(r"[<>]|==|!=|\b(?:absent|absent_over_time|and|unless)\b", re.IGNORECASE)
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

    def found(
        self, message: str, way_out: str, step: Step | None = None, severity: Severity = Severity.ERROR
    ) -> Finding:
        place = step.source if step is not None else self.rule.source
        fragment = f"refId {step.ref}" if step is not None else None
        return Finding("grafana-pipeline", severity, message, way_out, place, self.rule.name, fragment)

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
            else:
                yield from self._expression(step)
            if step.kind not in ("threshold", "classic_conditions"):
                yield from self._idle(step)
        yield from self._circles(steps)
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
        elif not _decides(step):
            yield self.found(
                f"the condition {step.ref} compares nothing: any value but 0 fires",
                "let the condition name a threshold on it",
                step,
                Severity.WARNING,
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

    def _circles(self, steps: Mapping[str, Step]) -> Iterator[Finding]:
        for step in steps.values():
            circle = {ref for ref in _behind(step, steps) if step.ref in _behind(steps[ref], steps)}
            if len(circle) > 1 and step.ref == min(circle):
                yield self.found(
                    f"step {step.ref} works on what is made of it: Grafana refuses the rule",
                    "let one of the steps begin with a query",
                    step,
                )

    def _span(self, step: Step) -> Iterator[Finding]:
        if step.first is None or step.first <= (step.last or 0):
            yield self.found(
                f"the query {step.ref} has no time range: Grafana refuses the rule",
                "state relativeTimeRange: {from: 600, to: 0}",
                step,
            )

    def _expression(self, step: Step) -> Iterator[Finding]:
        if step.kind not in _EXPRESSIONS:
            near = nearest(step.kind, _EXPRESSIONS)
            yield self.found(
                f"step {step.ref} is a {step.kind}, which Grafana does not know: it refuses the rule",
                f"did you mean {near}?" if near else f"the types are {', '.join(sorted(_EXPRESSIONS))}",
                step,
            )
        elif step.kind in ("reduce", "resample", "math") and not step.of.strip():
            yield self.found(
                f"the {step.kind} {step.ref} works on nothing: Grafana refuses the rule",
                "state `expression`: the refId of what it works on",
                step,
            )
        elif step.kind == "reduce" and step.reducer not in _REDUCERS:
            near = {"avg": "mean"}.get(step.reducer) or nearest(step.reducer, _REDUCERS)
            yield self.found(
                f"the reduce {step.ref} has the reducer {step.reducer or 'of no name'}: Grafana refuses the rule",
                f"did you mean {near}?" if near else f"the reducers are {', '.join(sorted(_REDUCERS))}",
                step,
            )

    def _idle(self, step: Step) -> Iterator[Finding]:
        """Conditions of a step that does not compare. Without a number they are what the editor writes everywhere."""
        for evaluator in step.evaluators:
            if any(evaluator.params):
                numbers = ", ".join(f"{param:g}" for param in evaluator.params)
                yield self.found(
                    f"nothing looks at the condition {evaluator.kind} {numbers} of {step.ref}, a {step.kind}: only a "
                    "threshold compares",
                    "add a threshold with it, and let the condition name that",
                    step,
                    Severity.WARNING,
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
        else:
            yield from self._classic(step, steps)
        if len(step.evaluators) != 1:
            yield self.found(
                f"the threshold {step.ref} has {len(step.evaluators) or 'no'} conditions, and exactly one is allowed: "
                "Grafana refuses the rule",
                "keep one; combine several in a math step: $B > 1 && $C > 2",
                step,
            )
        for evaluator in step.evaluators:
            yield from self._evaluator(step, evaluator)

    def _evaluator(self, step: Step, evaluator: Evaluator) -> Iterator[Finding]:
        needed = _THRESHOLDS.get(evaluator.kind)
        if needed is None:
            near = nearest(evaluator.kind, _THRESHOLDS)
            yield self.found(
                f"the threshold {step.ref} compares by {evaluator.kind or 'nothing'}, which Grafana does not know: it "
                "refuses the rule",
                f"did you mean {near}?" if near else f"write one of {', '.join(_THRESHOLDS)}",
                step,
            )
        elif len(evaluator.params) < needed:
            yield self.found(
                f"the threshold {step.ref} has {len(evaluator.params) or 'no'} params, and {evaluator.kind} needs "
                f"{needed}: Grafana refuses the rule",
                "state it in params",
                step,
            )

    def _classic(self, step: Step, steps: Mapping[str, Step]) -> Iterator[Finding]:
        """Fields of a classic condition that say something else than what happens; the editor writes them as well."""
        behind = {step.ref, *_behind(step, steps)}
        of = steps.get(step.of)
        for evaluator in step.evaluators:
            said = next((ref for ref in evaluator.asks if ref in steps and ref not in behind), None)
            if said is not None:
                yield self.found(
                    f"the threshold {step.ref} compares {step.of}; its field `query`, which names {said}, belongs to "
                    "classic conditions and means nothing here",
                    f"state expression: {said}, or take the field away",
                    step,
                    Severity.WARNING,
                )
            elif evaluator.reducer not in _UNTOUCHED and of is not None and of.reducer != evaluator.reducer:
                yield self.found(
                    f"the threshold {step.ref} compares {step.of} as it is; its field `reducer`, {evaluator.reducer}, "
                    "belongs to classic conditions and means nothing here",
                    "state the reducer in a reduce step, or take the field away",
                    step,
                    Severity.WARNING,
                )


def _behind(step: Step, steps: Mapping[str, Step]) -> frozenset[str]:
    """All steps that a step is made of, directly or not."""
    found: set[str] = set()
    waiting = list(_read(step))
    while waiting:
        ref = waiting.pop()
        if ref in steps and ref not in found:
            found.add(ref)
            waiting += _read(steps[ref])
    return frozenset(found)


def _decides(step: Step) -> bool:
    """Whether a step that is a condition says yes or no; what nobody can tell does."""
    if step.kind == "math":
        return bool(_COMPARES.search(step.of))
    if step.kind == "query" and step.engine in PROMETHEUS and step.expr:
        return bool(_FILTERS.search(bare(step.expr)))
    return True


def _read(step: Step) -> tuple[str, ...]:
    """The refIds that an expression works on."""
    if step.kind == "math":
        names = (braced or bare for braced, bare in _NAMED.findall(step.of))
        return tuple(dict.fromkeys(name for name in names if name not in _MATH_FUNCTIONS))
    if step.kind in ("reduce", "resample", "threshold"):
        return (step.of.removeprefix("$"),) if step.of else ()
    if step.kind == "classic_conditions":
        return tuple(dict.fromkeys(ref for evaluator in step.evaluators for ref in evaluator.asks))
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
