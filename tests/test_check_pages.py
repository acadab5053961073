"""Each check has a page, and what the page shows is true: the documentation and these tests share their examples."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest
from check_pages import FOLDER, SECTIONS, Example, Page, pages
from click.testing import CliRunner
from emitted import ids
from projects import REPOSITORY

from agentmetrics.catalog import CATALOG
from tocsin.checks import check
from tocsin.cli import main
from tocsin.contract.changes import contract_breaks
from tocsin.define import Site
from tocsin.metrics import Catalog
from tocsin.plan import Plan
from tocsin.project import collect, find_project, load
from tocsin.promql.infer import analyse
from tocsin.readers import readers_of
from tocsin.registry import CHECKS

PAGES = pages()
# What they find is outside the text of any definition or document.
WITHOUT_EXAMPLE = {"broken", "drift", "promtool", "mutant-survives", "test-fails", "test-missing"}
SITE = Site(runbooks_url="https://runbooks.example.com")
Found = Sequence[tuple[str, str]]


EXAMPLES = [(page, one) for page in PAGES.values() for one in page.examples if one.purpose != "given"]


@cache
def _project_plan() -> Plan:
    return Plan(load(find_project(REPOSITORY)))


def _catalogs(example: Example) -> list[Catalog]:
    names: dict[str, object] = {}
    exec(example.text, names)
    return [value for value in names.values() if isinstance(value, Catalog)]


def found_in(page: Page, example: Example, folder: Path) -> Found:
    """The id and the severity of everything that is found in an example."""
    if example.language == "promql":
        faults = analyse(example.text, page.world, example.context).faults
        return [(fault.id, str(fault.severity)) for fault in faults]
    if page.head["id"] == "contract-break":
        given = next(one for one in page.examples if one.purpose == "given")
        breaks = contract_breaks(_catalogs(given), _catalogs(example), readers_of(_project_plan()), {})
        return [(finding.id, str(finding.severity)) for finding in breaks]
    if example.language == "python":
        (folder / "example.py").write_text(example.text)
        module = ModuleType("example")
        module.__file__ = str(folder / "example.py")
        module.site = Site(runbooks_url="https://runbooks.example.com")  # type: ignore[attr-defined]
        exec(compile(example.text, module.__file__, "exec"), vars(module))
        definitions = collect([module], (CATALOG,), str(REPOSITORY))
        return [(finding.id, str(finding.severity)) for finding in check(Plan(definitions))]
    file = folder / f"example.{example.language}"
    file.write_text(example.text)
    given = [one.text for one in page.examples if one.purpose == "given"]
    for text in given:
        (folder / "rules.yaml").write_text(text)
    catalog = ["--catalog", "agentmetrics.catalog:CATALOG"]
    answer = CliRunner().invoke(main, ["lint", str(folder if given else file), *catalog, "--format", "json"])
    assert not answer.stderr
    told = json.loads(answer.stdout)
    return [(finding["id"], finding["severity"]) for finding in told if Path(finding["file"]).name == file.name]


@pytest.mark.parametrize(
    ("page", "example"), EXAMPLES, ids=[f"{page.path.stem}-{one.purpose}" for page, one in EXAMPLES]
)
def test_check_finds_the_bad_example_and_leaves_the_good_one(page: Page, example: Example, tmp_path: Path) -> None:
    found = found_in(page, example, tmp_path)
    name = page.head["id"]
    if example.purpose == "bad":
        severity = next((word for word in example.words if word in ("warning", "info")), page.head["severity"])
        assert (name, severity) in found
    else:
        assert name not in {id_ for id_, _ in found}
        assert "error" not in {severity for _, severity in found}


@pytest.mark.parametrize("name", PAGES)
def test_page_has_its_parts(name: str) -> None:
    page = PAGES[name]
    assert page.head["id"] == name
    headings = tuple(line[3:] for line in page.text.splitlines() if line.startswith("## "))
    if name in WITHOUT_EXAMPLE:
        assert headings == SECTIONS[:-1]
        return
    assert headings == SECTIONS
    assert {"bad", "good"} <= {example.purpose for example in page.examples}


def test_every_check_has_a_page_and_every_page_a_check() -> None:
    assert set(PAGES) == set(CHECKS)
    assert ids() == set(CHECKS)


@pytest.mark.parametrize("name", CHECKS)
def test_page_begins_as_the_registry_says(name: str) -> None:
    head, check = PAGES[name].head, CHECKS[name]
    assert (head["severity"], head["summary"]) == (str(check.severity), check.title)


def test_index_says_what_the_pages_say() -> None:
    index = (FOLDER / "README.md").read_text().splitlines()
    rows = [line for line in index if line.startswith("| [")]
    missing = [page.row for page in PAGES.values() if page.row not in rows]
    assert not missing
    assert len(rows) == len(PAGES)
