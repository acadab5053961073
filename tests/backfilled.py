"""Scenarios in a real Prometheus: each backfilled at a time of its own, and asked for evaluation by evaluation."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from servers import Prometheus, running_prometheus

from tocsin.model.scenario import Scenario
from tocsin.proving.vectors import Vector
from tocsin.scenarios.openmetrics import exposition

EPOCH = 1_699_963_200  # a midnight
_HOUR = 3600
_DAY = 24 * _HOUR
_LONG = 100 * _HOUR  # what lasts longer is backfilled by itself: promtool reads a file once for each block it makes


@dataclass(frozen=True)
class Run:
    """A scenario to be seen in Prometheus, with its evaluations: so many, so many seconds apart."""

    scenario: Scenario
    interval: float
    evaluations: int
    window: float = 0.0


@dataclass(frozen=True)
class Backfilled:
    """A running Prometheus that holds scenarios."""

    server: Prometheus
    starts: dict[int, int]

    def values(self, run: Run, expr: str) -> Sequence[Vector | None]:
        """What a query gives at each evaluation; the scenario's clock begins with it, as promtool's does."""
        start = self.starts[id(run.scenario)]
        expr = expr.replace("time()", f"(time() - {start})")
        series = self.server.query_range(expr, start, start + run.evaluations * run.interval, run.interval)
        if series is None:
            return [None] * (run.evaluations + 1)
        found: list[Vector] = [{} for _ in range(run.evaluations + 1)]
        for one in series:
            labels = frozenset((name, value) for name, value in one["metric"].items() if name != "__name__")
            for time, value in one["values"]:
                found[round((time - start) / run.interval)][labels] = float(value)
        return found


@contextmanager
def backfilled(runs: Iterable[Run], folder: Path) -> Iterator[Backfilled]:
    """Backfills the scenarios by promtool, and starts Prometheus on what that made."""
    starts: dict[int, int] = {}
    files: list[list[tuple[Scenario, Decimal]]] = [[]]
    at = EPOCH
    for run in sorted(runs, key=lambda one: one.window):
        # No window reaches from one scenario into the one before it.
        at += int(run.window // _HOUR + 2) * _HOUR
        # At a midnight, as the scenario's own time begins: a subquery's steps are counted from 1970.
        at = -(-at // _DAY) * _DAY
        starts[id(run.scenario)] = at
        lasting = int(run.evaluations * run.interval)
        if lasting > _LONG:
            files.append([])
        files[-1].append((run.scenario, Decimal(at)))
        at += int(lasting // _HOUR + 1) * _HOUR
    for number, scenarios in enumerate(files):
        file = folder / f"{number}.om"
        file.write_text(exposition(scenarios))
        command = ["promtool", "tsdb", "create-blocks-from", "--max-block-duration=400h", "openmetrics"]
        subprocess.run([*command, file, folder / "data"], check=True, capture_output=True)
    with running_prometheus(folder) as server:
        yield Backfilled(server, starts)
