"""A snapshot as a zip, and the one place that takes archives apart."""

from __future__ import annotations

import io
import os
import resource
import stat
import struct
import tarfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jupyter_mlws.blobs import BlobStore
from jupyter_mlws.domain.snapshot import SnapshotReport
from jupyter_mlws.errors import AlreadyExists, CorruptData, InvalidPath, MlwsError, SnapshotError, TooLarge
from jupyter_mlws.snapshots import load_manifest, stream_zip, unpack_zip

Take = Callable[..., SnapshotReport]
Write = Callable[..., Path]


def zipped(*members: tuple[str, bytes], mode: int = 0o100644, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, data in members:
            info = zipfile.ZipInfo(name)
            info.create_system, info.compress_type, info.external_attr = 3, method, mode << 16
            archive.writestr(info, data)
    return buffer.getvalue()


def tarred(*members: tuple[str, str, bytes]) -> bytes:
    """A tar of (name, target of a hard link or '', bytes)."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, target, data in members:
            info = tarfile.TarInfo(name)
            if target:
                info.type, info.linkname = tarfile.LNKTYPE, target
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def overlapping(size: int, copies: int) -> bytes:
    """One compressed file that the table lists many times."""
    raw = zipped(("big.bin", bytes(size)))
    end = raw.rfind(b"PK\5\6")
    length, offset = struct.unpack("<II", raw[end + 12 : end + 20])
    table = raw[offset : offset + length] * copies
    tail = struct.pack("<HHII", copies, copies, len(table), offset)
    return raw[:offset] + table + raw[end : end + 8] + tail + raw[end + 20 :]


def lying(declared: int, real: int) -> bytes:
    raw = bytearray(zipped(("b", bytes(real))))
    for mark, at in ((b"PK\1\2", 24), (b"PK\3\4", 22)):
        start = raw.rfind(mark) if mark == b"PK\1\2" else raw.find(mark)
        raw[start + at : start + at + 4] = struct.pack("<I", declared)
    return bytes(raw)


def patched(raw: bytes, *, at_local: int, at_table: int, value: bytes) -> bytes:
    data = bytearray(raw)
    local, table = data.find(b"PK\3\4"), data.rfind(b"PK\1\2")
    data[local + at_local : local + at_local + len(value)] = value
    data[table + at_table : table + at_table + len(value)] = value
    return bytes(data)


ONE = zipped(("ok.txt", b"x"))
BAD: dict[str, tuple[bytes, type[MlwsError]]] = {
    "A01 name that climbs out": (zipped(("fine.txt", b"x"), ("../../evil.txt", b"x")), InvalidPath),
    "A02 absolute name": (zipped(("/abs.txt", b"x")), InvalidPath),
    "A02 drive": (zipped(("C:/x.txt", b"x")), InvalidPath),
    "A02 backslashes": (zipped(("a\\..\\..\\b", b"x")), InvalidPath),
    "A04 link and a file through it": (
        zipped(("d", b"/tmp/outside"), mode=0o120777),
        SnapshotError,
    ),
    "A04 device": (zipped(("d", b""), mode=stat.S_IFCHR | 0o666), SnapshotError),
    "A05 hard link in a tar": (tarred(("h", "../../../victim", b""), ("h", "", b"x")), SnapshotError),
    "A07 name cut at NUL": (ONE.replace(b"ok.txt", b"o\0.txt"), SnapshotError),
    "A07 two names": (ONE.replace(b"ok.txt", b"no.txt", 1), SnapshotError),
    "A08 overlapping files": (overlapping(100_000, 100), SnapshotError),
    "A08 declares 10 GB": (overlapping(10_000_000, 1_001), TooLarge),
    "A11 says less than it holds": (lying(10, 500_000), SnapshotError),
    "A11 says more than it holds": (lying(500_000, 10), SnapshotError),
    "A14 encrypted": (patched(ONE, at_local=6, at_table=8, value=b"\1\0"), SnapshotError),
    "A14 uncommon compression": (zipped(("x", b"x"), method=zipfile.ZIP_LZMA), SnapshotError),
    "A14 many disks": (patched(ONE, at_local=6, at_table=34, value=b"\0\0")[:-18] + b"\5\0" + ONE[-16:], SnapshotError),
    "A16 tar": (tarred(("a" * 90, "", b"x")), SnapshotError),
    "A17 tar of negative size": (b"x" + b"\0" * 123 + b"-0000000001\0" + b"\0" * 400, SnapshotError),
    "A20 newline in a name": (zipped(("a\nb.py", b"x")), InvalidPath),
    "A20 escape in a name": (zipped(("\x1b]0;x\x07.py", b"x")), InvalidPath),
    "A23 key of somebody": (tarred(("../../../home/u/.ssh/authorized_keys", "", b"x")), SnapshotError),
    "percent-encoded way out": (zipped(("%2e%2e/%2e%2e/x", b"x")), InvalidPath),
    "name too long": (zipped(("a/" * 3000 + "b", b"x")), InvalidPath),
    "file and folder of one name": (zipped(("a", b"x"), ("a/b", b"x")), SnapshotError),
    "folder with contents": (zipped(("a/", b"x")), SnapshotError),
    "flipped byte": (ONE.replace(b"ok.txt", b"ok.txt", 1)[:40] + b"\xff" + ONE[41:], SnapshotError),
    "half an archive": (ONE[:50], SnapshotError),
    "nothing": (b"", SnapshotError),
    "text": (b"PK\3\4 but no zip", SnapshotError),
}


@pytest.mark.parametrize("name", BAD)
def test_a_hostile_archive_leaves_nothing_behind(tmp_path: Path, name: str) -> None:
    data, error = BAD[name]
    # Deep enough for a name that climbs out to land where only this test looks.
    out = tmp_path / "a" / "b" / "c" / "out"
    out.parent.mkdir(parents=True)
    before = sorted(tmp_path.rglob("*"))
    start = time.monotonic()
    with pytest.raises(error) as caught:
        unpack_zip(io.BytesIO(data), out)
    assert time.monotonic() - start < 2
    assert caught.value.status in (400, 413, 422)
    assert caught.value.hint
    assert sorted(tmp_path.rglob("*")) == before


def test_A01_is_refused_before_the_harmless_files_before_it_are_written(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    with pytest.raises(InvalidPath):
        unpack_zip(io.BytesIO(BAD["A01 name that climbs out"][0]), tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def test_A04_a_file_through_a_link_writes_nothing_outside(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data, mode in (("d", str(outside), 0o120777), ("d/pwn.txt", "x", 0o100644)):
            info = zipfile.ZipInfo(name)
            info.create_system, info.external_attr = 3, mode << 16
            archive.writestr(info, data)
    with pytest.raises(SnapshotError):
        unpack_zip(buffer, tmp_path / "out")
    assert list(outside.iterdir()) == []


def test_A11_what_was_written_before_the_lie_is_removed_and_the_folder_stays(tmp_path: Path) -> None:
    raw = bytearray(zipped(("a/fine.txt", b"x" * 100), ("plain.txt", b"y"), ("z", bytes(500_000))))
    table = raw.rfind(b"PK\1\2")
    raw[table + 24 : table + 28] = struct.pack("<I", 10)
    (tmp_path / "out").mkdir()
    with pytest.raises(SnapshotError):
        unpack_zip(io.BytesIO(bytes(raw)), tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def test_A13_a_million_files_are_refused_by_their_number_alone(tmp_path: Path) -> None:
    raw = bytearray(zipped(("f", b"")))
    end = raw.rfind(b"PK\5\6")
    many = bytes(raw[:end]) + b"PK\6\6" + struct.pack("<QHHIIQQQQ", 44, 45, 45, 0, 0, 10**6, 10**6, 51 * 10**6, 31)
    many += b"PK\6\7" + struct.pack("<IQI", 0, end, 1) + bytes(raw[end:])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(TooLarge, match=r"1,000,000 files"):
        unpack_zip(io.BytesIO(many), tmp_path / "out")
    with pytest.raises(TooLarge):
        unpack_zip(io.BytesIO(zipped(*((f"f{number}", b"") for number in range(11)))), tmp_path / "out", max_files=10)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64_000
    assert not (tmp_path / "out").exists()


def test_A19_only_a_new_or_empty_folder_is_unpacked_into(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "out/d").symlink_to(tmp_path / "outside")
    (tmp_path / "link").symlink_to(tmp_path / "outside")
    for target in ("out", "link"):
        with pytest.raises(AlreadyExists):
            unpack_zip(io.BytesIO(zipped(("d/pwn.txt", b"x"))), tmp_path / target)
    assert list((tmp_path / "outside").iterdir()) == []
    assert (tmp_path / "out/d").is_symlink()


def test_an_honest_archive_is_unpacked_with_its_modes(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.mkdir("empty")
        archive.writestr("a/b/c.txt", "c" * 5_000_000)
        info = zipfile.ZipInfo("run.sh")
        info.external_attr = 0o100755 << 16
        archive.writestr(info, "#!/bin/sh")
        archive.writestr("\u202egnp.py", "x")  # shown with care, but a name like any other
    (tmp_path / "x.zip").write_bytes(buffer.getvalue())
    assert sorted(unpack_zip(tmp_path / "x.zip", tmp_path / "out")) == ["a/b/c.txt", "run.sh", "\u202egnp.py"]
    assert (tmp_path / "out/a/b/c.txt").stat().st_size == 5_000_000
    assert (tmp_path / "out/run.sh").stat().st_mode & 0o777 == 0o755
    assert (tmp_path / "out/empty").is_dir()
    assert (tmp_path / "out").stat().st_mode & 0o777 == 0o700


def taken(project: Path, take: Take, blobs: BlobStore) -> Any:
    report = take(project)
    assert report.snapshot is not None
    return load_manifest(report.snapshot.id, blobs)


def test_a_snapshot_is_the_same_zip_each_time_and_comes_back_from_it(
    project: Path, write: Write, take: Take, blobs: BlobStore, tmp_path: Path
) -> None:
    write(project, {"a.py": "print()", "b/ü.bin": os.urandom(2_000_000), "empty.txt": "", "run.sh": "#!/bin/sh"})
    (project / "run.sh").chmod(0o755)
    manifest = taken(project, take, blobs)
    data = b"".join(stream_zip(manifest, blobs))
    assert data == b"".join(stream_zip(manifest, blobs))
    assert sum(1 for _ in stream_zip(manifest, blobs)) > 2
    assert zipfile.ZipFile(io.BytesIO(data)).testzip() is None
    unpack_zip(io.BytesIO(data), tmp_path / "out")
    for entry in manifest.entries:
        assert (tmp_path / "out" / entry.path).read_bytes() == (project / entry.path).read_bytes()
        assert (tmp_path / "out" / entry.path).stat().st_mode & 0o777 == entry.mode & 0o777


def test_links_are_link_entries_of_the_zip_and_never_come_out_of_one(
    project: Path, write: Write, take: Take, blobs: BlobStore, tmp_path: Path
) -> None:
    write(project, {"a.py": "x"})
    (project / "link").symlink_to("a.py")
    data = b"".join(stream_zip(taken(project, take, blobs), blobs))
    info = zipfile.ZipFile(io.BytesIO(data)).getinfo("link")
    assert stat.S_ISLNK(info.external_attr >> 16)
    assert zipfile.ZipFile(io.BytesIO(data)).read("link") == b"a.py"
    with pytest.raises(SnapshotError, match="a link"):
        unpack_zip(io.BytesIO(data), tmp_path / "out")


@pytest.mark.parametrize("seconds", [0, 100, 315_532_799, 4_354_819_200, 253_402_300_000, -1])
def test_F44_times_that_no_zip_can_hold_do_no_harm(
    project: Path, write: Write, take: Take, blobs: BlobStore, seconds: int
) -> None:
    write(project, {"a.py": "x", ".gitignore": "t.csv\n", "t.csv": "1"})
    for name in ("a.py", "t.csv"):
        os.utime(project / name, (seconds, seconds))
    data = b"".join(stream_zip(taken(project, take, blobs), blobs))
    assert zipfile.ZipFile(io.BytesIO(data)).getinfo("a.py").date_time == (1980, 1, 1, 0, 0, 0)
    (link,) = take(project).links
    # Some file systems end their calendar earlier than we do.
    kept = os.stat(project / "t.csv").st_mtime
    assert link.modified_at is None or link.modified_at.timestamp() == kept


def test_A22_a_zip_of_changed_bytes_ends_before_it_is_whole(
    project: Path, write: Write, take: Take, blobs: BlobStore
) -> None:
    write(project, {"a.py": "good"})
    manifest = taken(project, take, blobs)
    path = blobs.local_path(manifest.entries[0].digest)
    assert path is not None
    path.write_bytes(b"evil")
    pieces: list[bytes] = []
    with pytest.raises(CorruptData):
        pieces.extend(stream_zip(manifest, blobs))
    assert not zipfile.is_zipfile(io.BytesIO(b"".join(pieces)))
