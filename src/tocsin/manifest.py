"""The manifest: which files of the output are ours.

It has names and nothing else, so that it changes only when a file comes or goes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from tocsin.findings import TocsinError
from tocsin.source import Source

MANIFEST = "manifest.json"
_VERSION = 1


def names_a_file(path: str) -> bool:
    """Whether it is the plain path of a file below the output's folder, with /, and not the manifest's own."""
    parts = PurePosixPath(path).parts
    plain = path == "/".join(parts) and path.isprintable() and "\\" not in path
    return plain and bool(parts) and ".." not in parts and path.casefold() != MANIFEST


def folders_of(path: str) -> list[str]:
    """The folders that a path leads through, the nearest first: a/b and a of a/b/c."""
    return [str(parent) for parent in PurePosixPath(path).parents][:-1]


def written_manifest(files: Iterable[str]) -> bytes:
    """The manifest of these files."""
    data = {"version": _VERSION, "files": sorted(files)}
    return (json.dumps(data, indent=2) + "\n").encode()


def read_manifest(output: Path) -> frozenset[str]:
    """The files of a manifest; none where there is no manifest. Raises TocsinError where it is not one of ours."""
    file = output / MANIFEST
    if file.exists() and not file.is_file():
        raise _broken(file, "it is no file")
    try:
        data = json.loads(file.read_bytes())
    except FileNotFoundError:
        return frozenset()
    except (ValueError, RecursionError) as error:
        raise _broken(file, f"it is no JSON ({error})") from None
    files = data.get("files") if isinstance(data, dict) else None
    if not isinstance(files, list) or data.get("version") != _VERSION:
        raise _broken(file, f"it has no files of version {_VERSION}")
    for path in files:
        if not isinstance(path, str) or not names_a_file(path):
            raise _broken(file, f"{path!r} is no path in the output")
    for folder in {folder for path in files for folder in folders_of(path)}:
        if (output / folder).is_symlink():
            raise _broken(file, f"{folder!r} is a link, and would lead out of the output")
    return frozenset(files)


def _broken(file: Path, reason: str) -> TocsinError:
    return TocsinError(
        f"the manifest cannot be used: {reason}",
        help=f"it tells our files from others: take it back from git (`git checkout HEAD -- {file.name}` there), "
        "or move the whole folder away; then generate anew",
        source=Source(str(file)),
    )
