"""Which expressions give nothing where series are not there; the page of `test-hollow` shows what is said of them."""

from __future__ import annotations

import pytest

from tocsin.mutants.nothing import missing
from tocsin.promql.parse import tree_of


@pytest.mark.parametrize(
    "expr",
    ["gone", "sum(gone) > 1", "rate(gone[5m]) * 3", "here and gone", "gone unless here", "gone or gone", "abs(-gone)"],
)
def test_what_reads_nothing_gives_nothing(expr: str) -> None:
    found = missing(tree_of(expr), lambda read: read.name == "here")
    assert found is not None
    assert found.name == "gone"


@pytest.mark.parametrize(
    "expr",
    [
        *("here", "absent(gone)", "here or gone", "gone or here", "here unless gone"),
        *("vector(1)", "time()", "here > scalar(gone)", "absent_over_time(gone[5m])"),
    ],
)
def test_what_has_a_value_anyway_gives_something(expr: str) -> None:
    assert missing(tree_of(expr), lambda read: read.name == "here") is None
