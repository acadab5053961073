"""Caches of the test's own, for what is remembered of files, and a promtool that is counted."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def caches(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path_factory.mktemp("caches")
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder))
    return folder


@pytest.fixture
def counted(tmp_path: Path) -> tuple[dict[str, str], Path]:
    """A promtool that notes how many test files it is given."""
    real = os.environ.get("PROMTOOL") or shutil.which("promtool")
    note = tmp_path / "calls"
    note.touch()
    script = tmp_path / "counted-promtool"
    script.write_text(f'#!/bin/sh\n[ "$1" = test ] && echo $(($# - 2)) >> "{note}"\nexec "{real}" "$@"\n')
    script.chmod(0o755)
    return {"PROMTOOL": str(script)}, note
