"""What must be seen of alerts beside what is derived from them.

Each scenario is a handful of synthetic series; each proof says what is there at a time, to the letter.
"""

from agentmetrics.catalog import (
    agent_errors,
    agent_request_duration,
    llm_cost,
    llm_rate_limit_errors,
    tenant_daily_budget,
)
from monitors.alerts import agent_high_error_rate, agent_high_latency, daily_cost_budget_exceeded, llm_rate_limits
from tocsin.define import (
    Feed,
    Proof,
    Scenario,
    a_minute,
    fires,
    growing,
    holding,
    instance,
    quiet,
    serving,
)
from tocsin.metrics import Selection


def requests_of(agent: str) -> Selection:
    return agent_request_duration(agent_name=agent, model="gpt-4o", tenant_id="acme")


def errors_of(agent: str) -> Selection:
    return agent_errors(agent_name=agent, error_type="llm", tenant_id="acme")


support = requests_of("support")
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
    "one request in ten fails; of other agents none, or one in forty, or 12 in 40 for a minute",
    Feed(support, serving(a_minute(40), {"1.5": "100%"}, lasting="10m")),
    Feed(errors_of("support"), growing(a_minute(40).share("10%"), lasting="10m")),
    Feed(research, serving(a_minute(40), {"1.5": "100%"}, lasting="10m")),
    Feed(requests_of("clumsy"), serving(a_minute(40), {"1.5": "100%"}, lasting="10m")),
    Feed(errors_of("clumsy"), growing(a_minute(40).share("2.5%"), lasting="10m")),
    Feed(requests_of("hiccup"), serving(a_minute(40), {"1.5": "100%"}, lasting="10m")),
    Feed(
        errors_of("hiccup"),
        growing(0, lasting="3m"),
        growing(a_minute(40).share("30%"), lasting="1m"),
        growing(0, lasting="6m"),
    ),
)
errors_proof = Proof(
    agent_high_error_rate,
    quiet(failing, "5m"),
    fires(failing, "9m", instance("10%", agent_name="support")),
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
