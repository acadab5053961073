"""What was broken of each rule, and what was noticed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tocsin.mutants.rule import Rule
from tocsin.mutants.suite import Test
from tocsin.mutants.trials import Verdict


@dataclass(frozen=True, slots=True)
class Row:
    """A rule: its tests, and the verdicts on its mutants.

    `equivalent` are those that no test notices because they mean the same as the rule. `left_out` are tests that say
    nothing of mutants, since they fail already; `unbroken` says why a rule was not broken at all.
    """

    rule: Rule
    tests: tuple[Test, ...]
    verdicts: tuple[Verdict, ...] = ()
    left_out: tuple[Test, ...] = ()
    unbroken: str = ""

    @property
    def judged(self) -> tuple[Verdict, ...]:
        return tuple(one for one in self.verdicts if one.killers or one.mutant.equivalent is None)

    @property
    def equivalent(self) -> tuple[Verdict, ...]:
        return tuple(one for one in self.verdicts if not one.killers and one.mutant.equivalent is not None)

    @property
    def survivors(self) -> tuple[Verdict, ...]:
        return tuple(one for one in self.judged if not one.killers)

    @property
    def killed(self) -> int:
        return len(self.judged) - len(self.survivors)


def share(rows: Iterable[Row]) -> float | None:
    """The share of all mutants that were noticed; None where there was nothing to break."""
    counted = [(row.killed, len(row.judged)) for row in rows]
    judged = sum(broken for _, broken in counted)
    return sum(killed for killed, _ in counted) / judged if judged else None
