"""`tocsin lint`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from tocsin.commands.command import BROKEN, FINE, FORMATS, FOUND, format_option, print_findings, stops_cleanly

if TYPE_CHECKING:
    from tocsin.metrics import Catalog

_SEVERITIES = ("error", "warning", "info")


@click.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option(
    "--catalog",
    "catalogs",
    multiple=True,
    metavar="SOURCE",
    help="What is exported: package.module:NAME, an exposition (file or address), or prometheus+http://host:9090. "
    "May be given several times; without it only what needs no catalog is reported.",
)
@click.option("--scrape-interval", metavar="DURATION", help="How often series are scraped, for example 15s.")
@click.option("--prometheus", default="2.42", show_default=True, metavar="VERSION", help="The oldest one in use.")
@click.option("--select", multiple=True, metavar="IDS", help="Report only these checks.")
@click.option("--ignore", multiple=True, metavar="IDS", help="Do not report these checks.")
@click.option("--min-severity", type=click.Choice(_SEVERITIES), default="info", show_default=True, help="Report less.")
@format_option((*FORMATS, "sarif"))
@stops_cleanly
def command(
    paths: tuple[str, ...],
    catalogs: tuple[str, ...],
    scrape_interval: str | None,
    prometheus: str,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    min_severity: str,
    form: str,
) -> int:
    """Check rule files, dashboards and Grafana alerts that are there already, in any mix; folders are searched."""
    from tocsin.findings import Severity, TocsinError, errors_in
    from tocsin.linting import Selection, lint
    from tocsin.registry import known
    from tocsin.report import summary

    if not all(paths):
        raise TocsinError("a path is empty", help="name a file or a folder; . is the current one")
    selection = Selection(known(select), known(ignore), Severity[min_severity.upper()])
    read = [_catalog(source) for source in catalogs]
    linted = lint(paths, read, selection, scrape_interval=scrape_interval, prometheus=_version(prometheus))
    print_findings(linted.findings, form, str(Path.cwd()))
    for kind, told in (("note", linted.passed_over), ("error", linted.failures)):
        for one in told:
            click.echo(f"{one.source.relative(str(Path.cwd()))}: {kind}: {one.message}", err=True)
    if form == "text":
        files = f"{linted.files} file{'' if linted.files == 1 else 's'}"
        click.echo(f"{summary(linted.findings)} in {files}")
    if linted.failures:
        return BROKEN
    return FOUND if errors_in(linted.findings) else FINE


def _catalog(source: str) -> Catalog:
    from tocsin.contract.sources import catalog_from

    return catalog_from(source)


def _version(text: str) -> tuple[int, int]:
    from tocsin.findings import TocsinError
    from tocsin.promql.versions import version_of

    try:
        return version_of(text)
    except ValueError as error:
        raise TocsinError(str(error), help="see --prometheus") from None
