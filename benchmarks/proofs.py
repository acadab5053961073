"""Proofs a second: how fast they are derived, and what promtool needs for all that is proven of an alert.

    python benchmarks/proofs.py [COPIES] [ROUNDS]        (default: 10 5)

Proofs are derived of COPIES times the project's own alerts, each copy with thresholds of its own. promtool runs the
project's tests as they are generated, stated proofs included, as `tocsin test` has it do: in one call, and those that
reach over days in another. First those of the alerts, and then all, those of recorded series too. Beside them it runs
one bare test for each alert: its rule alone, evaluated twice, without any series. What is told is the best of ROUNDS
calls, which a machine's other work disturbs least, the median, and how many times the bare tests a round took, which
is much the same when the machine is slow. Time is the processor's, the system's part included.
"""

from __future__ import annotations

import resource
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tocsin.model.definitions import Definitions

ROOT = Path(__file__).parent.parent


def main() -> None:
    from tocsin.environments import in_environment
    from tocsin.project import find_project, load

    copies, rounds = (int(given) for given in (*sys.argv[1:], *("10", "5")[len(sys.argv) - 1 :]))
    own = in_environment(load(find_project(ROOT)), None)
    derive(own, copies)
    prove(own, rounds)


def derive(own: Definitions, copies: int) -> None:
    from tocsin.plan import Plan
    from tocsin.proving.derive import derived
    from tocsin.units import Quantity

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
        f"derived    {len(alerts)} alerts, {claims} claims: {spent / len(alerts) * 1000:.1f} ms an alert,"
        f" {len(alerts) / spent:.0f} alerts/s\n"
    )


def prove(own: Definitions, rounds: int) -> None:
    from tocsin.checking import short_tests
    from tocsin.documents import rendered
    from tocsin.mutants.documents import read, read_bytes
    from tocsin.output import write_tree
    from tocsin.plan import Plan
    from tocsin.targets import drafts

    plan = Plan(own)
    documents = [one for one in rendered(drafts(plan)) if one.path.startswith("prometheus/")]
    every = [one.path for one in documents if one.path.startswith("prometheus/tests/")]
    short = short_tests(one for one in documents if one.path in every)
    of_alerts = [file for file in every if "/rules-" not in file]
    with TemporaryDirectory() as folder:
        out = Path(folder) / "out"
        write_tree(out, documents)
        sets = {"bare": list(_bare(own, out)), "alerts": of_alerts, "all tests": every}
        taken: dict[str, list[float]] = {name: [] for name in sets}
        failed = dict.fromkeys(sets, 0)
        for _ in range(rounds):
            for name, files in sets.items():
                seconds, wrong = _call(out, files, [*short, *sets["bare"]])
                taken[name].append(seconds)
                failed[name] = max(failed[name], wrong)
        for name, files in sets.items():
            tests = [test for file in files for test in read(read_bytes(out / file), out / file)[0]["tests"]]
            claims = sum(len(test.get(kind, ())) for test in tests for kind in ("alert_rule_test", "promql_expr_test"))
            best, usual = min(taken[name]), statistics.median(taken[name])
            beside = statistics.median(one / bare for one, bare in zip(taken[name], taken["bare"], strict=True))
            sys.stdout.write(
                f"{name:<10} {len(tests)} tests, {failed[name]} failed; {claims} claims, {len(own.alerts)} alerts:"
                f" {best / len(own.alerts) * 1000:.1f} ms an alert (median {usual / len(own.alerts) * 1000:.1f}),"
                f" {best / len(tests) * 1000:.1f} ms a test, {claims / best:.0f} claims/s, {beside:.1f} times bare\n"
            )


def _bare(own: Definitions, out: Path) -> Iterator[str]:
    """The least that promtool can be asked of each alert: that it is quiet at once, without any series."""
    import yaml

    folder = out / "prometheus/bare"
    folder.mkdir()
    for alert in own.alerts:
        claim = {"eval_time": "1s", "alertname": alert.name}
        data = {
            "rule_files": [f"../alerts/{alert.slug}.yaml"],
            "evaluation_interval": "1s",
            "tests": [{"interval": "1s", "input_series": [], "alert_rule_test": [claim]}],
        }
        (folder / f"{alert.slug}.yaml").write_text(yaml.safe_dump(data))
        yield f"prometheus/bare/{alert.slug}.yaml"


def _call(folder: Path, files: Sequence[str], short: Sequence[str]) -> tuple[float, int]:
    """The seconds that promtool takes for these files, as `tocsin test` calls it, and how many of them failed."""
    from tocsin.promtool import test_rules_surely

    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    results = test_rules_surely(folder, files, short)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return seconds, sum(1 for result in results if not result.passed)


if __name__ == "__main__":
    main()
