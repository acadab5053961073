"""Two folders change places in one step of the operating system."""

from __future__ import annotations

import ctypes
import errno
import os
import sys
from pathlib import Path

_AT_FDCWD = -100
_LINUX_EXCHANGE = 2
_MACOS_SWAP = 2
_UNSUPPORTED = frozenset({errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP})


def exchange(new: Path, current: Path) -> None:
    """Puts `new` where `current` is; afterwards `new` holds what was there, if anything was. Raises OSError."""
    if not current.exists():
        new.rename(current)
        return
    try:
        _swap(os.fsencode(new), os.fsencode(current))
    except OSError as error:
        if error.errno not in _UNSUPPORTED:
            raise
        _swap_by_renaming(new, current)


def _swap(one: bytes, other: bytes) -> None:
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


def _swap_by_renaming(new: Path, current: Path) -> None:
    """For file systems without an exchange. Killed between the two steps, the next run puts the old tree back."""
    old = new.with_name(f"{new.name}.old")
    current.rename(old)
    try:
        new.rename(current)
    except OSError:
        old.rename(current)
        raise
    old.rename(new)
