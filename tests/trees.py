"""Output trees for the tests: an old one, the new one that replaces it, and what is in a tree."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from tocsin.output import Document

OLD = (Document("a/one.yaml", b"one\n"), Document("a/two.yaml", b"two\n"), Document("b/three.json", b"{}\n"))
NEW = (Document("a/one.yaml", b"one\n"), Document("a/two.yaml", b"2\n"), Document("c/four.json", b"[]\n"))


def content(tree: Path) -> dict[str, str]:
    """Every file, link and folder of a tree, folders with a / and their mode."""
    found = {}
    for path in sorted(tree.rglob("*")):
        name = str(path.relative_to(tree))
        if path.is_symlink():
            found[name] = f"-> {os.readlink(path)}"
        elif path.is_dir():
            found[f"{name}/"] = oct(stat.S_IMODE(path.stat().st_mode))
        else:
            found[name] = path.read_text()
    return found
