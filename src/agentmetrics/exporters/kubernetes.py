"""kube-state-metrics: what the Kubernetes API says of nodes and pods."""

from tocsin.metrics import Catalog, Counter, Gauge, Label
from tocsin.units import Unit

node = Label("node", "The node.", cardinality=100)
namespace = Label("namespace", "The namespace.", cardinality=30)
pod = Label("pod", "The pod.", cardinality=2000)
uid = Label("uid", "The pod's uid.", cardinality=2000)
container = Label("container", "The container.", cardinality=20)
condition = Label(
    "condition",
    "What is said of the node.",
    cardinality=10,  # Node agents add conditions of their own to Ready, MemoryPressure, DiskPressure and so on.
)
ready = Label("condition", "Whether the pod is ready.", values=("true", "false", "unknown"))
status = Label("status", "Whether it is so.", values=("true", "false", "unknown"))
phase = Label("phase", "The pod's phase.", values=("Pending", "Running", "Succeeded", "Failed", "Unknown"))
resource = Label("resource", "The resource; nvidia_com_gpu for GPUs.", cardinality=10)
resource_unit = Label("unit", "What the resource is counted in.", values=("core", "byte", "integer"))

job = Label("job", "The scrape job.", cardinality=2)
instance = Label("instance", "The scraped address.", cardinality=2)

NODES = Unit.counting("nodes")
PODS = Unit.counting("pods")
RESTARTS = Unit.counting("restarts")

node_condition = Gauge(
    "kube_node_status_condition",
    "1 for what is true of the node.",
    labels=(node, condition, status),
    unit=NODES,
    minimum=0,
    maximum=1,
)
node_allocatable = Gauge(
    "kube_node_status_allocatable",
    "What of the node can be given to pods.",
    labels=(node, resource, resource_unit),
    unit=Unit.counting("resources"),
    minimum=0,
)
pod_phase = Gauge(
    "kube_pod_status_phase",
    "1 for the phase that the pod is in.",
    labels=(namespace, pod, uid, phase),
    unit=PODS,
    minimum=0,
    maximum=1,
)
pod_ready = Gauge(
    "kube_pod_status_ready",
    "1 for what is true of the pod's readiness.",
    labels=(namespace, pod, uid, ready),
    unit=PODS,
    minimum=0,
    maximum=1,
)
container_restarts = Counter(
    "kube_pod_container_status_restarts_total",
    "How often the container was started again.",
    labels=(namespace, pod, uid, container),
    unit=RESTARTS,
    initialised=True,
)

CATALOG = Catalog(
    "kube-state-metrics",
    (node_condition, node_allocatable, pod_phase, pod_ready, container_restarts),
    target_labels=(job, instance),
    scrape_interval="30s",
    version="2.17",
)
