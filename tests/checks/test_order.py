"""Findings come in one order, whatever set they were kept in."""

from __future__ import annotations

from itertools import permutations

from tocsin.checks import in_order
from tocsin.findings import Finding, Severity
from tocsin.source import Source

PLACE = Source("a.yaml", 3)
ORDERED = [
    Finding("syntax", Severity.ERROR, "m", "h"),
    Finding("syntax", Severity.ERROR, "m", "h", PLACE, "a", "x"),
    Finding("syntax", Severity.ERROR, "m", "h", PLACE, "a", "y"),
    Finding("syntax", Severity.ERROR, "m", "h", PLACE, "b"),
    Finding("regex", Severity.WARNING, "m", "h", PLACE, "a"),
]


def test_findings_of_one_place_are_told_in_the_same_order_each_time() -> None:
    assert all(in_order(found) == ORDERED for found in permutations(ORDERED))
