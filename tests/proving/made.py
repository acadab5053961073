"""Tests of alerts, made and run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml
from shapes import DEFINITIONS

from tocsin import promtool
from tocsin.define import Alert, RuleGroup
from tocsin.documents import rendered
from tocsin.model.scenario import Proof
from tocsin.output import write_tree
from tocsin.plan import Plan
from tocsin.targets import prometheus_alerts, prometheus_rules, prometheus_tests

Files = dict[str, list[dict[str, Any]]]


def made(out: Path, *alerts: Alert, proofs: tuple[Proof, ...] = (), groups: tuple[RuleGroup, ...] = ()) -> Files:
    """The tests of each file; promtool has passed all of them."""
    plan = Plan(replace(DEFINITIONS, alerts=alerts, groups=groups, proofs=proofs))
    targets = (prometheus_rules, prometheus_alerts, prometheus_tests)
    write_tree(out, list(rendered(draft for target in targets for draft in target.documents(plan))))
    paths = sorted((out / "prometheus/tests").iterdir())
    results = promtool.test_rules(out, [f"prometheus/tests/{path.name}" for path in paths])
    assert [result.output for result in results if not result.passed] == []
    return {path.stem: yaml.safe_load(path.read_text())["tests"] for path in paths}
