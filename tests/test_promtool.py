"""promtool is found, run and understood; where it is missing the way out is told."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tocsin import promtool
from tocsin.checking import short_tests
from tocsin.findings import TocsinError
from tocsin.output import Document

RULES = """groups:
- name: g
  rules:
  - alert: High
    expr: x > 1
"""
TESTS = """rule_files: [rules.yaml]
evaluation_interval: 1m
tests:
- name: it is high
  interval: 1m
  input_series: [{{series: x, values: "2x10"}}]
  alert_rule_test: [{{eval_time: 5m, alertname: High, exp_alerts: [{alerts}]}}]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "rules.yaml").write_text(RULES)
    (tmp_path / "good.yaml").write_text(TESTS.format(alerts="{}"))
    (tmp_path / "bad.yaml").write_text(TESTS.format(alerts=""))
    (tmp_path / "broken.yaml").write_text("groups: [")
    return tmp_path


def test_each_file_has_its_own_result_and_reason(folder: Path) -> None:
    good, bad, again = promtool.test_rules(folder, ["good.yaml", "bad.yaml", "good.yaml"])
    assert good.passed
    assert again.passed
    assert not bad.passed
    assert "alertname: High, time: 5m" in bad.output
    assert "it is high" in bad.output


def test_only_what_fails_twice_has_failed(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A promtool that misses a series now and then: here at the first call."""
    real, called = promtool.find_promtool(), tmp_path / "called"
    script = tmp_path / "promtool"
    script.write_text(
        f'#!/bin/sh\n[ -e "{called}" ] && exec "{real}" "$@"\ntouch "{called}"\n'
        'shift 2; for file; do echo "Unit Testing:  $file"; echo "  FAILED:"; done; exit 1\n'
    )
    script.chmod(0o755)
    monkeypatch.setenv("PROMTOOL", str(script))
    good, bad = promtool.test_rules_surely(folder, ["good.yaml", "bad.yaml"])
    assert good.passed
    assert not bad.passed
    assert "alertname: High, time: 5m" in bad.output
    called.unlink()
    assert [result.passed for result in promtool.test_rules(folder, ["good.yaml"])] == [False]


def test_databases_of_short_tests_are_in_memory(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = folder / "promtool"
    script.write_text(
        '#!/bin/sh\nshift 2\nfor file; do echo "Unit Testing:  $file"; echo "  SUCCESS in $TMPDIR"; done\n'
    )
    script.chmod(0o755)
    monkeypatch.setenv("PROMTOOL", str(script))
    monkeypatch.delenv("TMPDIR", raising=False)
    place = promtool.memory()
    results = promtool.test_rules_surely(folder, ["long.yaml", "good.yaml"], ["good.yaml"])
    assert [result.name for result in results] == ["long.yaml", "good.yaml"]
    long, short = (result.output.removeprefix("SUCCESS in").strip() for result in results)
    assert long == ""
    assert Path(short or ".").parent == (place or Path())


def test_tests_of_days_are_told_from_others_whatever_is_written_in_them() -> None:
    claim = "  - eval_time: {}\n    exp_annotations:\n      summary: |-\n        eval_time: soon\n"
    tests = [Document(time, claim.format(time).encode()) for time in ("30s", "1d12h", "1d12h1s", "60d2h30s")]
    assert short_tests([*tests, Document("none", b"tests: []\n")]) == ["30s", "1d12h", "none"]


def test_broken_rules_are_told_by_file(folder: Path) -> None:
    good, broken = promtool.check_rules(folder, ["rules.yaml", "broken.yaml"])
    assert good.passed
    assert not broken.passed
    assert "yaml: line 1" in broken.output


def test_file_that_promtool_does_not_mention_has_not_passed(folder: Path) -> None:
    (result,) = promtool.test_rules(folder, ["missing.yaml"])
    assert not result.passed
    assert "missing.yaml" in result.output


def test_promtool_is_bounded_in_memory_unless_somebody_says_otherwise(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = folder / "promtool"
    script.write_text('#!/bin/sh\necho "Checking $3"\necho "$GOMAXPROCS $GOGC $GOMEMLIMIT"\n')
    script.chmod(0o755)
    monkeypatch.setenv("PROMTOOL", str(script))
    monkeypatch.setenv("GOGC", "50")
    (result,) = promtool.check_rules(folder, ["rules.yaml"])
    assert result.output == "1 50 1GiB"


@pytest.mark.parametrize(
    ("ending", "told"),
    [
        ("kill -9 $$", r"ended by signal 9\): it said nothing"),
        ("echo panic: no room; exit 2", r"exit code 2\): panic: no"),
    ],
)
def test_promtool_that_breaks_off_has_failed_no_test(
    ending: str, told: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = folder / "promtool"
    script.write_text(f"#!/bin/sh\n{ending}\n")
    script.chmod(0o755)
    monkeypatch.setenv("PROMTOOL", str(script))
    with pytest.raises(TocsinError, match=told):
        promtool.test_rules(folder, ["good.yaml"])


def test_no_files_are_no_results(tmp_path: Path) -> None:
    assert promtool.test_rules(tmp_path, []) == []
    assert promtool.check_rules(tmp_path, []) == []


def test_promtool_named_by_the_environment_comes_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    mine = tmp_path / "my-promtool"
    mine.write_text("#!/bin/sh\nexit 0\n")
    mine.chmod(0o755)
    monkeypatch.setenv("PROMTOOL", str(mine))
    assert promtool.find_promtool() == mine


def test_builds_of_promtool_that_say_no_version_are_told_apart(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    said = set()
    for number in "123":
        mine = tmp_path / number
        # The third says another patch level, and is as long as the others.
        mine.write_text(f"#!/bin/sh\necho promtool, version {'3.1.2' if number == '3' else '     '}\n")
        mine.chmod(0o755)
        os.utime(mine, (0, 1 if number == "2" else 0))
        monkeypatch.setenv("PROMTOOL", str(mine))
        promtool.identity.cache_clear()
        said.add(promtool.identity().replace(str(mine), ""))
    promtool.identity.cache_clear()
    assert len(said) == 3


def test_promtool_that_is_named_and_not_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROMTOOL", "/nowhere/promtool")
    with pytest.raises(TocsinError, match="PROMTOOL=/nowhere/promtool cannot be run"):
        promtool.find_promtool()


def test_missing_promtool_is_told_with_the_way_out(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("PROMTOOL", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(TocsinError, match="promtool is not installed") as told:
        promtool.find_promtool()
    assert "apt-get install prometheus" in told.value.help
    assert "brew install prometheus" in told.value.help
