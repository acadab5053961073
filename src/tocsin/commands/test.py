"""`tocsin test`."""

from __future__ import annotations

import click

from tocsin.commands.command import FINE, FOUND, opened, print_findings, refused, stops_cleanly


@click.command()
@stops_cleanly
def command() -> int:
    """Prove alerts and recording rules with promtool."""
    from tocsin.checking import test_project
    from tocsin.checks import check as find
    from tocsin.mutants.holes import holes
    from tocsin.proofs import project_suite

    settings, plan = opened()
    if refused(find(plan), "text", settings):
        return FOUND
    results = test_project(plan)
    for result in results:
        mark = "ok    " if result.passed else "FAILED"
        click.echo(f"{mark} {result.name}")
        if not result.passed:
            click.echo(result.output)
    gaps = holes(project_suite(settings, plan))
    print_findings(gaps, "text", str(settings.root))
    failed = sum(1 for result in results if not result.passed)
    click.echo(f"{len(results) - failed} passed, {failed} failed")
    return FOUND if failed or gaps else FINE
