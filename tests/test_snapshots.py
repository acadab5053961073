"""Every generated document, whole. A change here is what a user will see in the diff of `generated/`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension
from syrupy.location import PyTestLocation
from syrupy.types import PropertyFilter, PropertyMatcher, SerializableData, SerializedData

SNAPSHOTS = Path(__file__).parent / "snapshots"


class DocumentExtension(SingleFileSnapshotExtension):
    """One file a document, at the path and with the ending that the product gives it."""

    @classmethod
    def dirname(cls, *, test_location: PyTestLocation) -> str:  # noqa: ARG003
        return str(SNAPSHOTS)

    @classmethod
    def get_snapshot_name(cls, *, test_location: PyTestLocation, index: Any = 0) -> str:  # noqa: ARG003
        return str(index)

    @classmethod
    def get_location(cls, *, test_location: PyTestLocation, index: Any) -> str:  # noqa: ARG003
        return str(SNAPSHOTS / str(index))

    def serialize(
        self,
        data: SerializableData,
        *,
        exclude: PropertyFilter | None = None,  # noqa: ARG002
        include: PropertyFilter | None = None,  # noqa: ARG002
        matcher: PropertyMatcher | None = None,  # noqa: ARG002
    ) -> SerializedData:
        assert isinstance(data, bytes)
        return data


@pytest.fixture
def document_snapshot(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    return snapshot.use_extension(DocumentExtension)


def test_documents_are_as_reviewed(project_files: dict[str, bytes], document_snapshot: SnapshotAssertion) -> None:
    different = [path for path, content in project_files.items() if content != document_snapshot(name=path)]
    assert not different, f"look at the diff of {different}; accept it with pytest --snapshot-update"


def test_no_snapshot_outlives_its_document(project_files: dict[str, bytes]) -> None:
    kept = {str(path.relative_to(SNAPSHOTS)) for path in SNAPSHOTS.rglob("*") if path.is_file()}
    assert kept == set(project_files)
