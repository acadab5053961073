"""`python -m demo`: starts the fleet and its watchers, shows what happens, and stops everything on Ctrl-C."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import signal
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterable
from pathlib import Path

import click

from demo.fleet import Fleet
from demo.incidents import Trouble
from demo.platform import Platform
from demo.services import DemoError, Service, Target, started
from demo.watch import Watch

ROOT = Path(__file__).parent.parent


@click.command()
@click.option("--speed", default=30, show_default=True, type=click.IntRange(1, 60), help="How much faster time passes.")
@click.option("--at-once", is_flag=True, help="All incidents from the beginning, without an end.")
@click.option("--seconds", default=0.0, help="Stop by itself after so long; 0: on Ctrl-C.")
def main(speed: int, at_once: bool, seconds: float) -> None:
    """A fleet of agents that has incidents, watched by Prometheus and Alertmanager."""
    try:
        asyncio.run(_demo(speed, at_once, seconds))
    except DemoError as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(2)


async def _demo(speed: int, at_once: bool, seconds: float) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    began = time.monotonic()

    def say(line: str) -> None:
        minutes, rest = divmod(int(time.monotonic() - began), 60)
        click.echo(f"{minutes:3}:{rest:02}  {line}")

    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tocsin-demo-")))
        platform = Platform.started(stack, speed, say)
        fleet = Fleet.started(stack, platform.traces)
        targets = (*fleet.targets, *platform.targets)
        prometheus, alertmanager = started(stack, folder, ROOT / "generated", targets, speed)
        _say_where(targets, prometheus, alertmanager, speed)
        going = (
            fleet.live(Trouble(say, at_once=at_once), speed),
            platform.live(),
            _watch(Watch(prometheus, alertmanager, say)),
            stop.wait(),
        )
        tasks = [asyncio.create_task(one) for one in going]
        await asyncio.wait(tasks, timeout=seconds or None, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        click.echo("stopping")
    for outcome in outcomes:
        if isinstance(outcome, Exception):
            raise outcome


async def _watch(watch: Watch) -> None:
    while True:
        await asyncio.to_thread(watch.look)
        await asyncio.sleep(0.5)


def _say_where(targets: Iterable[Target], prometheus: Service, alertmanager: Service, speed: int) -> None:
    for target in targets:
        kind = "agent " if target.namespace == "ai-agents" else ""
        click.echo(f"{kind + target.name:15} http://{target.address}/metrics")
    click.echo(f"{'Prometheus':15} {prometheus.url}/alerts")
    click.echo(f"{'Alertmanager':15} {alertmanager.url}")
    click.echo(f"{'Grafana':15} {_grafana(prometheus)}")
    click.echo(f"Time passes {speed} times as fast: a minute takes {60 / speed:g} s. Ctrl-C stops everything.\n")


def _grafana(prometheus: Service) -> str:
    point = f"add {prometheus.url} as data source with the uid prometheus, import generated/grafana/dashboards/*.json"
    with contextlib.suppress(OSError):
        urllib.request.urlopen("http://127.0.0.1:3000/api/health", timeout=0.5).close()
        return f"http://127.0.0.1:3000: {point}"
    if shutil.which("grafana-server") or shutil.which("grafana"):
        return f"installed, not running: start it, {point}"
    return "not found; where you have one: deploy/docker-compose.yml, or docs/demo.md"


if __name__ == "__main__":
    main()
