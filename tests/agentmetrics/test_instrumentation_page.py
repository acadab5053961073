"""The page on instrumentation: what it shows runs, offline, and exports what it says."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from projects import REPOSITORY
from servers import Answer, serving

from agentmetrics.catalog import CATALOG

PAGE = (REPOSITORY / "docs/instrumentation.md").read_text()

# What is the reader's own.
BEFORE = """
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
from langchain_core.messages import AIMessage
from prometheus_client import CollectorRegistry, generate_latest
import asyncio

ask = track = look_up = lambda question: "an answer"
registry, another_registry = CollectorRegistry(), CollectorRegistry()
pool = ThreadPoolExecutor(1)
question = {"messages": [("user", "Where is my parcel?")]}

async def fetch(query):
    return query

async def stream(question):
    for word in ("at", "home"):
        await search_web(word)
        yield word

def track_parcel(number: str) -> str:
    "Tracks a parcel."
    return "at home"

class Model(GenericFakeChatModel):
    def bind_tools(self, tools, **kwargs):
        return self

tokens = {"input_tokens": 10, "output_tokens": 5, "total_tokens": 15}
model = Model(messages=iter([AIMessage("at home", usage_metadata=tokens) for _ in range(2)]))
"""
AFTER = """
async def read():
    return [word async for word in answer_stream("Where?", "globex")]

assert asyncio.run(read()) == ["at", "home"]
pool.shutdown()
server.stop()
from langfuse import get_client
from langsmith import Client
get_client().flush()
import langchain_core.tracers.langchain
langchain_core.tracers.langchain.wait_for_all_tracers()
print(generate_latest().decode())
print(generate_latest(registry).decode())
"""


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, list[str]]:
    """What all of the page's snippets export together, and what Langfuse and LangSmith were asked."""
    folder: Path = tmp_path_factory.mktemp("page")
    (prices,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    (folder / "prices.yaml").write_text(prices)
    snippets = "\n".join(re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL))
    assert "start_metrics_server(9464)" in snippets
    code = BEFORE + snippets.replace("9464", '0, address="127.0.0.1"') + AFTER
    asked: list[str] = []
    with serving(Answer(b"{}", "application/json"), asked) as url:
        keys = {"LANGFUSE_PUBLIC_KEY": "pk-lf-x", "LANGFUSE_SECRET_KEY": "sk-lf-x", "LANGFUSE_HOST": url}
        smith = {"LANGSMITH_TRACING": "true", "LANGSMITH_API_KEY": "x", "LANGSMITH_ENDPOINT": url}
        done = subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, **keys, **smith, "LANGSMITH_PROJECT": "support"},
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    return done.stdout, asked


def test_the_snippets_export_what_they_say(exported: tuple[str, list[str]]) -> None:
    samples = dict(line.rsplit(" ", 1) for line in exported[0].splitlines() if line and not line.startswith("#"))
    of = 'agent_name="support",model="gpt-4o",tenant_id="acme"'
    assert samples[f"agent_request_duration_seconds_count{{{of}}}"] == "1.0"
    assert float(samples[f"llm_cost_dollars_total{{{of}}}"]) == pytest.approx(0.005)
    tokens = 'llm_tokens_total{agent_name="support",model="gpt-4o",tenant_id="acme",token_type='
    assert samples[tokens + '"cache_read"}'] == "800.0"
    assert samples[tokens + '"input"}'] == "400.0"
    assert samples['tool_execution_duration_seconds_count{agent_name="support",tool_name="track_parcel"}'] == "1.0"
    assert samples['vector_search_duration_seconds_count{agent_name="support",collection="manuals"}'] == "1.0"
    streamed = 'agent_name="support",model="unknown",tenant_id="globex"'
    assert samples[f"agent_request_duration_seconds_count{{{streamed}}}"] == "1.0"
    assert samples['tool_execution_duration_seconds_count{agent_name="support",tool_name="search"}'] == "3.0"
    assert samples['agent_errors_total{agent_name="shop",error_type="no_answer",tenant_id="unknown"}'] == "1.0"
    assert samples['llm_cost_dollars_total{agent_name="support",model="gpt-4o-mini",tenant_id="globex"}'] == "0.0"
    assert samples["agentmetrics_observations_dropped_total"] == "0.0"


def test_the_same_run_is_traced_to_langfuse_and_langsmith(exported: tuple[str, list[str]]) -> None:
    asked = exported[1]
    assert any(path.endswith("/api/public/otel/v1/traces") for path in asked), asked
    assert any(path.startswith("/runs") for path in asked), asked


def test_the_page_names_the_catalogs_series_and_no_others() -> None:
    known = {metric.name for metric in CATALOG}
    named = set(re.findall(r"`((?:agent|llm|tool|vector|agentmetrics)_[a-z_]+)`", PAGE))
    assert named - known == set()
    assert known - named == {"tenant_daily_budget_usd", "tenant_monthly_budget_usd"}
