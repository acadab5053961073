"""What Prometheus itself says of each target that it scrapes."""

from tocsin.metrics import Catalog, Gauge, Label
from tocsin.units import Unit

job = Label("job", "The scrape job.", cardinality=20)
instance = Label("instance", "The scraped address.", cardinality=500)
namespace = Label("namespace", "The Kubernetes namespace.", cardinality=30)
pod = Label("pod", "The Kubernetes pod.", cardinality=500)

TARGETS = Unit.counting("targets")

up = Gauge(
    "up",
    "1 where the last scrape succeeded, 0 where it failed.",
    labels=(job, instance, namespace, pod),
    unit=TARGETS,
    open=True,  # Whatever a scrape adds to its targets.
    minimum=0,
    maximum=1,
)

CATALOG = Catalog("prometheus", (up,), version="2.42 to 3.x")
