"""What we did not make stays as it is; and at whatever step a run ends, there is the old tree or the new one."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import pytest
from processes import FINE, INTERRUPTED, REFUSED, broken, full, interrupted, killed, run_with_fault, run_without_rights
from trees import NEW, OLD, content

from tocsin import exchange
from tocsin.findings import TocsinError
from tocsin.output import Document, write_tree

pytestmark = pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")


@dataclass(frozen=True)
class Trees:
    """An output with files of ours and of somebody else's, and what is in it before and after a run."""

    output: Path
    old: dict[str, str]
    new: dict[str, str]

    def generate(self) -> None:
        write_tree(self.output, NEW)

    def reset(self) -> None:
        write_tree(self.output, OLD)
        assert content(self.output) == self.old

    def litter(self) -> list[str]:
        return [name for name in os.listdir(self.output.parent) if name != self.output.name]


@pytest.fixture
def trees(tmp_path: Path) -> Iterator[Trees]:
    # Characters that mean something in a pattern must not.
    output = tmp_path / "gen[e]rated"
    write_tree(output, OLD)
    add_what_is_not_ours(output)
    old = content(output)
    write_tree(output, NEW)
    new = content(output)
    write_tree(output, OLD)
    yield Trees(output, old, new)
    (output / "theirs").chmod(0o755)


def add_what_is_not_ours(output: Path) -> None:
    (output / "notes.txt").write_text("mine")
    (output / "notes.txt").chmod(0o640)
    (output / "b/mine").mkdir(mode=0o700)
    (output / "b/mine/deep.yaml").write_text("mine too")
    (output / "empty").mkdir()
    (output / "link").symlink_to("nowhere")
    (output / "folder-link").symlink_to(output / "b")
    (output / "theirs").mkdir()
    (output / "theirs/read-only.txt").write_text("theirs")
    (output / "theirs/read-only.txt").chmod(0o444)
    (output / "theirs").chmod(0o555)


def test_what_we_did_not_make_stays_the_same_file(trees: Trees) -> None:
    names = ("notes.txt", "b/mine/deep.yaml", "theirs/read-only.txt", "link", "folder-link")
    before = {name: os.lstat(trees.output / name) for name in names}
    trees.generate()
    after = {name: os.lstat(trees.output / name) for name in names}
    for name in names:
        assert (after[name].st_ino, after[name].st_mtime_ns, after[name].st_mode) == (
            before[name].st_ino,
            before[name].st_mtime_ns,
            before[name].st_mode,
        )


def test_folders_that_we_did_not_make_keep_mode_times_and_emptiness(trees: Trees) -> None:
    before = {name: os.lstat(trees.output / name) for name in ("b/mine", "empty", "theirs")}
    trees.generate()
    after = {name: os.lstat(trees.output / name) for name in before}
    assert stat.S_IMODE(after["theirs"].st_mode) == 0o555
    assert [(found.st_mode, found.st_mtime_ns) for found in after.values()] == [
        (found.st_mode, found.st_mtime_ns) for found in before.values()
    ]
    assert list((trees.output / "empty").iterdir()) == []


def test_folder_that_our_files_leave_goes_unless_it_holds_something_else(trees: Trees) -> None:
    trees.generate()
    assert sorted(os.listdir(trees.output / "b")) == ["mine"]
    write_tree(trees.output, OLD[:1])
    assert not (trees.output / "c").exists()


def test_output_with_read_only_folders_needs_no_special_rights(trees: Trees) -> None:
    assert run_without_rights(trees.generate) == FINE
    assert content(trees.output) == trees.new
    assert trees.litter() == []


def test_folder_that_cannot_be_read_is_not_lost(trees: Trees) -> None:
    (trees.output / "theirs").chmod(0)
    assert run_without_rights(trees.generate) == REFUSED
    (trees.output / "theirs").chmod(0o555)
    assert content(trees.output) == trees.old
    assert trees.litter() == []


def test_pipes_are_taken_over_and_not_read(trees: Trees) -> None:
    os.mkfifo(trees.output / "pipe")
    (trees.output / "a/two.yaml").unlink()
    os.mkfifo(trees.output / "a/two.yaml")
    trees.generate()
    assert stat.S_ISFIFO(os.lstat(trees.output / "pipe").st_mode)
    assert (trees.output / "a/two.yaml").read_bytes() == b"2\n"


def test_file_system_without_hard_links_gets_copies(trees: Trees, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> NoReturn:
        raise OSError(errno.EPERM, "no links here")

    before = os.lstat(trees.output / "notes.txt")
    monkeypatch.setattr(os, "link", refuse)
    trees.generate()
    after = os.lstat(trees.output / "notes.txt")
    assert content(trees.output) == trees.new
    assert (after.st_mtime_ns, after.st_mode) == (before.st_mtime_ns, before.st_mode)


@pytest.mark.parametrize(
    ("fault", "can_exchange"),
    [(killed, True), (broken, True), (full, True), (interrupted, True), (killed, False), (interrupted, False)],
)
def test_run_that_ends_at_any_step_leaves_the_old_tree_or_the_new_one(
    trees: Trees, fault: Callable[[], NoReturn], can_exchange: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not can_exchange:
        monkeypatch.setattr(exchange, "_swap", _unsupported)
    seen = set()
    for step in range(1000):
        code, was_met = run_with_fault(trees.generate, step, fault)
        # Between two renames there is none: only a kill can leave that, and only where there is no exchange.
        gone = fault is killed and not can_exchange and not trees.output.exists()
        found = None if gone else content(trees.output)
        assert found in (None, trees.old, trees.new), f"step {step}"
        assert code != FINE or found == trees.new
        seen.add((code, found == trees.new))
        if code in (REFUSED, INTERRUPTED) and found == trees.old:
            assert trees.litter() == []
            continue
        trees.generate()
        assert content(trees.output) == trees.new
        assert trees.litter() == []
        trees.reset()
        if not was_met:
            break
    assert not was_met
    assert {is_new for _, is_new in seen} == {False, True}
    assert {code for code, _ in seen} == {killed: {-9, FINE}, interrupted: {FINE, INTERRUPTED}}.get(
        fault, {FINE, REFUSED}
    )


def _unsupported(*_: object) -> NoReturn:
    raise OSError(errno.EINVAL, "no exchange here")


def test_first_run_that_is_killed_leaves_nothing_or_all(tmp_path: Path) -> None:
    output, was_met, step = tmp_path / "generated", True, 0
    write_tree(tmp_path / "whole", NEW)
    while was_met:
        _, was_met = run_with_fault(lambda: write_tree(output, NEW), step, killed)
        assert not output.exists() or content(output) == content(tmp_path / "whole")
        write_tree(output, NEW)
        assert content(output) == content(tmp_path / "whole")
        assert sorted(os.listdir(tmp_path)) == ["generated", "whole"]
        for path in (output / "manifest.json", *output.glob("*/*")):
            path.unlink()
        for path in (*output.iterdir(), output):
            path.rmdir()
        step += 1
    assert step > 20


def test_only_what_killed_runs_left_is_cleared(trees: Trees) -> None:
    parent, name = trees.output.parent, trees.output.name
    left = parent / f".{name}.tocsin-0123abcd"
    (left / "a").mkdir(parents=True)
    mine = [parent / f".{name}.tocsin-notes", parent / ".other.tocsin-0123abcd", parent / f".{name}.tocsin-0123abcdef"]
    for folder in mine:
        (folder / "deep").mkdir(parents=True, mode=0o755)
    door = parent / f".{name}.tocsin-89abcdef"
    door.symlink_to(mine[0])
    trees.generate()
    assert sorted(trees.litter()) == sorted(path.name for path in (*mine, door))
    assert stat.S_IMODE((mine[0] / "deep").stat().st_mode) == 0o755


def test_old_tree_that_cannot_be_put_back_is_kept_for_the_next_run(
    trees: Trees, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename, calls = os.rename, []

    def break_after_one(*arguments: str) -> None:
        calls.append(arguments)
        if len(calls) > 1:
            broken()
        rename(*arguments)

    with monkeypatch.context() as patched:
        patched.setattr(exchange, "_swap", _unsupported)
        patched.setattr(os, "rename", break_after_one)
        with pytest.raises(TocsinError, match="cannot write"):
            trees.generate()
    assert len(calls) == 3
    assert not trees.output.exists()
    with pytest.raises(RuntimeError):
        write_tree(trees.output, _failing())
    assert content(trees.output) == trees.old
    assert trees.litter() == []


def _failing() -> Iterator[Document]:
    raise RuntimeError
    yield
