"""What a user types, and what comes back."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from projects import Copy

from tocsin.model.alert import slug
from tocsin.project import find_project
from tocsin.promtool import find_promtool

COUNTS = re.compile(r"generated/: (\d+) new, (\d+) changed, (\d+) removed, (\d+) unchanged")


def test_second_generation_says_that_there_is_nothing_to_do(project_copy: Copy) -> None:
    answer = project_copy.tocsin("generate")
    assert answer.returncode == 0
    assert re.fullmatch(r"generated/ is up to date: \d+ files\n", answer.stdout)


def test_changed_threshold_changes_the_alert_in_both_engines_and_the_dashboard(project_copy: Copy) -> None:
    project_copy.replace("monitors/alerts.py", "error_rate > percent(5)", "error_rate > percent(4)")
    answer = project_copy.tocsin("generate")
    assert answer.returncode == 0
    changed = set(re.findall(r"^  ~ (\S+)$", answer.stdout, re.MULTILINE))
    assert changed == {
        "grafana/dashboards/ai-agents.json",
        "grafana/dashboards/daily-check.json",
        "grafana/provisioning/alerting/agent-high-error-rate.yaml",
        "kubernetes/base/dashboard-ai-agents.yaml",
        "kubernetes/base/dashboard-daily-check.yaml",
        "kubernetes/overlays/grafana-alerts/alerts-1.yaml",
        "kubernetes/overlays/prometheus-alerts/alerts.yaml",
        "mimir/alerts.yaml",
        "prometheus/alerts/agent-high-error-rate.yaml",
        "prometheus/tests/agent-high-error-rate.yaml",
        "prometheus/tests/alerts-derived-45s.yaml",
        "runbooks/high-error-rate.md",
    }
    alert = (project_copy.root / "generated/prometheus/alerts/agent-high-error-rate.yaml").read_text()
    assert "ratio_rate5m > 0.04" in alert


def test_generation_that_is_only_checked_tells_drift_and_writes_nothing(project_copy: Copy) -> None:
    file = project_copy.root / "generated/prometheus/alerts/agent-high-latency.yaml"
    file.write_text("edited by hand")
    answer = project_copy.tocsin("generate", "--check")
    assert answer.returncode == 1
    assert "  ~ prometheus/alerts/agent-high-latency.yaml" in answer.stdout
    assert "generated/ is not what the sources make" in answer.stdout
    assert file.read_text() == "edited by hand"


def test_drift_is_told_to_machines_and_nothing_else_is(project_copy: Copy) -> None:
    assert project_copy.tocsin("generate", "--format", "json").stdout == "[]\n"
    (project_copy.root / "generated/prometheus/rules/ai-cost.yaml").unlink()
    answer = project_copy.tocsin("generate", "--check", "--format", "json")
    assert answer.returncode == 1
    assert [finding["id"] for finding in json.loads(answer.stdout)] == ["drift"]
    answer = project_copy.tocsin("generate", "--check", "--format", "github")
    assert answer.stdout.startswith("::error file=generated/prometheus/rules/ai-cost.yaml,title=drift::")


def test_check_of_another_output_writes_nothing(project_copy: Copy, tmp_path: Path) -> None:
    answer = project_copy.tocsin("generate", "--check", "--output", str(tmp_path / "out"))
    assert answer.returncode == 1
    made = sum(1 for path in (project_copy.root / "generated").rglob("*") if path.is_file())
    assert f"out/ is not what the sources make: {made} new" in answer.stdout
    assert not (tmp_path / "out").exists()


def test_alert_that_is_gone_takes_its_files_with_it(project_copy: Copy) -> None:
    text = (project_copy.root / "monitors/alerts.py").read_text()
    start = text.index("daily_cost_budget_exceeded = Alert(")
    (project_copy.root / "monitors/alerts.py").write_text(text[:start])
    scenarios = (project_copy.root / "rules/scenarios.py").read_text()
    scenarios = scenarios.replace("daily_cost_budget_exceeded, ", "", 1)
    proof = re.search(r"budget_proof = Proof\(.*?\n\)\n", scenarios, re.DOTALL)
    assert proof
    (project_copy.root / "rules/scenarios.py").write_text(scenarios.replace(proof.group(), ""))
    answer = project_copy.tocsin("generate")
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert "  - prometheus/alerts/daily-cost-budget-exceeded.yaml" in answer.stdout
    assert not (project_copy.root / "generated/prometheus/alerts/daily-cost-budget-exceeded.yaml").exists()


def test_retired_alert_is_deleted_in_grafana(project_copy: Copy) -> None:
    project_copy.replace("monitors/site.py", "site = Site(", 'site = Site(\n    retired=("OldAlert",),')
    assert project_copy.tocsin("generate").returncode == 0
    text = (project_copy.root / "generated/grafana/provisioning/alerting/retired-alerts.yaml").read_text()
    assert "deleteRules:\n- orgId: 1\n  uid: old-alert\n" in text


def test_tempo_can_hold_the_traces_instead(project_copy: Copy) -> None:
    text = (project_copy.root / "monitors/site.py").read_text()
    text = re.sub(r"traces=Langfuse\(.*\),\n", 'traces=Tempo(url="http://tempo:3200"),\n', text)
    (project_copy.root / "monitors/site.py").write_text(
        text.replace("Langfuse, ", "").replace("email", "Tempo, email", 1)
    )
    answer = project_copy.tocsin("generate")
    assert answer.returncode == 0, answer.stdout + answer.stderr
    dashboard = json.loads((project_copy.root / "generated/grafana/dashboards/ai-agents.json").read_text())
    queries = [panel["targets"][0]["query"] for panel in dashboard["panels"] if panel["type"] == "table"]
    assert queries == [
        '{ span.gen_ai.operation.name = "invoke_agent" }',
        '{ span.gen_ai.operation.name = "invoke_agent" && duration >= 10s }',
        '{ span.gen_ai.operation.name = "invoke_agent" && status = error }',
    ]


def test_check_is_clean_and_counts_what_it_looked_at(project_copy: Copy) -> None:
    answer = project_copy.tocsin("check")
    assert answer.returncode == 0, answer.stdout
    assert answer.stdout == "no findings in 34 alerts, 7 dashboards, 55 recorded series\n"


def test_check_tells_drift_as_a_finding(project_copy: Copy) -> None:
    (project_copy.root / "generated/prometheus/rules/ai-cost.yaml").unlink()
    answer = project_copy.tocsin("check", "--format", "json")
    assert answer.returncode == 1
    (finding,) = json.loads(answer.stdout)
    assert finding["id"] == "drift"
    assert finding["file"] == "generated/prometheus/rules/ai-cost.yaml"
    assert set(finding) == {"id", "severity", "file", "line", "object", "expr", "message", "help"}


def test_every_alert_is_proven_by_promtool(project_copy: Copy) -> None:
    answer = project_copy.tocsin("test")
    assert answer.returncode == 0, answer.stdout
    assert re.search(r"^[1-9]\d* passed, 0 failed\n\Z", answer.stdout, re.MULTILINE)


HOLD = ',\n    hold="5m"'


@pytest.mark.parametrize(
    ("file", "old", "new", "alert"),
    [
        ("monitors/alerts.py", "seconds(10)", "seconds(30)", "AgentHighLatency"),
        ("monitors/alerts.py", "percent(5)", "percent(2)", "AgentHighErrorRate"),
        ("monitors/alerts.py", f"seconds(10){HOLD}", "seconds(10)", "AgentHighLatency"),
        ("monitors/alerts.py", f"percent(5){HOLD}", "percent(5)", "AgentHighErrorRate"),
        ("monitors/alerts.py", 'calls(10),\n    hold="2m"', "calls(10)", "LLMRateLimitErrors"),
        ("monitors/indicators.py", "usd(100)", "usd(200)", "DailyCostBudgetExceeded"),
        ("monitors/indicators.py", 'quantile("0.99", agent', 'quantile("0.5", agent', "AgentHighLatency"),
    ],
)
def test_proofs_notice_an_alert_that_is_broken_a_little(
    file: str, old: str, new: str, alert: str, project_copy: Copy
) -> None:
    project_copy.replace(file, old, new)
    answer = project_copy.tocsin("prove", alert)
    assert answer.returncode == 1
    assert re.search(rf"/tests/{slug(alert)}(-derived)?\.yaml:\d+: error\[test-fails\]", answer.stdout)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("AgentHighLatency", ("for 5m, every 30s, severity warning", "proven: fires at 9m when one request in ten")),
        ("latency_p99", ("measured in seconds", "alert AgentHighLatency", "panel AI Agents / Latency")),
        ("Success rate", ("panel AI Agents / Success rate", "$__rate_interval")),
        ("tenant_id:llm_cost_dollars:increase24h", ("read by alert DailyCostBudgetExceeded",)),
    ],
)
def test_show_tells_promql_and_use(name: str, says: tuple[str, ...], project_copy: Copy) -> None:
    answer = project_copy.tocsin("show", name)
    assert answer.returncode == 0
    for words in says:
        assert words in answer.stdout


def test_preview_of_an_alert_is_what_a_prometheus_loads(project_copy: Copy, tmp_path: Path) -> None:
    answer = project_copy.tocsin("show", "AgentHighLatency", "--preview")
    assert answer.returncode == 0, answer.stderr
    (tmp_path / "latency.om").write_text(answer.stdout)
    made = [find_promtool(), "tsdb", "create-blocks-from", "openmetrics", tmp_path / "latency.om", tmp_path / "data"]
    subprocess.run(made, check=True, capture_output=True)
    (tmp_path / "data/wal").mkdir()  # without which promtool reads nothing
    dumped = [find_promtool(), "tsdb", "dump", "--match={agent_name=~'support|just-beyond'}", tmp_path / "data"]
    told = subprocess.run(dumped, check=True, capture_output=True, text=True).stdout
    # Of what its author states, and of what is derived.
    assert 'agent_name="support"' in told
    assert 'agent_name="just-beyond"' in told
    last = max(int(line.rpartition(" ")[2]) for line in told.splitlines())
    assert time.time() - 120 <= last / 1000 <= time.time()


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("AgentHighLatncy",), 2, "did you mean AgentHighLatency?"),
        (("latency_p99",), 2, "no alert is called 'latency_p99'"),
        ((), 2, "name"),
    ],
)
def test_preview_of_no_alert_is_told(arguments: tuple[str, ...], code: int, says: str, project_copy: Copy) -> None:
    answer = project_copy.tocsin("show", *arguments, "--preview")
    assert answer.returncode == code
    assert says in answer.stderr


def test_show_of_a_misspelt_name_tells_the_nearest(project_copy: Copy) -> None:
    answer = project_copy.tocsin("show", "AgentHighLatncy")
    assert answer.returncode == 2
    assert "did you mean AgentHighLatency?" in answer.stderr


@pytest.mark.parametrize(
    ("words", "offers"), [("tocsin gen", "plain,generate\n"), ("tocsin check --format j", "plain,json\n")]
)
def test_shell_completes_commands_and_options(words: str, offers: str) -> None:
    answer = subprocess.run(
        [Path(sys.executable).with_name("tocsin")],
        env={
            **os.environ,
            "_TOCSIN_COMPLETE": "bash_complete",
            "COMP_WORDS": words,
            "COMP_CWORD": str(words.count(" ")),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.stdout == offers


@pytest.mark.parametrize("arguments", [("bogus",), ("show",), ("check", "--format", "xml"), ("generate", "here")])
def test_wrong_usage_is_2(arguments: tuple[str, ...], project_copy: Copy) -> None:
    answer = project_copy.tocsin(*arguments)
    assert answer.returncode == 2
    assert answer.stderr.startswith("Usage: ")


def test_project_is_found_from_below(project_copy: Copy) -> None:
    assert find_project(project_copy.root / "monitors/dashboards").root == project_copy.root


def test_version_loads_nothing_that_it_does_not_need() -> None:
    code = (
        "import sys\nfrom click.testing import CliRunner\nfrom tocsin.cli import main\n"
        "print(CliRunner().invoke(main, ['--version']).output.strip())\n"
        "print(*sorted({name.split('.')[0] for name in sys.modules}"
        " & {'grafanalib', 'jsonschema', 'jsonschema_rs', 'yaml', 'orjson', 'promql_parser'}))"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    version, loaded = answer.stdout.split("\n")[:2]
    assert version.startswith("tocsin ")
    assert loaded == ""


def test_output_may_go_elsewhere(project_copy: Copy, tmp_path: Path) -> None:
    answer = project_copy.tocsin("generate", "--output", str(tmp_path / "out"))
    assert answer.returncode == 0
    found = COUNTS.search(answer.stdout.replace("out/:", "generated/:"))
    assert found
    assert found.groups()[1:] == ("0", "0", "0")
