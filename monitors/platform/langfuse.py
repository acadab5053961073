"""Langfuse: does it answer, and do traces arrive?"""

from agentmetrics.langfuse.catalog import (
    COMPONENTS,
    FAILURES,
    TRACES,
    component,
    cost,
    failures,
    generation_latency,
    last_success,
    level,
    model,
    observations,
    reason,
    token_type,
    tokens,
    trace_latency,
    trace_name,
    traces,
    up,
    view,
    windows_lost,
)
from tocsin.define import (
    CRITICAL,
    MINUTES,
    WARNING,
    Alert,
    Indicator,
    at_least,
    at_most,
    clock,
    increase,
    maximum,
    minimum,
    minutes,
    per_minute,
    percent,
    quantity,
    rate,
    ratio,
)

langfuse_up = Indicator(
    minimum(up, by=component, over="2m"),
    title="Langfuse up",
    description="1 where that part of Langfuse says that it works, its database included.",
    target=at_least(quantity(1, COMPONENTS), red=quantity(1, COMPONENTS)),
)
traces_arriving = Indicator(
    increase(traces, over="15m"),
    title="Traces in 15 minutes",
    description="Traces that Langfuse recorded in the last 15 minutes.",
)
traces_a_minute = Indicator(
    per_minute(traces, by=trace_name),
    title="Traces a minute",
    description="Traces that Langfuse recorded, a minute, by their name.",
)
observations_a_minute = Indicator(
    per_minute(observations, by=level),
    title="Observations a minute",
    description="Observations that Langfuse recorded, a minute, by their level.",
)
observation_errors = Indicator(
    ratio(observations(level="ERROR"), observations, by=()),
    title="Failed observations",
    description="The share of observations that failed.",
    target=at_most(percent(1)),
)
langfuse_tokens = Indicator(
    rate(tokens, by=token_type),
    title="Tokens in Langfuse",
    description="Tokens a second, as Langfuse counts them.",
)
langfuse_cost = Indicator(
    increase(cost, by=model, over="24h"),
    title="Cost in Langfuse, last 24 h",
    description="What Langfuse works out for the last 24 hours. It should be what the agents say themselves.",
)
trace_p95 = Indicator(
    maximum(trace_latency(quantile="0.95"), by=trace_name),
    title="P95 of traces",
    description="One trace in twenty takes longer than this, over the last complete five minutes.",
)
generation_p95 = Indicator(
    maximum(generation_latency(quantile="0.95"), by=model),
    title="P95 of generations",
    description="One model call in twenty takes longer than this, over the last complete five minutes.",
)
exporter_lag = Indicator(
    clock() - minimum(last_success, by=view),
    title="Exporter's lag",
    description="How long ago Langfuse last told the exporter all that it asked.",
    target=at_most(minutes(15)),
)
exporter_failures = Indicator(
    per_minute(failures, by=reason),
    title="Exporter's failures a minute",
    description="Questions that Langfuse did not answer, a minute. What was missed is asked for again.",
)
exporter_lost = Indicator(
    increase(windows_lost, by=view, over="24h"),
    title="Windows lost, last 24 h",
    description="Windows of five minutes that were given up, because Langfuse gave no answer for a day.",
)

langfuse_not_ingesting = Alert(
    "LangfuseNotIngesting",
    when=traces_arriving < quantity(1, TRACES),
    hold="15m",
    severity=WARNING,
    summary="Langfuse records no traces",
    description="Langfuse recorded {value} in the last 15 minutes, below {threshold}, though it answers.",
    runbook="langfuse-not-ingesting",
)
langfuse_down = Alert(
    "LangfuseDown",
    when=langfuse_up < quantity(1, COMPONENTS),
    hold="5m",
    severity=CRITICAL,
    summary="Langfuse's {component} is down",
    description="Langfuse's {component} has not been healthy for 5 minutes: traces may be lost.",
    runbook="langfuse-down",
    inhibits=(langfuse_not_ingesting,),
)
langfuse_exporter_failing = Alert(
    "LangfuseExporterFailing",
    when=exporter_failures > quantity(1, FAILURES / MINUTES),
    hold="15m",
    severity=WARNING,
    summary="Langfuse does not answer its exporter: {reason}",
    description="{value} of the exporter's questions fail ({reason}): what it shows of Langfuse grows old.",
    runbook="langfuse-exporter-failing",
)
