"""Agents that emit OpenTelemetry's GenAI metrics. There are none of cost, tenants and sessions."""

from agentmetrics import otel
from agentmetrics.catalog import (
    agent_errors,
    agent_name,
    agent_request_duration,
    agent_timeouts,
    agent_tool_calls,
    llm_inference_duration,
    llm_inference_errors,
    llm_rate_limit_errors,
    llm_tokens,
    tenant_id,
    tool_execution_duration,
    tool_execution_errors,
)
from tocsin.define import SeriesMapping, allow, mapped, matching, unlike

FAILED = unlike("")
TIMED_OUT = matching("(?i).*(deadline|time_?out|timed_out).*|408|504")
RATE_LIMITED = matching("(?i).*(rate_?limit|resource_?exhausted|throttl|too_?many_?requests).*|429")
INFERENCE = matching("chat|generate_content|text_completion")

opentelemetry = SeriesMapping(
    "otel",
    otel.CATALOG,
    (
        mapped(
            agent_request_duration,
            otel.invoke_agent_duration,
            agent_name=otel.agent_name,
            model=otel.request_model,
            lacking=(tenant_id,),
        ),
        mapped(
            agent_errors,
            otel.invoke_agent_duration.count(error_type=FAILED),
            agent_name=otel.agent_name,
            error_type=otel.error_type,
            lacking=(tenant_id,),
        ),
        mapped(
            agent_timeouts,
            otel.invoke_agent_duration.count(error_type=TIMED_OUT),
            agent_name=otel.agent_name,
            lacking=(tenant_id,),
        ),
        mapped(agent_tool_calls, otel.invoke_agent_tool_calls, agent_name=otel.agent_name),
        mapped(
            llm_inference_duration,
            otel.client_operation_duration(gen_ai_operation_name=INFERENCE),
            model=otel.request_model,
            provider=otel.provider_name,
        ),
        mapped(
            llm_inference_errors,
            otel.client_operation_duration.count(gen_ai_operation_name=INFERENCE, error_type=FAILED),
            model=otel.request_model,
            provider=otel.provider_name,
            error_type=otel.error_type,
        ),
        mapped(
            llm_rate_limit_errors,
            otel.client_operation_duration.count(error_type=RATE_LIMITED),
            model=otel.request_model,
            provider=otel.provider_name,
            lacking=(tenant_id,),
        ),
        mapped(
            llm_tokens,
            otel.tokens_used,
            model=otel.request_model,
            token_type=otel.token_type,
            lacking=(tenant_id, agent_name),
        ),
        mapped(
            tool_execution_duration,
            otel.execute_tool_duration,
            tool_name=otel.tool_name,
            agent_name=otel.agent_name,
        ),
        mapped(
            tool_execution_errors,
            otel.execute_tool_duration.count(error_type=FAILED),
            tool_name=otel.tool_name,
            agent_name=otel.agent_name,
            error_type=otel.error_type,
        ),
    ),
    allow=(
        allow("bucket-gap", because="the conventions fix the bounds: 10 s lies between 6.4 s and 12.8 s; see docs"),
    ),
)
