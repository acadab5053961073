"""A value that a pattern lets through is found by reading it."""

from __future__ import annotations

import re

import pytest

from tocsin.metrics import Matcher
from tocsin.proving.errors import UnderivableError
from tocsin.proving.patterns import examples_of
from tocsin.proving.vectors import matches


@pytest.mark.parametrize(
    ("pattern", "first"),
    [
        ("5..", "500"),
        ("5[0-9]{2}", "500"),
        ("2..|3..", "200"),
        ("api-(blue|green)-.+", "api-blue-0"),
        (r"\d+\.x", "0.x"),
        ("(?:a|b){2}c?", "aac"),
        ("[^0]b", "ab"),
        ("[a-z]+(-[a-z]+)*", "a-a"),
        (r"[\]]5", "]5"),
        ("(?i)abc", "abc"),
        ("a(?i:B)", "aB"),
    ],
)
def test_the_plainest_value_is_let_through(pattern: str, first: str) -> None:
    found = list(examples_of(pattern))
    assert found[0] == first
    assert re.fullmatch(pattern, first)


def test_each_alternative_has_a_value() -> None:
    assert {"Pending", "Failed"} <= set(examples_of("Pending|Failed"))


@pytest.mark.parametrize("pattern", ["[[:digit:]]+", r"[\p{L}]", r"5\z", "(?U)5", r"\Q5\E", r"\x{35}"])
def test_pattern_that_python_reads_otherwise_has_no_model(pattern: str) -> None:
    for value in examples_of(pattern):
        with pytest.raises(UnderivableError, match="there is no model of the pattern"):
            matches(frozenset({("code", value)}), [Matcher("code", "!~", pattern)])
