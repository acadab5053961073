"""What the tests share: the repository's own project, and copies of it to break."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import orjson
import pytest
import yaml
from projects import REPOSITORY, Copy, MakeProject

from tocsin.documents import rendered
from tocsin.environments import in_environment
from tocsin.plan import Plan
from tocsin.project import find_project, load
from tocsin.targets import drafts


@pytest.fixture(scope="session")
def project_plan() -> Plan:
    """The plan of the repository's own project, in the environment that is generated."""
    return Plan(in_environment(load(find_project(REPOSITORY)), None))


@pytest.fixture(scope="session")
def project_files(project_plan: Plan) -> dict[str, bytes]:
    """Every document that the repository's own project makes: path -> bytes."""
    return {document.path: document.content for document in rendered(drafts(project_plan))}


@pytest.fixture(scope="session")
def project_documents(project_files: dict[str, bytes]) -> dict[str, Any]:
    """The same, parsed."""
    return {
        path: orjson.loads(content) if path.endswith(".json") else yaml.load(content, yaml.CSafeLoader)
        for path, content in project_files.items()
        if path.endswith((".json", ".yaml"))
    }


@pytest.fixture
def project_copy(tmp_path: Path) -> Copy:
    root = tmp_path / "project"
    root.mkdir()
    for name in ("monitors", "rules", "generated", "docs/runbooks"):
        shutil.copytree(REPOSITORY / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(REPOSITORY / "pyproject.toml", root)
    return Copy(root)


@pytest.fixture
def make_project(tmp_path: Path) -> MakeProject:
    """A project made of the given files, beside a site and nothing else."""

    def make(files: dict[str, str]) -> Copy:
        root = tmp_path / "made"
        settings = '[tool.tocsin]\ndefinitions = ["watch"]\ncatalogs = ["agentmetrics.catalog:CATALOG"]\n'
        site = 'from tocsin.define import Site\n\nsite = Site(runbooks_url="https://runbooks.example.com")\n'
        for name, text in {"pyproject.toml": settings, "watch/__init__.py": "", "watch/site.py": site, **files}.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return Copy(root)

    return make
