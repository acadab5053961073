"""promtool's tests of what is recorded of recorded series: one file for each group, evaluated once, at the end."""

from __future__ import annotations

from collections.abc import Iterator

from tocsin.documents import Draft
from tocsin.model.alert import slug
from tocsin.model.recording import RuleGroup
from tocsin.plan import Plan
from tocsin.promql.durations import duration_text
from tocsin.proving.given import given_values
from tocsin.targets.prometheus_rules import rules_path
from tocsin.targets.prometheus_tests import computed, series_fed


def documents(plan: Plan) -> Iterator[Draft]:
    for group in plan.definitions.groups:
        values = given_values(plan, group)
        if values is None:
            continue
        data = {
            "rule_files": [f"../{rules_path(group).removeprefix('prometheus/')}"],
            "evaluation_interval": duration_text(values.at),
            "group_eval_order": [group.name],
            "tests": [
                {
                    **series_fed(scenario),
                    "promql_expr_test": [
                        computed(record, claim) for record, claim in values.stated if claim.scenario is scenario
                    ],
                }
                for scenario in dict.fromkeys(claim.scenario for _, claim in values.stated)
            ],
        }
        yield Draft(given_test_path(group), "promtool-tests", data, group.source)


def given_test_path(group: RuleGroup) -> str:
    return f"prometheus/tests/rules-{slug(group.name)}-given.yaml"
