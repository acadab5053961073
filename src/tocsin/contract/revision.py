"""A project's catalogs as they were at a git revision.

The old modules are imported in a process of their own, from files that git wrote elsewhere: neither the checkout nor
its index is touched.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tocsin.contract.sources import catalog_from
from tocsin.contract.written import as_json, from_json
from tocsin.findings import TocsinError
from tocsin.metrics import Catalog
from tocsin.project import Settings, find_project

_TIMEOUT = 120


def catalogs_at(settings: Settings, revision: str) -> tuple[Catalog, ...]:
    """The catalogs that the project's own packages stated then. Raises TocsinError."""
    top = Path(_git(settings.root, "rev-parse", "--show-toplevel"))
    commit = _commit(settings.root, revision)
    with tempfile.TemporaryDirectory(prefix="tocsin-") as name:
        folder = Path(os.path.realpath(name))
        index = {"GIT_INDEX_FILE": str(folder / "index")}
        _git(top, "read-tree", commit, **index)
        _git(top, "checkout-index", "--all", f"--prefix={folder}/tree/", **index)
        return _imported(folder / "tree" / settings.root.resolve().relative_to(top), folder / "catalogs", revision)


def _commit(root: Path, revision: str) -> str:
    try:
        return _git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    except TocsinError:
        raise TocsinError(
            f"{revision} is no git revision, and nothing that a catalog could come from",
            help="name a branch, tag or commit; package.module:NAME; a file or an address of an older exposition",
        ) from None


def _git(folder: Path, *arguments: str, **environment: str) -> str:
    try:
        said = subprocess.run(
            ["git", *arguments],
            cwd=folder,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=True,
            timeout=_TIMEOUT,
        )
    except subprocess.CalledProcessError as error:
        said_so = error.stderr.strip().splitlines()
        raise TocsinError(
            f"git {arguments[0]} failed: {said_so[-1] if said_so else error.returncode}",
            help="--against a revision needs the project to be in a git repository that has it",
        ) from None
    except (OSError, subprocess.TimeoutExpired) as error:
        raise TocsinError(f"git could not run: {error}", help="see whether `git --version` runs") from None
    return said.stdout.strip()


def _imported(project: Path, answer: Path, revision: str) -> tuple[Catalog, ...]:
    if not (project / "pyproject.toml").is_file():
        raise TocsinError(f"at {revision} there was no project here", help="name a later revision")
    try:
        said = subprocess.run(
            [sys.executable, "-P", "-m", __name__, str(answer)],
            cwd=project,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            timeout=_TIMEOUT,
        )
    except subprocess.TimeoutExpired:
        raise TocsinError(f"the catalogs of {revision} take too long to import", help="name a later revision") from None
    if said.returncode:
        told = said.stderr.strip().splitlines()
        raise TocsinError(
            f"the catalogs of {revision} cannot be imported: {told[-1] if told else said.returncode}",
            help="name a later revision, or an older catalog as SOURCE",
        )
    return from_json(answer.read_text(encoding="utf-8"))


def _main(answer: str) -> int:
    """Writes the catalogs of the project in the current folder. What other packages state is not of that time."""
    folder = Path.cwd()
    try:
        named = {name: catalog_from(name) for name in find_project(folder).catalogs}
    except TocsinError as error:
        print(error.message, file=sys.stderr)  # noqa: T201
        return 1
    files = {name: getattr(sys.modules[name.partition(":")[0]], "__file__", "") for name in named}
    own = [catalog for name, catalog in named.items() if Path(files[name] or "/").is_relative_to(folder)]
    if named and not own:
        print("they are stated in installed packages, not in this repository", file=sys.stderr)  # noqa: T201
        return 1
    Path(answer).write_text(as_json(own), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(_main(sys.argv[1]))
