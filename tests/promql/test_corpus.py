"""Expressions as people write them: the analysis has nothing to say against any of them that is an error."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import yaml
from exporters import KUBERNETES, NODE

from tocsin.findings import Severity
from tocsin.promql.context import NOWHERE, Context
from tocsin.promql.infer import analyse
from tocsin.promql.types import OPEN
from tocsin.promql.world import World

FILES = sorted((Path(__file__).parent / "corpus").glob("*.promql"))
PLACES = (NOWHERE, Context("rule", interval=60_000, budget=10_000), Context("panel", budget=1_000))


def expressions(file: Path) -> list[str]:
    return [line for line in file.read_text().splitlines() if line and not line.startswith("#")]


ALL = [expr for file in FILES for expr in expressions(file)]


def errors(expr: str, world: World) -> list[str]:
    found = (analyse(expr, world, place).faults for place in PLACES)
    return [f"{expr}: {fault.id}: {fault.message}" for faults in found for fault in faults if _is_error(fault.severity)]


def _is_error(severity: Severity) -> bool:
    return severity is Severity.ERROR


def test_corpus_is_large_and_without_repetition() -> None:
    assert len(set(ALL)) == len(ALL) >= 500


def test_promtool_takes_the_corpus(tmp_path: Path) -> None:
    rules = [
        {"record": f"corpus:{number}", "expr": expr}
        for number, expr in enumerate(ALL)
        if "$" not in expr and "[[" not in expr
    ]
    file = tmp_path / "rules.yaml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "corpus", "rules": rules}]}))
    answer = subprocess.run(["promtool", "check", "rules", file], capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stdout + answer.stderr


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_nothing_is_an_error_without_a_catalog(file: Path) -> None:
    assert not [error for expr in expressions(file) for error in errors(expr, World())]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_everything_has_a_type(file: Path) -> None:
    """OPEN itself is what the analysis falls back to where it gives up."""
    assert not [expr for expr in expressions(file) if analyse(expr, World()).type is OPEN]


@pytest.mark.parametrize("name", ["node", "kubernetes"])
def test_nothing_is_an_error_with_a_catalog(name: str) -> None:
    world = World.of([NODE, KUBERNETES], closed=False)
    texts = next(expressions(file) for file in FILES if file.stem == name)
    typed = [expr for expr in texts if set(analyse(expr, world).series) <= set(world.series)]
    assert len(typed) > len(texts) / 2
    assert not [error for expr in texts for error in errors(expr, world)]
