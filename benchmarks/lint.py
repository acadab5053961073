"""Time and peak memory to lint 1,000 dashboards of 16 panels and 10,000 rules, beside parsing them alone.

    python benchmarks/lint.py [DASHBOARDS ...]        (default: 250 1000; ten rules for each)

The files are like those that people have: dashboards as Grafana exports them, rules in files of fifty. All
expressions differ. Measured twice: with selectors that recur (250 of each shape, as a fleet has jobs and namespaces),
and with a selector of its own in each expression, so that nothing that was worked out helps. Each measurement runs in
a process of its own; start of the interpreter and imports are left out. Peak memory is the process's.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

PANELS = 16
RULES = 10
IN_A_FILE = 50
SHAPES = (
    'sum by ({by}) (rate(container_cpu_usage_seconds_total{{job="kubelet", namespace="team-{n}"}}[{window}]))',
    "histogram_quantile(0.99, sum by (le, {by}) (rate(http_request_duration_seconds_bucket"
    '{{job="api-{n}"}}[{window}])))',
    'sum by ({by}) (rate(http_requests_total{{job="api-{n}", code=~"5.."}}[{window}]))'
    ' / (sum by ({by}) (rate(http_requests_total{{job="api-{n}"}}[{window}])) > 0)',
    'avg by ({by}) (avg_over_time(node_filesystem_avail_bytes{{mountpoint="/", env="e{n}"}}[{window}])'
    " / node_filesystem_size_bytes) * 100",
)
LABELS = ("namespace", "pod", "instance", "zone")
ALSO = ("", ", cluster", ", node", ", team")
RECURRING = 250


def expression(number: int, window: str, selectors: int) -> str:
    shape, rest = SHAPES[number % 4], number // 4
    selector, rest = rest % selectors, rest // selectors
    by = LABELS[rest % 4] + ALSO[rest // 4 % 4]
    return shape.format(n=selector, by=by, window=window)


def panel(number: int, place: int, selectors: int) -> dict[str, Any]:
    off = {"axisBorderShow": False, "axisCenteredZero": False, "axisColorMode": "text", "axisLabel": ""}
    return {
        "id": place + 1,
        "title": f"Panel {place}",
        "description": "What it shows, and what is normal.",
        "type": "timeseries",
        "datasource": {"type": "prometheus", "uid": "${datasource}"},
        "gridPos": {"x": place % 3 * 8, "y": place // 3 * 8, "w": 8, "h": 8},
        "fieldConfig": {
            "defaults": {
                "unit": "short",
                "color": {"mode": "palette-classic"},
                "custom": {**off, "drawStyle": "line", "fillOpacity": 10, "lineWidth": 1, "showPoints": "never"},
                "mappings": [],
                "thresholds": {"mode": "absolute", "steps": [{"color": "green", "value": None}]},
            },
            "overrides": [],
        },
        "options": {"legend": {"calcs": [], "displayMode": "list"}, "tooltip": {"mode": "multi", "sort": "desc"}},
        "targets": [
            {
                "refId": "A",
                "datasource": {"type": "prometheus", "uid": "${datasource}"},
                "expr": expression(number * PANELS + place, "$__rate_interval", selectors),
                "legendFormat": "__auto",
                "range": True,
            }
        ],
    }


def dashboard(number: int, selectors: int) -> dict[str, Any]:
    variable = {"name": "datasource", "type": "datasource", "query": "prometheus", "current": {}}
    return {
        "title": f"Dashboard {number}",
        "uid": f"dashboard-{number}",
        "schemaVersion": 39,
        "panels": [panel(number, place, selectors) for place in range(PANELS)],
        "templating": {"list": [variable]},
        "time": {"from": "now-6h", "to": "now"},
    }


def rule(number: int, selectors: int) -> str:
    expr = expression(number, "5m", selectors)
    if number % 3 == 0:
        return f"      - record: job:thing_{number}:rate5m\n        expr: {json.dumps(expr)}\n"
    return f"""\
      - alert: Alert{number}
        expr: |
          {expr}
            > {number % 90}
        for: 10m
        labels:
          severity: warning
        annotations:
          summary: "It is busy"
          description: "The value is {{{{ $value | humanize }}}}: users wait."
          runbook_url: https://runbooks.example.com/alert{number}
"""


def write(folder: Path, dashboards: int, selectors: int) -> None:
    for number in range(dashboards):
        (folder / f"dashboard-{number}.json").write_text(json.dumps(dashboard(number, selectors), indent=2))
    for start in range(0, dashboards * RULES, IN_A_FILE):
        rules = "".join(rule(number, selectors) for number in range(start, start + IN_A_FILE))
        text = f"groups:\n  - name: group-{start}\n    interval: 1m\n    rules:\n{rules}"
        (folder / f"rules-{start}.yaml").write_text(text)


def lint(folder: str) -> int:
    from tocsin.linting import lint as linted

    return len(linted([folder]).findings)


def parse(folder: str) -> int:
    """The files loaded and their expressions parsed, by the libraries alone."""
    import orjson
    import promql_parser
    import yaml

    from tocsin.promql.parse import stand_in

    expressions: list[str] = []
    for path in Path(folder).iterdir():
        if path.suffix == ".json":
            panels = orjson.loads(path.read_bytes())["panels"]
            expressions += [target["expr"] for one in panels for target in one["targets"]]
        else:
            groups = yaml.load(path.read_text(), Loader=yaml.CSafeLoader)["groups"]
            expressions += [one["expr"] for group in groups for one in group["rules"]]
    for text in expressions:
        promql_parser.parse(stand_in(text))
    return len(expressions)


WORK = {"lint": lint, "parse": parse}


def worker(name: str, folder: str) -> None:
    with tempfile.TemporaryDirectory() as empty:
        WORK[name](empty)  # imports are left out
    start, cpu = time.perf_counter(), time.process_time()
    count = WORK[name](folder)
    took, cpu = time.perf_counter() - start, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(json.dumps([took, cpu, peak, count]))


def measured(name: str, folder: str) -> tuple[str, float]:
    command = [sys.executable, __file__, "--worker", name, folder]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    took, cpu, peak, count = json.loads(done.stdout)
    return f"{took:6.2f} s  CPU {cpu:6.2f} s  peak {peak:6.1f} MiB  {count}", cpu


def main(counts: list[int]) -> None:
    for count in counts:
        for name, selectors in (("selectors recur", RECURRING), ("no selector recurs", 10**9)):
            with tempfile.TemporaryDirectory() as folder:
                write(Path(folder), count, selectors)
                size = sum(path.stat().st_size for path in Path(folder).iterdir()) / 2**20
                linted, of_lint = measured("lint", folder)
                alone, of_parse = measured("parse", folder)
            sys.stdout.write(
                f"{count} dashboards of {PANELS} panels and {count * RULES} rules, {size:.0f} MiB, {name}\n"
                f"  tocsin lint  {linted} findings, {of_lint / of_parse:.2f} x the CPU of parsing alone\n"
                f"  parse alone  {alone} expressions\n"
            )


if __name__ == "__main__":
    if sys.argv[1:2] == ["--worker"]:
        worker(*sys.argv[2:4])
    else:
        main([int(argument) for argument in sys.argv[1:]] or [250, 1000])
