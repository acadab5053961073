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


def written_manifest(files: Iterable[str]) -> bytes:
    """The manifest of these files."""
    data = {"version": _VERSION, "files": sorted(files)}
    return (json.dumps(data, indent=2) + "\n").encode()


def read_manifest(output: Path) -> frozenset[str]:
    """The files of a manifest; none where there is no manifest. Raises TocsinError where it is not one of ours."""
    file = output / MANIFEST
    try:
        data = json.loads(file.read_bytes())
    except FileNotFoundError:
        return frozenset()
    except ValueError as error:
        raise _broken(file, str(error)) from None
    files = data.get("files") if isinstance(data, dict) else None
    if not isinstance(files, list) or data.get("version") != _VERSION:
        raise _broken(file, f"it has no files of version {_VERSION}")
    for path in files:
        if not isinstance(path, str) or not _is_inside(path):
            raise _broken(file, f"{path!r} is no path in the output")
        if any((output / parent).is_symlink() for parent in PurePosixPath(path).parents):
            raise _broken(file, f"{path!r} leads through a link")
    return frozenset(files)


def _is_inside(path: str) -> bool:
    parts = PurePosixPath(path).parts
    return bool(parts) and not path.startswith("/") and ".." not in parts and "\\" not in path and path != MANIFEST


def _broken(file: Path, reason: str) -> TocsinError:
    return TocsinError(
        f"the manifest cannot be used: {reason}",
        help="take it back from git (`git checkout -- generated`), or remove the output's folder and generate it anew",
        source=Source(str(file)),
    )
