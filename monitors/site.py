"""What differs from one company to the next. Edit it here; everything that is generated follows."""

from tocsin.define import Kubernetes, Langfuse, Prometheus, Site, email

site = Site(
    # Where people read generated/runbooks, the pages of docs/runbooks with each alert's facts: your fork's address.
    runbooks_url="https://github.com/your-org/tocsin/blob/main/generated/runbooks",
    # Where people open Grafana; alerts link to their panel there.
    grafana_url="http://localhost:3000",
    # How Grafana reaches Prometheus.
    prometheus=Prometheus(url="http://prometheus:9090"),
    # Where the traces are: Langfuse(...) or Tempo(...).
    traces=Langfuse(url="http://langfuse-web.observability:3000", web_url="https://langfuse.example.com"),
    # Where a cluster has things; None where there is no cluster, and nothing is generated for one.
    kubernetes=Kubernetes(namespace="observability"),
    # Who hears of an alert: email(...), webhook("$ALERT_WEBHOOK_URL"), or any Contact of Grafana's.
    contact=email("on-call@example.com"),
)
