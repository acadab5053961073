"""`tocsin live`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tocsin.commands.command import FINE, FOUND, format_option, opened, print_findings, stops_cleanly

if TYPE_CHECKING:
    from tocsin.plan import Plan


@click.command()
@click.argument("sources", metavar="URL_OR_FILE...", nargs=-1, required=True)
@click.option(
    "--catalog",
    "catalogs",
    metavar="SOURCE",
    multiple=True,
    help="What should be exported: package.module:NAME, or another exposition. The project's catalogs, unless stated.",
)
@click.option("--complete", is_flag=True, help="These are all programs: a metric that none of them exports is missing.")
@format_option()
@stops_cleanly
def command(sources: tuple[str, ...], catalogs: tuple[str, ...], complete: bool, form: str) -> int:
    """Compare what programs export with the catalog, and name the alerts and panels that each fault blinds.

    URL_OR_FILE is an exposition in Prometheus text or OpenMetrics, or prometheus+http://host:9090. Several are taken
    together, as one fleet. Exits with 1 where the contract is broken; a metric that is merely not there yet is told,
    and breaks nothing.
    """
    from pathlib import Path

    from tocsin.contract.fleet import judged, seen_at
    from tocsin.contract.sources import catalog_from
    from tocsin.findings import errors_in
    from tocsin.readers import readers_of
    from tocsin.report import summary

    plan = _plan(needed=not catalogs)
    wanted = [catalog_from(source) for source in catalogs] or list(plan.definitions.catalogs if plan else ())
    readers = readers_of(plan) if plan else {}
    stated = plan.stated if plan else ()
    seen = [seen_at(source, wanted) for source in sources]
    verdict = judged(seen, wanted, readers, complete=complete, stated=stated)
    findings = list(verdict.findings)
    if form == "text":
        findings = [finding for finding in findings if finding.severity]  # the rest is summed up below
    print_findings(findings, form, str(Path.cwd()))
    if form == "text":
        for coverage in verdict.coverage:
            click.echo(coverage)
        click.echo(summary(findings))
    return FOUND if errors_in(findings) else FINE


def _plan(*, needed: bool) -> Plan | None:
    """The project's plan. Outside a project there is none, which is an error only where its catalogs are needed."""
    from tocsin.project import NoProjectError

    try:
        return opened()[1]
    except NoProjectError:
        if needed:
            raise
        return None
