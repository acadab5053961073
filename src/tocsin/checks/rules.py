"""Recording rules: durations, names, and that each is proven."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tocsin.findings import Finding, Severity
from tocsin.model.recording import RuleGroup
from tocsin.plan import Plan
from tocsin.promql.durations import milliseconds_of

if TYPE_CHECKING:
    from tocsin.proving.told import Stated

_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*:[a-zA-Z0-9_]+\Z")


def findings(plan: Plan) -> Iterator[Finding]:
    for group in plan.definitions.groups:
        try:
            if milliseconds_of(group.interval) == 0:
                raise ValueError(f"{group.interval} is no time at all")
        except ValueError as error:
            yield Finding(
                "duration",
                Severity.ERROR,
                f"interval: {error}",
                "write it as Prometheus does",
                group.source,
                group.name,
            )
    for planned in plan.records:
        record = planned.record
        if not _NAME.match(record.name):
            yield Finding(
                "rule-name",
                Severity.ERROR,
                f"{record.name!r} is not metric:operations",
                "name the metric, a colon and what was done to it: llm_cost_dollars:increase24h",
                record.source,
                planned.name,
            )


def findings_of_proofs(plan: Plan) -> Iterator[Finding]:
    derived = {id(planned) for group in plan.definitions.groups for planned, _ in _derived(plan, group)}
    for planned in plan.records:
        record = planned.record
        if id(planned) not in derived and not any(plan.definitions.proofs_of(record.indicator)):
            yield Finding(
                "rule-unproven",
                Severity.ERROR,
                "nothing shows what it computes, and no value of it could be derived",
                "state one in rules/scenarios.py: prove(indicator, computes(...))",
                record.source,
                planned.name,
            )


def _derived(plan: Plan, group: RuleGroup) -> tuple[Stated, ...]:
    # Not for those who lint: it takes long to import.
    from tocsin.proving.given import given_values
    from tocsin.proving.values import derived_values

    given = given_values(plan, group)
    return (*derived_values(plan, group), *(given.stated if given else ()))
