"""A manifest that is broken or hostile is refused, and nothing outside of the output is touched."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from trees import NEW, OLD, content

from tocsin.findings import TocsinError
from tocsin.manifest import read_manifest, written_manifest
from tocsin.output import compare_tree, write_tree


def listing(path: str) -> str:
    return json.dumps({"version": 1, "files": [path]})


@pytest.mark.parametrize(
    "manifest",
    [
        "",
        "not json",
        "[]",
        "{}",
        '{"version": 2, "files": []}',
        '{"version": 1, "files": {"a/one.yaml": "abc"}}',
        '{"version": 1, "files": [1]}',
        "<<<<<<< HEAD\n" + written_manifest([]).decode(),
        "[" * 100_000,
        "\x00\xff",
        *map(listing, ["../victim.txt", "a/../../victim.txt", "door/victim.txt", "a/./x", "a\\x", ""]),
    ],
)
def test_manifest_that_is_broken_or_hostile_is_refused(manifest: str, tmp_path: Path) -> None:
    output, victim = tmp_path / "generated", tmp_path / "victim.txt"
    write_tree(output, OLD)
    victim.write_text("keep me")
    (output / "door").symlink_to(tmp_path)
    (output / "manifest.json").write_text(manifest, encoding="latin-1")
    before = {path: path.read_bytes() for path in output.rglob("*") if path.is_file()}
    for apply in (write_tree, compare_tree):
        with pytest.raises(TocsinError, match="the manifest cannot be used") as told:
            apply(output, NEW)
        assert "git checkout" in told.value.help
        assert told.value.source is not None
        assert told.value.source.file == str(output / "manifest.json")
    assert {path: path.read_bytes() for path in output.rglob("*") if path.is_file()} == before
    assert victim.read_text() == "keep me"


def test_link_that_the_manifest_names_is_removed_and_its_target_left(tmp_path: Path) -> None:
    output = tmp_path / "generated"
    write_tree(output, OLD)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/victim.txt").write_text("keep me")
    (output / "door").symlink_to(tmp_path / "elsewhere")
    (output / "manifest.json").write_bytes(written_manifest({*read_manifest(output), "door"}))
    assert write_tree(output, OLD).removed == ("door",)
    assert not (output / "door").is_symlink()
    assert (tmp_path / "elsewhere/victim.txt").read_text() == "keep me"


def test_absolute_path_in_the_manifest_is_refused(tmp_path: Path) -> None:
    victim = tmp_path / "victim.txt"
    victim.write_text("keep me")
    (tmp_path / "generated").mkdir()
    (tmp_path / "generated/manifest.json").write_text(listing(str(victim)))
    with pytest.raises(TocsinError, match="is no path in the output"):
        write_tree(tmp_path / "generated", NEW)
    assert victim.read_text() == "keep me"


def test_manifest_that_is_no_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "manifest.json")
    with pytest.raises(TocsinError, match="it is no file"):
        read_manifest(tmp_path)


def test_manifest_is_read_as_it_was_written_and_sorted(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_bytes(written_manifest({"b.json", "a/b.json"}))
    assert read_manifest(tmp_path) == {"b.json", "a/b.json"}
    assert json.loads((tmp_path / "manifest.json").read_text())["files"] == ["a/b.json", "b.json"]


def test_no_manifest_is_no_files(tmp_path: Path) -> None:
    assert read_manifest(tmp_path) == frozenset()
    assert content(tmp_path) == {}
