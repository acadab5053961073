"""What the agents stand on: GPUs, a cluster, a model server, and Langfuse with its exporter.

The first three are simulated, with the series of their catalogs. Langfuse is a server that answers as Langfuse does, of
what the agents trace; the exporter that reads it is the real one.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import prometheus_client
from prometheus_client import CollectorRegistry

from agentmetrics.exporters import dcgm, kubernetes, vllm
from agentmetrics.langfuse.api import Api
from agentmetrics.langfuse.exporter import WINDOW, Exporter
from demo import langfuse
from demo.services import Target, served
from tocsin.metrics import Catalog, Counter, Gauge, Histogram, Metric

NODES = {"gpu-node-1": 2, "gpu-node-2": 2, "node-1": 0}  # with so many GPUs
_MODEL = "llama-3.3-70b"
_GPU_MIB = 81_920
_A_SECOND = 4
_REMEMBERED = 60.0


class Instruments:
    """A client library's metrics, made from a catalog, in a registry of their own."""

    def __init__(self, catalog: Catalog) -> None:
        self.registry = CollectorRegistry()
        self._made = {metric.name: _made(metric, self.registry) for metric in catalog}

    def of(self, metric: Metric, **labels: str) -> Any:
        """One series. Labels that are not stated are empty."""
        made = self._made[metric.name]
        return made.labels(**{name: labels.get(name, "") for name in metric.label_names})


def _made(metric: Metric, registry: CollectorRegistry) -> Any:
    about = (metric.name, metric.help, metric.label_names)
    if isinstance(metric, Histogram):
        return prometheus_client.Histogram(*about, registry=registry, buckets=metric.buckets)
    kinds = {Counter: prometheus_client.Counter, Gauge: prometheus_client.Gauge}
    return kinds[type(metric)](*about, registry=registry)


@dataclass
class Platform:
    """Everything beside the agents, served and scraped."""

    targets: tuple[Target, ...]
    traces: list[langfuse.Event]
    _gpus: Instruments
    _server: Instruments
    _exporter: Exporter

    @classmethod
    def started(cls, stack: ExitStack, speed: int, say: Callable[[str], None]) -> Platform:
        """The endpoints, until the stack is closed."""
        server = stack.enter_context(langfuse.langfuse(version=2))
        health = {"web": f"{server.url}/api/public/health", "worker": f"{server.url}/api/health"}
        api = Api(server.url, *langfuse.KEYS, timeout=5)
        exporter = Exporter(api, health, time.time, say, window=WINDOW / speed)
        shown = CollectorRegistry()
        shown.register(exporter)
        gpus, cluster, models = Instruments(dcgm.CATALOG), _cluster(), Instruments(vllm.CATALOG)
        targets = (
            served(stack, "langfuse", "observability", shown),
            served(stack, "gpus", "inference", gpus.registry),
            served(stack, "cluster", "inference", cluster.registry),
            served(stack, "vllm", "inference", models.registry),
        )
        return cls(targets, server.events, gpus, models, exporter)

    async def live(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._poll())
            tasks.create_task(self._compute())
            while True:
                tasks.create_task(self._infer())
                await asyncio.sleep(random.expovariate(_A_SECOND))

    async def _poll(self) -> None:
        while True:
            await asyncio.to_thread(self._exporter.poll)
            before = time.time() - _REMEMBERED
            self.traces[:] = [event for event in self.traces if event["time"] > before]
            await asyncio.sleep(1)

    async def _compute(self) -> None:
        while True:
            for labels in _gpus():
                used = random.uniform(0.6, 0.7) * _GPU_MIB
                for metric, value in (
                    (dcgm.utilisation, random.uniform(50, 80)),
                    (dcgm.memory_used, used),
                    (dcgm.memory_free, _GPU_MIB - used),
                    (dcgm.temperature, random.uniform(55, 65)),
                    (dcgm.power, random.uniform(300, 450)),
                    (dcgm.last_xid, 0),
                ):
                    self._gpus.of(metric, **labels).set(value)
            self._server.of(vllm.kv_cache_usage, model_name=_MODEL, engine="0").set(random.uniform(0.3, 0.6))
            await asyncio.sleep(0.5)

    async def _infer(self) -> None:
        served = {"model_name": _MODEL, "engine": "0"}
        queued, first, tokens = random.uniform(0, 0.2), random.uniform(0.05, 0.3), random.randint(20, 80)
        with self._server.of(vllm.requests_waiting, **served).track_inprogress():
            await asyncio.sleep(queued)
        with self._server.of(vllm.requests_running, **served).track_inprogress():
            await asyncio.sleep(first + tokens * 0.02)
        for metric, value in (
            (vllm.queue_time, queued),
            (vllm.time_to_first_token, first),
            (vllm.inter_token_latency, 0.02),
            (vllm.time_per_output_token, 0.02),
            (vllm.request_latency, queued + first + tokens * 0.02),
        ):
            self._server.of(metric, **served).observe(value)
        self._server.of(vllm.prompt_tokens, **served).inc(random.randint(200, 2000))
        self._server.of(vllm.generation_tokens, **served).inc(tokens)
        self._server.of(vllm.request_success, finished_reason="stop", **served).inc()
        self._server.of(vllm.preemptions, **served).inc(0)


def _gpus() -> Iterator[dict[str, str]]:
    for node, count in NODES.items():
        for gpu in range(count):
            yield {"Hostname": node, "gpu": str(gpu), "UUID": f"GPU-{node}-{gpu}", "modelName": "NVIDIA H100"}


def _cluster() -> Instruments:
    """A cluster in which all is well."""
    cluster = Instruments(kubernetes.CATALOG)
    for node, gpus in NODES.items():
        for status in kubernetes.status.values or ():
            holds = status == "true"
            cluster.of(kubernetes.node_condition, node=node, condition="Ready", status=status).set(holds)
        if gpus:
            resource = {"resource": "nvidia_com_gpu", "unit": "integer"}
            cluster.of(kubernetes.node_allocatable, node=node, **resource).set(gpus)
            pod = {"namespace": "inference", "pod": f"vllm-{node}", "uid": node}
            for phase in kubernetes.phase.values or ():
                cluster.of(kubernetes.pod_phase, phase=phase, **pod).set(phase == "Running")
            cluster.of(kubernetes.pod_ready, condition="true", **pod).set(1)
            cluster.of(kubernetes.container_restarts, container="vllm", **pod).inc(0)
    return cluster
