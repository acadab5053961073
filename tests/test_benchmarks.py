"""Each benchmark runs to its end and prints its ratios, at its smallest size. No time is asserted here."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from projects import REPOSITORY, MakeProject

FOLDER = REPOSITORY / "benchmarks"
# What a line of the report must say, by the benchmark.
RATIOS = {
    "analysis": r"parse and analysis +[\d.]+ us .* x the parse",
    "generate": r"grafanalib +[\d.]+ ms a dashboard +[\d.]+ x tocsin",
    "instrumentation": r"[\d.]+ x bare calls",
    "lint": r"x the CPU of parsing alone",
    "mutants": r"\d+ mutants, 1 at once",
    "proofs": r"all tests +\d+ tests, 0 failed.*[\d.]+ times bare",
}
SMALLEST = {"proofs": ("1", "1")}
ALERTS = """
from agentmetrics.catalog import agent_active_sessions, agent_name
from tocsin.define import WARNING, Alert, Indicator, quantity, total

sessions = Indicator(total(agent_active_sessions, by=agent_name), title="Sessions", description="Open ones.")
busy = Alert(
    "Busy",
    when=sessions > quantity(10, agent_active_sessions.unit),
    hold="5m",
    severity=WARNING,
    summary="{agent_name} is busy",
    description="{agent_name} has {value}.",
    runbook="busy",
)
"""


def test_every_benchmark_is_run_here() -> None:
    assert set(RATIOS) == {file.stem for file in FOLDER.glob("*.py")}


@pytest.mark.parametrize("name", RATIOS)
def test_a_benchmark_prints_its_ratios(name: str, make_project: MakeProject) -> None:
    made = make_project({"watch/alerts.py": ALERTS, "docs/runbooks/busy.md": "# Busy\n"})
    command = [sys.executable, str(FOLDER / f"{name}.py"), *SMALLEST.get(name, ("1",))]
    done = subprocess.run(command, cwd=made.root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert re.search(RATIOS[name], done.stdout), done.stdout
