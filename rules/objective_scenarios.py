"""What must be seen of the objectives beside what is derived: a real burn, and a quiet night with one failure."""

from agentmetrics.catalog import agent_errors, agent_request_duration
from monitors.objectives import availability, latency
from tocsin.define import Feed, Proof, Scenario, a_minute, an_hour, fires, growing, instance, quiet, serving

support = agent_request_duration(agent_name="support", model="gpt-4o", tenant_id="acme")
support_errors = agent_errors(agent_name="support", error_type="llm", tenant_id="acme")
night = agent_request_duration(agent_name="night", model="gpt-4o", tenant_id="acme")
night_errors = agent_errors(agent_name="night", error_type="llm", tenant_id="acme")
*_, availability_page = availability.alerts
*_, latency_page = latency.alerts

failing = Scenario(
    "one request in five fails for six minutes; another agent has three requests an hour, and one of them fails",
    Feed(support, serving(a_minute(40), {"1.5": "100%"}, lasting="8m")),
    Feed(support_errors, growing(a_minute(8), lasting="6m"), growing(0, lasting="2m")),
    Feed(night, serving(an_hour(3), {"1.5": "100%"}, lasting="8m")),
    Feed(night_errors, growing(0, lasting="3m"), growing(a_minute(1), lasting="1m"), growing(0, lasting="4m")),
)
availability_proof = Proof(
    availability_page,
    quiet(failing, "2m"),
    fires(failing, "6m", instance("20 times", agent_name="support")),
    # It no longer burns: the hour has lost more than it may, but nobody need get up for it.
    quiet(failing, "8m"),
)
slow = Scenario(
    "four requests in five take 20 s; another agent has three requests an hour, and all of them are slow",
    Feed(support, serving(a_minute(40), {"1.5": "20%", 20: "80%"}, lasting="6m")),
    Feed(night, serving(an_hour(3), {20: "100%"}, lasting="6m")),
)
latency_proof = Proof(latency_page, quiet(slow, "2m"), fires(slow, "6m", instance("16 times", agent_name="support")))
