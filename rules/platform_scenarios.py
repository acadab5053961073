"""What must be seen of the platform's alerts and recorded series beside what is derived from them."""

from agentmetrics.exporters.dcgm import memory_free, memory_used
from agentmetrics.exporters.prometheus import up
from monitors.platform.gpu import gpu_memory
from monitors.platform.scrapes import target_up
from tocsin.define import Feed, Gauge, Proof, Scenario, computes, holding, instance
from tocsin.metrics import Selection


def on(gauge: Gauge, host: str, gpu: str, *, part: str = "0") -> Selection:
    """The gauge's series of a GPU; the parts of a shared one repeat what the whole says."""
    return gauge(
        Hostname=host,
        gpu=gpu,
        UUID=f"GPU-{host}-{gpu}",
        device=f"nvidia{gpu}",
        modelName="H100",
        pci_bus_id=f"00000000:0{gpu}:00.0",
        GPU_I_ID=part,
        GPU_I_PROFILE="1g.10gb",
        namespace="inference",
        pod=f"model-{part}",
        container="server",
    )


def stands(gauge: Gauge, host: str, gpu: str, value: str, *, part: str = "0") -> Feed:
    return Feed(on(gauge, host, gpu, part=part), holding(value, lasting="10m"))


shared = Scenario(
    "four GPUs: one shared in two parts, one alone, one that tells nothing, one with hardly any memory",
    stands(memory_used, "node-a", "0", "60000"),
    stands(memory_used, "node-a", "0", "20000", part="1"),
    stands(memory_free, "node-a", "0", "15000"),
    stands(memory_free, "node-a", "0", "5000", part="1"),
    stands(memory_used, "node-a", "1", "30000"),
    stands(memory_free, "node-a", "1", "50000"),
    stands(memory_used, "node-b", "0", "0"),
    stands(memory_free, "node-b", "0", "0"),
    stands(memory_used, "node-b", "1", "0.25"),
    stands(memory_free, "node-b", "1", "0.25"),
)
gpu_memory_values = Proof(
    gpu_memory,
    computes(
        shared,
        "8m",
        instance("0.8000", Hostname="node-a", gpu="0"),
        instance("0.3750", Hostname="node-a", gpu="1"),
        instance("0.5000", Hostname="node-b", gpu="1"),
    ),
)


half_up = Scenario(
    "of two pods behind one address one cannot be scraped",
    *(
        Feed(up(job="agents", instance="agents:9090", namespace="ai-agents", pod=pod), holding(value, lasting="10m"))
        for pod, value in (("agents-0", 1), ("agents-1", 0))
    ),
    Feed(up(job="agents", instance="other:9090", namespace="ai-agents", pod="other-0"), holding(1, lasting="10m")),
    Feed(up(job="web", instance="web:80", namespace="shop", pod="web-0"), holding(0, lasting="10m")),
)
target_up_values = Proof(
    target_up,
    computes(
        half_up,
        "8m",
        instance("0", job="agents", instance="agents:9090"),
        instance("1", job="agents", instance="other:9090"),
    ),
)
