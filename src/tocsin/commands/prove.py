"""`tocsin prove`."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tocsin.commands.command import (
    FINE,
    FOUND,
    format_option,
    is_terminal,
    opened,
    print_findings,
    refused,
    stops_cleanly,
)

if TYPE_CHECKING:
    from tocsin.mutants.proof import Proof
    from tocsin.mutants.suite import Suite
    from tocsin.project import Settings

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command()
@click.argument("alerts", metavar="[ALERT]...", nargs=-1)
@click.option("--mutants", is_flag=True, help="Break each rule in every way, and report what no test notices.")
@click.option("--each", is_flag=True, help="List each mutant, and all tests that notice it.")
@click.option("--all", "fresh", is_flag=True, help="Prove again what has not changed.")
@click.option("--rules", multiple=True, type=_FILE, help="A rule file of anybody's, to break.")
@click.option("--tests", multiple=True, type=_FILE, help="Its tests, as `promtool test rules` takes them.")
@click.option("--jobs", type=click.IntRange(min=1), help="How many promtools run at once.  [default: the cores]")
@format_option(("text", "json"))
@stops_cleanly
def command(
    alerts: tuple[str, ...],
    mutants: bool,
    each: bool,
    fresh: bool,
    rules: tuple[Path, ...],
    tests: tuple[Path, ...],
    jobs: int | None,
    form: str,
) -> int:
    """Prove the alerts, and how sharp the proofs are.

    With --rules and --tests it needs no project: it breaks anybody's rules, and says what their tests do not notice.
    """
    if bool(rules) != bool(tests):
        raise click.UsageError("--rules and --tests belong together")
    from tocsin.checks.hollow_tests import in_files
    from tocsin.mutants.memory import Memory
    from tocsin.mutants.outcome import each as list_each
    from tocsin.mutants.proof import Proof, prove
    from tocsin.mutants.suite import read_suite

    mutants = mutants or each
    if rules:
        suite, memory, root, mutants = read_suite(rules, tests), Memory(None), str(Path.cwd()), True
        hollow = tuple(in_files(tests))
    else:
        opened_suite = _own(form)
        if opened_suite is None:
            return FOUND
        suite, settings = opened_suite
        # What is generated names what it proves: there is nothing hollow in it.
        memory, root, hollow = Memory(settings.root / ".tocsin", fresh=fresh), str(settings.root), ()
    chosen = suite.only(alerts) if alerts else suite
    proof = prove(chosen, memory, jobs or os.cpu_count() or 1, _progress if mutants else None)
    memory.save(whole=mutants and not alerts)
    told = Proof((*hollow, *proof.findings), proof.rows)
    if each and form == "text" and proof.was_broken:
        for line in list_each(proof.rows, root):
            click.echo(line)
    return _told(told, mutants, form, root)


def _own(form: str) -> tuple[Suite, Settings] | None:
    """The project's suite, or None where its definitions are wrong."""
    from tocsin.checks import check
    from tocsin.proofs import project_suite

    settings, plan = opened()
    return None if refused(check(plan), form, settings) else (project_suite(settings, plan), settings)


def _told(proof: Proof, mutants: bool, form: str, root: str) -> int:
    from tocsin.mutants.outcome import as_json, proven, table

    if form == "json":
        click.echo(as_json(proof.rows, proof.findings, root))
        return FOUND if proof.findings else FINE
    print_findings(list(proof.findings), form, root)
    for line in table(proof.rows) if mutants and proof.was_broken else proven(proof.rows, proof.findings):
        click.echo(line)
    return FOUND if proof.findings else FINE


@contextlib.contextmanager
def _progress(length: int) -> Iterator[Callable[[int], None]]:
    """A bar on the terminal, and nothing in a file."""
    if not is_terminal(err=True):
        yield lambda _: None
        return
    with click.progressbar(length=length, label="mutants", file=sys.stderr) as bar:
        yield bar.update
