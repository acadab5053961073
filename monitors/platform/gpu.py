"""GPUs (DCGM): how busy, how full, how hot, how healthy."""

from agentmetrics.exporters.dcgm import (
    gpu,
    hostname,
    last_xid,
    memory_free,
    memory_used,
    power,
    temperature,
    utilisation,
)
from tocsin.define import (
    CRITICAL,
    INFO,
    WARNING,
    Alert,
    Indicator,
    above_zero,
    at_most,
    average_of,
    between,
    max_by,
    maximum,
    percent,
    quantity,
)
from tocsin.units import CELSIUS

_WHERE = (hostname, gpu)
# What alerts look at outlives a failed scrape.
_RECENT = "2m"

_used = maximum(memory_used, by=_WHERE, over=_RECENT)
_free = maximum(memory_free, by=_WHERE, over=_RECENT)

gpu_utilisation = Indicator(
    average_of(utilisation, by=_WHERE, over=_RECENT),
    title="GPU utilisation",
    description="The share of time in which the GPU ran anything.",
    target=between(percent(40), percent(80)),
)
gpu_memory = Indicator(
    _used / above_zero(_used + _free),
    title="GPU memory used",
    description="The share of the GPU's memory that is in use.",
)
gpu_memory_fullest = Indicator(
    max_by(gpu_memory.expr),
    title="GPU memory used",
    description="The share of its memory that the fullest GPU uses.",
    target=at_most(percent(90), red=percent(90)),
    origin=gpu_memory,
)
gpu_memory_size = Indicator(
    maximum(memory_used, by=_WHERE),
    title="GPU memory",
    description="How much of the GPU's memory is in use.",
)
gpu_temperature = Indicator(
    maximum(temperature, by=_WHERE),
    title="GPU temperature",
    description="How hot the GPU is.",
    target=at_most(quantity(83, CELSIUS)),
)
gpu_power = Indicator(
    maximum(power, by=_WHERE),
    title="GPU power",
    description="What the GPU draws.",
)
gpu_xid = Indicator(
    maximum(last_xid, by=_WHERE, over=_RECENT),
    title="Last XID error",
    description="The code of the GPU's last error, 0 where there was none since the exporter started.",
)

gpu_memory_high = Alert(
    "GPUMemoryHigh",
    when=gpu_memory > percent(90),
    hold="10m",
    severity=WARNING,
    summary="GPU {gpu} of {Hostname} is almost out of memory",
    description="{value} of the memory of GPU {gpu} of {Hostname} is in use, above {threshold}.",
    runbook="gpu-memory-high",
)
gpu_utilisation_high = Alert(
    "GPUUtilisationHigh",
    when=gpu_utilisation > percent(80),
    hold="30m",
    every="1m",
    severity=INFO,
    summary="GPU {gpu} of {Hostname} has no room left",
    description="GPU {gpu} of {Hostname} is busy {value} of the time, above {threshold}: plan for more of them.",
    runbook="gpu-utilisation-high",
)
gpu_utilisation_low = Alert(
    "GPUUtilisationLow",
    when=gpu_utilisation < percent(40),
    hold="6h",
    every="2m",
    severity=INFO,
    summary="GPU {gpu} of {Hostname} is hardly used",
    description="GPU {gpu} of {Hostname} is busy {value} of the time, below {threshold}: it costs more than it does.",
    runbook="gpu-utilisation-low",
)
gpu_xid_error = Alert(
    "GPUXidError",
    when=gpu_xid > quantity(0, last_xid.unit),
    hold="2m",
    severity=CRITICAL,
    summary="GPU {gpu} of {Hostname} reported an error",
    description="GPU {gpu} of {Hostname} reported an XID error: {value}.",
    runbook="gpu-xid-error",
)
