"""The scrapes themselves: without them nothing else is seen."""

from agentmetrics.exporters.prometheus import TARGETS, instance, job, up
from tocsin.define import CRITICAL, Alert, Indicator, average_of, matching, minimum, quantity

WATCHED = "ai-agents|observability|inference"

target_up = Indicator(
    minimum(up(namespace=matching(WATCHED)), by=(job, instance)),
    title="Target up",
    description="1 where the last scrape succeeded.",
)
targets_up = Indicator(
    average_of(up(namespace=matching(WATCHED)), by=job),
    title="Targets up",
    description="The share of each job's targets that can be scraped.",
)

target_down = Alert(
    "TargetDown",
    when=target_up < quantity(1, TARGETS),
    hold="5m",
    severity=CRITICAL,
    summary="{job} at {instance} cannot be scraped",
    description="Prometheus has had no metrics from {instance} of {job} for 5 minutes: nothing of it is seen.",
    runbook="target-down",
)
