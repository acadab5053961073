"""Writing the output: the whole new tree at once, or nothing.

The documents are written into a staging folder beside the output. What did not change is hard-linked from the old tree,
and so is everything in it that is not ours. Then the two folders change places in one step, so that whoever looks,
and whatever happens, there is the old tree or the new one.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import shutil
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from tocsin.exchange import exchange
from tocsin.findings import TocsinError
from tocsin.manifest import MANIFEST, read_manifest, written_manifest


@dataclass(frozen=True, slots=True)
class Document:
    """A file of the output: its path below the output's folder, with /, and its bytes."""

    path: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Changes:
    """What a generation does to the output: paths by what happens to them."""

    output: Path
    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]
    unchanged: int

    @property
    def drift(self) -> bool:
        """Whether the output is not what the sources make."""
        return bool(self.added or self.changed or self.removed)

    def lines(self, *, dry: bool = False) -> Iterator[str]:
        """What to tell a person."""
        name = f"{self.output.name}/"
        total = len(self.added) + len(self.changed) + self.unchanged
        if not self.drift:
            yield f"{name} is up to date: {total} files"
            return
        yield from (f"  + {path}" for path in self.added)
        yield from (f"  ~ {path}" for path in self.changed)
        yield from (f"  - {path}" for path in self.removed)
        counts = f"{len(self.added)} new, {len(self.changed)} changed, {len(self.removed)} removed"
        if dry:
            yield f"{name} is not what the sources make: {counts}. Run `make generate` and commit it."
        else:
            yield f"{name}: {counts}, {self.unchanged} unchanged"


def compare_tree(output: Path, documents: Iterable[Document]) -> Changes:
    """What `write_tree` would do. Writes nothing."""
    known = read_manifest(output)
    made: set[str] = set()
    states: dict[str, list[str]] = {"added": [], "changed": [], "unchanged": []}

    def compare(document: Document) -> None:
        made.add(document.path)
        there = _content(output / document.path)
        state = "added" if there is None else "unchanged" if there == document.content else "changed"
        states[state].append(document.path)

    for document in _checked(documents):
        compare(document)
    compare(Document(MANIFEST, written_manifest(made)))
    return _changes(output, known, made, states)


def _changes(output: Path, known: frozenset[str], made: set[str], states: dict[str, list[str]]) -> Changes:
    removed = [path for path in known if path not in made and os.path.lexists(output / path)]
    return Changes(
        output,
        added=tuple(sorted(states["added"])),
        changed=tuple(sorted(states["changed"])),
        removed=tuple(sorted(removed)),
        unchanged=len(states["unchanged"]),
    )


def write_tree(output: Path, documents: Iterable[Document]) -> Changes:
    """Makes the output what the documents say. Raises TocsinError, and then nothing has changed."""
    output = Path(os.path.abspath(output))
    with _told_errors(output), _locked(output.parent):
        if output.is_symlink() or (output.exists() and not output.is_dir()):
            raise TocsinError(f"{output} is no folder", help="move it away, or choose another --output")
        _recover(output)
        known = read_manifest(output)
        # The name is free: we hold the lock, and what a killed run left is gone.
        staging = output.parent / f"{_staging_prefix(output)}{os.getpid()}"
        staging.mkdir()
        try:
            changes = _stage(output, staging, known, _checked(documents))
            if changes.drift:
                _take_over_foreign(output, staging, known)
                _sync(staging)
                exchange(staging, output)
                _sync_folder(output.parent)
        finally:
            shutil.rmtree(staging, ignore_errors=True)
    return changes


def _checked(documents: Iterable[Document]) -> Iterator[Document]:
    seen: set[str] = set()
    for document in documents:
        path = PurePosixPath(document.path)
        if path.is_absolute() or ".." in path.parts or not path.parts or document.path == MANIFEST:
            raise TocsinError(f"{document.path!r} is no path in the output", help="rename the definition behind it")
        if document.path.casefold() in seen:
            raise TocsinError(
                f"two definitions make the file {document.path}", help="give them names that differ in more than case"
            )
        seen.add(document.path.casefold())
        yield document


def _stage(output: Path, staging: Path, known: frozenset[str], documents: Iterable[Document]) -> Changes:
    made: set[str] = set()
    states: dict[str, list[str]] = {"added": [], "changed": [], "unchanged": []}
    for document in documents:
        states[_place(output, staging, known, document)].append(document.path)
        made.add(document.path)
    manifest = Document(MANIFEST, written_manifest(made))
    states[_place(output, staging, known | {MANIFEST}, manifest)].append(MANIFEST)
    return _changes(output, known, made, states)


def _place(output: Path, staging: Path, known: frozenset[str], document: Document) -> str:
    """Puts a document into the staging folder, and says how it differs from what is there."""
    old, new = output / document.path, staging / document.path
    new.parent.mkdir(parents=True, exist_ok=True)
    there = _content(old)
    if os.path.lexists(old) and document.path not in known and there != document.content:
        raise TocsinError(
            f"{old} is there already, and Tocsin did not make it",
            help="move it away, or rename the definition that would be written there",
        )
    if there == document.content and not old.is_symlink():
        _link(old, new)
        return "unchanged"
    with new.open("wb") as file:
        file.write(document.content)
        file.flush()
        os.fsync(file.fileno())
    return "changed" if os.path.lexists(old) else "added"


def _take_over_foreign(output: Path, staging: Path, known: frozenset[str]) -> None:
    """Links everything in the old tree that is not ours into the new one."""
    if not output.is_dir():
        return
    shutil.copystat(output, staging)
    ours = {PurePosixPath(path) for path in (*known, MANIFEST)}
    our_folders = {parent for path in ours for parent in path.parents}
    for folder, folders, files in os.walk(output):
        here = PurePosixPath(Path(folder).relative_to(output).as_posix())
        for name in [*folders, *files]:
            path, old, new = here / name, Path(folder) / name, staging / here / name
            is_folder = name in folders and not old.is_symlink()
            if is_folder and path not in our_folders:
                new.mkdir(parents=True, exist_ok=True)
                shutil.copystat(old, new)
            elif is_folder and new.is_dir():
                new.chmod(stat.S_IMODE(old.stat().st_mode))
            elif not is_folder and path not in ours:
                _take_over_file(old, new)


def _take_over_file(old: Path, new: Path) -> None:
    if os.path.lexists(new):
        raise TocsinError(
            f"{old} is there already, and Tocsin did not make it",
            help="move it away, or rename the definition that would be written there",
        )
    new.parent.mkdir(parents=True, exist_ok=True)
    _link(old, new)


def _link(old: Path, new: Path) -> None:
    try:
        os.link(old, new, follow_symlinks=False)
    except OSError as error:
        # Some file systems have no hard links.
        if error.errno not in (errno.EPERM, errno.ENOTSUP, errno.EXDEV, errno.EMLINK):
            raise
        shutil.copy2(old, new, follow_symlinks=False)


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None


def _staging_prefix(output: Path) -> str:
    return f".{output.name}.tocsin-"


def _recover(output: Path) -> None:
    """Clears what a killed run left behind. We hold the lock, so no living run owns it."""
    for left in output.parent.glob(f"{_staging_prefix(output)}*"):
        if left.name.endswith(".old") and not output.exists():
            left.rename(output)
        else:
            shutil.rmtree(left, ignore_errors=True)


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """One run at a time: the lock is on the folder itself, so it leaves no file."""
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _told_errors(output: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise TocsinError(
            f"cannot write {output}: {error.strerror or error}"
            + (f" ({error.filename})" if error.filename and str(error.filename) != str(output) else ""),
            help="nothing was changed; make room or get the right to write there, then run it again",
        ) from None


def _sync(tree: Path) -> None:
    for folder, _, _ in os.walk(tree):
        _sync_folder(Path(folder))


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        # Some file systems cannot sync a folder.
        if error.errno != errno.EINVAL:
            raise
    finally:
        os.close(descriptor)
