"""A real Prometheus over synthetic series."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from recorded import recorded
from servers import Prometheus, running_prometheus
from synthetic import exposition


@pytest.fixture(scope="session")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """Prometheus with the synthetic series of `synthetic.py`, and what the rules of `recorded.py` record of them."""
    if not shutil.which("promtool"):
        pytest.skip("promtool is not installed")
    directory = tmp_path_factory.mktemp("prometheus")
    _load(directory, exposition())
    with running_prometheus(directory) as found:
        rules = recorded(found)
    _load(directory, rules)
    with running_prometheus(directory) as found:
        yield found


def _load(directory: Path, text: str) -> None:
    series = directory / "series.om"
    series.write_text(text)
    subprocess.run(
        ["promtool", "tsdb", "create-blocks-from", "openmetrics", series, directory / "data"],
        check=True,
        capture_output=True,
    )
