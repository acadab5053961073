"""Processes to break: ended at a step of theirs, without the right to write, with file systems of their own."""

from __future__ import annotations

import ctypes
import errno
import os
import resource
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from tocsin import exchange
from tocsin.findings import TocsinError

FINE, REFUSED, INTERRUPTED = 0, 2, 130
Work = Callable[[], object]

# What Python tells an audit hook before it does it. Reading counts too: a run may be killed there as well.
_STEPS = frozenset(
    f"os.{step}" for step in ("mkdir", "link", "rename", "remove", "rmdir", "chmod", "chown", "utime", "scandir")
) | {"open"}


def start(work: Work) -> int:
    """Runs it in a process of its own; gives the process's id."""
    child = os.fork()
    if child:
        return child
    code = 3
    try:
        work()
        code = FINE
    except TocsinError as error:
        os.write(2, f"{error.message}\n= help: {error.help}\n".encode())
        code = REFUSED
    except KeyboardInterrupt:
        code = INTERRUPTED
    except BaseException as error:
        os.write(2, f"{type(error).__name__}: {error}\n".encode())
    finally:
        os._exit(code)


def finish(child: int) -> int:
    """Its exit code, or minus the signal that ended it."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def run(work: Work) -> int:
    return finish(start(work))


def killed() -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError


def broken() -> NoReturn:
    raise OSError(errno.EIO, os.strerror(errno.EIO))


def interrupted() -> NoReturn:
    raise KeyboardInterrupt


def full() -> NoReturn:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def run_with_fault(work: Work, step: int, fault: Callable[[], NoReturn]) -> tuple[int, bool]:
    """Runs it, with the fault at its n-th step on the file system; `full` from there on, where something is made.

    Gives the exit code, and whether there were that many steps.
    """
    met, tell = os.pipe()

    def counted() -> None:
        left = [step]

        def count(event: str, arguments: tuple[Any, ...] = ()) -> None:
            left[0] -= 1
            if left[0] == -1:
                os.write(tell, b"!")
            if _grows(event, arguments) and left[0] < 0 if fault is full else left[0] == -1:
                fault()

        os.fsync = _counted(os.fsync, count)
        exchange._swap = _counted(exchange._swap, count)
        sys.addaudithook(lambda event, arguments: count(event, arguments) if event in _STEPS else None)
        work()

    code = run(counted)
    os.close(tell)
    was_met = bool(os.read(met, 1))
    os.close(met)
    return code, was_met


def _grows(event: str, arguments: tuple[Any, ...]) -> bool:
    return event in ("os.mkdir", "os.link") or (event == "open" and bool(arguments[2] & os.O_CREAT))


def _counted(real: Callable[..., Any], count: Callable[[str], None]) -> Callable[..., Any]:
    def call(*arguments: object) -> Any:
        count("")
        return real(*arguments)

    return call


def run_without_rights(work: Work) -> int:
    """Runs it as a user whom the modes of files bind, whoever runs the tests."""

    def bound() -> None:
        if os.geteuid() == 0:
            header = (ctypes.c_uint32 * 2)(0x20080522, 0)
            nothing = (ctypes.c_uint32 * 6)()
            assert ctypes.CDLL(None).capset(header, nothing) == 0
        work()

    return run(bound)


def run_with_small_files(work: Work, largest: int) -> int:
    """Runs it where no file can be larger than that."""

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest))
        work()

    return run(limited)


_NEW_MOUNTS, _NEW_USER = 0x00020000, 0x10000000
_RECURSIVE, _PRIVATE = 0x4000, 0x40000


def run_with_own_mounts(work: Work) -> int:
    """Runs it where what it mounts is seen by itself alone, and is gone when it ends."""

    def apart() -> None:
        own_mounts()
        work()

    return run(apart)


def own_mounts() -> None:
    user, group = os.geteuid(), os.getegid()
    _asked("unshare", _NEW_MOUNTS | (_NEW_USER if user else 0))
    if user:
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"0 {user} 1")
        Path("/proc/self/gid_map").write_text(f"0 {group} 1")
    _asked("mount", None, b"/", None, ctypes.c_ulong(_RECURSIVE | _PRIVATE), None)


def mount(kind: str, where: Path, options: str) -> None:
    _asked("mount", kind.encode(), os.fsencode(where), kind.encode(), ctypes.c_ulong(0), options.encode())


def _asked(function: str, *arguments: object) -> None:
    library = ctypes.CDLL(None, use_errno=True)
    if getattr(library, function)(*arguments):
        raise OSError(ctypes.get_errno(), f"{function} {arguments}")


def mount_layers(where: Path) -> Path:
    """Room for a file system like a container's; gives the folder of the image's layer."""
    mount("tmpfs", where, "size=1m")
    for name in ("image", "upper", "work", "seen"):
        (where / name).mkdir()
    return where / "image"


def mount_seen(where: Path) -> Path:
    """What the container sees of its image, in which it writes into a layer of its own."""
    mount("overlay", where / "seen", f"lowerdir={where}/image,upperdir={where}/upper,workdir={where}/work")
    return where / "seen"


def can_mount() -> bool:
    """Whether this machine lets us have mounts of our own (Linux, and no policy against it)."""

    def work() -> None:
        own_mounts()
        mount_layers(Path("/tmp"))
        mount_seen(Path("/tmp"))

    return sys.platform == "linux" and run(work) == FINE
