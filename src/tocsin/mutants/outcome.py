"""The outcome of a proof in words and as data."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from tocsin.findings import Finding, Severity
from tocsin.mutants.score import Row, share
from tocsin.mutants.suite import Test
from tocsin.mutants.trials import Verdict

_COLUMNS = ("tests", "mutants", "killed", "survivors", "equivalent")
_CONTEXT = 40


def findings_of(rows: Iterable[Row]) -> list[Finding]:
    """An error for each mutant that no test noticed; the rules that no test touches have an error of their own."""
    return [_survivor(verdict) for row in rows if row.tests for verdict in row.survivors]


def _survivor(verdict: Verdict) -> Finding:
    mutant = verdict.mutant
    before, after = _differing(mutant.before, mutant.after)
    return Finding(
        "mutant-survives",
        Severity.ERROR,
        f"no test notices when it is broken ({mutant.operator}: {mutant.what})",
        mutant.help,
        mutant.rule.source,
        mutant.rule.name,
        f"- {before}\n    + {after}",
    )


def _differing(before: str, after: str) -> tuple[str, str]:
    """Both texts, without what is the same in them far from where they differ."""
    start = _same(before, after)
    end = _same(before[start:][::-1], after[start:][::-1])
    first = start - _CONTEXT if start > _CONTEXT else 0
    last = end - _CONTEXT if end > _CONTEXT else 0
    marks = ("..." if first else "", "..." if last else "")
    return tuple(f"{marks[0]}{text[first : len(text) - last]}{marks[1]}" for text in (before, after))  # type: ignore[return-value]


def _same(one: str, other: str) -> int:
    """How many characters they begin with alike."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (left, right) in pairs if left != right), min(len(one), len(other)))


def proven(rows: Sequence[Row], findings: Sequence[Finding]) -> list[str]:
    """A line for each rule with the number of its tests, and one for all."""
    width = max((len(row.rule.name) for row in rows), default=0)
    lines = [f"{row.rule.name:{width}}  {len(row.tests):>3} test{'s' * (len(row.tests) != 1)}" for row in rows]
    return [*lines, f"{len(findings)} found wrong" if findings else "all tests pass"]


def table(rows: Sequence[Row]) -> list[str]:
    """A line for each rule, one for each mutant that means the same as its rule, and one for all."""
    width = max((len(row.rule.name) for row in rows), default=0)
    lines = [_line("rule", _COLUMNS, width)]
    for row in rows:
        counts = (len(row.tests), len(row.judged), row.killed, len(row.survivors), len(row.equivalent))
        lines.append(_line(row.rule.name, counts, width))
    same = [
        f"equivalent: {row.rule.name} ({one.mutant.operator}: {one.mutant.what}): {one.mutant.equivalent}"
        for row in rows
        for one in row.equivalent
    ]
    return [*lines, *same, *_not_broken(rows), score(rows)]


def _not_broken(rows: Iterable[Row]) -> Iterator[str]:
    for row in rows:
        if row.unbroken:
            yield f"not broken: {row.rule.name}: {row.unbroken}"
        elif row.left_out:
            every = len(row.left_out) + len(row.tests)
            yield f"left out: {row.rule.name}: {len(row.left_out)} of its {every} tests, which fail already"
        elif row.rule.tree is None:
            which = "its expression cannot be taken apart; only its other fields were broken"
            yield f"not broken: {row.rule.name}: {which}"


def each(rows: Iterable[Row], root: str) -> Iterator[str]:
    """For each rule its tests, numbered, and each mutant with the numbers of all tests that noticed it."""
    for row in rows:
        yield f"{row.rule.name}, before"
        for number, test in enumerate(row.tests, 1):
            yield f"  {number:>2}  {test.name}  ({test.source.relative(root)})"
        texts = [f"{one.mutant.operator}: {one.mutant.what}" for one in row.verdicts]
        width = max(map(len, texts), default=0)
        for text, one in zip(texts, row.verdicts, strict=True):
            yield f"  {text:{width}}  {_fate(row, one)}"
        yield ""


def _fate(row: Row, verdict: Verdict) -> str:
    if verdict.killers:
        return "noticed by " + " ".join(str(row.tests.index(test) + 1) for test in verdict.killers)
    return "equivalent" if verdict.mutant.equivalent else "survives"


def _line(name: str, cells: Sequence[object], width: int) -> str:
    numbers = (f"{cell:>{len(head)}}" for cell, head in zip(cells, _COLUMNS, strict=True))
    return "  ".join((f"{name:{width}}", *numbers))


def score(rows: Sequence[Row]) -> str:
    """How many of all mutants were noticed, by how many of the tests."""
    noticed = share(rows)
    judged, killed = sum(len(row.judged) for row in rows), sum(row.killed for row in rows)
    told = f"{killed} of {judged} mutants noticed: " + ("nothing to break" if noticed is None else percent(noticed))
    left_out = len(_left_out(rows))
    return f"{told}; left out: {left_out} test{'s' * (left_out != 1)} that cannot pass" if left_out else told


def percent(noticed: float) -> str:
    """A share as a percentage that is 100.0 only where nothing is missing."""
    return f"{min(100 * noticed, 100 if noticed == 1 else 99.9):.1f} %"


def _left_out(rows: Iterable[Row]) -> set[Test]:
    return {test for row in rows for test in row.left_out}


def as_json(rows: Sequence[Row], findings: Iterable[Finding], root: str) -> str:
    """An object: `rules` as in the table, each with its mutants; `findings`; `score` from 0 to 1.

    `left_out` are the tests that fail already, without which the score is.
    """
    judged, killed = sum(len(row.judged) for row in rows), sum(row.killed for row in rows)
    from tocsin import report

    told: dict[str, Any] = {
        "rules": [_row(row, root) for row in rows],
        "findings": json.loads(report.as_json(findings, root)),
        "mutants": judged,
        "killed": killed,
        "score": share(rows),
        "left_out": sorted((_test(test, root) for test in _left_out(rows)), key=lambda one: (one["file"], one["line"])),
    }
    return json.dumps(told, indent=2)


def _row(row: Row, root: str) -> dict[str, Any]:
    source = row.rule.source.relative(root)
    return {
        "name": row.rule.name,
        "kind": "alert" if row.rule.is_alert else "record",
        "file": source.file,
        "line": source.line,
        "tests": len(row.tests),
        "left_out": len(row.left_out),
        "unbroken": row.unbroken or None,
        "mutants": len(row.judged),
        "killed": row.killed,
        "survivors": [_mutant(one) for one in row.survivors],
        "equivalent": [{**_mutant(one), "because": one.mutant.equivalent} for one in row.equivalent],
        "noticed": [
            {**_mutant(one), "by": [_test(test, root) for test in one.killers]} for one in row.judged if one.killers
        ],
    }


def _test(test: Test, root: str) -> dict[str, Any]:
    source = test.source.relative(root)
    return {"name": test.name, "file": source.file, "line": source.line}


def _mutant(verdict: Verdict) -> dict[str, Any]:
    mutant = verdict.mutant
    told = {"operator": mutant.operator, "what": mutant.what, "before": mutant.before, "after": mutant.after}
    return told if verdict.killers else {**told, "help": mutant.help}
