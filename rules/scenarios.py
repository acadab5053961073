"""What must be seen of alerts and recorded series beside what is derived from them.

Each scenario is a handful of synthetic series; each proof says what is there at a time, to the letter.
"""

from agentmetrics.catalog import (
    agent_errors,
    agent_request_duration,
    llm_cost,
    llm_rate_limit_errors,
    tenant_daily_budget,
    tenant_monthly_budget,
    tool_execution_duration,
    tool_execution_errors,
)
from monitors.alerts import (
    agent_high_error_rate,
    agent_high_latency,
    daily_cost_budget_exceeded,
    llm_rate_limits,
)
from monitors.indicators import (
    cost_by_model,
    cost_by_tenant,
    cost_cube,
    daily_budget,
    daily_budget_used,
    error_rate,
    monthly_budget_used,
    monthly_forecast,
    tool_error_rate,
)
from tocsin.define import (
    Feed,
    Proof,
    Scenario,
    a_minute,
    computes,
    fires,
    growing,
    holding,
    instance,
    quiet,
    serving,
    silence,
)
from tocsin.metrics import Selection


def requests_of(agent: str) -> Selection:
    return agent_request_duration(agent_name=agent, model="gpt-4o", tenant_id="acme")


def errors_of(agent: str) -> Selection:
    return agent_errors(agent_name=agent, error_type="llm", tenant_id="acme")


support, unused, gone = map(requests_of, ("support", "unused", "gone"))
research = agent_request_duration(agent_name="research", model="claude-sonnet-4", tenant_id="acme")

# Latency.
slow = Scenario(
    "one request in ten takes 20 s; of other agents one in a hundred takes 7 s, or 3 in 40 take 20 s for a minute",
    Feed(support, serving(a_minute(40), {"1.5": "90%", 20: "10%"}, lasting="15m")),
    Feed(research, serving(a_minute(40), {"1.5": "100%"}, lasting="15m")),
    Feed(requests_of("brisk"), serving(a_minute(400), {"1.5": "99%", 7: "1%"}, lasting="15m")),
    Feed(
        requests_of("hiccup"),
        serving(a_minute(40), {"1.5": "100%"}, lasting="3m"),
        serving(a_minute(40), {"1.5": "92.5%", 20: "7.5%"}, lasting="1m"),
        serving(a_minute(40), {"1.5": "100%"}, lasting="6m"),
    ),
)
latency_proof = Proof(
    agent_high_latency,
    quiet(slow, "5m"),
    fires(slow, "9m", instance("28s", agent_name="support")),
)

# Errors.
failing = Scenario(
    "one request in ten fails; of the other agents one never fails, one has no traffic, one is gone after 8 minutes",
    Feed(support, serving(a_minute(40), {"1.5": "100%"}, lasting="15m")),
    Feed(errors_of("support"), growing(a_minute(40).share("10%"), lasting="15m")),
    Feed(research, serving(a_minute(40), {"1.5": "100%"}, lasting="15m")),
    Feed(unused, serving(a_minute(0), {"1.5": "100%"}, lasting="15m")),
    Feed(gone, serving(a_minute(40), {"1.5": "100%"}, lasting="8m"), silence(lasting="7m")),
)
failing_among_others = Scenario(
    "one request in ten fails; of other agents none, or one in forty, or 12 in 40 for a minute",
    *failing.feeds,
    Feed(requests_of("clumsy"), serving(a_minute(40), {"1.5": "100%"}, lasting="15m")),
    Feed(errors_of("clumsy"), growing(a_minute(40).share("2.5%"), lasting="15m")),
    Feed(requests_of("hiccup"), serving(a_minute(40), {"1.5": "100%"}, lasting="15m")),
    Feed(
        errors_of("hiccup"),
        growing(0, lasting="3m"),
        growing(a_minute(40).share("30%"), lasting="1m"),
        growing(0, lasting="6m"),
    ),
)
errors_proof = Proof(
    agent_high_error_rate,
    quiet(failing_among_others, "5m"),
    fires(failing_among_others, "9m", instance("10%", agent_name="support")),
)
failing_values = (instance("0.100", agent_name="support"), instance("0", agent_name="research"))
error_values = Proof(
    error_rate,
    computes(failing, "10m", *failing_values, instance("0", agent_name="gone")),
    # It is seen for as long as there are two scrapes of it in the window.
    computes(failing, "12m", *failing_values, instance("0", agent_name="gone")),
    computes(failing, "14m", *failing_values),
)


# Tools.
def calls_of(tool: str) -> Selection:
    return tool_execution_duration(tool_name=tool, agent_name="support")


broken_tool = Scenario(
    "one call of a tool in five fails; another tool never fails, one is not called, one is gone after 8 minutes",
    Feed(calls_of("search"), serving(a_minute(40), {"0.3": "100%"}, lasting="15m")),
    Feed(
        tool_execution_errors(tool_name="search", agent_name="support", error_type="timeout"),
        growing(a_minute(40).share("20%"), lasting="15m"),
    ),
    Feed(calls_of("calculator"), serving(a_minute(40), {"0.3": "100%"}, lasting="15m")),
    Feed(calls_of("idle"), serving(a_minute(0), {"0.3": "100%"}, lasting="15m")),
    Feed(calls_of("gone"), serving(a_minute(40), {"0.3": "100%"}, lasting="8m"), silence(lasting="7m")),
)
tool_values = (instance("0.200", tool_name="search"), instance("0", tool_name="calculator"))
tool_error_values = Proof(
    tool_error_rate,
    computes(broken_tool, "10m", *tool_values, instance("0", tool_name="gone")),
    computes(broken_tool, "12m", *tool_values, instance("0", tool_name="gone")),
    computes(broken_tool, "14m", *tool_values),
)


# Rate limits.
def refusals_of(model: str) -> Selection:
    return llm_rate_limit_errors(model=model, provider="any", tenant_id="acme")


throttled = Scenario(
    "six calls a minute are refused; of other models one, or 8 in a minute and 4 more in a minute four minutes later",
    Feed(refusals_of("gpt-4o"), growing(a_minute(6), lasting="15m")),
    Feed(refusals_of("gpt-4o-mini"), growing(a_minute(1), lasting="15m")),
    Feed(
        refusals_of("claude-sonnet-4"),
        growing(0, lasting="1m"),
        growing(a_minute(8), lasting="1m"),
        growing(0, lasting="3m"),
        growing(a_minute(4), lasting="1m"),
        growing(0, lasting="5m"),
    ),
)
rate_limit_proof = Proof(
    llm_rate_limits,
    quiet(throttled, "2m"),
    fires(throttled, "6m", instance("30 calls", model="gpt-4o")),
    fires(throttled, "8m", instance("30 calls", model="gpt-4o")),
)


# Money.
def spends(tenant: str, dollars: int, *, lasting: str, model: str = "gpt-4o") -> Feed:
    cost = llm_cost(model=model, tenant_id=tenant, agent_name="support")
    return Feed(cost, growing(a_minute(dollars), lasting=lasting))


spending = Scenario(
    "two tenants spend 10 USD a minute and agreed to 50 a day and to nothing; one spends 12 and agreed to 500",
    spends("acme", 10, lasting="20m"),
    spends("globex", 10, lasting="20m"),
    spends("initech", 10, lasting="20m"),
    spends("initech", 2, lasting="20m", model="claude-sonnet-4"),
    Feed(tenant_daily_budget(tenant_id="acme"), holding(50, lasting="20m")),
    Feed(tenant_daily_budget(tenant_id="initech"), holding(500, lasting="20m")),
)
budget_proof = Proof(
    daily_cost_budget_exceeded,
    quiet(spending, "5m"),
    fires(spending, "7m30s", instance("USD 72.50", tenant_id="acme")),
    fires(
        spending,
        "15m",
        instance("USD 147.50", tenant_id="acme"),
        instance("USD 147.50", tenant_id="globex"),
    ),
)
cost_cube_values = Proof(
    cost_cube,
    computes(
        spending,
        "15m",
        instance("147.50", model="gpt-4o", tenant_id="acme", agent_name="support"),
        instance("147.50", model="gpt-4o", tenant_id="globex", agent_name="support"),
        instance("147.50", model="gpt-4o", tenant_id="initech", agent_name="support"),
        instance("29.50", model="claude-sonnet-4", tenant_id="initech", agent_name="support"),
    ),
)
cost_by_tenant_values = Proof(
    cost_by_tenant,
    computes(
        spending,
        "15m",
        instance("147.50", tenant_id="acme"),
        instance("147.50", tenant_id="globex"),
        instance("177.00", tenant_id="initech"),
    ),
)
cost_by_model_values = Proof(
    cost_by_model,
    computes(spending, "15m", instance("442.51", model="gpt-4o"), instance("29.50", model="claude-sonnet-4")),
)
budget_values = Proof(
    daily_budget,
    computes(
        spending,
        "15m",
        instance("50", tenant_id="acme"),
        instance("100", tenant_id="globex"),
        instance("500", tenant_id="initech"),
    ),
)

agreed = Scenario(
    "four tenants spend 5 USD a minute: they agreed to 500 a day, to half a dollar, to nothing at all, and never",
    *(spends(tenant, 5, lasting="40m") for tenant in ("acme", "tiny", "none", "globex")),
    Feed(tenant_daily_budget(tenant_id="acme"), holding(500, lasting="40m")),
    Feed(tenant_daily_budget(tenant_id="tiny"), holding("0.5", lasting="40m")),
    Feed(tenant_daily_budget(tenant_id="none"), holding(0, lasting="40m")),
)
daily_used_values = Proof(
    daily_budget_used,
    computes(
        agreed,
        "30m",
        instance("0.2975", tenant_id="acme"),
        instance("297.5025", tenant_id="tiny"),
        instance("1.4875", tenant_id="globex"),
    ),
)
a_day_of_it = Scenario(
    "three tenants spend 5 USD a minute for a day: they agreed to 10000 a month, to half a dollar, to nothing at all",
    *(spends(tenant, 5, lasting="26h") for tenant in ("acme", "tiny", "none")),
    Feed(tenant_monthly_budget(tenant_id="acme"), holding(10_000, lasting="49h")),
    Feed(tenant_monthly_budget(tenant_id="tiny"), holding("0.5", lasting="49h")),
    Feed(tenant_monthly_budget(tenant_id="none"), holding(0, lasting="49h")),
    every="5m",
)
month_used_values = Proof(
    monthly_budget_used,
    computes(a_day_of_it, "2d", instance("0.7175", tenant_id="acme"), instance("14350.0005", tenant_id="tiny")),
)
month_forecast_values = Proof(
    monthly_forecast,
    computes(a_day_of_it, "2d", instance("21.5250", tenant_id="acme"), instance("430500.0150", tenant_id="tiny")),
)
