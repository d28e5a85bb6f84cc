"""Bytes by digest, in a folder and behind a URL."""

from __future__ import annotations

import errno
import hashlib
import io
import os
import resource
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from small_disk import run_with_own_mounts

from jupyter_mlws.blobs import BlobStore
from jupyter_mlws.errors import CorruptData, InvalidInput, NotFound, StorageFull, Unavailable, WorkspaceError


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def files_of(root: Path) -> dict[str, tuple[int, int]]:
    """Inode and time of each file: what a rewrite would change."""
    found = (path for path in root.rglob("*") if path.is_file())
    return {str(path.relative_to(root)): (path.stat().st_ino, path.stat().st_mtime_ns) for path in found}


@pytest.fixture(params=["folder", "url"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> BlobStore:
    if request.param == "folder":
        return BlobStore(tmp_path / "blobs")
    return BlobStore(f"memory://{tmp_path}/blobs")


@pytest.mark.parametrize("size", [0, 1, 1 << 20, (1 << 20) + 1, 3_500_000])
def test_bytes_come_back_whatever_way_they_went_in(blobs: BlobStore, tmp_path: Path, size: int) -> None:
    data = os.urandom(size)
    (tmp_path / "file").write_bytes(data)
    stored = blobs.put_file(tmp_path / "file")
    assert stored == (sha256(data), size)
    assert blobs.put_bytes(data) == blobs.put_stream(io.BytesIO(data)) == stored
    assert blobs.read(stored.digest) == data
    with blobs.open(stored.digest) as file:
        assert file.read() == data
    assert blobs.exists(stored.digest)
    assert blobs.size(stored.digest) == size
    blobs.sync([stored.digest])
    assert blobs.copy_to(stored.digest, tmp_path / "copy", 0o755) == size
    assert (tmp_path / "copy").read_bytes() == data
    assert (tmp_path / "copy").stat().st_mode & 0o777 == 0o755


def test_a_file_of_a_blob_can_be_read_in_pieces(blobs: BlobStore) -> None:
    stored = blobs.put_bytes(b"0123456789")
    with blobs.open(stored.digest) as file:
        file.seek(4)
        assert file.read(3) == b"456"
        assert file.tell() == 7
        file.seek(-2, os.SEEK_END)
        assert file.read() == b"89"


def test_what_is_not_stored_is_said_to_be_missing(blobs: BlobStore, tmp_path: Path) -> None:
    nothing = sha256(b"nothing")
    assert not blobs.exists(nothing)
    for ask in (blobs.read, blobs.open, blobs.size, lambda digest: blobs.copy_to(digest, tmp_path / "x")):
        with pytest.raises(NotFound):
            ask(nothing)
    with pytest.raises(InvalidInput):
        blobs.read("../../etc/passwd")
    assert not (tmp_path / "x").exists()


def test_a_stream_that_breaks_leaves_nothing(tmp_path: Path) -> None:
    class Broken(io.RawIOBase):
        left = 3

        def readable(self) -> bool:
            return True

        def read(self, size: int = -1) -> bytes:
            self.left -= 1
            if not self.left:
                raise ConnectionError("gone")
            return b"x" * size

    with pytest.raises(ConnectionError):
        BlobStore(tmp_path / "blobs").put_stream(Broken())
    assert list(files_of(tmp_path / "blobs")) == ["format"]


def test_the_same_bytes_are_written_once(tmp_path: Path) -> None:
    blobs = BlobStore(tmp_path / "blobs")
    small, large = b"small", os.urandom(2_000_000)
    blobs.put_bytes(small)
    blobs.put_bytes(large)
    before = files_of(tmp_path / "blobs")
    again = BlobStore(tmp_path / "blobs")
    again.put_bytes(small)
    again.put_stream(io.BytesIO(large))
    assert files_of(tmp_path / "blobs") == before


def test_a_torn_blob_of_a_power_loss_is_written_again(tmp_path: Path) -> None:
    blobs = BlobStore(tmp_path / "blobs")
    stored = blobs.put_bytes(b"whole")
    path = blobs.local_path(stored.digest)
    assert path is not None
    os.truncate(path, 0)
    assert blobs.put_bytes(b"whole") == stored
    assert blobs.read(stored.digest) == b"whole"


@pytest.mark.parametrize("size", [5, 3_000_000])
def test_A22_bytes_that_changed_are_never_given_out(tmp_path: Path, size: int) -> None:
    blobs = BlobStore(tmp_path / "blobs")
    stored = blobs.put_bytes(os.urandom(size))
    path = blobs.local_path(stored.digest)
    assert path is not None
    data = bytearray(path.read_bytes())
    data[size // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(CorruptData):
        blobs.read(stored.digest)
    with pytest.raises(CorruptData), blobs.open(stored.digest) as file:
        file.read()
    with pytest.raises(CorruptData):
        blobs.copy_to(stored.digest, tmp_path / "copy")
    assert not (tmp_path / "copy").exists()


def test_a_copy_is_a_file_of_its_own_and_replaces_nothing(tmp_path: Path) -> None:
    blobs = BlobStore(tmp_path / "blobs")
    stored = blobs.put_bytes(b"code")
    blobs.copy_to(stored.digest, tmp_path / "copy")
    assert (tmp_path / "copy").stat().st_nlink == 1
    (tmp_path / "copy").write_bytes(b"changed by the run")
    assert blobs.read(stored.digest) == b"code"
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    for name in ("copy", "link"):
        with pytest.raises(FileExistsError):
            blobs.copy_to(stored.digest, tmp_path / name)
    assert not (tmp_path / "elsewhere").exists()


def test_the_folder_can_be_moved(tmp_path: Path) -> None:
    stored = BlobStore(tmp_path / "here").put_bytes(b"x")
    shutil.move(tmp_path / "here", tmp_path / "there")
    assert BlobStore(tmp_path / "there").read(stored.digest) == b"x"


def test_a_folder_that_goes_away_is_named_and_not_made_anew(tmp_path: Path) -> None:
    place, away = tmp_path / "workspace", tmp_path / "away"
    place.mkdir()
    blobs = BlobStore(place / "blobs")
    first = blobs.put_bytes(b"first")
    place.rename(away)
    for store in (lambda: blobs.put_bytes(b"second"), lambda: blobs.put_stream(io.BytesIO(b"x" * 5_000_000))):
        with pytest.raises(WorkspaceError, match="blobs: that folder is gone"):
            store()
    assert not place.exists()
    away.rename(place)
    blobs.put_bytes(b"second")
    assert blobs.read(first.digest) == b"first"


def test_syncing_marks_blobs_so_that_the_next_pass_is_cheap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blobs = BlobStore(tmp_path / "blobs")
    digests = [blobs.put_bytes(bytes([number])).digest for number in range(40)]
    blobs.sync(digests[:3])
    blobs.sync(digests)
    monkeypatch.setattr(os, "fsync", lambda descriptor: pytest.fail("synced twice"))
    blobs.sync(digests[:3])
    with pytest.raises(NotFound):
        blobs.sync([sha256(b"nothing")])


@pytest.mark.parametrize(("number", "kind"), [(errno.EIO, Unavailable), (errno.ENOSPC, StorageFull)])
@pytest.mark.parametrize("count", [1, 40])
def test_F06_blobs_that_the_disk_did_not_keep_are_stored_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int, number: int, kind: type[Exception]
) -> None:
    blobs = BlobStore(tmp_path / "blobs")
    digests = [blobs.put_bytes(bytes([number])).digest for number in range(count)]

    def refuse(*args: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("jupyter_mlws.blobs.durable._sync", refuse)
    monkeypatch.setattr("jupyter_mlws.blobs.durable._sync_file_system", refuse)
    with pytest.raises(kind, match="did not keep"):
        blobs.sync(digests)
    assert not any(blobs.exists(digest) for digest in digests)
    monkeypatch.undo()
    assert blobs.put_bytes(b"\0").digest == digests[0]
    blobs.sync(digests[:1])


def test_what_a_killed_writer_left_is_removed_after_a_day(tmp_path: Path) -> None:
    drafts = tmp_path / "blobs/drafts"
    drafts.mkdir(parents=True)
    living = f"{os.getpid()}-0-0123abcd"  # however old it is by a clock that was set ahead
    for name in ("old", "new", "0-1-old", living):
        (drafts / name).touch()
    for name in ("old", "0-1-old", living):
        os.utime(drafts / name, (1, 1))
    BlobStore(tmp_path / "blobs").put_bytes(b"x")
    assert sorted(os.listdir(drafts)) == sorted(["new", living])


def test_a_layout_of_a_newer_version_is_not_written_to(tmp_path: Path) -> None:
    (tmp_path / "blobs").mkdir()
    (tmp_path / "blobs/format").write_text("2\n")
    with pytest.raises(WorkspaceError, match="Update"):
        BlobStore(tmp_path / "blobs").put_bytes(b"x")


def test_nobody_else_can_read_the_blobs(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        blobs = BlobStore(tmp_path / "blobs")
        blobs.put_bytes(b"x")
    finally:
        os.umask(before)
    assert all(path.stat().st_mode & 0o077 == 0 for path in (tmp_path / "blobs").rglob("*") if path.name != "format")
    assert (tmp_path / "blobs").stat().st_mode & 0o077 == 0


def test_threads_may_store_the_same_bytes_at_once(tmp_path: Path) -> None:
    data = [os.urandom(50_000) for _ in range(20)]

    def store() -> None:
        blobs = BlobStore(tmp_path / "blobs")
        found.extend(blobs.put_bytes(each).digest for each in data)

    found: list[str] = []
    threads = [threading.Thread(target=store) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 80
    assert sorted(set(found)) == sorted(map(sha256, data))
    assert len(files_of(tmp_path / "blobs")) == 21


_FILL = """
import io, os, sys
from jupyter_mlws.blobs import BlobStore
from jupyter_mlws.errors import StorageFull
blobs = BlobStore(sys.argv[1])
kept = blobs.put_bytes(b"kept")
for put in (blobs.put_bytes, lambda data: blobs.put_stream(io.BytesIO(data))):
    try:
        put(os.urandom(20_000_000))
    except StorageFull as error:
        assert sys.argv[1] in str(error), error
    else:
        raise SystemExit("it did fit")
try:
    blobs.copy_to(blobs.put_bytes(bytes(3_000_000)).digest, sys.argv[1] + "/copy")
except StorageFull:
    assert not os.path.exists(sys.argv[1] + "/copy")
assert blobs.read(kept.digest) == b"kept"
assert os.listdir(sys.argv[1] + "/drafts") == []
print("answered")
"""


def test_F07_a_full_disk_is_named_and_leaves_nothing_half_made(tmp_path: Path) -> None:
    mount = 'mount -t tmpfs -o size=4m none "$1" && exec "$2" -c "$3" "$1/blobs"'
    done = run_with_own_mounts(mount, str(tmp_path), sys.executable, _FILL)
    assert done.stdout == "answered\n", done.stderr


def test_F10_a_quota_is_answered_as_a_full_disk(tmp_path: Path) -> None:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (4_000_000, 4_000_000))

    command = [sys.executable, "-c", _FILL, str(tmp_path / "blobs")]
    done = subprocess.run(command, capture_output=True, text=True, preexec_fn=limit, check=False)
    assert done.stdout == "answered\n", done.stderr


def test_storage_full_has_its_own_class_and_a_way_out() -> None:
    assert StorageFull.status == 507


def test_a_local_store_needs_no_fsspec(tmp_path: Path) -> None:
    code = (
        "import sys; from jupyter_mlws.blobs import BlobStore; BlobStore(sys.argv[1]); print('fsspec' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
