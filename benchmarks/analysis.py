"""The typed analysis beside the parse alone, over distinct expressions, in one run on one machine.

    python benchmarks/analysis.py [ROUNDS]        (default: 9)

It prints microseconds of processor time an expression, expressions a second, and the ratio to the parse. How much of an
expression was met before decides: what is known costs a look in a table. Beside both stands what it takes to have the
expression as a tree in Python at all: the parser's nodes are in Rust.
"""

from __future__ import annotations

import gc
import itertools
import re
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import promql_parser

from agentmetrics.catalog import CATALOG
from tocsin.metrics import Counter, Histogram
from tocsin.promql.infer import Context, analyse
from tocsin.promql.parse import tree_of
from tocsin.promql.variables import has_variable
from tocsin.promql.world import World

SLICE = 40
MOST = 4000
WINDOWS = ("2m", "5m", "10m", "30m", "1h")


def expressions(matchers: Sequence[str], thresholds: Sequence[int]) -> list[str]:
    """Distinct expressions in the shapes that dashboards and rules have."""
    found: list[str] = []
    for metric, window, where, number in itertools.product(CATALOG, WINDOWS, matchers, thresholds):
        for label in metric.labels:
            by, name = label.name, metric.name
            if isinstance(metric, Histogram):
                buckets = f"sum by ({by}, le) (rate({name}_bucket{where}[{window}]))"
                found.append(f"histogram_quantile(0.99, {buckets}) > {number}")
                of_sum, count = (f"sum by ({by}) (rate({name}_{part}{where}[{window}]))" for part in ("sum", "count"))
                found.append(f"{of_sum} / ({count} > 0) > {number}")
            elif isinstance(metric, Counter):
                part = f"sum by ({by}) (rate({name}{where}[{window}]))"
                whole = f"sum by ({by}) (rate({name}[{window}]))"
                found.append(f"({part} or {whole} * 0) / ({whole} > 0) > {number}")
                found.append(f"sum by ({by}) (increase({name}{where}[{window}])) > {number}")
            else:
                found.append(f"max by ({by}) (max_over_time({name}{where}[{window}])) > {number}")
    distinct = list(dict.fromkeys(found))
    return distinct[:: max(1, len(distinct) // MOST)]


def written() -> list[str]:
    """The corpus of the tests: written by hand, all over names that nobody explains."""
    folder = Path(__file__).parent.parent / "tests" / "promql" / "corpus"
    lines = [line for file in sorted(folder.glob("*.promql")) for line in file.read_text().splitlines()]
    return [line for line in lines if line and line[0] != "#" and not has_variable(line)]


PLACES = ("", '{job="agents"}', '{instance=~"$instance"}')
CORPORA = {
    # As a project writes: selectors, windows and groupings recur in new combinations, for several thresholds each.
    "parts that recur": expressions(PLACES, range(1, 12)),
    # The same for one threshold, so that nothing is known as a whole.
    "selectors that recur": expressions(PLACES, [1]),
    # As many write: a few from each, about everything.
    "hand-written, no catalog": written(),
    # As nobody writes: each expression has a selector of its own, so that nothing that was worked out helps.
    "no part recurs": expressions([f'{{instance!="x{number}"}}' for number in range(40)], [1]),
}


def seconds(work: Callable[[str], object], texts: Sequence[str]) -> float:
    start = time.process_time()
    for text in texts:
        work(text)
    return time.process_time() - start


def forget() -> None:
    """Patterns and matchers are remembered for the whole process: a round begins without them."""
    re.purge()
    for name, module in list(sys.modules.items()):
        if name.startswith("tocsin.promql"):
            for value in vars(module).values():
                if hasattr(value, "cache_clear"):
                    value.cache_clear()


def one_round(texts: Sequence[str]) -> list[tuple[float, ...]]:
    """Seconds for each slice: to parse, to make a tree, to analyse, to analyse in a rule. Nothing is known yet."""
    alone, placed = World.of([CATALOG], closed=False), World.of([CATALOG], closed=False)
    rule = Context("rule", 60_000, 10_000)
    works: list[Callable[[str], object]] = [
        promql_parser.parse,
        tree_of,
        lambda text: analyse(text, alone),
        lambda text: analyse(text, placed, rule),
    ]
    slices = [texts[start : start + SLICE] for start in range(0, len(texts), SLICE)]
    columns = []
    for work in works:
        forget()
        gc.collect()
        gc.disable()  # as `tocsin lint` runs
        columns.append([seconds(work, part) for part in slices])
    return list(zip(*columns, strict=True))


def measured(name: str, texts: Sequence[str], count: int) -> str:
    """The best of all rounds, slice by slice: so that the machine's other work disturbs all alike."""
    rounds = [one_round(texts) for _ in range(count)]
    best = [[min(times) for times in zip(*slices, strict=True)] for slices in zip(*rounds, strict=True)]
    parse, tree, typed, placed = (sum(column) / len(texts) for column in zip(*best, strict=True))
    lines = [f"{len(texts)} distinct expressions, {name}; best of {count}"]
    columns = {"parse": parse, "tree in Python": tree, "parse and analysis": typed, "the same, in a rule": placed}
    for what, time_of in columns.items():
        each = f"{time_of * 1e6:6.1f} us {1 / time_of:8.0f} a second"
        lines.append(f"  {what:20} {each}  {time_of / parse:.2f} x the parse")
    return "\n".join([*lines, ""])


def main(rounds: int) -> None:
    for name, texts in CORPORA.items():
        sys.stdout.write(measured(name, texts, rounds))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 9)
