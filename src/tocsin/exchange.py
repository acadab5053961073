"""Two folders change places in one step of the operating system."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path

_AT_FDCWD = -100
_LINUX_EXCHANGE = 2
_MACOS_SWAP = 2
_UNSUPPORTED = frozenset({errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP})


def exchange(new: Path, current: Path, *, aside: Path) -> None:
    """Puts `new` where `current` is, and what was there, if anything, where `new` was, or `aside`. Raises OSError.

    Only a file system that cannot exchange uses `aside`. Killed there, the old folder is `aside` and none is `current`.
    """
    if not current.exists():
        new.rename(current)
        return
    try:
        _swap(os.fsencode(new), os.fsencode(current))
    except OSError as error:
        if error.errno not in _UNSUPPORTED:
            raise
        _swap_by_renaming(new, current, aside)


def _swap(one: bytes, other: bytes) -> None:
    import ctypes

    library = ctypes.CDLL(None, use_errno=True)
    if sys.platform == "darwin":
        failed = library.renamex_np(one, other, _MACOS_SWAP)
    elif hasattr(library, "renameat2"):
        failed = library.renameat2(_AT_FDCWD, one, _AT_FDCWD, other, _LINUX_EXCHANGE)
    else:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
    if failed:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), os.fsdecode(other))


def _swap_by_renaming(new: Path, current: Path, aside: Path) -> None:
    try:
        current.rename(aside)
        new.rename(current)
    except BaseException:
        if not current.exists():
            aside.rename(current)
        raise
