"""NVIDIA's DCGM exporter: what the GPUs do.

Where the scrape does not honour the exporter's labels, `namespace`, `pod` and `container` are those of the exporter,
and the ones of the pod that uses the GPU are called `exported_namespace` and so on.
"""

from tocsin.metrics import Catalog, Gauge, Label
from tocsin.units import CELSIUS, MEBIBYTES, PERCENT, RATIO, WATTS, Unit

gpu = Label("gpu", "The GPU's number on its node.", cardinality=8)
uuid = Label("UUID", "The GPU.", cardinality=200)
device = Label("device", "The GPU's device file.", cardinality=8)
model_name = Label("modelName", "The kind of GPU.", cardinality=5)
pci_bus_id = Label("pci_bus_id", "Where the GPU is plugged in.", cardinality=8)
instance_id = Label("GPU_I_ID", "The slice of a GPU that is shared (MIG).", cardinality=7)
instance_profile = Label("GPU_I_PROFILE", "The size of that slice.", cardinality=5)
hostname = Label("Hostname", "The node.", cardinality=50)
namespace = Label("namespace", "The namespace of the pod that uses the GPU.", cardinality=10)
pod = Label("pod", "The pod that uses the GPU.", cardinality=200)
container = Label("container", "The container that uses the GPU.", cardinality=20)

job = Label("job", "The scrape job.", cardinality=2)
instance = Label("instance", "The scraped address.", cardinality=50)

_OF_A_GPU = (
    *(gpu, uuid, device, model_name, pci_bus_id, instance_id, instance_profile),
    *(hostname, namespace, pod, container),
)
XID = Unit.counting("XID code")

utilisation = Gauge(
    "DCGM_FI_DEV_GPU_UTIL",
    "The share of time in which the GPU ran anything.",
    labels=_OF_A_GPU,
    unit=PERCENT,
    minimum=0,
    maximum=100,
)
# How busy the memory's bus is; not how full the memory is.
memory_copy_utilisation = Gauge(
    "DCGM_FI_DEV_MEM_COPY_UTIL",
    "The share of time in which memory was read or written.",
    labels=_OF_A_GPU,
    unit=PERCENT,
    minimum=0,
    maximum=100,
)
memory_used = Gauge("DCGM_FI_DEV_FB_USED", "GPU memory in use.", labels=_OF_A_GPU, unit=MEBIBYTES, minimum=0)
memory_free = Gauge("DCGM_FI_DEV_FB_FREE", "GPU memory that is free.", labels=_OF_A_GPU, unit=MEBIBYTES, minimum=0)
memory_reserved = Gauge(
    "DCGM_FI_DEV_FB_RESERVED", "GPU memory that the driver keeps.", labels=_OF_A_GPU, unit=MEBIBYTES, minimum=0
)
temperature = Gauge("DCGM_FI_DEV_GPU_TEMP", "The GPU's temperature.", labels=_OF_A_GPU, unit=CELSIUS)
power = Gauge("DCGM_FI_DEV_POWER_USAGE", "What the GPU draws.", labels=_OF_A_GPU, unit=WATTS, minimum=0)
# A code and no count: the number of the last error, 0 where there was none.
last_xid = Gauge("DCGM_FI_DEV_XID_ERRORS", "The last XID error.", labels=_OF_A_GPU, unit=XID, minimum=0)
engine_active = Gauge(
    "DCGM_FI_PROF_GR_ENGINE_ACTIVE",
    "The share of time in which the GPU's engines worked.",
    labels=_OF_A_GPU,
    unit=RATIO,
    minimum=0,
    maximum=1,
)

CATALOG = Catalog(
    "dcgm",
    (
        utilisation,
        memory_copy_utilisation,
        memory_used,
        memory_free,
        memory_reserved,
        temperature,
        power,
        last_xid,
        engine_active,
    ),
    target_labels=(job, instance),
    version="4.5",
)
