"""A process that has imported Tocsin, and forks for each run of the command: importing takes longer than many runs do.

What runs is the command's own module, in a process, a folder and an environment of its own; only how Python starts
(hash seeds, encodings) is not as usual. Nothing of a project is imported before the fork.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import json
import os
import pkgutil
import runpy
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

_MODULE = "tocsin.cli"


def run(arguments: Sequence[str], folder: Path, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Runs the command there, and gives what it prints and its exit code."""
    server = _server()
    assert server.stdin is not None
    assert server.stdout is not None
    with tempfile.TemporaryDirectory(prefix="tocsin-run-") as outputs:
        asked = {
            "arguments": list(arguments),
            "folder": str(folder),
            "environment": dict(environment),
            "outputs": [f"{outputs}/out", f"{outputs}/err"],
        }
        server.stdin.write(json.dumps(asked) + "\n")
        server.stdin.flush()
        code = int(server.stdout.readline())
        out, err = (Path(file).read_text() for file in asked["outputs"])
    return subprocess.CompletedProcess([_MODULE, *arguments], code, out, err)


@cache
def _server() -> subprocess.Popen[str]:
    """One for each process of the tests; it ends with it."""
    server = subprocess.Popen([sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    atexit.register(server.kill)
    return server


def serve() -> None:
    _import_all()
    gc.freeze()
    for line in sys.stdin:
        asked = json.loads(line)
        child = os.fork()
        if child == 0:
            _become(asked["folder"], asked["environment"], *asked["outputs"])
            sys.argv = ["", *asked["arguments"]]
            runpy.run_module(_MODULE, run_name="__main__", alter_sys=True)
            return
        sys.stdout.write(f"{os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])}\n")
        sys.stdout.flush()


def _import_all() -> None:
    """What the command would import when it needs it."""
    for package in ("tocsin", "agentmetrics"):
        for info in pkgutil.walk_packages(importlib.import_module(package).__path__, f"{package}."):
            if info.name != _MODULE:
                importlib.import_module(info.name)


def _become(folder: str, environment: Mapping[str, str], out: str, err: str) -> None:
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.path[0] = folder  # as with `python -m`
    for number, file in ((0, os.devnull), (1, out), (2, err)):
        opened = os.open(file, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(opened, number)
        os.close(opened)
    sys.stdin = os.fdopen(0, closefd=False)  # what the server has read ahead is not for the command


if __name__ == "__main__":
    serve()
