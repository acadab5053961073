"""The output is the same, byte for byte, wherever and however it is generated."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from projects import REPOSITORY


def generated(folder: Path, cwd: Path, **environment: str) -> dict[str, bytes]:
    subprocess.run(
        [sys.executable, "-m", "tocsin.cli", "generate", "--output", str(folder)],
        cwd=cwd,
        env={**os.environ, **environment},
        check=True,
        capture_output=True,
    )
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    return generated(tmp_path_factory.mktemp("reference") / "out", REPOSITORY, PYTHONHASHSEED="0")


@pytest.mark.parametrize(
    "environment",
    [
        {"PYTHONHASHSEED": "1"},
        {"PYTHONHASHSEED": "4242", "LC_ALL": "C", "PYTHONUTF8": "0"},
        {"PYTHONHASHSEED": "7", "LC_ALL": "tr_TR.UTF-8", "LANG": "tr_TR.UTF-8"},
        {"TZ": "Asia/Kathmandu"},
        {"PYTHONOPTIMIZE": "2"},
    ],
    ids=lambda environment: ",".join(f"{name}={value}" for name, value in environment.items()),
)
def test_environment_makes_no_difference(
    environment: dict[str, str], reference: dict[str, bytes], tmp_path: Path
) -> None:
    assert generated(tmp_path / "out", REPOSITORY, **environment) == reference


def test_working_directory_makes_no_difference(reference: dict[str, bytes], tmp_path: Path) -> None:
    assert generated(tmp_path / "out", REPOSITORY / "monitors" / "dashboards") == reference


def test_committed_output_is_what_the_sources_make(reference: dict[str, bytes]) -> None:
    folder = REPOSITORY / "generated"
    committed = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert {path: committed.get(path) for path in reference} == reference
