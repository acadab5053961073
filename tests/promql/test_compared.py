"""What is compared with one number is judged from what is known of it: that tells what a first look would."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from agentmetrics.catalog import CATALOG
from tocsin.promql.infer import NOWHERE, Analysis, Context, analyse
from tocsin.promql.variables import has_variable
from tocsin.promql.world import World

WRITTEN = [
    line
    for file in sorted((Path(__file__).parent / "corpus").glob("*.promql"))
    for line in file.read_text().splitlines()
    if line and "#" not in line and not has_variable(line)
]
OPERATORS = (">", ">=", "<", "<=", "==", "!=", "> bool")
NUMBERS = ("0", "1", "-1", "+3", "0.5", ".5", "1e3", "0x10", "5m", "1_000", "Inf", "NaN")
SPACES = ("", " ", "\n  ")
CONTEXTS = (NOWHERE, Context("panel", None, 1), Context("rule", 60_000, 10_000), Context("rule", 60_000, 10, "a:b:c"))


def told(analysis: Analysis) -> tuple[object, ...]:
    """All of it, by its text: types are equal to themselves alone."""
    return repr(analysis.type), analysis.faults, analysis.series, tuple(map(repr, analysis.comparisons))


@pytest.mark.parametrize("context", CONTEXTS, ids=["nowhere", "panel", "alert", "record"])
def test_who_is_known_is_judged_as_at_first_sight(context: Context) -> None:
    chance = random.Random(7)
    known = World.of([CATALOG], closed=False)
    for text in chance.sample(WRITTEN, 100):
        analyse(f"{text} > 17", known, context)
        for _ in range(3):
            operator, space, number = chance.choice(OPERATORS), chance.choice(SPACES), chance.choice(NUMBERS)
            compared = f"{text}{space}{operator}{space or (' ' if operator[-1] == 'l' else '')}{number}"
            first = analyse(compared, World.of([CATALOG], closed=False), context)
            assert told(analyse(compared, known, context)) == told(first), compared
