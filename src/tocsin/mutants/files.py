"""Files as people name them: one by one, by folders, with wildcards."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Literal

from tocsin.findings import TocsinError

Kind = Literal["rules", "tests"]
_KEY = r"""(?m)^[\s{]*["']?%s["']?\s*:"""
# All of these stand in a file of that kind. Others have groups and tests too: of people, of pipelines, of Grafana.
_SIGNS = {
    "tests": (_KEY % "tests", r"\b(?:rule_files|evaluation_interval|input_series|alert_rule_test|promql_expr_test)\b"),
    "rules": (_KEY % "groups", r"""\b(?:record|alert)["']?\s*:"""),
}
ENDINGS = frozenset({".yaml", ".yml", ".json", ".rules"})
_NAMES = {"rules": "rule file", "tests": "file of promtool's tests"}


def looks_like_a_file(word: str) -> bool:
    """Whether a word on the command line is a path, and no name of an alert."""
    return glob.has_magic(word) or "/" in word or Path(word).suffix in ENDINGS or os.path.exists(word)


def found(named: Sequence[str], kind: Kind) -> list[Path]:
    """The files of a kind that the names lead to, each once. Raises TocsinError where they lead to none.

    In folders, among wildcards and in lists what is of the other kind is passed over: they often lie together. A file
    that is named alone is taken for what it is named for.
    """
    chosen: dict[Path, Path] = {}
    for name in named:
        paths, is_named = _paths(name)
        for path in paths:
            if (is_named and (len(named) == 1 or not _is(path, _other(kind)))) or _is(path, kind):
                chosen.setdefault(path.resolve(), path)
    if not chosen:
        raise TocsinError(f"no {_NAMES[kind]} is among {' '.join(named)}", help=f"name one with --{kind}")
    return list(chosen.values())


def _paths(name: str) -> tuple[Iterable[Path], bool]:
    """The files that a name leads to, and whether it is the name of one."""
    if os.path.isdir(name):
        return _below(name), False
    if os.path.exists(name) or not glob.has_magic(name):
        return (Path(name),), True
    matches = [path for path in sorted(glob.glob(name, recursive=True)) if os.path.isfile(path)]
    if not matches:
        raise TocsinError(f"no file matches {name}", help="the name counts from this folder; ** is any folders")
    return map(Path, matches), False


def _below(folder: str) -> Iterator[Path]:
    for root, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(root, name) for name in sorted(names) if Path(name).suffix in ENDINGS)


def _other(kind: Kind) -> Kind:
    return "tests" if kind == "rules" else "rules"


def _is(path: Path, kind: Kind) -> bool:
    try:
        content = path.read_bytes()
    except OSError:
        return False
    return _has_signs(content, kind) and not (kind == "rules" and _has_signs(content, "tests"))


def _has_signs(content: bytes, kind: Kind) -> bool:
    return all(re.search(sign.encode(), content) for sign in _SIGNS[kind])
