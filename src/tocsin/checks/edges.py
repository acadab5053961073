"""Claims of authors that Prometheus 2 and 3 answer differently."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import TYPE_CHECKING

from tocsin.findings import Finding, Severity
from tocsin.model.alert import Alert
from tocsin.model.indicator import Indicator
from tocsin.model.scenario import Claim
from tocsin.plan import Plan, PlannedRecord

if TYPE_CHECKING:
    from tocsin.proving.versions import Differing


def findings_of_proofs(plan: Plan) -> Iterator[Finding]:
    of_alerts = (_told(_of_alert(plan, alert), "the alert", alert.name) for alert in plan.definitions.alerts)
    of_records = (_told(_of_record(plan, planned), "its value", planned.name) for planned in plan.records)
    yield from chain(*of_alerts, *of_records)


def _told(found: Iterable[Differing], what: str, name: str) -> Iterator[Finding]:
    for one in found:
        yield Finding(
            "claim-edge",
            Severity.WARNING,
            f"at {one.claim.at} a sample lies where `{one.window.text()}` begins: Prometheus 2 counts it, Prometheus 3"
            f" does not, and {what} is not the same to them",
            (f"claim it at {one.instead}, where it is, or " if one.instead else "")
            + "let the window begin a little earlier (offset 1s)",
            one.claim.source,
            name,
        )


def _of_alert(plan: Plan, alert: Alert) -> list[Differing]:
    from tocsin.proving.versions import differing  # not for those who lint: it takes long to import

    try:
        return list(differing(plan, alert, _claims(plan, alert)))
    except ValueError:  # a duration that is none: that is told already
        return []


def _of_record(plan: Plan, planned: PlannedRecord) -> list[Differing]:
    from tocsin.proving.versions import differing_values

    try:
        return list(differing_values(plan, planned, _claims(plan, planned.record.indicator)))
    except ValueError:
        return []


def _claims(plan: Plan, of: Alert | Indicator) -> list[Claim]:
    return [claim for proof in plan.definitions.proofs_of(of) for claim in proof.claims]
