"""The site: what differs from one company to the next, stated in one place."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tocsin.findings import DefinitionError
from tocsin.promql.versions import version_of
from tocsin.source import Source, here

# The label by which tenants are told apart.
TENANT = "tenant_id"
_ADDRESS = re.compile(r"https?://[^\s$]+\Z")


@dataclass(frozen=True, slots=True)
class Prometheus:
    """Where the metrics are. `oldest` is the oldest version that must understand the queries."""

    url: str = "http://prometheus:9090"
    uid: str = "prometheus"
    oldest: str = "2.42"

    def __post_init__(self) -> None:
        version_of(self.oldest)
        if not _ADDRESS.match(self.url):
            raise ValueError(f'{self.url!r} is no address: Prometheus(url="http://prometheus:9090")')


@dataclass(frozen=True, slots=True)
class Langfuse:
    """Traces in Langfuse, read through its public API by Grafana's Infinity data source.

    `url` is how Grafana reaches it, `web_url` how a browser does. `version` is the server's major version, 3 or 4.
    The keys come from Grafana's environment: LANGFUSE_PUBLIC_KEY and LANGFUSE_SECRET_KEY.
    """

    url: str = "http://langfuse-web.observability:3000"
    web_url: str = "http://localhost:3000"
    version: int = 4
    uid: str = "langfuse"

    def __post_init__(self) -> None:
        if self.version not in (3, 4):
            raise ValueError(f"Langfuse's version is {self.version!r}: it is 3 or 4, the major version of the server")


@dataclass(frozen=True, slots=True)
class Tempo:
    """Traces in Grafana Tempo, read by TraceQL. `selector` picks the spans at which a request begins."""

    url: str = "http://tempo:3200"
    selector: str = 'span.gen_ai.operation.name = "invoke_agent"'
    uid: str = "tempo"


@dataclass(frozen=True, slots=True)
class Contact:
    """Who hears of an alert: a contact point of Grafana's, of any kind that Grafana has.

    A secret stands in `settings` as `$NAME`: Grafana takes it from its environment. `alertmanager` is the same contact
    as one of Alertmanager's receivers; there a secret is read from the file /etc/alertmanager/secrets/NAME.
    """

    name: str
    kind: str
    settings: Mapping[str, str | bool | int]
    alertmanager: Mapping[str, Any] = field(default_factory=dict)


def email(*addresses: str) -> Contact:
    """A contact point that writes mail."""
    wrong = [address for address in addresses if not re.fullmatch(r"[^\s,;@]+@[^\s,;@]+", address)]
    if wrong or not addresses:
        raise ValueError(f"{wrong[0]!r} is no mail address" if wrong else 'email() writes to nobody: email("a@b.c")')
    receiver = {"email_configs": [{"to": ", ".join(addresses), "send_resolved": True}]}
    return Contact("on-call", "email", {"addresses": ";".join(addresses), "singleEmail": True}, receiver)


def webhook(url: str) -> Contact:
    """A contact point that posts to a URL; `"$ALERT_WEBHOOK_URL"` takes it from Grafana's environment."""
    _check_address("webhook", url)
    receiver = {"webhook_configs": [{**_secret("url", url), "send_resolved": True}]}
    return Contact("on-call", "webhook", {"url": url, "httpMethod": "POST"}, receiver)


def slack(url: str) -> Contact:
    """A contact point that posts to Slack's incoming webhook: `slack("$SLACK_WEBHOOK_URL")`."""
    _check_address("slack", url)
    receiver = {"slack_configs": [{**_secret("api_url", url), "send_resolved": True}]}
    return Contact("on-call", "slack", {"url": url}, receiver)


def pagerduty(key: str) -> Contact:
    """A contact point that pages: `pagerduty("$PAGERDUTY_KEY")`."""
    if not key:
        raise ValueError('pagerduty() pages nobody: pagerduty("$PAGERDUTY_KEY")')
    receiver = {"pagerduty_configs": [{**_secret("routing_key", key), "send_resolved": True}]}
    return Contact("on-call", "pagerduty", {"integrationKey": key}, receiver)


def _check_address(name: str, url: str) -> None:
    if not url.startswith("$") and not _ADDRESS.match(url):
        raise ValueError(f'{url!r} is no address: {name}("https://...") or {name}("$NAME")')


def _secret(name: str, value: str) -> dict[str, str]:
    if value.startswith("$"):
        return {f"{name}_file": f"/etc/alertmanager/secrets/{value.strip('${}')}"}
    return {name: value}


@dataclass(frozen=True, slots=True)
class Smtp:
    """How Alertmanager sends mail; Grafana has settings of its own for that."""

    host: str = "localhost:25"
    sender: str = "tocsin@example.com"


@dataclass(frozen=True, slots=True)
class Kubernetes:
    """Where a cluster has things.

    `namespace` is where Grafana and the Prometheus operator look for what is generated; `labels` are those by which
    the operator selects rules and monitors. The pods of the namespaces in `watched` are scraped where their annotations
    say so.
    """

    namespace: str = "observability"
    labels: Mapping[str, str] = field(default_factory=lambda: {"release": "kube-prometheus-stack"})
    watched: tuple[str, ...] = ("inference", "observability", "ai-agents")


@dataclass(frozen=True, slots=True)
class Site:
    """`runbooks_url` is where the pages of `runbooks` (a folder of this project) can be read.

    `tenants` are those who also hear of the alerts of one tenant, by its id; `smtp` is how Alertmanager sends mail.
    With `kubernetes`, everything is generated for a cluster as well.
    `retired` names alerts that are gone: Grafana keeps a provisioned alert until it is told to delete it.
    """

    runbooks_url: str
    grafana_url: str = "http://localhost:3000"
    runbooks: str = "docs/runbooks"
    folder: str = "AI Agents"
    prometheus: Prometheus = Prometheus()
    traces: Langfuse | Tempo = Langfuse()
    contact: Contact = field(default_factory=lambda: email("on-call@example.com"))
    tenants: Mapping[str, Contact] = field(default_factory=dict)
    smtp: Smtp = Smtp()
    alertmanager_url: str = "http://alertmanager:9093"
    kubernetes: Kubernetes | None = None
    group_by: tuple[str, ...] = ("alertname",)
    retired: tuple[str, ...] = ()
    source: Source = field(default_factory=here, compare=False, repr=False)

    def __post_init__(self) -> None:
        for name in ("runbooks_url", "grafana_url"):
            url = getattr(self, name)
            if not _ADDRESS.match(str(url)):
                raise DefinitionError(
                    f"{name} is {url!r}, which nobody can open",
                    help="give it an address that begins with https:// or http://",
                    source=self.source,
                )
