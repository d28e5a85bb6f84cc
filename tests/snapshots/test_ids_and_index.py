"""The same folder has the same id everywhere, and costs nothing the second time."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from folders import contents

from jupyter_mlws.blobs import BlobStore
from jupyter_mlws.domain.snapshot import SnapshotReport
from jupyter_mlws.snapshots import DigestIndex

Take = Callable[..., SnapshotReport]
Write = Callable[..., Path]
Names = Callable[[SnapshotReport], list[str]]
Restored = Callable[[SnapshotReport], Path]


def test_two_checkouts_have_one_id_whatever_times_umask_and_machine(
    tmp_path: Path, project: Path, write: Write, take: Take, restored: Restored
) -> None:
    write(project, {"a.py": "print()", "run.sh": "#!/bin/sh\n", "sub/ü.txt": "ü", "sub-a": "", "sub.b": ""})
    (project / "run.sh").chmod(0o755)
    (project / "link").symlink_to("a.py")
    first = take(project)
    other = tmp_path / "elsewhere" / "checkout"
    before = os.umask(0o077)
    try:
        shutil.copytree(project, other, symlinks=True, copy_function=shutil.copyfile)
    finally:
        os.umask(before)
    (other / "run.sh").chmod(0o700)
    os.utime(other / "a.py", (0, 0))
    second = take(other)
    assert first.snapshot is not None
    assert second.snapshot is not None
    assert first.snapshot.id == second.snapshot.id
    assert contents(restored(first)) == contents(project)


def test_an_id_is_a_promise(project: Path, write: Write, take: Take) -> None:
    """Ids of format 1 may never change: models and runs of years ago refer to them."""
    (project / "pyproject.toml").write_text("[project]\n")
    write(project, {"a.py": "print(1)\n", "b/c.txt": "text"})
    (project / "a.py").chmod(0o755)
    (project / "link").symlink_to("b/c.txt")
    report = take(project)
    assert report.snapshot is not None
    assert report.snapshot.id == "b0641c8168dbc40f5131592df104a3f0249c55f4ef9607cb39042dfc99e2a681"


def stored(folder: Path) -> dict[str, tuple[int, int]]:
    found = (path for path in folder.rglob("*") if path.is_file())
    return {str(path): (path.stat().st_ino, path.stat().st_mtime_ns) for path in found}


def test_an_unchanged_folder_is_neither_read_nor_stored_again(
    tmp_path: Path,
    project: Path,
    write: Write,
    take: Take,
    monkeypatch: pytest.MonkeyPatch,
    notebook: Callable[..., str],
) -> None:
    write(project, {f"{number}.py": str(number) for number in range(60)})
    write(project, {"a.ipynb": notebook()})
    first = take(project)
    before = stored(tmp_path / "blobs") | stored(tmp_path / "index")
    monkeypatch.setattr("jupyter_mlws.snapshots.taking.read", lambda *args: pytest.fail("read again"))
    assert take(project).files == first.files
    assert stored(tmp_path / "blobs") | stored(tmp_path / "index") == before


def test_a_change_of_content_size_mode_or_name_is_seen(project: Path, write: Write, take: Take) -> None:
    write(project, {"a.py": "one", "b.py": ""})
    ids = [take(project).snapshot]
    (project / "a.py").write_text("two")
    ids.append(take(project).snapshot)
    (project / "a.py").chmod(0o755)
    ids.append(take(project).snapshot)
    (project / "b.py").rename(project / "c.py")
    ids.append(take(project).snapshot)
    (project / "c.py").unlink()
    ids.append(take(project).snapshot)
    assert len({snapshot.id for snapshot in ids if snapshot}) == 5


def test_a_file_changed_right_before_it_was_read_is_read_again(
    project: Path, blobs: BlobStore, tmp_path: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    from jupyter_mlws.domain.snapshot import SnapshotRequest
    from jupyter_mlws.snapshots import create

    monkeypatch.setattr("jupyter_mlws.snapshots.index._TICK_NS", 10**12)
    index = DigestIndex(tmp_path / "index")
    write(project, {"a.py": "one"})
    first = create(SnapshotRequest(directory=str(project)), blobs, index)
    before = os.stat(project / "a.py")
    (project / "a.py").write_text("two")  # the same size, and within the same tick as far as the index can know
    os.utime(project / "a.py", ns=(before.st_atime_ns, before.st_mtime_ns))
    assert create(SnapshotRequest(directory=str(project)), blobs, index).files != first.files


def test_a_change_that_hides_behind_its_old_time_is_seen(project: Path, write: Write, take: Take) -> None:
    write(project, {"a.py": "one"})
    first = take(project)
    before = os.stat(project / "a.py")
    (project / "a.py").write_text("two")
    os.utime(project / "a.py", ns=(before.st_atime_ns, before.st_mtime_ns))
    assert take(project).files != first.files


@pytest.mark.parametrize("damage", ["empty", "flipped", "no json", "gone"])
def test_a_damaged_index_costs_time_and_nothing_else(
    project: Path, write: Write, take: Take, tmp_path: Path, damage: str
) -> None:
    write(project, {"a.py": "one"})
    first = take(project)
    (path,) = (tmp_path / "index").iterdir()
    data = path.read_bytes()
    path.write_bytes({"empty": b"", "flipped": data.replace(b"a", b"b"), "no json": b"\xff", "gone": b""}[damage])
    if damage == "gone":
        path.unlink()
    assert take(project).files == first.files


def test_bytes_that_were_swept_are_stored_again(
    project: Path, write: Write, take: Take, restored: Restored, blobs: BlobStore
) -> None:
    write(project, {"a.py": "one"})
    path = blobs.local_path(take(project).files[0].digest)
    assert path is not None
    path.unlink()
    assert (restored(take(project)) / "a.py").read_text() == "one"


def test_a_preview_lists_exactly_what_would_travel_and_stores_nothing(
    tmp_path: Path, project: Path, write: Write, take: Take, notebook: Callable[..., str]
) -> None:
    write(project, {"a.py": "x", "nb.ipynb": notebook(), ".gitignore": "data\n", "data/x": "", ".env": ""})
    write(tmp_path, {"lib/m.py": "", "project/large.bin": os.urandom(2_500_000)})
    asked = {"document": "nb.ipynb", "document_text": notebook("new"), "modules": (str(tmp_path / "lib/m.py"),)}
    preview = take(project, preview=True, **asked)
    assert preview.snapshot is None
    assert not (tmp_path / "blobs").exists()
    assert not (tmp_path / "index").exists()
    real = take(project, **asked)
    for field in ("files", "links", "skipped", "warnings", "scope", "python_path", "working_directory"):
        assert getattr(preview, field) == getattr(real, field)


def test_nothing_is_written_into_the_persons_folder(project: Path, write: Write, take: Take) -> None:
    write(project, {"a.py": "x"})
    before = stored(project)
    folder_time = project.stat().st_mtime_ns
    take(project)
    assert stored(project) == before
    assert project.stat().st_mtime_ns == folder_time


def test_ignore_files_above_the_root_hold_as_far_as_the_repository_reaches(
    tmp_path: Path, write: Write, take: Take, names: Names
) -> None:
    write(tmp_path, {".gitignore": "a.py\n", "repo/.git/HEAD": "", "repo/.gitignore": "/app/b.py\nc.py\n"})
    write(tmp_path, {f"repo/app/{name}.py": "" for name in "abcd"})
    write(tmp_path, {"repo/app/pyproject.toml": "", "repo/app/.gitignore": "!c.py\n"})
    assert names(take(tmp_path / "repo/app")) == [".gitignore", "a.py", "c.py", "d.py", "pyproject.toml"]
