"""Proofs a second: how fast they are derived, and what promtool needs for each of them.

    python benchmarks/proofs.py [COPIES]        (default: 10)

COPIES times the project's own alerts, each copy with thresholds of its own. Time is the processor's.
"""

from __future__ import annotations

import resource
import sys
import time
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parent.parent


def main() -> None:
    from tocsin.documents import rendered
    from tocsin.output import write_tree
    from tocsin.plan import Plan
    from tocsin.project import find_project, load
    from tocsin.promtool import test_rules
    from tocsin.proving.derive import derived
    from tocsin.targets import prometheus_alerts, prometheus_rules, prometheus_tests
    from tocsin.units import Quantity

    copies = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    own = load(find_project(ROOT))
    alerts = [
        replace(
            alert,
            name=f"{alert.name}{copy}",
            when=replace(alert.when, right=Quantity(right.value * (1 + Decimal(copy) / 1000), right.unit))
            if isinstance(right := alert.when.right, Quantity)
            else alert.when,
        )
        for copy in range(copies)
        for alert in own.alerts
    ]
    plan = Plan(replace(own, alerts=tuple(alerts), proofs=()))
    for planned in plan.alerts:
        assert planned.expr
    start = time.process_time()
    claims = sum(len(derived(plan, alert).claims) for alert in alerts)
    spent = time.process_time() - start
    sys.stdout.write(
        f"derived    {len(alerts)} alerts, {claims} claims: {len(alerts) / spent:7.0f} alerts/s"
        f" {spent / len(alerts) * 1000:6.1f} ms an alert\n"
    )
    targets = (prometheus_rules, prometheus_alerts, prometheus_tests)
    documents = [one for target in targets for one in rendered(target.documents(plan))]
    files = [one.path for one in documents if one.path.startswith("prometheus/tests/") and "/rules-" not in one.path]
    with TemporaryDirectory() as folder:
        write_tree(Path(folder) / "out", documents)
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        results = test_rules(Path(folder) / "out", files)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    failed = sum(1 for result in results if not result.passed)
    sys.stdout.write(
        f"promtool   {len(files)} tests, {failed} failed: {len(files) / spent:14.0f} tests/s"
        f"  {spent / len(files) * 1000:6.1f} ms a test\n"
    )


if __name__ == "__main__":
    main()
