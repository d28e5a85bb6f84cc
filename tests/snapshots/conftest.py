"""A folder to snapshot, a place to put it, and a short way to ask."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jupyter_mlws.blobs import BlobStore
from jupyter_mlws.domain.snapshot import SnapshotReport, SnapshotRequest
from jupyter_mlws.snapshots import DigestIndex, Limits, create, load_manifest, restore

Write = Callable[..., Path]
Take = Callable[..., SnapshotReport]


@pytest.fixture
def blobs(tmp_path: Path) -> BlobStore:
    return BlobStore(tmp_path / "blobs")


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DigestIndex:
    """An index that trusts files at once; the rule for fresh ones has a test of its own."""
    monkeypatch.setattr("jupyter_mlws.snapshots.index._TICK_NS", 0)
    monkeypatch.setattr("jupyter_mlws.snapshots.index._COARSE_TICK_NS", 0)
    return DigestIndex(tmp_path / "index")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project: its root is marked, so that the whole of it travels."""
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "pyproject.toml").touch()
    return folder


@pytest.fixture
def write() -> Write:
    """Write files below a folder: ``write(folder, {"a/b.py": "text"})``; a trailing slash makes a folder."""

    def write(folder: Path, files: dict[str, str | bytes]) -> Path:
        for name, content in files.items():
            path = folder / name
            if name.endswith("/"):
                path.mkdir(parents=True)
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        return folder

    return write


@pytest.fixture
def take(blobs: BlobStore, index: DigestIndex) -> Take:
    """Snapshot a folder: ``take(folder, rule="directory", limits=Limits(...))``."""

    def take(
        folder: Path, *, limits: Limits | None = None, folder_limits: Limits | None = None, **request: Any
    ) -> SnapshotReport:
        asked = SnapshotRequest(directory=str(folder), **request)
        more = {} if folder_limits is None else {"folder_limits": folder_limits}
        return create(asked, blobs, index, limits=limits, **more)

    return take


@pytest.fixture
def restored(blobs: BlobStore, tmp_path: Path) -> Callable[[SnapshotReport], Path]:
    """The folder that a snapshot gives back."""

    def restored(report: SnapshotReport) -> Path:
        assert report.snapshot is not None
        folder = tmp_path / f"restored-{len(os.listdir(tmp_path))}"
        restore(load_manifest(report.snapshot.id, blobs), blobs, folder)
        return folder

    return restored


@pytest.fixture
def names() -> Callable[[SnapshotReport], list[str]]:
    """Paths of what travelled."""
    return lambda report: [entry.path for entry in report.files]


@pytest.fixture
def notebook() -> Callable[..., str]:
    """A notebook as text, with an output unless told otherwise."""

    def notebook(source: str = "print(1)", *, output: str | None = "1\n", count: int | None = 3) -> str:
        outputs = [] if output is None else [{"output_type": "stream", "name": "stdout", "text": output}]
        cell: dict[str, Any] = {
            "cell_type": "code",
            "id": "c1",
            "metadata": {},
            "source": source,
            "outputs": outputs,
            "execution_count": count,
        }
        return json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})

    return notebook
