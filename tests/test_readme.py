"""The README shows what a stranger will see."""

from __future__ import annotations

import difflib
import re

import pytest
from projects import REPOSITORY, Copy

README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
CONSOLES = re.findall(r"```console\n(.*?)```", README, re.DOTALL)


def console(words: str) -> str:
    """The one block in which these words are."""
    (found,) = (block for block in CONSOLES if words in block)
    return str(found)


def test_alert_that_it_shows_is_the_projects_own() -> None:
    (code,) = re.findall(r"```python\n(agent_high_error_rate = .*?)```", README, re.DOTALL)
    assert code in (REPOSITORY / "monitors/alerts.py").read_text(encoding="utf-8")


def test_first_generation(project_copy: Copy) -> None:
    assert project_copy.tocsin("generate").stdout in console("tocsin: setting up .venv")


def test_changed_threshold_and_its_diff(project_copy: Copy) -> None:
    file = project_copy.root / "generated/prometheus/alerts/agent-high-error-rate.yaml"
    before = file.read_text().splitlines()
    project_copy.replace("monitors/alerts.py", "error_rate > percent(5)", "error_rate > percent(4)")
    shown = console("$ git diff")
    assert project_copy.tocsin("generate").stdout in shown
    diff = [line for line in difflib.ndiff(before, file.read_text().splitlines()) if line[0] in "+-"]
    assert [line[0] + line[2:] for line in diff] == [line for line in shown.splitlines() if re.match(r"[+-] ", line)]


@pytest.mark.parametrize(
    ("file", "old", "new", "command", "shown"),
    [
        (
            "monitors/indicators.py",
            'quantile("0.99", agent_request_duration, by=agent_name)',
            'quantile("0.99", agent_request_duration, by="agent")',
            "generate",
            "has no label agent",
        ),
        ("monitors/alerts.py", "latency_p99 > seconds(10)", "latency_p99 > seconds(60)", "generate", "bucket-ceiling"),
        ("monitors/alerts.py", "latency_p99 > seconds(10)", "latency_p99 > seconds(30)", "test", "FAILED"),
    ],
)
def test_mistake_and_what_is_said_of_it(
    file: str, old: str, new: str, command: str, shown: str, project_copy: Copy
) -> None:
    project_copy.replace(file, old, new)
    answer = project_copy.tocsin(command)
    assert answer.returncode != 0
    told = answer.stdout + answer.stderr
    _, _, lines = console(shown).partition("\n")
    assert lines.strip()
    for line in lines.splitlines():
        assert line in told
