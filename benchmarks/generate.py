"""Time and memory to generate N dashboards of 16 panels and 10 N alerts, beside the same dashboards made by others.

    python benchmarks/generate.py [N ...]        (default: 1 100 1000)

Twice for Tocsin: with expressions that all differ (each is parsed and analysed), and with the same 16 indicators on
every dashboard, as a fleet has them. Each measurement runs in a process of its own. What is measured is the work
itself, from definitions to bytes, in seconds of the processor: start of the interpreter and imports are left out.
Peak memory is the process's, imports and definitions included.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tocsin.define import Alert, Dashboard, Definitions, Indicator

PANELS = 16
ALERTS = 10
METRIC = "agent_request_duration_seconds_count"
EXPR = (
    "histogram_quantile(0.99, sum by (agent_name, le) "
    '(rate(agent_request_duration_seconds_bucket{{agent_name=~"$agent_name",panel="{number}"}}[$__rate_interval])))'
)


def tocsin_dashboards(count: int) -> Iterator[bytes]:
    from tocsin.documents import rendered
    from tocsin.plan import Plan
    from tocsin.targets import grafana_dashboards

    made = _definitions(count, distinct=count * PANELS, alerts=0)
    return (one.content for one in rendered(grafana_dashboards.documents(Plan(made))))


def tocsin_shared_indicators(count: int) -> Iterator[bytes]:
    from tocsin.documents import rendered
    from tocsin.plan import Plan
    from tocsin.targets import grafana_dashboards

    made = _definitions(count, distinct=PANELS, alerts=0)
    return (one.content for one in rendered(grafana_dashboards.documents(Plan(made))))


def tocsin_everything(count: int) -> Iterator[bytes]:
    from tocsin.documents import rendered
    from tocsin.plan import Plan
    from tocsin.targets import drafts

    made = _definitions(count, distinct=count * PANELS, alerts=ALERTS * count)
    return (one.content for one in rendered(drafts(Plan(made))))


def _definitions(count: int, *, distinct: int, alerts: int) -> Definitions:
    from agentmetrics.catalog import CATALOG
    from tocsin.define import Definitions, Site

    indicators = [_indicator(number, distinct) for number in range(distinct)]
    return Definitions(
        Site(runbooks_url="https://runbooks.example.com"),
        catalogs=(CATALOG,),
        dashboards=tuple(_dashboard(number, indicators) for number in range(count)),
        alerts=tuple(_alert(number, indicators[number]) for number in range(alerts)),
        runbooks={"high-latency": "# High latency\n"},
    )


def _indicator(number: int, distinct: int) -> Indicator:
    from agentmetrics.catalog import agent_name, agent_request_duration
    from tocsin.define import Indicator, quantile

    return Indicator(
        quantile(Decimal(number + 1) / (distinct + 2), agent_request_duration, by=agent_name),
        title=f"Quantile {number}",
        description="One of many.",
    )


def _dashboard(number: int, indicators: Sequence[Indicator]) -> Dashboard:
    from agentmetrics.catalog import agent_name
    from tocsin.define import Dashboard, Row, TimeSeries

    shown = [indicators[(number * PANELS + place) % len(indicators)] for place in range(PANELS)]
    rows = (Row(f"Row {row}", *map(TimeSeries, shown[row * 4 : row * 4 + 4])) for row in range(PANELS // 4))
    return Dashboard(f"Dashboard {number}", uid=f"dashboard-{number}", variables=(agent_name,), rows=tuple(rows))


def _alert(number: int, indicator: Indicator) -> Alert:
    from tocsin.define import WARNING, Alert, seconds

    return Alert(
        f"Alert{number}",
        when=indicator > seconds(10),
        hold="5m",
        severity=WARNING,
        summary="Agent {agent_name} is slow",
        description="P99 latency is {value}.",
        runbook="high-latency",
    )


def grafanalib_dashboards(count: int) -> Iterator[bytes]:
    from grafanalib import core
    from grafanalib._gen import DashboardEncoder

    for number in range(count):
        panels: list[object] = []
        for place in range(PANELS):
            if place % 4 == 0:
                panels.append(core.RowPanel(title=f"Row {place // 4}", gridPos=core.GridPos(1, 24, 0, place // 4 * 9)))
            panels.append(
                core.TimeSeries(
                    title=f"Quantile {place}",
                    description="One of many.",
                    dataSource="${datasource}",
                    unit="s",
                    targets=[
                        core.Target(expr=EXPR.format(number=number * PANELS + place), legendFormat="{{agent_name}}")
                    ],
                    gridPos=core.GridPos(h=8, w=6, x=place % 4 * 6, y=place // 4 * 9 + 1),
                )
            )
        dashboard = core.Dashboard(
            title=f"Dashboard {number}",
            uid=f"dashboard-{number}",
            templating=core.Templating(
                [
                    core.Template("datasource", "prometheus", type="datasource"),
                    core.Template("agent_name", f"label_values({METRIC}, agent_name)", dataSource="${datasource}"),
                ]
            ),
            panels=panels,
        ).auto_panel_ids()
        text = json.dumps(dashboard.to_json_data(), sort_keys=True, indent=2, cls=DashboardEncoder)
        yield text.encode()


def foundation_sdk_dashboards(count: int) -> Iterator[bytes]:
    from grafana_foundation_sdk.builders import dashboard as builder
    from grafana_foundation_sdk.builders import prometheus, timeseries
    from grafana_foundation_sdk.cog.encoder import JSONEncoder

    for number in range(count):
        made = (
            builder.Dashboard(f"Dashboard {number}")
            .uid(f"dashboard-{number}")
            .with_variable(builder.DatasourceVariable("datasource").type("prometheus"))
            .with_variable(builder.QueryVariable("agent_name").query(f"label_values({METRIC}, agent_name)"))
        )
        for place in range(PANELS):
            if place % 4 == 0:
                made = made.with_row(builder.Row(f"Row {place // 4}"))
            query = (
                prometheus.Dataquery().expr(EXPR.format(number=number * PANELS + place)).legend_format("{{agent_name}}")
            )
            panel = timeseries.Panel().title(f"Quantile {place}").description("One of many.").unit("s")
            made = made.with_panel(panel.span(6).height(8).with_target(query))
        yield JSONEncoder(sort_keys=True, indent=2).encode(made.build()).encode()


MAKERS: dict[str, Callable[[int], Iterator[bytes]]] = {
    "tocsin": tocsin_dashboards,
    "tocsin, shared indicators": tocsin_shared_indicators,
    "tocsin, with 10 alerts each": tocsin_everything,
    "grafanalib": grafanalib_dashboards,
    "grafana-foundation-sdk": foundation_sdk_dashboards,
}


def measure(name: str, count: int) -> dict[str, float]:
    """Seconds and peak MiB of one maker, in a process of its own."""
    answer = subprocess.run(
        [sys.executable, __file__, "--one", name, str(count)], check=True, capture_output=True, text=True
    )
    found: dict[str, float] = json.loads(answer.stdout)
    return found


def one(name: str, count: int) -> None:
    make = MAKERS[name]
    for _ in make(1):  # imports and first-use caches
        pass
    # The processor's time: others may be at work on this machine.
    start = time.process_time()
    written = sum(len(content) for content in make(count))
    seconds = time.process_time() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(json.dumps({"seconds": seconds, "mib": peak, "bytes": written}))


def start_up() -> dict[str, float]:
    """Best of several starts, in seconds of the processor."""
    commands = {
        "python -c pass": ["-c", "pass"],
        "python -c 'import click'": ["-c", "import click"],
        "tocsin --version": ["-m", "tocsin.cli", "--version"],
    }
    best = {}
    for name, arguments in commands.items():
        times = []
        for _ in range(10):
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            subprocess.run([sys.executable, *arguments], check=True, capture_output=True)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            times.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
        best[name] = min(times)
    return best


def main() -> None:
    counts = [int(argument) for argument in sys.argv[1:]] or [1, 100, 1000]
    out = sys.stdout.write
    for count in counts:
        out(f"\n{count} dashboards of {PANELS} panels\n")
        results = {name: measure(name, count) for name in MAKERS}
        ours = results["tocsin"]["seconds"]
        for name, found in results.items():
            out(
                f"  {name:30} {found['seconds'] / count * 1000:8.2f} ms a dashboard"
                f" {found['seconds'] / ours:6.2f} x tocsin   peak {found['mib']:6.1f} MiB\n"
            )
    starts = start_up()
    base = starts["python -c 'import click'"]
    out("\nstart-up\n")
    for name, seconds in starts.items():
        out(f"  {name:30} {seconds * 1000:8.1f} ms          {seconds / base:6.2f} x python with click\n")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        one(sys.argv[2], int(sys.argv[3]))
    else:
        main()
