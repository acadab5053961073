"""`tocsin prove` on a project: the repository's own proofs are sharp, and only what changed is proven again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from projects import Copy


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
    told = prove(project_copy, "--mutants", **promtool)
    assert told["findings"] == []
    assert told["score"] == 1.0
    assert told["mutants"] >= 600
    alerts = {rule["name"] for rule in told["rules"] if rule["kind"] == "alert"}
    assert alerts > {"AgentHighErrorRate", "AgentHighLatency", "DailyCostBudgetExceeded", "LLMRateLimitErrors"}
    assert runs(note) > told["mutants"]

    # Once more: nothing has changed.
    assert prove(project_copy, "--mutants", **promtool) == told
    assert runs(note) == 0

    # One alert has changed: its own tests are run, with and without mutants, and no others.
    project_copy.replace("monitors/alerts.py", "error_rate > percent(5)", "error_rate > percent(4)")
    again = prove(project_copy, "--mutants", **promtool)
    assert again["score"] == 1.0
    assert 0 < runs(note) < told["mutants"]


def test_weak_proof_is_told_at_the_definition(project_copy: Copy) -> None:
    # A value that is printed alike with and without its format.
    project_copy.replace(
        "rules/platform_scenarios.py", '"91"), "35m", instance("85.33%"', '"90"), "35m", instance("85%"'
    )
    answer = project_copy.tocsin("prove", "GPUUtilisationHigh", "--mutants")
    assert answer.returncode == 1
    line = project_copy.line_of("monitors/platform/gpu.py", "gpu_utilisation_high = Alert(")
    assert f"monitors/platform/gpu.py:{line}: error[mutant-survives] GPUUtilisationHigh" in answer.stdout
    assert '(annotation: description: {{ printf "%.4g" $value }} -> {{ $value }})' in answer.stdout
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
    project_copy: Copy, counted: tuple[dict[str, str], Path]
) -> None:
    promtool, note = counted
    prove(project_copy, "AgentHighLatency", **promtool)
    first = runs(note)
    prove(project_copy, "AgentHighLatency", **promtool)
    assert runs(note) == 0
    prove(project_copy, "AgentHighLatency", "--all", **promtool)
    assert runs(note) == first
    # What else was known is known still.
    prove(project_copy, "AgentHighErrorRate", **promtool)
    runs(note)
    prove(project_copy, "AgentHighLatency", "--all", **promtool)
    runs(note)
    prove(project_copy, "AgentHighErrorRate", **promtool)
    assert runs(note) == 0
    assert (project_copy.root / ".tocsin/.gitignore").read_text() == "*\n"
    (project_copy.root / ".tocsin/proven.json").write_text("not JSON")
    assert prove(project_copy, "AgentHighLatency", **promtool)["findings"] == []
