"""The site: what differs from one company to the next, stated in one place."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from tocsin.findings import DefinitionError
from tocsin.promql.versions import version_of
from tocsin.source import Source, here


@dataclass(frozen=True, slots=True)
class Prometheus:
    """Where the metrics are. `oldest` is the oldest version that must understand the queries."""

    url: str = "http://prometheus:9090"
    uid: str = "prometheus"
    oldest: str = "2.42"

    def __post_init__(self) -> None:
        version_of(self.oldest)


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


@dataclass(frozen=True, slots=True)
class Tempo:
    """Traces in Grafana Tempo, read by TraceQL. `selector` picks the spans at which a request begins."""

    url: str = "http://tempo:3200"
    selector: str = 'span.gen_ai.operation.name = "invoke_agent"'
    uid: str = "tempo"


@dataclass(frozen=True, slots=True)
class Contact:
    """Who hears of an alert: a contact point of Grafana's, of any kind that Grafana has.

    A secret stands in `settings` as `$NAME`: Grafana takes it from its environment.
    """

    name: str
    kind: str
    settings: Mapping[str, str | bool | int]


def email(*addresses: str) -> Contact:
    """A contact point that writes mail."""
    return Contact("on-call", "email", {"addresses": ";".join(addresses), "singleEmail": True})


def webhook(url: str) -> Contact:
    """A contact point that posts to a URL; `"$ALERT_WEBHOOK_URL"` takes it from Grafana's environment."""
    return Contact("on-call", "webhook", {"url": url, "httpMethod": "POST"})


@dataclass(frozen=True, slots=True)
class Site:
    """`runbooks_url` is where the pages of `runbooks` (a folder of this project) can be read.

    `retired` names alerts that are gone: Grafana keeps a provisioned alert until it is told to delete it.
    """

    runbooks_url: str
    grafana_url: str = "http://localhost:3000"
    runbooks: str = "docs/runbooks"
    folder: str = "AI Agents"
    prometheus: Prometheus = Prometheus()
    traces: Langfuse | Tempo = Langfuse()
    contact: Contact = field(default_factory=lambda: email("on-call@example.com"))
    group_by: tuple[str, ...] = ("alertname",)
    retired: tuple[str, ...] = ()
    source: Source = field(default_factory=here, compare=False, repr=False)

    def __post_init__(self) -> None:
        for name in ("runbooks_url", "grafana_url"):
            url = getattr(self, name)
            if not re.match(r"https?://[^\s$]+\Z", str(url)):
                raise DefinitionError(
                    f"{name} is {url!r}, which nobody can open",
                    help="give it an address that begins with https:// or http://",
                    source=self.source,
                )
