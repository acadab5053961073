"""What a user may get wrong: each gives one clear message at the place, no traceback, and leaves the files alone."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from projects import Copy, MakeProject


@dataclass(frozen=True)
class Mistake:
    """A change to the project, and what Tocsin says of it. `at` is some text of the line that it must name."""

    file: str
    old: str
    new: str
    says: tuple[str, ...]
    at: str
    code: int = 1


MISTAKES = {
    "label that the metric has not": Mistake(
        "monitors/indicators.py",
        'quantile("0.99", agent_request_duration, by=agent_name)',
        'quantile("0.99", agent_request_duration, by="agent")',
        ("has no label agent; did you mean agent_name?",),
        'by="agent"',
        2,
    ),
    "threshold of another unit": Mistake(
        "monitors/alerts.py",
        "latency_p99 > seconds(10)",
        "latency_p99 > percent(5)",
        ("[unit-mismatch]", "measured in seconds", "the threshold 5% is not"),
        "agent_high_latency = Alert(",
    ),
    "target of what nobody knows the unit of": Mistake(
        "monitors/indicators.py",
        "    unit=RATIO,\n",
        "    target=at_most(percent(100)),\n",
        ("[unit-mismatch]", "nothing tells what Monthly budget at this pace is measured in", "the number 100", "unit="),
        "monthly_forecast = Indicator(",
    ),
    "target of another unit": Mistake(
        "monitors/indicators.py",
        "target=at_most(seconds(5))",
        "target=at_most(percent(5))",
        ("[unit-mismatch]", "P95 latency is measured in seconds, its target 5% is not"),
        "latency_p95 = Indicator(",
    ),
    "threshold that can never be reached": Mistake(
        "monitors/alerts.py",
        "latency_p99 > seconds(10)",
        "latency_p99 > seconds(60)",
        ("[bucket-ceiling]", "60"),
        "agent_high_latency = Alert(",
    ),
    "bad duration": Mistake(
        "monitors/alerts.py",
        'hold="5m"',
        'hold="5 minutes"',
        ("[duration]", "hold: '5 minutes' is no duration: write it like 30s, 5m"),
        "agent_high_latency = Alert(",
    ),
    "bad window": Mistake(
        "monitors/indicators.py",
        'by=model, over="5m"',
        'by=model, over="five"',
        ("'five' is no duration",),
        'over="five"',
        2,
    ),
    "runbook that is not there": Mistake(
        "monitors/alerts.py",
        'runbook="high-latency"',
        'runbook="high-latncy"',
        ("there is no runbook docs/runbooks/high-latncy.md", "did you mean 'high-latency'?"),
        "agent_high_latency = Alert(",
    ),
    "annotation with a label that the alert has not": Mistake(
        "monitors/alerts.py",
        "Agent {agent_name} is slow",
        "Agent {agent} is slow",
        ("[label-unknown]", "the summary names {agent}", "write {agent_name}"),
        "agent_high_latency = Alert(",
    ),
    "annotation that does not parse": Mistake(
        "monitors/alerts.py",
        "Agent {agent_name} is slow",
        "Agent {agent_name is slow",
        ("[template]", "the summary does not parse"),
        "agent_high_latency = Alert(",
    ),
    "two alerts of one name": Mistake(
        "monitors/alerts.py",
        '"AgentHighErrorRate"',
        '"AgentHighLatency"',
        ("[duplicate-name]", "agent-high-latency is defined twice", "monitors/alerts.py:40"),
        "agent_high_error_rate = Alert(",
    ),
    "a definition that raises": Mistake(
        "monitors/alerts.py",
        "seconds(10)",
        "seconds(1 / 0)",
        ("ZeroDivisionError: division by zero",),
        "seconds(1 / 0)",
        2,
    ),
    "a float where money is exact": Mistake(
        "monitors/indicators.py",
        "usd(100)",
        "usd(0.1)",
        ('write 0.1 as "0.1"',),
        "usd(0.1)",
        2,
    ),
    "a name that is not there": Mistake(
        "monitors/alerts.py",
        "latency_p99 > seconds(10)",
        "latency_p999 > seconds(10)",
        ("name 'latency_p999' is not defined", "latency_p99"),
        "latency_p999",
        2,
    ),
    "a file that is no Python": Mistake(
        "monitors/alerts.py",
        "agent_high_latency = Alert(",
        "agent_high_latency = = Alert(",
        ("not Python: invalid syntax",),
        "= = Alert",
        2,
    ),
    "an import cycle": Mistake(
        "monitors/indicators.py",
        "from agentmetrics.catalog import (",
        "from monitors.alerts import agent_high_latency  # noqa\nfrom agentmetrics.catalog import (",
        ("import cycle", "move what both modules need into a third one"),
        "from monitors.alerts import",
        2,
    ),
    "a definition that ends the program": Mistake(
        "monitors/alerts.py", "seconds(10)", "exit(0)", ("error: agent_high_latency: SystemExit: 0",), "exit(0)", 2
    ),
    "a definition that never ends": Mistake(
        "monitors/alerts.py",
        "seconds(10)",
        "(turn := lambda: turn())()",
        ("RecursionError: maximum recursion depth exceeded",),
        "turn := lambda",
        2,
    ),
    "a file that is no UTF-8": Mistake(
        "monitors/alerts.py",
        '"AgentHighLatency"',
        '"AgentHigh\udcffLatency"',
        ("not Python:", "can't decode byte"),
        "",
        2,
    ),
    "two dashboards of one uid": Mistake(
        "monitors/dashboards/agents.py",
        "ai_agents = Dashboard(",
        'second = Dashboard("Second", uid="ai-agents", rows=())\nai_agents = Dashboard(',
        ("[duplicate-name] ai-agents", "the other one stands at monitors/dashboards/agents.py:22"),
        "ai_agents = Dashboard(",
    ),
    "a uid that Grafana does not take": Mistake(
        "monitors/dashboards/agents.py", '"ai-agents",\n', '"ai agents",\n', ("[uid]",), "ai_agents = Dashboard("
    ),
    "no group interval": Mistake(
        "rules/recording.py",
        'interval="30s"',
        'interval="0s"',
        ("[duration]", "0s is no time at all"),
        "latency = RuleGroup(",
    ),
    "a number where text belongs": Mistake(
        "monitors/alerts.py",
        'hold="5m"',
        "hold=5",
        ("AgentHighLatency: hold does not take 5", "give it text in quotes"),
        "agent_high_latency = Alert(",
        2,
    ),
    "a threshold without its unit": Mistake(
        "monitors/alerts.py",
        "latency_p99 > seconds(10)",
        "latency_p99 > 10",
        ("right does not take 10", "such as seconds(10)"),
        "latency_p99 > 10",
        2,
    ),
    "an indicator where a panel belongs": Mistake(
        "monitors/dashboards/agents.py",
        "Stat(requests_shown)",
        "requests_shown",
        ("Overview: panels does not take Indicator (Total requests)", "such as Stat(indicator)"),
        "Row(",
        2,
    ),
    "a panel that shows nothing": Mistake(
        "monitors/dashboards/agents.py", "Stat(requests_shown)", "Stat()", ("a Stat shows an indicator",), "Stat()", 2
    ),
    "a rule over the shown time range": Mistake(
        "rules/recording.py",
        "Record(error_rate,",
        'Record(__import__("monitors.indicators", fromlist=[""]).requests_shown, "x:y"), Record(error_rate,',
        ("Total requests is read by a rule: $__range stands for a dashboard's time range", 'over="24h"'),
        "",
        2,
    ),
    "a label whose value is no text": Mistake(
        "monitors/alerts.py",
        'hold="5m"',
        'labels={"team": 5}',
        ("AgentHighLatency: labels does not take 5",),
        "agent_high_latency = Alert(",
        2,
    ),
    "a threshold that is no number": Mistake(
        "monitors/alerts.py", "seconds(10)", 'seconds("nan")', ("'nan' is no quantity",), 'seconds("nan")', 2
    ),
    "a threshold in the unit of an indicator that states none": Mistake(
        "monitors/alerts.py",
        "seconds(10)",
        '__import__("tocsin.define", fromlist=[""]).quantity(10, latency_p99.unit)',
        ("None is no unit", "tocsin.define"),
        "latency_p99.unit",
        2,
    ),
    "a duration in a scenario": Mistake(
        "rules/scenarios.py", 'lasting="15m"', 'lasting="15 min"', ("'15 min' is no duration",), 'lasting="15 min"', 2
    ),
    "a proof after its scenario": Mistake(
        "rules/scenarios.py",
        'fires(slow, "9m"',
        'fires(slow, "12h"',
        ("[test-hollow]", "at 12h nothing is left of the scenario", "15m", "silence(lasting=...)"),
        'fires(slow, "12h"',
        1,
    ),
    "an alert called like another one's tests": Mistake(
        "monitors/alerts.py",
        '"AgentHighErrorRate"',
        '"RulesAiCostMonth"',
        ("two definitions make the file prometheus/tests/rules-ai-cost-month.yaml", "rename one of them"),
        "",
        2,
    ),
    "a severity among the labels": Mistake(
        "monitors/alerts.py",
        'hold="5m"',
        'hold="5m", labels={"severity": "page"}',
        ("AgentHighLatency: labels states severity", "state severity="),
        "agent_high_latency = Alert(",
        2,
    ),
    "a template of Prometheus": Mistake(
        "monitors/alerts.py",
        'summary="Agent {agent_name}',
        'summary="Agent {{ $labels.agent_name }}',
        ("[template]", "written as a template of Prometheus", "single braces"),
        "agent_high_latency = Alert(",
        1,
    ),
    "an alert without a name": Mistake(
        "monitors/alerts.py", '"AgentHighLatency"', '""', ("cannot be called ''",), "agent_high_latency = Alert(", 2
    ),
    "mail to nobody": Mistake(
        "monitors/site.py", 'email("on-call@example.com")', "email()", ("site: email() writes to nobody",), "email()", 2
    ),
    "a version of Langfuse that is not": Mistake(
        "monitors/site.py",
        "traces=Langfuse(url",
        "traces=Langfuse(version=2, url",
        ("version is 2", "3 or 4"),
        "Langfuse(version=2",
        2,
    ),
    "slow traces by an indicator without an alert": Mistake(
        "monitors/dashboards/traces.py",
        "over=latency_p99",
        "over=iterations_p95",
        ("[panel-empty]", "no alert on P95 iterations"),
        "",
        1,
    ),
    "a counter that shrinks": Mistake(
        "rules/scenarios.py", "a_minute(400)", "a_minute(-400)", ("a counter only grows",), "a_minute(-400)", 2
    ),
    "a budget below nothing": Mistake(
        "rules/scenarios.py",
        "holding(50, ",
        "holding(-50, ",
        ("tenant_daily_budget_usd cannot be -50", "it is 0 or more", "feed it with a value that it can have"),
        "holding(-50, ",
        2,
    ),
    "a recorded value after its scenario": Mistake(
        "rules/scenarios.py",
        "# Rate limits.",
        "from tocsin.define import computes\nfrom monitors.indicators import error_rate\n\n"
        'error_values = Proof(error_rate, computes(failing, "12h", instance("0.1", agent_name="support")))',
        ("[test-hollow] Error rate: at 12h nothing is left",),
        'computes(failing, "12h"',
        1,
    ),
    "a time range that Grafana does not take": Mistake(
        "monitors/dashboards/agents.py",
        'uid="ai-agents"',
        'uid="ai-agents", shows="6 hours"',
        ("$.time.from: 'now-6 hours' does not match",),
        "ai_agents = Dashboard(",
        2,
    ),
    "runbooks at no address": Mistake(
        "monitors/site.py",
        'runbooks_url="https://',
        'runbooks_url="',
        ("runbooks_url is 'github.com",),
        "site = Site(",
        2,
    ),
    "an alert that is there and retired": Mistake(
        "monitors/site.py",
        "site = Site(",
        'site = Site(\n    retired=("AgentHighLatency",),',
        ("[duplicate-name] AgentHighLatency: the site retires it", "monitors/alerts.py:40"),
        "",
    ),
    "a panel that is too wide": Mistake(
        "monitors/dashboards/agents.py",
        "width=12",
        "width=30",
        ("30 is greater than the maximum of 24", "nothing was written"),
        "ai_agents = Dashboard(",
        2,
    ),
    "a setting of the wrong type": Mistake(
        "pyproject.toml",
        'definitions = ["monitors", "rules"]',
        'definitions = "monitors"',
        ("[tool.tocsin] definitions is 'monitors'; it is a list of names",),
        "",
        2,
    ),
    "an output that is no folder": Mistake(
        "pyproject.toml", 'output = "generated"', "output = 5", ("[tool.tocsin] output is 5",), "", 2
    ),
    "a catalog that is no name": Mistake(
        "pyproject.toml", '"agentmetrics.catalog:CATALOG"', "1", ("[tool.tocsin] catalogs is [1, ",), "", 2
    ),
    "a setting that is not there": Mistake(
        "pyproject.toml",
        'output = "generated"',
        'outputs = "generated"',
        ("[tool.tocsin] has no setting outputs", "it knows catalogs, definitions, output"),
        "",
        2,
    ),
    "a module of a catalog that is not there": Mistake(
        "pyproject.toml",
        '"agentmetrics.catalog:CATALOG"',
        '"agentmetrics.catalogue:CATALOG"',
        ("pyproject.toml: error: No module named 'agentmetrics.catalogue'",),
        "",
        2,
    ),
    "a catalog that is not there": Mistake(
        "pyproject.toml",
        '"agentmetrics.catalog:CATALOG"',
        '"agentmetrics.catalog:CATALOGUE"',
        ("agentmetrics.catalog:CATALOGUE is no catalog",),
        "",
        2,
    ),
}


def tree(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {
        str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize("mistake", MISTAKES.values(), ids=MISTAKES.keys())
def test_mistake_is_told_at_its_place_and_nothing_is_written(mistake: Mistake, project_copy: Copy) -> None:
    project_copy.replace(mistake.file, mistake.old, mistake.new)
    before = tree(project_copy.root / "generated")

    answer = project_copy.tocsin("generate")

    told = answer.stdout + answer.stderr
    assert answer.returncode == mistake.code, told
    assert "Traceback" not in told
    for words in mistake.says:
        assert words in told
    if mistake.at:
        assert f"{mistake.file}:{project_copy.line_of(mistake.file, mistake.at)}" in told
    assert "help: " in told
    assert tree(project_copy.root / "generated") == before


RAW = """from tocsin.define import Indicator, promql

raw = Indicator(
    promql("{text}"), title="Raw", description="Written by hand."
)
"""
RAW_MISTAKES = {
    "sum(rate(agent_request_total[5m]))": ("[metric-unknown]", "agent_request_total", "monitors/extra.py:3: "),
    "sum by (agent) (rate(agent_errors_total[5m]))": ("[label-unknown]", "agent_name", "monitors/extra.py:3: "),
    "rate(agent_active_sessions[5m])": ("[type-function]", "agent_active_sessions", "monitors/extra.py:3: "),
    "sum(rate(agent_errors_total[5m])": ("unclosed left parenthesis in", "monitors/extra.py:4: "),
}


@pytest.mark.parametrize("text", RAW_MISTAKES)
def test_mistake_in_raw_promql_is_told_at_its_indicator(text: str, project_copy: Copy) -> None:
    (project_copy.root / "monitors/extra.py").write_text(RAW.format(text=text))
    answer = project_copy.tocsin("generate")
    told = answer.stdout + answer.stderr
    assert answer.returncode in (1, 2)
    assert "Traceback" not in told
    for words in RAW_MISTAKES[text]:
        assert words in told


def test_alert_that_nothing_proves_is_told_with_what_is_missing(project_copy: Copy) -> None:
    project_copy.append(
        "monitors/alerts.py",
        """
label_it = Indicator(
    promql('label_join(max by (agent_name) (agent_active_sessions), "a", "b", "agent_name")'),
    title="Labelled",
    description="Labelled.",
)
labelled = Alert(
    "Labelled",
    when=label_it > quantity(10, SESSIONS),
    hold="5m",
    severity=WARNING,
    summary="{agent_name}",
    description="{value}",
    runbook="high-latency",
)
""",
    )
    project_copy.replace(
        "monitors/alerts.py",
        "from tocsin.define import (",
        "from tocsin.define import (\n    Indicator,\n    SESSIONS,\n    promql,\n    quantity,",
    )
    answer = project_copy.tocsin("generate")
    line = project_copy.line_of("monitors/alerts.py", "labelled = Alert(")
    assert answer.returncode == 1
    assert f"monitors/alerts.py:{line}: error[alert-unproven] Labelled" in answer.stdout
    assert "nothing shows that it fires" in answer.stdout
    assert "the function label_join()" in answer.stdout
    assert "prove(alert, fires(...), quiet(...))" in answer.stdout
    # Whether it is proven is asked where nothing else is wrong.
    project_copy.replace("monitors/alerts.py", "label_it > quantity(10, SESSIONS)", "label_it > seconds(10)")
    answer = project_copy.tocsin("generate")
    assert (answer.returncode, "unit-mismatch" in answer.stdout, "unproven" in answer.stdout) == (1, True, False)


def test_interrupted_definition_leaves_the_files_alone(project_copy: Copy) -> None:
    project_copy.append("monitors/alerts.py", "raise KeyboardInterrupt\n")
    before = tree(project_copy.root / "generated")
    answer = project_copy.tocsin("generate")
    assert answer.returncode == 1
    assert answer.stderr.strip() == "Aborted!"
    assert tree(project_copy.root / "generated") == before


@pytest.mark.parametrize("command", ["generate", "check"])
def test_definition_that_cannot_be_loaded_is_told_to_machines(command: str, project_copy: Copy) -> None:
    project_copy.append("monitors/alerts.py", "1 / 0\n")
    line = project_copy.line_of("monitors/alerts.py", "1 / 0")
    answer = project_copy.tocsin(command, "--format", "github")
    assert answer.returncode == 2
    assert answer.stdout.startswith(f"::error file=monitors/alerts.py,line={line},title=broken::ZeroDivisionError")
    assert f"monitors/alerts.py:{line}: error: ZeroDivisionError" in answer.stderr


def test_what_a_definition_prints_is_not_among_the_findings(project_copy: Copy) -> None:
    project_copy.append("monitors/alerts.py", "print('loading')\n")
    answer = project_copy.tocsin("check", "--format", "json")
    assert (answer.stdout, answer.stderr) == ("[]\n", "loading\n")


def test_no_project_is_told(tmp_path: Path) -> None:
    answer = Copy(tmp_path).tocsin("generate")
    assert answer.returncode == 2
    assert f"no Tocsin project in {tmp_path} or above it" in answer.stderr


def test_definitions_without_a_site_are_told(make_project: MakeProject) -> None:
    answer = make_project({"watch/site.py": ""}).tocsin("generate")
    assert answer.returncode == 2
    assert "the project defines no site" in answer.stderr


def test_package_that_is_not_there_is_told(make_project: MakeProject) -> None:
    settings = '[tool.tocsin]\ndefinitions = ["watched"]\n'
    answer = make_project({"pyproject.toml": settings}).tocsin("generate")
    assert answer.returncode == 2
    assert "the package watched of [tool.tocsin] is not there" in answer.stderr


def test_findings_come_as_json_and_for_github(project_copy: Copy) -> None:
    project_copy.replace("monitors/alerts.py", 'runbook="high-latency"', 'runbook="nowhere"')
    as_json = project_copy.tocsin("generate", "--format", "json")
    assert '"file": "monitors/alerts.py"' in as_json.stdout
    assert '"id": "annotations"' in as_json.stdout
    as_github = project_copy.tocsin("generate", "--format", "github")
    assert "::error file=monitors/alerts.py,line=40,title=annotations::AgentHighLatency" in as_github.stdout
