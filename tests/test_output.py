"""The output becomes what the documents say, the whole of it or nothing, and nothing else is touched."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from processes import (
    REFUSED,
    can_mount,
    finish,
    mount,
    mount_layers,
    mount_seen,
    run,
    run_with_own_mounts,
    run_with_small_files,
    run_without_rights,
    start,
)
from trees import NEW, OLD, content

from tocsin.findings import TocsinError
from tocsin.output import Document, compare_tree, write_tree

pytestmark = pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")


@pytest.fixture
def output(tmp_path: Path) -> Path:
    folder = tmp_path / "generated"
    write_tree(folder, OLD)
    return folder


@pytest.fixture
def old(output: Path) -> dict[str, str]:
    return content(output)


def test_changes_tell_what_was_done(output: Path) -> None:
    changes = write_tree(output, NEW)
    assert changes.added == ("c/four.json",)
    assert changes.changed == ("a/two.yaml", "manifest.json")
    assert changes.removed == ("b/three.json",)
    assert list(changes.lines()) == [
        "  + c/four.json",
        "  ~ a/two.yaml",
        "  ~ manifest.json",
        "  - b/three.json",
        "generated/: 1 new, 2 changed, 1 removed, 1 unchanged",
    ]


def test_output_holds_the_documents_and_the_manifest(output: Path) -> None:
    write_tree(output, NEW)
    assert sorted(content(output)) == ["a/", "a/one.yaml", "a/two.yaml", "c/", "c/four.json", "manifest.json"]
    for document in NEW:
        assert (output / document.path).read_bytes() == document.content


def test_order_of_the_documents_makes_no_difference(tmp_path: Path, old: dict[str, str]) -> None:
    write_tree(tmp_path / "other" / "generated", reversed(OLD))
    assert content(tmp_path / "other" / "generated") == old


def test_long_lists_are_cut(tmp_path: Path) -> None:
    changes = write_tree(tmp_path / "generated", (Document(f"{number}.json", b"{}") for number in range(30)))
    lines = list(changes.lines())
    assert len(lines) == 22
    assert lines[-2:] == ["  + and 11 more", "generated/: 31 new, 0 changed, 0 removed, 0 unchanged"]


def test_second_run_touches_nothing(output: Path) -> None:
    paths = [output.parent, output, *output.rglob("*")]
    before = {path: path.stat() for path in paths}
    changes = write_tree(output, OLD)
    assert not changes.drift
    assert list(changes.lines()) == ["generated/ is up to date: 4 files"]
    after = {path: path.stat() for path in paths}
    assert [(path, found.st_ino, found.st_mtime_ns, found.st_ctime_ns) for path, found in before.items()] == [
        (path, found.st_ino, found.st_mtime_ns, found.st_ctime_ns) for path, found in after.items()
    ]


def test_second_run_needs_no_right_to_write(output: Path) -> None:
    for folder in (output, output.parent):
        folder.chmod(0o555)
    assert run_without_rights(lambda: write_tree(output, OLD)) == 0
    for folder in (output.parent, output):
        folder.chmod(0o755)


def test_unchanged_file_stays_the_same_file(output: Path) -> None:
    before = (output / "a/one.yaml").stat()
    write_tree(output, NEW)
    after = (output / "a/one.yaml").stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_new_files_heed_the_umask_and_changed_files_keep_their_mode(output: Path) -> None:
    (output / "a/two.yaml").chmod(0o604)

    def work() -> None:
        os.umask(0o027)
        write_tree(output, NEW)

    assert run(work) == 0
    modes = {name: stat.S_IMODE((output / name).stat().st_mode) for name in ("c", "c/four.json", "a/two.yaml")}
    assert modes == {"c": 0o750, "c/four.json": 0o640, "a/two.yaml": 0o604}


def test_comparison_says_the_same_and_writes_nothing(output: Path, old: dict[str, str]) -> None:
    compared = compare_tree(output, NEW)
    assert content(output) == old
    assert compared == write_tree(output, NEW)
    assert not compare_tree(output, NEW).drift


def test_comparison_of_an_output_that_is_not_there_makes_none(tmp_path: Path) -> None:
    changes = compare_tree(tmp_path / "deep" / "generated", OLD)
    assert changes.added == ("a/one.yaml", "a/two.yaml", "b/three.json", "manifest.json")
    assert list(tmp_path.iterdir()) == []


def test_edited_file_is_told_and_set_right(output: Path, old: dict[str, str]) -> None:
    (output / "a/one.yaml").write_text("edited by hand\n")
    compared = compare_tree(output, NEW)
    assert compared.changed == ("a/one.yaml", "a/two.yaml", "manifest.json")
    assert "  ~ a/one.yaml" in list(compared.lines(dry=True))
    write_tree(output, OLD)
    assert content(output) == old


def test_deleted_file_is_drift_and_comes_back(output: Path, old: dict[str, str]) -> None:
    shutil.rmtree(output / "a")
    assert compare_tree(output, OLD).added == ("a/one.yaml", "a/two.yaml")
    write_tree(output, OLD)
    assert content(output) == old


def test_link_in_the_place_of_our_file_is_replaced_and_its_target_left(output: Path, tmp_path: Path) -> None:
    (tmp_path / "victim").write_text("keep me")
    (output / "a/two.yaml").unlink()
    (output / "a/two.yaml").symlink_to(tmp_path / "victim")
    assert "a/two.yaml" in write_tree(output, NEW).changed
    assert not (output / "a/two.yaml").is_symlink()
    assert (tmp_path / "victim").read_text() == "keep me"


def test_file_can_become_a_folder_and_a_folder_a_file(output: Path, old: dict[str, str]) -> None:
    turned = (Document("a", b"file\n"), Document("b/three.json/deep.json", b"{}\n"))
    write_tree(output, turned)
    assert sorted(content(output)) == ["a", "b/", "b/three.json/", "b/three.json/deep.json", "manifest.json"]
    write_tree(output, OLD)
    assert content(output) == old


@pytest.mark.parametrize("path", ["c/four.json", "c"])
def test_file_in_the_way_is_told_and_left(path: str, output: Path) -> None:
    (output / path).parent.mkdir(exist_ok=True)
    (output / path).write_text("mine")
    before = content(output)
    for apply in (write_tree, compare_tree):
        with pytest.raises(TocsinError, match=rf"{path} is there already, and Tocsin did not make it") as told:
            apply(output, NEW)
        assert "move it away" in told.value.help
    assert content(output) == before


def test_file_in_a_folder_that_becomes_a_file_is_told_and_left(output: Path) -> None:
    (output / "a/mine.txt").write_text("mine")
    before = content(output)
    with pytest.raises(TocsinError, match=r"a/mine\.txt is there already"):
        write_tree(output, (Document("a", b"file\n"),))
    assert content(output) == before


def test_link_in_the_way_is_not_followed(output: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (output / "c").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(TocsinError, match="c is there already"):
        write_tree(output, NEW)
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_same_file_that_somebody_else_made_is_taken_as_ours(output: Path) -> None:
    (output / "c").mkdir()
    (output / "c/four.json").write_bytes(b"[]\n")
    write_tree(output, NEW)
    assert write_tree(output, OLD).removed == ("c/four.json",)


@pytest.mark.parametrize(
    "path",
    ["../outside", "/etc/outside", "a/../../outside", "a/./x", "a//x", "a/", "Manifest.json", "", ".", "a\\b", "a\0b"],
)
def test_path_that_is_not_plain_is_refused(path: str, output: Path, old: dict[str, str]) -> None:
    with pytest.raises(TocsinError, match="is no path in the output"):
        write_tree(output, (*NEW, Document(path, b"x")))
    assert content(output) == old


@pytest.mark.parametrize("path", ["a/one.yaml", "A/One.yaml", "a", "a/one.yaml/deep.yaml"])
def test_two_documents_that_cannot_be_side_by_side_are_refused(path: str, output: Path, old: dict[str, str]) -> None:
    with pytest.raises(TocsinError, match=rf"two definitions make the file {path}$"):
        write_tree(output, (*NEW, Document(path, b"x")))
    assert content(output) == old


def test_output_that_is_no_folder_is_told(output: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("a file")
    (tmp_path / "link").symlink_to(output)
    for name, what in (("file", "no folder"), ("link", "a link, which is not followed")):
        with pytest.raises(TocsinError, match=f"{name} is {what}"):
            write_tree(tmp_path / name, NEW)


@pytest.mark.parametrize("inside", [".", "a"])
def test_run_inside_of_the_output_is_told(
    inside: str, output: Path, old: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(output / inside)
    with pytest.raises(TocsinError, match="you are inside"):
        write_tree(output, NEW)
    assert content(output) == old


@pytest.mark.parametrize("error", [RuntimeError("halfway"), FileNotFoundError("halfway"), KeyboardInterrupt()])
def test_documents_that_fail_halfway_leave_the_old_tree(
    error: BaseException, output: Path, old: dict[str, str]
) -> None:
    def documents() -> Iterator[Document]:
        yield NEW[-1]
        raise error

    with pytest.raises(type(error)) as raised:
        write_tree(output, documents())
    assert raised.value is error
    assert content(output) == old
    assert [path.name for path in output.parent.iterdir()] == ["generated"]


def test_runs_at_once_wait_for_each_other(output: Path, tmp_path: Path) -> None:
    sets = [tuple(Document(f"{run}/{name}.yaml", f"{run}\n".encode()) for name in range(20)) for run in range(6)]
    whole = []
    for number, documents in enumerate(sets):
        write_tree(tmp_path / f"whole-{number}" / "generated", documents)
        whole.append(content(tmp_path / f"whole-{number}" / "generated"))

    def work(number: int) -> None:
        for turn in range(5):
            write_tree(output, sets[(number + turn) % len(sets)])

    children = [start(lambda number=number: work(number)) for number in range(len(sets))]  # type: ignore[misc]
    for _ in range(300):
        assert output.is_dir()
    assert [finish(child) for child in children] == [0] * len(sets)
    assert content(output) in whole
    assert sorted(path.name for path in tmp_path.iterdir()) == ["generated", *(f"whole-{n}" for n in range(len(sets)))]


def test_file_system_that_takes_no_more_leaves_the_old_tree(
    output: Path, old: dict[str, str], capfd: pytest.CaptureFixture[str]
) -> None:
    documents = (*NEW, Document("large.json", b"x" * 5000))
    assert run_with_small_files(lambda: write_tree(output, documents), largest=1000) == REFUSED
    assert "cannot write" in capfd.readouterr().err
    assert content(output) == old
    assert [path.name for path in output.parent.iterdir()] == ["generated"]


@pytest.mark.parametrize("where", [".", "generated"])
def test_folder_without_the_right_to_write_is_told(
    where: str, output: Path, old: dict[str, str], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / where).chmod(0o555)
    assert run_without_rights(lambda: write_tree(output, NEW)) == REFUSED
    (tmp_path / where).chmod(0o755)
    told = capfd.readouterr().err
    assert f"cannot write {output}: Permission denied" in told
    assert "get the right to write there" in told
    assert content(output) == old
    assert [path.name for path in tmp_path.iterdir()] == ["generated"]


own_mounts = pytest.mark.skipif(not can_mount(), reason="this machine gives us no mounts of our own")


@own_mounts
def test_full_disk_leaves_the_old_tree(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    def work() -> None:
        mount("tmpfs", tmp_path, "size=64k")
        write_tree(tmp_path / "generated", OLD)
        old = content(tmp_path / "generated")
        try:
            write_tree(tmp_path / "generated", (*NEW, Document("large.json", b"x" * 100_000)))
        finally:
            assert content(tmp_path / "generated") == old
            assert [path.name for path in tmp_path.iterdir()] == ["generated"]

    assert run_with_own_mounts(work) == REFUSED
    told = capfd.readouterr().err
    assert "No space left on device" in told
    assert "make room on the disk" in told


@own_mounts
@pytest.mark.parametrize(
    ("where", "says"), [("generated", "a disk is mounted there"), ("generated/mine", "mine is on another disk")]
)
def test_disk_that_is_mounted_in_the_output_is_left_alone(
    where: str, says: str, output: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    mounted = output.parent / where
    mounted.mkdir(exist_ok=True)

    def work() -> None:
        mount("tmpfs", mounted, "size=64k")
        (mounted / "notes.txt").write_text("mine")
        try:
            write_tree(output, NEW)
        finally:
            assert (mounted / "notes.txt").read_text() == "mine"

    assert run_with_own_mounts(work) == REFUSED
    assert says in capfd.readouterr().err


@own_mounts
def test_layer_of_a_container_image_is_told(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    def work() -> None:
        image = mount_layers(tmp_path)
        write_tree(image / "generated", OLD)
        output = mount_seen(tmp_path) / "generated"
        with pytest.raises(TocsinError, match="cannot write") as told:
            write_tree(output, NEW)
        assert "container's image" in told.value.help
        shutil.copytree(output, output.with_name("copy"))
        shutil.rmtree(output)
        output.with_name("copy").rename(output)
        write_tree(output, NEW)
        assert (output / "a/two.yaml").read_bytes() == b"2\n"

    assert run_with_own_mounts(work) == 0, capfd.readouterr().err
