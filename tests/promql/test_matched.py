"""What is said of a pattern without compiling it holds of the pattern."""

from __future__ import annotations

from math import copysign

import pytest

from tocsin.promql.infer import analyse
from tocsin.promql.matched import alternatives, compiled, is_mandatory
from tocsin.promql.world import World

LISTS = ["a", "a|b", "(a|b)", "^a$", r"a\.b|c", "", "a|", "(?:a|)", "/x y|z-1"]
NEEDING = ["a.*", "[45].*", "ext[234]|xfs", r"(a|b)\.service", "/(x|y)", "a(b)?c", "https://.+"]
NOT_NEEDING = [".*", "a?", "(a|b)?", "a*|b", "[a]*", "(a|b)|", "x{0}", "[ab]?(c)*", ""]


@pytest.mark.parametrize("pattern", LISTS)
def test_what_a_list_lets_through_is_what_it_matches(pattern: str) -> None:
    regex, values = compiled(pattern), alternatives(pattern)
    assert regex is not None
    assert values is not None
    assert all(regex.fullmatch(value) for value in values)
    assert ("" in values) == (regex.fullmatch("") is not None)
    assert not any(regex.fullmatch(value + "x") for value in values)


@pytest.mark.parametrize("pattern", [*LISTS, *NEEDING, *NOT_NEEDING])
def test_a_pattern_that_needs_a_character_does_not_match_none(pattern: str) -> None:
    regex = compiled(pattern)
    assert regex is not None
    assert not (is_mandatory(pattern) and regex.fullmatch(""))


@pytest.mark.parametrize("pattern", NEEDING)
def test_a_glance_tells_that_a_pattern_needs_a_character(pattern: str) -> None:
    assert is_mandatory(pattern)


@pytest.mark.parametrize(("pattern", "sure"), [("a|b", True), ("a|", False), ("[ab]c", True), (".*", False)])
def test_series_that_a_pattern_lets_through_have_the_label_where_it_needs_one(pattern: str, sure: bool) -> None:
    known = analyse(f'up{{job=~"{pattern}"}}', World()).type.labels.known.get("job")
    assert (known is not None and known.sure) == sure
    other = analyse(f'up{{job!~"{pattern}"}}', World()).type.labels.known.get("job")
    assert (other is not None and other.sure) == (not sure)


def test_types_of_aggregations_that_differ_by_the_sign_of_zero_are_two() -> None:
    world = World()
    lows = [analyse(expr, world).type.low for expr in ("max(vector(0))", "max(-vector(0))", "max(vector(0) * 1)")]
    assert [copysign(1, low) for low in lows] == [1, -1, 1]
