"""Files as people have them, in the style of public mixins: nothing in them is broken, and nothing is said to be."""

from __future__ import annotations

from pathlib import Path

import pytest

from tocsin.findings import Severity
from tocsin.linting import Linted, lint

MIXINS = Path(__file__).parent / "mixins"


@pytest.fixture(scope="module")
def linted() -> Linted:
    return lint([str(MIXINS)])


def test_all_of_them_are_read(linted: Linted) -> None:
    assert (linted.failures, linted.files) == ((), len(list(MIXINS.iterdir())))


def test_no_error_is_found_without_a_catalog(linted: Linted) -> None:
    assert [finding for finding in linted.findings if finding.severity is Severity.ERROR] == []


def test_what_is_warned_of_needs_no_catalog(linted: Linted) -> None:
    warned = {finding.id for finding in linted.findings if finding.severity is Severity.WARNING}
    assert {"for-missing", "panel-text", "regex", "rule-name"} <= warned
    assert warned.isdisjoint(
        {
            "annotations",
            "flapping",
            "for-interval",
            "legend",
            "no-data-blind",
            "rule-duplicate",
        }
    )
