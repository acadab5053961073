"""never-fires: comparisons of the same series that cannot both hold."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from tocsin.cli import main

NEVER = [
    "x > 5 and x <= 5",
    "(x > 5 and y > 2) and 3 > x",
    "x < 5\nand\nx > 7",
    "x > 5 unless x > 4",
    "x > 5 unless x >= 5",
    "rate(a_total[5m]) == 5 and (rate(a_total[5m]) < 5)",
    "sum by (a, b) (x) < 3 and sum by (b, a) (x) >= 3",
    "x == 3 and x == 4",
]
SOMETIMES = [
    "x >= 5 and x <= 5",
    "x > 5 unless x > 5.1",
    "x > 5 unless x > 6 unless x < 3",
    "x > 5 unless (x > 4 and y > 2)",
    "x > 5 or x < 3",
    "x > 3 and (x < 4 or y > 2)",
    "x == 3 and x != 4",
    # Of other times, other labels, other series: names do not count when the sides are matched.
    "x > 5 and x offset 5m < 3",
    'x > 5 and x{a="b"} < 3',
    "x > 5 and on (a) x < 3",
    "sum by (a) (x) > 5 and sum by (b) (x) < 3",
    '{job="a"} > 5 and {job="a"} < 3',
    # A number for whatever there is.
    "x > bool 5 and x < 3",
]


def found(expr: str, folder: Path) -> list[str]:
    (folder / "rules.yaml").write_text(json.dumps({"groups": [{"name": "g", "rules": [{"alert": "A", "expr": expr}]}]}))
    answer = CliRunner().invoke(main, ["lint", str(folder), "--select", "never-fires", "--format", "json"])
    return [finding["message"] for finding in json.loads(answer.stdout)]


@pytest.mark.parametrize("expr", NEVER)
def test_condition_that_no_value_meets_can_never_fire(expr: str, tmp_path: Path) -> None:
    (message,) = found(expr, tmp_path)
    assert message.startswith("it can never fire: no value passes both")


@pytest.mark.parametrize("expr", SOMETIMES)
def test_condition_that_some_value_or_other_series_meet_is_left_alone(expr: str, tmp_path: Path) -> None:
    assert found(expr, tmp_path) == []
