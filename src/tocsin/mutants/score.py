"""What was broken of each rule, and what was noticed."""

from __future__ import annotations

from dataclasses import dataclass

from tocsin.mutants.suite import Rule, Test
from tocsin.mutants.trials import Verdict


@dataclass(frozen=True, slots=True)
class Row:
    """A rule: its tests, and the verdicts on its mutants.

    `equivalent` are those that no test notices because they mean the same as the rule.
    """

    rule: Rule
    tests: tuple[Test, ...]
    verdicts: tuple[Verdict, ...]

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
