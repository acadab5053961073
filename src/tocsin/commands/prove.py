"""`tocsin prove`."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
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
    from tocsin.findings import Finding
    from tocsin.mutants.memory import Memory
    from tocsin.mutants.proof import Proof
    from tocsin.mutants.suite import Suite

_FILES = ("--rules", "--tests")


class _Command(click.Command):
    """A command whose --rules and --tests take all files that follow, as a shell makes them of `rules/*.yml`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        return super().parse_args(ctx, list(_each_with_its_option(args)))


def _each_with_its_option(arguments: Sequence[str]) -> Iterator[str]:
    from tocsin.mutants.files import looks_like_a_file

    option, is_open = "", False
    for argument in arguments:
        if argument.startswith("-"):
            name, has_value, _ = argument.partition("=")
            option, is_open = (name if name in _FILES else ""), not has_value
        elif option and is_open:
            is_open = False
        elif option and looks_like_a_file(argument):
            yield option
        else:
            option = ""
        yield argument


@click.command(cls=_Command)
@click.argument("alerts", metavar="[ALERT]...", nargs=-1)
@click.option("--mutants", is_flag=True, help="Break each rule in every way, and report what no test notices.")
@click.option("--each", is_flag=True, help="List each mutant, and all tests that notice it.")
@click.option("--all", "fresh", is_flag=True, help="Prove again what has not changed.")
@click.option(
    "--rules", multiple=True, metavar="FILE...", help="Rule files of anybody's to break: files, folders, wildcards."
)
@click.option("--tests", multiple=True, metavar="FILE...", help="Their tests, as `promtool test rules` takes them.")
@click.option(
    "--min-score",
    type=click.FloatRange(0, 100),
    metavar="PERCENT",
    help="How many of the mutants must be noticed.  [default: all]",
)
@click.option("--jobs", type=click.IntRange(min=1), help="How many promtools run at once.  [default: the cores]")
@format_option(("text", "json"))
@stops_cleanly
def command(
    alerts: tuple[str, ...],
    mutants: bool,
    each: bool,
    fresh: bool,
    rules: tuple[str, ...],
    tests: tuple[str, ...],
    min_score: float | None,
    jobs: int | None,
    form: str,
) -> int:
    """Prove the alerts, and how sharp the proofs are.

    With --rules and --tests it needs no project: it breaks anybody's rules, and says what their tests do not notice.
    """
    if bool(rules) != bool(tests):
        raise click.UsageError("--rules and --tests belong together")
    mutants = mutants or each or bool(rules)
    if min_score is not None and not mutants:
        raise click.UsageError("--min-score needs --mutants")
    from tocsin.mutants.outcome import each as list_each
    from tocsin.mutants.proof import Proof, prove

    given = _foreign(rules, tests, fresh) if rules else _own(form, fresh)
    if given is None:
        return FOUND
    suite, memory, root, hollow = given
    chosen = suite.only(alerts) if alerts else suite
    progress = _progress if mutants else None
    every = each or form == "json"
    proof = prove(chosen, memory, jobs or os.cpu_count() or 1, progress, every=every, foreign=bool(rules))
    memory.save(whole=mutants and not alerts)
    told = Proof((*hollow, *proof.findings), proof.rows)
    if each and form == "text" and proof.was_broken:
        for line in list_each(proof.rows, root):
            click.echo(line)
    return _told(told, mutants, form, root, min_score)


_Given = tuple["Suite", "Memory", str, "tuple[Finding, ...]"]


def _foreign(rules: Sequence[str], tests: Sequence[str], fresh: bool) -> _Given:
    """The suite of anybody's files, what is remembered of them, the folder, and what is hollow in them."""
    from tocsin.checks.hollow_tests import in_files
    from tocsin.findings import TocsinError
    from tocsin.mutants.files import found
    from tocsin.mutants.memory import Memory, of_files
    from tocsin.mutants.suite import read_suite

    rule_files, test_files = found(rules, "rules"), found(tests, "tests")
    suite = read_suite(rule_files, test_files)
    if not suite.rules:
        raise TocsinError("the rule files hold no rule", help="name those that do with --rules")
    memory = Memory(of_files((*rule_files, *test_files)), fresh=fresh)
    return suite, memory, str(Path.cwd()), tuple(in_files(test_files))


def _own(form: str, fresh: bool) -> _Given | None:
    """The same of the project, or None where its definitions are wrong."""
    from tocsin.checks import check
    from tocsin.mutants.memory import Memory, of_project
    from tocsin.proofs import project_suite

    settings, plan = opened()
    if refused(check(plan), form, settings):
        return None
    # What is generated names what it proves: there is nothing hollow in it.
    return project_suite(settings, plan), Memory(of_project(settings.root), fresh=fresh), str(settings.root), ()


def _told(proof: Proof, mutants: bool, form: str, root: str, min_score: float | None) -> int:
    from tocsin.findings import errors_in
    from tocsin.mutants.outcome import as_json, proven, table
    from tocsin.mutants.score import share

    noticed = share(proof.rows)
    is_short = min_score is not None and (noticed is None or noticed * 100 < min_score)
    findings = list(proof.findings) if min_score is None or is_short else list(map(_tolerated, proof.findings))
    if form == "json":
        click.echo(as_json(proof.rows, findings, root))
    else:
        print_findings(findings, form, root)
        for line in table(proof.rows) if mutants else proven(proof.rows, findings):
            click.echo(line)
        if is_short:
            click.echo(f"--min-score asks for {min_score:g} %")
    return FOUND if errors_in(findings) or is_short else FINE


def _tolerated(finding: Finding) -> Finding:
    """A survivor is a warning where enough of the others were noticed."""
    from tocsin.findings import Severity

    return replace(finding, severity=Severity.WARNING) if finding.id == "mutant-survives" else finding


@contextlib.contextmanager
def _progress(length: int) -> Iterator[Callable[[int], None]]:
    """A bar on the terminal, and nothing in a file."""
    if not is_terminal(err=True):
        yield lambda _: None
        return
    with click.progressbar(length=length, label="mutants", file=sys.stderr) as bar:
        yield bar.update
