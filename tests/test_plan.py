"""Expressions are written for the place where they stand, and read what is recorded where that means the same."""

from __future__ import annotations

import pytest

from agentmetrics.catalog import (
    CATALOG,
    agent_errors,
    agent_name,
    agent_request_duration,
    llm_cost,
    model,
    tenant_id,
)
from tocsin.define import (
    Definitions,
    Indicator,
    Label,
    Prometheus,
    Record,
    RuleGroup,
    Site,
    TimeSeries,
    increase,
    promql,
    quantile,
    rate,
    ratio,
)
from tocsin.plan import Plan
from tocsin.promql.infer import analyse

SITE = Site(runbooks_url="https://runbooks.example.com")
throughput = Indicator(rate(agent_request_duration.count, by=agent_name), title="Throughput")
error_rate = Indicator(ratio(agent_errors, agent_request_duration.count, by=agent_name), title="Error rate")
latency = Indicator(quantile("0.99", agent_request_duration, by=agent_name), title="Latency")
cost_cube = Indicator(increase(llm_cost, by=(agent_name, tenant_id), over="24h"), title="Cost by all")
cost_by_tenant = Indicator(increase(llm_cost, by=tenant_id, over="24h"), title="Cost by tenant")
cost_by_model = Indicator(increase(llm_cost, by=model, over="24h"), title="Cost by model")


def plan(*records: Record) -> Plan:
    groups = (RuleGroup("g", interval="30s", records=records),) if records else ()
    return Plan(Definitions(SITE, catalogs=(CATALOG,), groups=groups))


def query(made: Plan, indicator: Indicator, *variables: Label) -> str:
    return made.panel_text(TimeSeries(indicator), indicator, variables)


def test_window_is_fixed_in_a_rule_and_follows_the_dashboard_in_a_panel() -> None:
    made = plan()
    assert "[5m]" in made.rule(throughput).text()
    assert "[$__rate_interval]" in query(made, throughput)


def test_panel_is_narrowed_by_the_variables_that_its_series_have() -> None:
    text = query(plan(), throughput, agent_name, tenant_id)
    assert '{agent_name=~"$agent_name",tenant_id=~"$tenant_id"}' in text


def test_ratio_is_not_narrowed_by_a_label_that_one_side_lacks() -> None:
    made = plan()
    assert "$model" not in query(made, error_rate, agent_name, model)
    assert made.narrowed_by(error_rate, (agent_name, model)) == {"agent_name"}


def test_recorded_name_states_the_labels_that_are_left() -> None:
    made = plan(Record(latency, "agent_request_duration_seconds:p99_5m"), Record(latency.overall, "all_agents:p99_5m"))
    assert [record.name for record in made.records] == [
        "agent_name:agent_request_duration_seconds:p99_5m",
        "all:all_agents:p99_5m",
    ]


def test_rule_reads_what_is_recorded() -> None:
    made = plan(Record(latency, "agent_request_duration_seconds:p99_5m"))
    assert made.rule(latency).text() == "agent_name:agent_request_duration_seconds:p99_5m"


def test_panel_with_another_window_does_not() -> None:
    made = plan(Record(latency, "agent_request_duration_seconds:p99_5m"))
    assert "histogram_quantile" in query(made, latency)


def test_sum_reads_a_recorded_sum_that_keeps_its_labels() -> None:
    made = plan(Record(cost_cube, "llm_cost_dollars:increase24h"))
    recorded = "agent_name_tenant_id:llm_cost_dollars:increase24h"
    assert made.rule(cost_by_tenant).text() == f"sum by (tenant_id) ({recorded})"
    assert made.rule(cost_by_model).text() == "sum by (model) (increase(llm_cost_dollars_total[24h]))"


def test_panel_reads_a_recorded_sum_only_where_it_can_be_narrowed() -> None:
    made = plan(Record(cost_cube, "llm_cost_dollars:increase24h"))
    narrowed = query(made, cost_by_tenant, agent_name)
    assert narrowed == (
        'sum by (tenant_id) (agent_name_tenant_id:llm_cost_dollars:increase24h{agent_name=~"$agent_name"})'
    )
    assert "llm_cost_dollars_total" in query(made, cost_by_tenant, model)


def test_recording_rule_reads_the_ones_before_it_and_never_itself() -> None:
    made = plan(
        Record(cost_cube, "llm_cost_dollars:increase24h"), Record(cost_by_tenant, "llm_cost_dollars:increase24h")
    )
    first, second = made.records
    assert first.expr.startswith("sum by (agent_name, tenant_id) (increase(")
    assert second.expr == "sum by (tenant_id) (agent_name_tenant_id:llm_cost_dollars:increase24h)"
    assert [record.name for record in made.records_read(made.rule(cost_by_tenant))] == [first.name, second.name]


def test_grouping_otherwise_changes_every_by_and_keeps_le() -> None:
    assert "by (tenant_id, le)" in latency.by(tenant_id).expr.text()
    assert "by (le)" in latency.overall.expr.text()
    assert " by " not in error_rate.overall.expr.text()
    assert error_rate.overall.root is error_rate


def test_queries_are_held_to_the_oldest_prometheus_of_the_site() -> None:
    site = Site(runbooks_url="https://runbooks.example.com", prometheus=Prometheus(oldest="3.5"))
    newest = Indicator(promql("limitk(2, agent_active_sessions)"), title="Some sessions")
    assert not analyse(newest.expr.text(), Plan(Definitions(site, catalogs=(CATALOG,))).world).faults
    assert analyse(newest.expr.text(), plan().world).faults


def test_version_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="write it like"):
        Prometheus(oldest="latest")
