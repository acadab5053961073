"""The staging folder: the new tree while it is made, beside the one that it replaces.

It is made with the first file that is written to it. What stays of the old tree is hard-linked, so it keeps its
content, times and inode. Then the two folders change places, and the old one goes.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import secrets
import shutil
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from tocsin.exchange import exchange
from tocsin.findings import TocsinError
from tocsin.manifest import folders_of

# Where hard links are not to be had, or not for this file.
_NO_LINK = frozenset({errno.EPERM, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EMLINK})
_ASIDE = ".old"


class Staging:
    """The folder in which the new tree of `output` is made."""

    def __init__(self, output: Path) -> None:
        self.output = output
        # In .gitignore, so that nobody commits what a killed run left.
        self.folder = output.parent / f".{output.name}.tocsin-{secrets.token_hex(4)}"
        self.aside = Path(f"{self.folder}{_ASIDE}")

    def write(self, path: str, content: bytes) -> None:
        """Writes a file of the new tree. It keeps the mode of the file that it replaces."""
        new, old = self.folder / path, self.output / path
        new.parent.mkdir(parents=True, exist_ok=True)
        with new.open("xb") as file:
            file.write(content)
            file.flush()
            with contextlib.suppress(FileNotFoundError, NotADirectoryError):
                found = os.lstat(old)
                if stat.S_ISREG(found.st_mode):
                    os.fchmod(file.fileno(), found.st_mode & 0o777)
            os.fsync(file.fileno())

    def take_over(self, *, without: Iterable[str], ours: Iterable[str]) -> None:
        """Takes everything of the old tree into the new one, but the files `without`. Raises TocsinError, OSError.

        Folders that hold nothing but files of `ours` stay only where a file of the new tree needs them.
        """
        if not self.output.exists():
            return
        without = frozenset(without)
        our_folders = {"", *(folder for path in ours for folder in folders_of(path))}
        pairs = []
        for old, new, path in self._folders():
            _refuse_another_disk(old, self.output)
            if path not in our_folders:
                self._make_room(new, old)
            for entry in _entries_to_link(old):
                name = f"{path}/{entry.name}" if path else entry.name
                if name not in without:
                    self._make_room(new, Path(entry.path))
                    _link(Path(entry.path), new / entry.name)
            pairs.append((old, new, path in our_folders))
        for old, new, is_ours in pairs:
            if new.is_dir():
                _make_alike(old, new, is_ours=is_ours)

    def _folders(self) -> Iterator[tuple[Path, Path, str]]:
        def stop(error: OSError) -> None:
            # A folder that cannot be read must not be lost.
            raise error

        for folder, _, _ in os.walk(self.output, onerror=stop):
            old = Path(folder)
            path = old.relative_to(self.output)
            yield old, self.folder / path, "" if path == Path() else path.as_posix()

    def _make_room(self, folder: Path, old: Path) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError):
            raise taken(old) from None

    def put_in_place(self) -> None:
        """Makes the new tree durable, and the output. From here on there is no way back."""
        for folder, _, _ in os.walk(self.folder):
            _sync(Path(folder))
        exchange(self.folder, self.output, aside=self.aside)
        try:
            _sync(self.output.parent)
        except OSError as error:
            raise TocsinError(
                f"{self.output} is written, but the disk does not confirm it: {error.strerror}",
                help="see to the disk, then run it again",
            ) from None

    def discard(self) -> None:
        """Removes the new tree before it is in place, the old tree afterwards."""
        _remove(self.folder)
        if self.output.exists():
            _remove(self.aside)


def taken(path: Path) -> TocsinError:
    """The error for a file of somebody else's where one of ours would be written."""
    return TocsinError(
        f"{path} is there already, and Tocsin did not make it",
        help="move it away, or rename the definition that would be written there; if manifest.json was lost, "
        "take it back from git",
    )


def recover(output: Path, *, alone: bool) -> None:
    """Puts an old tree back that a killed run had moved aside; where no run but ours can be, clears what is left."""
    ours = re.compile(rf"\.{re.escape(output.name)}\.tocsin-[0-9a-f]{{8}}({re.escape(_ASIDE)})?")
    with os.scandir(output.parent) as entries:
        left = [
            Path(entry.path) for entry in entries if ours.fullmatch(entry.name) and entry.is_dir(follow_symlinks=False)
        ]
    for folder in left:
        if folder.name.endswith(_ASIDE) and not output.exists():
            folder.rename(output)
        elif alone:
            _remove(folder)


def _entries_to_link(folder: Path) -> list[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        return [entry for entry in entries if not entry.is_dir(follow_symlinks=False)]


def _refuse_another_disk(folder: Path, output: Path) -> None:
    if folder.stat().st_dev != output.stat().st_dev:
        raise _mounted(folder)


def _mounted(path: Path) -> TocsinError:
    return TocsinError(
        f"{path} is on another disk than the output, which is replaced as a whole",
        help="nothing was changed; unmount it, or choose another --output",
    )


def _link(old: Path, new: Path) -> None:
    try:
        os.link(old, new, follow_symlinks=False)
    except OSError as error:
        if error.errno == errno.EXDEV:
            raise _mounted(old) from None
        if error.errno not in _NO_LINK:
            raise
        shutil.copy2(old, new, follow_symlinks=False)
        if not new.is_symlink():
            _sync(new)


def _make_alike(old: Path, new: Path, *, is_ours: bool) -> None:
    """Gives a folder the owner, mode and times of the one that it stands for."""
    found = old.stat()
    with contextlib.suppress(PermissionError):
        os.chown(new, found.st_uid, found.st_gid)
    shutil.copystat(old, new)
    if is_ours:
        os.utime(new)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        # Some file systems cannot sync a folder.
        if error.errno != errno.EINVAL:
            raise
    finally:
        os.close(descriptor)


def _remove(tree: Path) -> None:
    """Removes a tree of ours, read-only folders in it too. What cannot be removed is left to the next run."""
    for folder, folders, _ in os.walk(tree):
        for name in folders:
            path = Path(folder, name)
            if not path.is_symlink():
                with contextlib.suppress(OSError):
                    path.chmod(0o700)
    shutil.rmtree(tree, ignore_errors=True)
