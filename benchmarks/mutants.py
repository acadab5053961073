"""What proofs cost: the project's generated tests, and mutants of its rules, beside promtool alone in the same run.

    python benchmarks/mutants.py [COPIES]        (default: 10)

The tests of the project's alerts are run COPIES times in one call, so that the start of promtool does not count; bare
promtool runs on the same files. Mutants are all those of all rules, each until a test notices, with nothing remembered.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

from tocsin import promtool
from tocsin.checking import written
from tocsin.documents import rendered
from tocsin.environments import in_environment
from tocsin.mutants.memory import Memory
from tocsin.mutants.proof import prove
from tocsin.plan import Plan
from tocsin.project import find_project, load
from tocsin.proofs import project_suite
from tocsin.targets import drafts

ROUNDS = 3


def spent() -> float:
    """The processor's time of this process and of those that it waited for."""
    told = os.times()
    return told.user + told.system + told.children_user + told.children_system


def cost(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds of the processor and on the clock; the best of some rounds, for what else the machine does only adds."""
    processor, clock = [], []
    for _ in range(ROUNDS):
        start, began = time.perf_counter(), spent()
        work()
        clock.append(time.perf_counter() - start)
        processor.append(spent() - began)
    return min(processor), min(clock)


def main(copies: int) -> None:
    settings = find_project(Path.cwd())
    plan = Plan(in_environment(load(settings), None))
    alerts = len(plan.definitions.alerts)
    tell = sys.stdout.write
    numbers = ".".join(map(str, promtool.version()))
    tell(f"promtool {numbers}, {os.cpu_count()} cores, {alerts} alerts, {len(plan.records)} recording rules\n")
    with written(tuple(rendered(drafts(plan)))) as folder:
        files = [str(file.relative_to(folder)) for file in sorted(folder.glob("prometheus/tests/*.yaml"))] * copies
        command = [str(promtool.find_promtool()), "test", "rules", *files]
        bare = cost(lambda: subprocess.run(command, cwd=folder, check=True, capture_output=True))
        ours = cost(lambda: promtool.test_rules(folder, files))
    suite = project_suite(settings, plan)
    for name, (processor, clock) in (("promtool alone", bare), ("tocsin's wrapper", ours)):
        each = 1000 / (alerts * copies)
        tell(f"  tests, {name:16}  {processor * each:6.1f} ms an alert, on the clock {clock * each:6.1f} ms")
        tell(f"  {len(suite.tests) * copies / clock:6.0f} scenarios/s\n")

    broken = 0

    def count(length: int) -> nullcontext[Callable[[int], None]]:
        nonlocal broken
        broken = length
        return nullcontext(lambda _: None)

    for jobs in sorted({1, os.cpu_count() or 1}):
        processor, clock = cost(lambda jobs=jobs: prove(suite, Memory(None), jobs, count))  # type: ignore[misc]
        tell(f"  {broken} mutants, {jobs} at once  {processor:6.1f} s, on the clock {clock:6.1f} s")
        tell(f"  {broken / clock:6.0f} mutants/s\n")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10)
