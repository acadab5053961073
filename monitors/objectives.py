"""What is promised: objectives (SLOs), what is left of their budgets, and alerts that tell when these go too fast."""

from agentmetrics.catalog import agent_name, agent_request_duration
from monitors.indicators import error_rate
from tocsin.define import Indicator, Objective, beyond, percent, seconds

slow_requests = Indicator(
    beyond(agent_request_duration, seconds(5), by=agent_name),
    title="Slow requests",
    description="The share of the requests that take longer than 5 seconds.",
)

# What the daily check calls normal: fewer than one request in a hundred fails.
availability = Objective("AgentAvailability", error_rate, percent(99), runbook="availability-objective")
# The target of the P95: nineteen in twenty are answered within 5 seconds.
latency = Objective("AgentLatency", slow_requests, percent(95), runbook="latency-objective")
