"""Writing the output: the whole new tree at once, or nothing.

Documents come one at a time. What differs is written into a staging folder beside the output; with the first difference
the whole new tree is made there, and takes the old one's place in one step. So whoever looks, and whatever happens,
there is the old tree or the new one. Without a difference nothing is touched.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import stat
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path

from tocsin.findings import TocsinError
from tocsin.manifest import MANIFEST, folders_of, names_a_file, read_manifest, written_manifest
from tocsin.staging import Staging, recover, taken

_LONGEST_LIST = 20


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
        if not self.drift:
            yield f"{name} is up to date: {self.unchanged} files"
            return
        for mark, paths in (("+", self.added), ("~", self.changed), ("-", self.removed)):
            for path in paths[:_LONGEST_LIST]:
                yield f"  {mark} {path}"
            if len(paths) > _LONGEST_LIST:
                yield f"  {mark} and {len(paths) - _LONGEST_LIST} more"
        counts = f"{len(self.added)} new, {len(self.changed)} changed, {len(self.removed)} removed"
        if dry:
            yield f"{name} is not what the sources make: {counts}. Run `make generate` and commit it."
        else:
            yield f"{name}: {counts}, {self.unchanged} unchanged"


def compare_tree(output: Path, documents: Iterable[Document]) -> Changes:
    """What `write_tree` would do. Writes nothing. Raises TocsinError where that would."""
    output = Path(os.path.abspath(output))
    with _told(output, "read"):
        _refuse(output)
        known = read_manifest(output)
    return _compared(output, known, documents, write=lambda _path, _content: None)


def write_tree(output: Path, documents: Iterable[Document]) -> Changes:
    """Makes the output what the documents say. Raises TocsinError, or what `documents` raises; then nothing changed."""
    output = Path(os.path.abspath(output))
    with _locked(output) as alone:
        with _told(output):
            _refuse(output)
            _refuse_inside(output)
            recover(output, alone=alone)
            known = read_manifest(output)
        staging = Staging(output)
        try:
            changes = _compared(output, known, documents, write=staging.write)
            if changes.drift:
                with _told(output):
                    _refuse_unwritable(output)
                    rewritten = (*changes.changed, *changes.removed)
                    staging.take_over(without=rewritten, ours=(*known, MANIFEST))
                    staging.put_in_place()
        finally:
            staging.discard()
    return changes


class _State(Enum):
    ADDED = auto()
    CHANGED = auto()
    UNCHANGED = auto()


class _Old:
    """The tree that is there, and which of it is ours."""

    def __init__(self, output: Path, known: frozenset[str]) -> None:
        self._output = output
        self._known = known | {MANIFEST}
        self._our_folders = {folder for path in known for folder in folders_of(path)}
        self._free_folders: set[str] = set()

    def state_of(self, document: Document) -> _State:
        """How a document differs from what is there. Raises TocsinError where that is somebody else's."""
        path = self._output / document.path
        self._refuse_taken_folders(document.path)
        try:
            mode = os.lstat(path).st_mode
        except (FileNotFoundError, NotADirectoryError):
            return _State.ADDED
        content = path.read_bytes() if stat.S_ISREG(mode) else None
        if content == document.content:
            return _State.UNCHANGED
        if stat.S_ISDIR(mode) and document.path in self._our_folders:
            return _State.ADDED
        if stat.S_ISDIR(mode) or document.path not in self._known:
            raise taken(path)
        return _State.CHANGED

    def _refuse_taken_folders(self, path: str) -> None:
        for folder in folders_of(path):
            there = self._output / folder
            if folder not in self._free_folders and folder not in self._known and os.path.lexists(there):
                if there.is_symlink() or not there.is_dir():
                    raise taken(there)
                self._free_folders.add(folder)


def _compared(
    output: Path, known: frozenset[str], documents: Iterable[Document], write: Callable[[str, bytes], None]
) -> Changes:
    """How the documents differ from the output; `write` is called for each file that does."""
    made: set[str] = set()
    paths: dict[_State, list[str]] = {state: [] for state in _State}
    old = _Old(output, known)

    def place(document: Document) -> None:
        with _told(output):
            state = old.state_of(document)
            paths[state].append(document.path)
            if state is not _State.UNCHANGED:
                write(document.path, document.content)

    for document in _checked(documents):
        made.add(document.path)
        place(document)
    place(Document(MANIFEST, written_manifest(made)))
    return Changes(
        output,
        added=tuple(sorted(paths[_State.ADDED])),
        changed=tuple(sorted(paths[_State.CHANGED])),
        removed=tuple(sorted(path for path in known if path not in made and os.path.lexists(output / path))),
        unchanged=len(paths[_State.UNCHANGED]),
    )


def _checked(documents: Iterable[Document]) -> Iterator[Document]:
    """The documents, each with a path that it can have beside the others, on every file system."""
    files: set[str] = set()
    folders: set[str] = set()
    for document in documents:
        if not names_a_file(document.path):
            raise TocsinError(f"{document.path!r} is no path in the output", help="rename the definition behind it")
        path = document.path.casefold()
        above = folders_of(path)
        if path in files or path in folders or not files.isdisjoint(above):
            raise TocsinError(
                f"two definitions make the file {document.path}", help="give them names that differ in more than case"
            )
        files.add(path)
        folders.update(above)
        yield document


def _refuse(output: Path) -> None:
    if output.is_symlink():
        raise TocsinError(f"{output} is a link, which is not followed", help="name the folder itself with --output")
    if output.exists() and not output.is_dir():
        raise TocsinError(f"{output} is no folder", help="move it away, or choose another --output")
    if os.path.ismount(output):
        raise OSError(errno.EBUSY, os.strerror(errno.EBUSY))


def _refuse_inside(output: Path) -> None:
    """The folder is replaced as a whole, so a shell that stands in it would be left in the old one."""
    here = Path(os.path.realpath("."))
    if here.is_relative_to(os.path.realpath(output)):
        raise TocsinError(
            f"you are inside {output}, which is replaced as a whole",
            help="run it from outside of that folder, or choose another --output",
        )


def _refuse_unwritable(output: Path) -> None:
    if output.exists() and not os.access(output, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))


@contextlib.contextmanager
def _locked(output: Path) -> Iterator[bool]:
    """One run at a time: the lock is on the folder above, so it leaves no file. Gives whether we are surely alone."""
    folder = output.parent
    with _told(output):
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(folder, os.O_RDONLY)
    try:
        yield _is_locked(descriptor)
    finally:
        os.close(descriptor)


def _is_locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    except OSError:
        # NFS cannot lock a folder. The trees are still swapped whole, but other runs' staging folders are left alone.
        return False
    return True


_WAYS_OUT = {
    errno.ENOSPC: "make room on the disk",
    errno.EDQUOT: "make room on the disk",
    errno.EACCES: "get the right to write there, or choose another --output",
    errno.EPERM: "get the right to write there, or choose another --output",
    errno.EROFS: "the disk is read-only: choose another --output",
    errno.EBUSY: "a disk is mounted there, so it cannot be replaced as a whole: choose a folder below it as --output",
    errno.EXDEV: "a folder of a container's image cannot be replaced as a whole: copy it, remove it, and put the copy "
    "in its place",
}


@contextlib.contextmanager
def _told(output: Path, what: str = "write") -> Iterator[None]:
    """Turns what the operating system refuses into words."""
    try:
        yield
    except OSError as error:
        name = error.filename2 or error.filename
        where = f" ({os.fsdecode(name)})" if name and os.fsdecode(name) != str(output) else ""
        way_out = _WAYS_OUT.get(error.errno or 0, "see to that")
        raise TocsinError(
            f"cannot {what} {output}: {error.strerror or error}{where}",
            help=f"nothing was changed; {way_out}, then run it again",
        ) from None
