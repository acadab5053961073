"""The blackbox exporter: whether an address answers, seen from outside.

The probed address is the label `instance`, as the exporter's documentation has it relabelled.
"""

from tocsin.metrics import Catalog, Gauge, Label
from tocsin.units import RATIO, SECONDS, Unit

job = Label("job", "The scrape job.", cardinality=3)
instance = Label("instance", "The address that is probed.", cardinality=20)

_PROBED = (job, instance)

probe_success = Gauge(
    "probe_success",
    "1 where the address answered as it should.",
    labels=_PROBED,
    unit=RATIO,
    minimum=0,
    maximum=1,
)
probe_duration = Gauge("probe_duration_seconds", "How long the probe took.", labels=_PROBED, unit=SECONDS, minimum=0)
probe_status_code = Gauge(
    "probe_http_status_code",
    "The HTTP status of the answer, 0 where there was none.",
    labels=_PROBED,
    unit=Unit.counting("HTTP status"),
    minimum=0,
    maximum=599,
)
certificate_expiry = Gauge(
    "probe_ssl_earliest_cert_expiry",
    "When the first certificate runs out, in Unix time.",
    labels=_PROBED,
    unit=SECONDS,
    minimum=0,
)

CATALOG = Catalog(
    "blackbox",
    (probe_success, probe_duration, probe_status_code, certificate_expiry),
    scrape_interval="30s",
    version="0.29",
)
