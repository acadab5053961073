"""Agents behind LiteLLM's proxy. It knows models, teams and money, but no agents, requests or tools."""

from agentmetrics import litellm
from agentmetrics.catalog import (
    agent_name,
    llm_cost,
    llm_inference_duration,
    llm_inference_errors,
    llm_rate_limit_errors,
    llm_tokens,
    llm_unpriced_requests,
    provider,
)
from tocsin.define import SeriesMapping, mapped

litellm_proxy = SeriesMapping(
    "litellm",
    litellm.CATALOG,
    (
        mapped(
            llm_cost,
            litellm.spend,
            model=litellm.model,
            tenant_id=litellm.team_alias,
            lacking=(agent_name,),
        ),
        mapped(
            llm_tokens,
            litellm.input_tokens,
            model=litellm.model,
            tenant_id=litellm.team_alias,
            token_type="input",
            lacking=(agent_name,),
        ),
        mapped(
            llm_tokens,
            litellm.output_tokens,
            model=litellm.model,
            tenant_id=litellm.team_alias,
            token_type="output",
            lacking=(agent_name,),
        ),
        mapped(
            llm_unpriced_requests,
            litellm.without_cost,
            model=litellm.model,
            provider=litellm.api_provider,
        ),
        mapped(llm_inference_duration, litellm.llm_api_latency, model=litellm.model, lacking=(provider,)),
        mapped(
            llm_inference_errors,
            litellm.deployment_failures,
            model=litellm.served_model,
            provider=litellm.api_provider,
            error_type=litellm.exception_class,
        ),
        mapped(
            llm_rate_limit_errors,
            litellm.deployment_failures(exception_status="429"),
            model=litellm.served_model,
            provider=litellm.api_provider,
            tenant_id=litellm.team_alias,
        ),
    ),
)
