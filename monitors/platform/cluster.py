"""The cluster (kube-state-metrics): nodes that are ready, model pods that run."""

from agentmetrics.exporters.kubernetes import (
    NODES,
    PODS,
    container,
    container_restarts,
    namespace,
    node,
    node_allocatable,
    node_condition,
    pod,
    pod_phase,
)
from tocsin.define import (
    CRITICAL,
    Alert,
    Indicator,
    above_zero,
    at_least,
    increase,
    joined,
    matching,
    maximum,
    percent,
    quantity,
    sum_by,
    total,
)

MODELS = "inference"
# One failed scrape of kube-state-metrics is no news of a node or a pod.
_RECENT = "2m"

_ready = maximum(node_condition(condition="Ready", status="true"), by=node, over=_RECENT)
_with_gpus = above_zero(maximum(node_allocatable(resource="nvidia_com_gpu"), by=node))
_not_running = pod_phase(namespace=MODELS, phase=matching("Pending|Failed|Unknown"))
_running = pod_phase(namespace=MODELS, phase="Running")
_living = pod_phase(namespace=MODELS, phase=matching("Pending|Running|Failed|Unknown"))

node_ready = Indicator(
    _ready,
    title="Node ready",
    description="1 where the node is ready.",
)
gpu_nodes_ready = Indicator(
    sum_by(joined(_ready, _with_gpus, on=node)) / above_zero(sum_by(joined(_ready * 0 + 1, _with_gpus, on=node))),
    title="GPU nodes ready",
    description="The share of the nodes with GPUs that are ready.",
    target=at_least(percent(100), red=percent(100)),
)
model_pods_not_running = Indicator(
    total(_not_running, by=(namespace, pod), over=_RECENT),
    title="Model pod not running",
    description="1 where a pod of a model server is not running.",
)
model_pods_running = Indicator(
    total(_running) / above_zero(total(_living)),
    title="Model pods running",
    description="The share of the model servers' pods that run.",
    target=at_least(percent(100), red=percent(100)),
)
model_pod_restarts = Indicator(
    increase(container_restarts(namespace=MODELS), by=container, over="24h"),
    title="Restarts of model pods",
    description="How often containers of the model servers were started again in the last 24 hours.",
)

node_not_ready = Alert(
    "NodeNotReady",
    when=node_ready < quantity(1, NODES),
    hold="5m",
    severity=CRITICAL,
    summary="Node {node} is not ready",
    description="Node {node} has not been ready for 5 minutes: what ran on it is gone or unreachable.",
    runbook="node-not-ready",
)
model_pod_not_running = Alert(
    "ModelPodNotRunning",
    when=model_pods_not_running > quantity(0, PODS),
    hold="10m",
    severity=CRITICAL,
    summary="Model pod {pod} is not running",
    description="Pod {pod} in {namespace} has not been running for 10 minutes.",
    runbook="model-pod-not-running",
)
