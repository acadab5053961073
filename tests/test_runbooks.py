"""The runbooks: each alert has its page, and what the page names is there."""

from __future__ import annotations

import re

import pytest
from projects import REPOSITORY

from tocsin.model.alert import Alert
from tocsin.plan import Plan
from tocsin.units import Quantity, plain

PAGES = {file.stem: file.read_text() for file in sorted((REPOSITORY / "docs/runbooks").glob("*.md"))}
# What is no name of ours: Prometheus's own pages.
ELSEWHERE = {"Status, Targets"}


def named_by(page: str) -> set[str]:
    """Panels, dashboards, alerts and pages stand in italics."""
    return set(re.findall(r"(?<!\*)\*([^*\n]+)\*(?!\*)", page))


@pytest.fixture(scope="module")
def titles(project_plan: Plan) -> set[str]:
    defined = project_plan.definitions
    shown = {title for one in defined.dashboards for title in (one.title, *(row.title for row in one.rows))}
    panels = {panel.title for one in defined.dashboards for panel in one.panels}
    indicators = {indicator.title for indicator in defined.indicators.values()}
    pages = {page.splitlines()[0].removeprefix("# ") for page in PAGES.values()}
    return shown | panels | indicators | pages | {alert.name for alert in defined.alerts}


@pytest.mark.parametrize("name", PAGES)
def test_page_says_what_it_means_how_to_look_how_to_mend_and_when_to_call(name: str) -> None:
    title, _, rest = PAGES[name].partition("\n")
    meaning, *sections = re.split(r"^## (.+)\n", rest, flags=re.MULTILINE)
    assert title.startswith("# ")
    assert len(meaning.split()) > 5
    assert sections[::2] == ["Look", "Mend", "Escalate"]
    assert all(text.strip() for text in sections[1::2])


@pytest.mark.parametrize("name", PAGES)
def test_page_names_what_is_there(titles: set[str], name: str) -> None:
    assert named_by(PAGES[name]) <= titles | ELSEWHERE


def test_page_leaves_the_threshold_to_the_facts_that_are_generated(project_plan: Plan) -> None:
    """A number that a person wrote would be wrong as soon as the alert's is another one."""
    for alert in project_plan.definitions.alerts:
        meaning = PAGES[alert.runbook].split("\n## ")[0]
        assert not re.search(rf"(?<![\w.]){re.escape(number_of(alert))}(?![\w.])", meaning), alert.name
        assert alert.severity.value not in meaning, alert.name


def number_of(alert: Alert) -> str:
    return plain(alert.when.right.value) if isinstance(alert.when.right, Quantity) else "\n"
