"""How environments and tenants differ from what the definitions say; `tocsin show --settings` prints it."""

from monitors.alerts import (
    agent_high_error_rate,
    agent_high_latency,
    agent_telemetry_absent,
    agent_timeouts,
    daily_budget_nearly_spent,
    inference_slow,
    tool_high_error_rate,
)
from monitors.objectives import availability, latency
from monitors.platform.gpu import gpu_utilisation_high, gpu_utilisation_low
from monitors.platform.langfuse import langfuse_not_ingesting
from rules.budgets import budgets
from tocsin.define import MINUTES, REQUESTS, Environment, Settings, Tenant, percent, quantity, seconds

settings = Settings(
    default="prod",
    prod=Environment(),
    # Nobody waits there, nothing is promised, and load tests are slow on purpose.
    staging=Environment(
        thresholds={
            agent_high_latency: seconds(30),
            agent_high_error_rate: percent(10),
            agent_timeouts: quantity(20, REQUESTS / MINUTES),
        },
        holds={agent_high_error_rate: "15m"},
        without=(gpu_utilisation_low, *availability.alerts, *latency.alerts),
        tables={budgets: "budgets-staging.yaml"},
    ),
    # Things are broken there all day; only what is wholly gone is told.
    dev=Environment(
        thresholds={agent_high_error_rate: percent(50), tool_high_error_rate: percent(50)},
        holds={agent_high_error_rate: "30m", tool_high_error_rate: "30m"},
        without=(
            agent_high_latency,
            agent_telemetry_absent,
            agent_timeouts,
            inference_slow,
            gpu_utilisation_high,
            gpu_utilisation_low,
            langfuse_not_ingesting,
            *availability.alerts,
            *latency.alerts,
        ),
        tables={budgets: {}},
    ),
    # Their budgets stand in rules/budgets.yaml.
    tenants={"example": Tenant(thresholds={daily_budget_nearly_spent: percent(60)})},
)
