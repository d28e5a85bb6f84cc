"""Files that change, block, hide, or have names and sizes that nobody expects."""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from jupyter_mlws.blobs import BlobStore
from jupyter_mlws.domain.snapshot import SnapshotReport, SnapshotRequest
from jupyter_mlws.errors import SnapshotError
from jupyter_mlws.snapshots import DigestIndex, create
from jupyter_mlws.snapshots.reading import Storing, read
from jupyter_mlws.snapshots.walk import Found

Take = Callable[..., SnapshotReport]
Write = Callable[..., Path]
Names = Callable[[SnapshotReport], list[str]]
Restored = Callable[[SnapshotReport], Path]

NOBODY = 65534


@contextmanager
def common_person() -> Iterator[Path]:
    """A folder and the rights of somebody who may not read everything."""
    folder = Path(tempfile.mkdtemp())
    root = os.geteuid() == 0
    if root:
        os.chown(folder, NOBODY, NOBODY)
        os.seteuid(NOBODY)
    try:
        yield folder
    finally:
        if root:
            os.seteuid(0)
        for path in folder.rglob("*"):
            if path.is_dir() and not path.is_symlink():
                path.chmod(0o700)
        shutil.rmtree(folder)


def test_F41_unreadable_files_and_folders_are_named_with_the_way_out(write: Write) -> None:
    with common_person() as folder:
        write(folder / "p", {"pyproject.toml": "", "a.py": "", "b.py": "", "shut/c.py": ""})
        (folder / "p/b.py").chmod(0)
        (folder / "p/shut").chmod(0)
        blobs, index = BlobStore(folder / "blobs"), DigestIndex(folder / "index")
        with pytest.raises(SnapshotError, match=r"b\.py \(Permission denied\).*shut/") as caught:
            create(SnapshotRequest(directory=str(folder / "p")), blobs, index)
        assert ".mlwsignore" in caught.value.hint
        assert len(caught.value.details["unreadable"]) == 2
        preview = create(SnapshotRequest(directory=str(folder / "p"), preview=True), blobs, index)
        assert len(preview.unreadable) == 2
        (folder / "p/.mlwsignore").write_text("b.py\nshut/\n")
        report = create(SnapshotRequest(directory=str(folder / "p")), blobs, index)
        assert [entry.path for entry in report.files] == [".mlwsignore", "a.py", "pyproject.toml"]


def test_F42_a_folder_that_cannot_be_written_to_is_snapshotted(write: Write) -> None:
    with common_person() as folder:
        write(folder / "p", {"pyproject.toml": "", "a.py": ""})
        (folder / "p").chmod(0o500)
        report = create(
            SnapshotRequest(directory=str(folder / "p")), BlobStore(folder / "blobs"), DigestIndex(folder / "index")
        )
        assert len(report.files) == 2


def test_F41_pipes_sockets_and_devices_are_named_and_hold_nothing_up(
    project: Path, take: Take, names: Names, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(project / "pipe")
    monkeypatch.chdir(project)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket")
        if os.geteuid() == 0:
            os.mknod(project / "device", 0o020666, os.makedev(1, 5))
        start = time.monotonic()
        report = take(project, files=("pipe", "socket"))
    assert time.monotonic() - start < 60  # a pipe without a writer would never end
    assert names(report) == ["pyproject.toml"]
    assert {line.split()[0] for line in report.skipped} >= {"pipe", "socket"}


def test_F41_a_file_that_becomes_a_pipe_after_the_walk_holds_nothing_up(tmp_path: Path, blobs: BlobStore) -> None:
    (tmp_path / "x").touch()
    found = Found("x", str(tmp_path / "x"), os.stat(tmp_path / "x"))
    (tmp_path / "x").unlink()
    os.mkfifo(tmp_path / "x")
    assert read(found, Storing(blobs)).error
    (tmp_path / "x").unlink()
    (tmp_path / "x").symlink_to("/etc/passwd")
    assert read(found, Storing(blobs)).error
    (tmp_path / "x").unlink()
    (tmp_path / "x").mkdir()
    assert read(found, Storing(blobs)).error


def test_F41_hard_links_and_sparse_files_are_files(project: Path, write: Write, take: Take, restored: Restored) -> None:
    write(project, {"a.py": "x"})
    os.link(project / "a.py", project / "b.py")
    with open(project / "sparse.bin", "wb") as file:
        file.truncate(3_000_000)
    folder = restored(take(project))
    assert (folder / "b.py").read_text() == "x"
    assert (folder / "b.py").stat().st_nlink == 1
    assert (folder / "sparse.bin").stat().st_size == 3_000_000


def test_F41_a_file_deleted_while_it_is_read_is_left_out_and_said(
    project: Path, write: Write, take: Take, names: Names, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(project, {"a.py": "x", "b.py": "y"})

    def vanish(found: Found, sink: object) -> object:
        if found.path == "b.py":
            os.unlink(found.source)
        return read(found, sink)

    monkeypatch.setattr("jupyter_mlws.snapshots.taking.read", vanish)
    report = take(project)
    assert names(report) == ["a.py", "pyproject.toml"]
    assert report.changed_during_snapshot == ("b.py",)


def test_F40_files_that_are_rewritten_all_the_time_are_stored_as_read_and_marked(
    project: Path, write: Write, take: Take, blobs: BlobStore
) -> None:
    write(project, {"still.py": "x"})
    done = threading.Event()

    def rewrite() -> None:
        number = 0
        while not done.is_set():
            number += 1
            with open(project / "busy.log", "ab" if number % 50 else "wb") as file:
                file.write(b"%d\n" % number * 100)

    writer = threading.Thread(target=rewrite)
    writer.start()
    try:
        reports = [take(project) for _ in range(60)]
    finally:
        done.set()
        writer.join()
    for report in reports:
        for entry in report.files:
            assert len(blobs.read(entry.digest)) == entry.size_bytes
        assert set(report.changed_during_snapshot) <= {"busy.log"}


def test_F40_a_file_that_never_holds_still_is_tried_four_times_and_not_remembered(
    project: Path, write: Write, take: Take, blobs: BlobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(project, {"busy.log": "0"})
    put_bytes = Storing.put_bytes

    def growing(self: Storing, data: bytes) -> object:
        with open(project / "busy.log", "a") as file:
            file.write("+")
        return put_bytes(self, data)

    monkeypatch.setattr(Storing, "put_bytes", growing)
    report = take(project)
    assert "busy.log" in report.changed_during_snapshot
    entry = next(entry for entry in report.files if entry.path == "busy.log")
    assert blobs.read(entry.digest) == b"0+++" + b"+" * (len(blobs.read(entry.digest)) - 4)
    monkeypatch.undo()
    again = take(project)
    assert again.changed_during_snapshot == ()
    assert again.files != report.files


def test_F43_long_names_and_deep_folders_travel_or_are_named(
    project: Path, take: Take, names: Names, restored: Restored
) -> None:
    long = "n" * 251 + ".txt"
    deep = project.joinpath(*["d"] * 64)
    deep.mkdir(parents=True)
    (deep / "x.txt").write_text("deep")
    (project / long).write_text("long")
    here = os.open(project, os.O_RDONLY)
    try:  # 20 levels of 255 bytes: no single call can name what is down there
        inner = here
        for _ in range(20):
            os.mkdir("w" * 255, dir_fd=inner)
            below = os.open("w" * 255, os.O_RDONLY, dir_fd=inner)
            if inner != here:
                os.close(inner)
            inner = below
        os.close(os.open("far.txt", os.O_WRONLY | os.O_CREAT, dir_fd=inner))
        os.close(inner)
    finally:
        os.close(here)
    report = take(project)
    assert names(report) == ["/".join(["d"] * 64) + "/x.txt", long, "pyproject.toml"]
    assert any("too long" in line for line in report.skipped)
    assert (restored(report) / long).read_text() == "long"
    shutil.rmtree(project / ("w" * 255))


def test_names_that_cannot_travel_are_shown_escaped_and_left(project: Path, take: Take, names: Names) -> None:
    for name in (b"new\nline.py", b"latin\xe9.py", b"back\\slash.py", b"esc\x1b]0;x\x07.py", b"%2e%2e%2fup.py"):
        open(os.fsencode(project) + b"/" + name, "wb").close()
    report = take(project)
    assert names(report) == ["pyproject.toml"]
    assert len(report.skipped) == 5
    assert all(line.isprintable() and line.isascii() for line in report.skipped)


def test_names_stay_as_they_are_composed_or_not(project: Path, take: Take, names: Names, restored: Restored) -> None:
    composed, decomposed = "\u00fc.txt", "u\u0308.txt"
    (project / composed).write_text("1")
    (project / decomposed).write_text("2")
    report = take(project)
    assert set(names(report)) == {composed, decomposed, "pyproject.toml"}
    assert (restored(report) / decomposed).read_text() == "2"


@pytest.mark.parametrize("mode", [0o000, 0o200, 0o111, 0o777, 0o4755])
def test_F44_odd_modes_become_plain_or_executable(write: Write, take: Take, project: Path, mode: int) -> None:
    if os.geteuid() != 0 and not mode & 0o400:
        pytest.skip("only root can read such a file")
    write(project, {"a.py": "x"})
    (project / "a.py").chmod(mode)
    assert take(project).files[0].mode == (0o100755 if mode & 0o100 else 0o100644)


def test_two_snapshots_at_once_agree(project: Path, write: Write, blobs: BlobStore, index: DigestIndex) -> None:
    write(project, {f"{number}.bin": os.urandom(10_000) for number in range(150)})
    found: list[SnapshotReport] = []

    def one() -> None:
        found.append(create(SnapshotRequest(directory=str(project)), blobs, index))

    threads = [threading.Thread(target=one) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({report.snapshot.id for report in found if report.snapshot}) == 1
    assert len(found) == 4
    root = blobs.local_path(found[0].files[0].digest).parent.parent
    assert os.listdir(root / "drafts") == []
