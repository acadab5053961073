"""Alerts: durations, thresholds, words, runbooks, and that each is proven."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tocsin.annotations import fields_of
from tocsin.checks.units import misfit
from tocsin.findings import Finding, Severity
from tocsin.metrics import nearest
from tocsin.model.alert import Alert
from tocsin.plan import Plan, PlannedAlert
from tocsin.promql.durations import duration_text, milliseconds_of
from tocsin.units import Quantity

_GRAFANA_BASE_INTERVAL = 10_000


def findings(plan: Plan) -> Iterator[Finding]:
    for planned in plan.alerts:
        for check in _CHECKS:
            yield from check(plan, planned)
    yield from _hollow(plan)


def findings_of_proofs(plan: Plan) -> Iterator[Finding]:
    for planned in plan.alerts:
        yield from _proven(plan, planned)


def _found(alert: Alert, id_: str, message: str, help_: str, severity: Severity = Severity.ERROR) -> Finding:
    return Finding(id_, severity, message, help_, alert.source, alert.name)


def _durations(plan: Plan, planned: PlannedAlert) -> Iterator[Finding]:  # noqa: ARG001
    alert = planned.alert
    for name, value in (("hold", alert.hold), ("keep_firing", alert.keep_firing), ("every", alert.every)):
        try:
            length = milliseconds_of(value)
        except ValueError as error:
            yield _found(alert, "duration", f"{name}: {error}", "write it as Prometheus does")
            continue
        if name == "every" and (length == 0 or length % _GRAFANA_BASE_INTERVAL):
            yield _found(
                alert,
                "duration",
                f"every: {value} is no multiple of 10s, which is how often Grafana evaluates at most",
                "use 10s, 30s or 1m",
            )


def _threshold(plan: Plan, planned: PlannedAlert) -> Iterator[Finding]:
    alert = planned.alert
    right = alert.when.right
    if isinstance(right, Quantity):
        wrong = misfit(alert.when.left, planned.unit, "the threshold", right)
        if wrong:
            yield _found(alert, "unit-mismatch", *wrong)
        return
    left, other = plan.type_of(planned.left), plan.type_of(planned.right)
    if left.labels.closed and other.labels.closed and set(left.labels.names) != set(other.labels.names):
        yield _found(
            alert,
            "join-empty",
            f"{alert.when.left.title} has the labels {_listed(left.labels.names)}, {right.title} has "
            f"{_listed(other.labels.names)}: no series of one matches one of the other, so it can never fire",
            "group both by the same labels",
        )


def _listed(names: frozenset[str] | tuple[str, ...] | set[str]) -> str:
    return ", ".join(sorted(names)) or "none"


def _words(plan: Plan, planned: PlannedAlert) -> Iterator[Finding]:  # noqa: ARG001
    alert = planned.alert
    known = {*planned.labels, "value"}
    if isinstance(alert.when.right, Quantity):
        known.add("threshold")
    for name, text in (("summary", alert.summary), ("description", alert.description)):
        if not text.strip():
            yield _found(alert, "annotations", f"the {name} is empty", "say who suffers, and how")
        if "{{" in text or "}}" in text:
            yield _found(
                alert,
                "template",
                f"the {name} is written as a template of Prometheus: {text}",
                "write {a_label} or {value} in single braces: each engine gets its own template of it",
            )
            continue
        try:
            fields = fields_of(text)
        except ValueError as error:
            yield _found(alert, "template", f"the {name} does not parse: {error}", "write {value} or {a_label}")
            continue
        for field in fields:
            if field not in known:
                near = nearest(field, known)
                yield _found(
                    alert,
                    "label-unknown",
                    f"the {name} names {{{field}}}, which the alert has not; it has {_listed(known)}",
                    f"write {{{near}}}" if near else "name one of these, or group the indicator by that label",
                )


def _runbook(plan: Plan, planned: PlannedAlert) -> Iterator[Finding]:
    alert = planned.alert
    pages = plan.definitions.runbooks
    if not pages.get(alert.runbook, "").strip():
        folder = plan.definitions.site.runbooks
        near = nearest(alert.runbook, pages)
        yield _found(
            alert,
            "annotations",
            f"there is no runbook {folder}/{alert.runbook}.md, or it is empty",
            (f"did you mean {near!r}? Otherwise write" if near else "write") + " that page: what it means, what to do",
        )


def _proven(plan: Plan, planned: PlannedAlert) -> Iterator[Finding]:
    """What is not derived must be stated."""
    # Not for those who lint: it takes long to import.
    from tocsin.proving.derive import derived
    from tocsin.proving.noticed import unnoticed
    from tocsin.proving.stated import half_seen, unseen
    from tocsin.proving.through import unshown_through

    alert = planned.alert
    own = derived(plan, alert)
    claims = [claim for proof in plan.definitions.proofs_of(alert) for claim in proof.claims]
    missing = [] if own.claims else list(unseen(claims))
    if missing:
        yield _found(
            alert,
            "alert-unproven",
            f"nothing shows {' or '.join(missing)}, and no proof could be derived: {own.missing}",
            "state a scenario: prove(alert, fires(...), quiet(...))",
        )
        return
    try:
        missing = [] if own.claims else list(half_seen(plan, alert, claims))
        parts = unnoticed(plan, alert, claims)
    except ValueError:  # a duration that is none: that is told already
        return
    for part in parts:
        yield _found(
            alert,
            "alert-half-proven",
            f"nothing shows that `{part.text()}` matters: no proof notices when it is left out",
            "state a scenario in which it decides: prove(alert, quiet(...), fires(...)); or leave it out",
            Severity.WARNING,
        )
    why = unshown_through(plan, alert, claims) if own.claims else ""
    if why:
        yield _found(
            alert,
            "alert-half-proven",
            "nothing shows that it fires of what is scraped: its proof is given what is recorded of that, and none"
            f" through all that is recorded could be derived: {why}",
            "state a scenario of what is scraped: prove(alert, fires(...), quiet(...))",
            Severity.WARNING,
        )
    if missing:
        yield _found(
            alert,
            "alert-half-proven",
            f"nothing shows {' or '.join(missing)}, and no proof could be derived: {own.missing}",
            "state quiet(scenario, ...) as well: when its condition is met and the time is not up, and after the end",
            Severity.WARNING,
        )


def _hollow(plan: Plan) -> Iterator[Finding]:
    for proof in plan.definitions.proofs:
        for claim in proof.claims:
            if milliseconds_of(claim.at) > claim.scenario.lasting:
                yield Finding(
                    "test-hollow",
                    Severity.ERROR,
                    f"at {claim.at} nothing is left of the scenario {claim.scenario.title!r}, which lasts "
                    f"{duration_text(claim.scenario.lasting)}",
                    "claim it earlier; or let the scenario end in silence(lasting=...), where that is what you mean",
                    claim.source,
                    proof.of.name if isinstance(proof.of, Alert) else proof.of.title,
                )


_CHECKS: tuple[Callable[[Plan, PlannedAlert], Iterator[Finding]], ...] = (
    _durations,
    _threshold,
    _words,
    _runbook,
)
