"""`tocsin prove` on a project: the repository's own proofs are sharp, and only what changed is proven again."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from projects import Copy, MakeProject

TWO_ALERTS = """
from agentmetrics.catalog import agent_active_sessions, agent_name
from tocsin.define import CRITICAL, WARNING, Alert, Indicator, quantity, total

sessions = Indicator(total(agent_active_sessions, by=agent_name), title="Sessions", description="Open ones.")
busy, very_busy = (
    Alert(
        name,
        when=sessions > quantity(most, agent_active_sessions.unit),
        hold="5m",
        severity=severity,
        summary="{agent_name} is busy",
        description="{agent_name} has {value}.",
        runbook="busy",
    )
    for name, most, severity in (("Busy", 10, WARNING), ("VeryBusy", 50, CRITICAL))
)
"""


def prove(project: Copy, *arguments: str, **environment: str) -> dict[str, Any]:
    answer = project.tocsin("prove", *arguments, "--format", "json", **environment)
    assert answer.returncode in (0, 1), answer.stderr
    return json.loads(answer.stdout)  # type: ignore[no-any-return]


def runs(note: Path) -> int:
    """How many test files promtool was given since the last time."""
    total = sum(map(int, note.read_text().split()))
    note.write_text("")
    return total


def test_every_mutant_of_our_own_rules_is_noticed(project_copy: Copy, counted: tuple[dict[str, str], Path]) -> None:
    promtool, note = counted

    def mutants() -> tuple[int, str]:
        """How many there are, and all that is said of them: nothing but that each is noticed."""
        answer = project_copy.tocsin("prove", "--mutants", **promtool)
        assert answer.returncode == 0, answer.stdout + answer.stderr
        *_, last = answer.stdout.splitlines()
        told = re.fullmatch(r"(\d+) of \1 mutants noticed: 100\.0 %", last)
        assert told, last
        assert "[" not in answer.stdout.partition("\n")[0]
        return int(told[1]), answer.stdout

    number, told = mutants()
    assert number >= 600
    rules = {line.split()[0] for line in told.splitlines()}
    assert rules > {"AgentHighErrorRate", "AgentHighLatency", "DailyCostBudgetExceeded", "LLMRateLimitErrors"}
    assert runs(note) > number

    # Once more: nothing has changed.
    assert mutants() == (number, told)
    assert runs(note) == 0

    # One alert has changed: its own tests are run, with and without mutants, and no others.
    project_copy.replace("monitors/alerts.py", "error_rate > percent(5)", "error_rate > percent(4)")
    assert mutants()[0] == number
    assert 0 < runs(note) < number

    # One shares no test any more: the others are told of as before.
    project_copy.replace("monitors/alerts.py", '"ToolSlow",', '"ToolSlow",\n    keep_firing="20m",')
    assert mutants()[0] > number
    assert 0 < runs(note) < number / 4


def test_what_is_derived_notices_every_mutant_alone(project_copy: Copy) -> None:
    for file in (project_copy.root / "rules").glob("*scenarios.py"):
        file.write_text('"""Nothing is stated."""\n')
    answer = project_copy.tocsin("prove", "--mutants")
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert re.search(r"^(\d{4}) of \1 mutants noticed: 100\.0 %$", answer.stdout, re.MULTILINE)


# Of shares of a whole nothing is derived.
LOPSIDED = """
from agentmetrics.catalog import llm_cost, model
from tocsin.define import WARNING, Alert, Feed, Indicator, Scenario, an_hour, fires, growing, increase, instance
from tocsin.define import percent, prove, quiet, share

lopsided = Alert(
    "OneModelCostsAll",
    when=Indicator(share(increase(llm_cost, by=model, over="1h"), of=model), title="Share of cost") > percent(80),
    hold="5m",
    severity=WARNING,
    summary="Model {model} costs most of the money",
    description="{model} costs {value} of the money, above {threshold}.",
    runbook="high-latency",
)
costs = Scenario(
    "one model costs nine tenths",
    Feed(llm_cost(model="large", tenant_id="acme", agent_name="support"), growing(an_hour(90), lasting="30m")),
    Feed(llm_cost(model="small", tenant_id="acme", agent_name="support"), growing(an_hour(10), lasting="30m")),
)
proof = prove(lopsided, quiet(costs, at="5m"), fires(costs, "20m", instance("90%", model="large")))
"""


def test_weak_proof_is_told_at_the_definition(project_copy: Copy) -> None:
    (project_copy.root / "monitors/lopsided.py").write_text(LOPSIDED)
    answer = project_copy.tocsin("prove", "OneModelCostsAll", "--mutants")
    assert answer.returncode == 1
    line = project_copy.line_of("monitors/lopsided.py", "lopsided = Alert(")
    assert f"monitors/lopsided.py:{line}: error[mutant-survives] OneModelCostsAll: no test notices" in answer.stdout
    assert "(for: 5m -> 10m)" in answer.stdout
    assert "LLMRateLimitErrors" not in answer.stdout


def test_proof_that_fails_is_told_and_says_nothing_of_mutants(project_copy: Copy) -> None:
    project_copy.replace(
        "rules/scenarios.py", 'instance("10%", agent_name="support")', 'instance("11%", agent_name="support")'
    )
    told = prove(project_copy, "AgentHighErrorRate", "--mutants")
    finding = told["findings"][0]
    assert finding["id"] == "test-fails"
    assert finding["file"] == "generated/prometheus/tests/agent-high-error-rate.yaml"
    (left_out,) = told["left_out"]
    assert (left_out["file"], left_out["line"]) == (finding["file"], finding["line"])
    assert 0 < told["killed"] <= told["mutants"]


def test_proofs_alone_are_run_without_mutants(project_copy: Copy, counted: tuple[dict[str, str], Path]) -> None:
    promtool, note = counted
    answer = project_copy.tocsin("prove", "AgentHighLatency", **promtool)
    assert answer.returncode == 0
    assert answer.stdout.splitlines()[-1] == "all tests pass"
    assert 0 < runs(note) < 20


def test_memory_is_ignored_by_git_and_forgotten_on_demand(
    make_project: MakeProject, counted: tuple[dict[str, str], Path]
) -> None:
    promtool, note = counted
    project = make_project({"watch/alerts.py": TWO_ALERTS, "docs/runbooks/busy.md": "# Busy\n"})
    prove(project, "Busy", **promtool)
    assert (first := runs(note)) > 0
    prove(project, "Busy", **promtool)
    assert runs(note) == 0
    prove(project, "Busy", "--all", **promtool)
    assert runs(note) == first
    # What else was known is known still.
    prove(project, "VeryBusy", **promtool)
    runs(note)
    prove(project, "Busy", "--all", **promtool)
    runs(note)
    prove(project, "VeryBusy", **promtool)
    assert runs(note) == 0
    assert (project.root / ".tocsin/.gitignore").read_text() == "*\n"
    (project.root / ".tocsin/proven.json").write_text("not JSON")
    assert prove(project, "Busy", **promtool)["findings"] == []
