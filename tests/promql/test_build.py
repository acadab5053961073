import pytest

from agentmetrics.catalog import (
    agent_active_sessions,
    agent_errors,
    agent_name,
    agent_request_duration,
    llm_cost,
    llm_tokens,
    model,
    tenant_daily_budget,
    tenant_id,
)
from tocsin.metrics import ContractError
from tocsin.promql.build import (
    average,
    increase,
    maximum,
    or_default,
    per_minute,
    promql,
    quantile,
    rate,
    ratio,
    share,
    total,
)
from tocsin.promql.parse import PromQLError
from tocsin.promql.tree import Node
from tocsin.units import usd

DAY = increase(llm_cost, by=tenant_id, over="24h")


@pytest.mark.parametrize(
    ("node", "text"),
    [
        (rate(agent_errors), "sum(rate(agent_errors_total[5m]))"),
        (
            rate(llm_tokens(token_type="input"), by=(model, tenant_id), over="1h"),
            'sum by (model, tenant_id) (rate(llm_tokens_total{token_type="input"}[1h]))',
        ),
        (per_minute(agent_errors), "sum(rate(agent_errors_total[5m])) * 60"),
        (
            quantile("0.99", agent_request_duration, by=agent_name),
            "histogram_quantile(0.99, sum by (agent_name, le) (rate(agent_request_duration_seconds_bucket[5m])))",
        ),
        (
            average(agent_request_duration),
            "sum(rate(agent_request_duration_seconds_sum[5m]))"
            " / (sum(rate(agent_request_duration_seconds_count[5m])) > 0)",
        ),
        (total(agent_active_sessions, by=agent_name), "sum by (agent_name) (agent_active_sessions)"),
        (
            share(increase(llm_cost, by=model, over="24h"), of=model),
            "sum by (model) (increase(llm_cost_dollars_total[24h])) / ignoring (model) group_left ()"
            " (sum(sum by (model) (increase(llm_cost_dollars_total[24h]))) > 0)",
        ),
        (
            or_default(maximum(tenant_daily_budget, by=tenant_id), usd(100), for_each=DAY),
            "max by (tenant_id) (tenant_daily_budget_usd)"
            " or sum by (tenant_id) (increase(llm_cost_dollars_total[24h])) * 0 + 100",
        ),
    ],
)
def test_words_become_promql(node: Node, text: str) -> None:
    assert node.text() == text


def test_ratio_is_zero_before_the_first_error_and_absent_without_traffic() -> None:
    text = ratio(agent_errors, agent_request_duration.count, by=agent_name).text()
    whole = "sum by (agent_name) (rate(agent_request_duration_seconds_count[5m]))"
    assert text == f"(sum by (agent_name) (rate(agent_errors_total[5m])) or {whole} * 0) / ({whole} > 0)"


def test_what_is_left_of_a_ratio_is_one_minus_it() -> None:
    assert (1 - total(agent_active_sessions)).text() == "1 - sum(agent_active_sessions)"


def test_gauge_is_looked_back_on() -> None:
    text = total(agent_active_sessions, by=agent_name, over="2m").text()
    assert text == "sum by (agent_name) (last_over_time(agent_active_sessions[2m]))"
    with pytest.raises(ValueError, match="only a gauge is looked back on"):
        total(total(agent_active_sessions), over="2m")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda: rate(agent_active_sessions), "agent_active_sessions is a gauge, not a counter"),
        (lambda: rate(agent_request_duration), "is a histogram, not a counter; take its .count or .sum"),
        (lambda: total(agent_errors), "agent_errors_total is a counter, not a gauge"),
        (lambda: quantile("0.99", agent_errors), "is a counter, not a histogram"),
        (lambda: rate(agent_errors, by="agent"), "has no label agent; did you mean agent_name"),
    ],
)
def test_metric_of_the_wrong_kind_is_refused(wrong: object, message: str) -> None:
    with pytest.raises(ContractError, match=message):
        wrong()  # type: ignore[operator]


def test_quantile_is_a_share() -> None:
    with pytest.raises(ValueError, match=r"the 99th percentile is 0\.99"):
        quantile("99", agent_request_duration)


def test_bad_window_is_refused() -> None:
    with pytest.raises(ValueError, match="'5 minutes' is no duration"):
        rate(agent_errors, over="5 minutes")


def test_raw_promql_is_parsed_at_once() -> None:
    assert promql("sum(up)").text() == "sum(up)"
    with pytest.raises(PromQLError):
        promql("sum(up")
