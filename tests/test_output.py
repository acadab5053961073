"""The output is the old tree or the new one, whole, whatever happens; and what we did not make stays as it is."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tocsin import exchange as exchange_module
from tocsin.findings import TocsinError
from tocsin.output import Document, compare_tree, write_tree

OLD = (Document("a/one.yaml", b"one\n"), Document("a/two.yaml", b"two\n"), Document("b/three.json", b"{}\n"))
NEW = (Document("a/one.yaml", b"one\n"), Document("a/two.yaml", b"2\n"), Document("c/four.json", b"[]\n"))


def content(tree: Path) -> dict[str, str]:
    """Every file, link and folder of a tree."""
    found = {}
    for path in sorted(tree.rglob("*")):
        name = str(path.relative_to(tree))
        if path.is_symlink():
            found[name] = f"-> {os.readlink(path)}"
        elif path.is_dir():
            found[name] = "/"
        else:
            found[name] = path.read_text()
    return found


def in_child(work: Callable[[], object]) -> int:
    """Runs it in a forked process; gives the exit code, or minus the signal that ended it."""
    child = os.fork()
    if child == 0:
        try:
            work()
        except TocsinError as error:
            os.write(2, f"{error.message}\n".encode())
            os._exit(2)
        except BaseException:
            os._exit(3)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.fixture
def output(tmp_path: Path) -> Path:
    folder = tmp_path / "generated"
    write_tree(folder, OLD)
    return folder


@pytest.fixture
def old(output: Path) -> dict[str, str]:
    return content(output)


@pytest.fixture
def new(tmp_path: Path, output: Path) -> dict[str, str]:
    folder = tmp_path / "elsewhere" / "generated"
    shutil.copytree(output, folder)
    write_tree(folder, NEW)
    return content(folder)


def test_changes_tell_what_was_done(output: Path) -> None:
    changes = write_tree(output, NEW)
    assert changes.added == ("c/four.json",)
    assert changes.changed == ("a/two.yaml", "manifest.json")
    assert changes.removed == ("b/three.json",)
    assert list(changes.lines())[-1] == "generated/: 1 new, 2 changed, 1 removed, 1 unchanged"
    assert not (output / "b").exists()


def test_second_run_touches_nothing(output: Path) -> None:
    before = {path: path.stat() for path in output.rglob("*")}
    changes = write_tree(output, OLD)
    assert not changes.drift
    assert list(changes.lines()) == ["generated/ is up to date: 4 files"]
    after = {path: path.stat() for path in output.rglob("*")}
    assert {path: (found.st_ino, found.st_mtime_ns) for path, found in before.items()} == {
        path: (found.st_ino, found.st_mtime_ns) for path, found in after.items()
    }


def test_unchanged_file_stays_the_same_file(output: Path) -> None:
    before = (output / "a/one.yaml").stat()
    write_tree(output, NEW)
    after = (output / "a/one.yaml").stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_comparison_says_the_same_and_writes_nothing(output: Path, old: dict[str, str]) -> None:
    compared = compare_tree(output, NEW)
    assert content(output) == old
    assert compared == write_tree(output, NEW)
    assert not compare_tree(output, NEW).drift


def test_edited_file_is_drift_and_is_set_right(output: Path, old: dict[str, str]) -> None:
    (output / "a/one.yaml").write_text("edited by hand\n")
    assert compare_tree(output, OLD).changed == ("a/one.yaml",)
    write_tree(output, OLD)
    assert content(output) == old


def test_deleted_file_is_drift_and_comes_back(output: Path, old: dict[str, str]) -> None:
    shutil.rmtree(output / "a")
    assert compare_tree(output, OLD).added == ("a/one.yaml", "a/two.yaml")
    write_tree(output, OLD)
    assert content(output) == old


def test_what_we_did_not_make_stays_as_it_is(output: Path) -> None:
    (output / "notes.txt").write_text("mine")
    (output / "notes.txt").chmod(0o640)
    (output / "b/mine").mkdir(mode=0o700)
    (output / "b/mine/deep.yaml").write_text("mine too")
    (output / "empty").mkdir()
    (output / "link").symlink_to("nowhere")
    (output / "folder-link").symlink_to(output / "b")
    before = (output / "notes.txt").stat()

    write_tree(output, NEW)

    after = (output / "notes.txt").stat()
    assert (after.st_ino, after.st_mtime_ns, stat.S_IMODE(after.st_mode)) == (before.st_ino, before.st_mtime_ns, 0o640)
    assert (output / "b/mine/deep.yaml").read_text() == "mine too"
    assert stat.S_IMODE((output / "b/mine").stat().st_mode) == 0o700
    assert (output / "empty").is_dir()
    assert os.readlink(output / "link") == "nowhere"
    assert (output / "folder-link").is_symlink()
    assert not (output / "b/three.json").exists()


def test_file_in_the_way_is_told_and_left(output: Path) -> None:
    (output / "c").mkdir()
    (output / "c/four.json").write_text("mine")
    before = content(output)
    with pytest.raises(TocsinError, match=r"c/four\.json is there already, and Tocsin did not make it"):
        write_tree(output, NEW)
    assert content(output) == before


@pytest.mark.parametrize("path", ["../outside.yaml", "/etc/outside.yaml", "a/../../outside.yaml", "manifest.json", ""])
def test_path_that_leaves_the_output_is_refused(path: str, output: Path, old: dict[str, str]) -> None:
    with pytest.raises(TocsinError, match="is no path in the output"):
        write_tree(output, (*NEW, Document(path, b"x")))
    assert content(output) == old


def test_two_documents_of_one_path_are_refused(output: Path, old: dict[str, str]) -> None:
    with pytest.raises(TocsinError, match=r"two definitions make the file A/One\.yaml"):
        write_tree(output, (*NEW, Document("A/One.yaml", b"x")))
    assert content(output) == old


@pytest.mark.parametrize(
    "manifest",
    [
        "not json",
        "[]",
        '{"version": 2, "files": []}',
        '{"version": 1, "files": {}}',
        '{"version": 1, "files": [1]}',
        json.dumps({"version": 1, "files": ["../victim.txt"]}),
        json.dumps({"version": 1, "files": ["/tmp/victim.txt"]}),
        json.dumps({"version": 1, "files": ["door/victim.txt"]}),
    ],
)
def test_manifest_that_is_broken_or_hostile_is_refused(manifest: str, output: Path, tmp_path: Path) -> None:
    victim = tmp_path / "victim.txt"
    victim.write_text("keep me")
    (output / "door").symlink_to(tmp_path)
    (output / "manifest.json").write_text(manifest)
    before = content(output)
    with pytest.raises(TocsinError, match="the manifest cannot be used"):
        write_tree(output, NEW)
    assert content(output) == before
    assert victim.read_text() == "keep me"


def test_output_that_is_no_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "generated").write_text("a file")
    with pytest.raises(TocsinError, match="is no folder"):
        write_tree(tmp_path / "generated", NEW)


def test_definition_that_fails_halfway_leaves_the_old_tree(output: Path, old: dict[str, str]) -> None:
    def documents() -> Iterator[Document]:
        yield NEW[0]
        raise RuntimeError("halfway")

    with pytest.raises(RuntimeError, match="halfway"):
        write_tree(output, documents())
    assert content(output) == old
    assert [path.name for path in output.parent.iterdir()] == ["generated"]


STEPS = ("mkdir", "link", "fsync", "rename", "rmdir", "unlink", "chmod")


def killed_at(step: int, output: Path) -> int:
    """Generates in a process that is killed at its n-th step on the file system; 0 where it has fewer."""

    def work() -> None:
        left = [step]

        def counted(real: Callable[..., object]) -> Callable[..., object]:
            def call(*arguments: object, **options: object) -> object:
                if left[0] == 0:
                    os.kill(os.getpid(), signal.SIGKILL)
                left[0] -= 1
                return real(*arguments, **options)

            return call

        for name in STEPS:
            setattr(os, name, counted(getattr(os, name)))
        swap = exchange_module._swap
        exchange_module._swap = counted(swap)  # type: ignore[assignment]
        write_tree(output, NEW)

    return in_child(work)


def test_run_that_is_killed_leaves_the_old_tree_or_the_new_one(
    tmp_path: Path, old: dict[str, str], new: dict[str, str]
) -> None:
    seen = set()
    for step in range(200):
        folder = tmp_path / f"run-{step}"
        write_tree(folder / "generated", OLD)
        code = killed_at(step, folder / "generated")
        found = content(folder / "generated")
        assert found in (old, new), f"killed at step {step}"
        seen.add("new" if found == new else "old")
        write_tree(folder / "generated", NEW)
        assert content(folder / "generated") == new
        assert [path.name for path in folder.iterdir()] == ["generated"]
        if code == 0:
            break
    assert code == 0
    assert step > 10
    assert seen == {"old", "new"}


def test_first_run_that_is_killed_leaves_nothing_or_all(tmp_path: Path) -> None:
    code, step = -9, 0
    while code != 0:
        folder = tmp_path / f"run-{step}"
        folder.mkdir()
        code = killed_at(step, folder / "generated")
        assert not (folder / "generated").exists() or len(content(folder / "generated")) == 6
        write_tree(folder / "generated", NEW)
        assert [path.name for path in folder.iterdir()] == ["generated"]
        step += 1
    assert step > 5


def test_file_system_without_an_exchange_recovers_at_the_next_run(
    tmp_path: Path, new: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def unsupported(*_: object) -> None:
        raise OSError(95, "not supported")

    monkeypatch.setattr(exchange_module, "_swap", unsupported)
    for step in range(200):
        folder = tmp_path / f"run-{step}"
        write_tree(folder / "generated", OLD)
        code = killed_at(step, folder / "generated")
        write_tree(folder / "generated", NEW)
        assert content(folder / "generated") == new
        assert [path.name for path in folder.iterdir()] == ["generated"]
        if code == 0:
            break
    assert code == 0


def test_two_runs_at_once_leave_one_of_both_trees(output: Path, tmp_path: Path) -> None:
    sets = [tuple(Document(f"{run}/{name}.yaml", f"{run}\n".encode()) for name in range(20)) for run in range(6)]
    whole = []
    for number, documents in enumerate(sets):
        write_tree(tmp_path / f"whole-{number}" / "generated", documents)
        whole.append(content(tmp_path / f"whole-{number}" / "generated"))
    children = []
    for documents in sets:
        child = os.fork()
        if child == 0:
            try:
                for _ in range(5):
                    write_tree(output, documents)
            except BaseException:
                os._exit(1)
            os._exit(0)
        children.append(child)
    for _ in range(200):
        assert {name for name in os.listdir(output) if name != "manifest.json"}
    assert [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children] == [0] * len(sets)
    assert content(output) in whole
    assert not list(output.parent.glob(".generated.tocsin-*"))


def test_disk_that_is_full_leaves_the_old_tree(
    output: Path, old: dict[str, str], capfd: pytest.CaptureFixture[str]
) -> None:
    def work() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
        write_tree(output, (*NEW, Document("large.json", b"x" * 5000)))

    assert in_child(work) == 2
    assert "cannot write" in capfd.readouterr().err
    assert content(output) == old
    assert [path.name for path in output.parent.iterdir()] == ["generated"]


def test_folder_without_the_right_to_write_is_told(
    output: Path, old: dict[str, str], capfd: pytest.CaptureFixture[str]
) -> None:
    folder = output.parent
    for path in (folder, *folder.parents):
        if path.stat().st_uid == os.getuid() and path != Path("/"):
            path.chmod(path.stat().st_mode | 0o055)
    folder.chmod(0o555)

    def work() -> None:
        if os.getuid() == 0:
            os.setgid(65534)
            os.setuid(65534)
        write_tree(output, NEW)

    try:
        assert in_child(work) == 2
    finally:
        folder.chmod(0o755)
    assert "cannot write" in capfd.readouterr().err
    assert content(output) == old
