"""A snapshot comes back byte for byte, and only where it was asked to."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from jupyter_mlws.blobs import BlobStore
from jupyter_mlws.domain.snapshot import Manifest, ManifestEntry, SnapshotReport
from jupyter_mlws.errors import (
    AlreadyExists,
    CorruptData,
    InvalidInput,
    InvalidPath,
    NotFound,
    SnapshotError,
    WorkspaceError,
)
from jupyter_mlws.snapshots import load_manifest, restore
from jupyter_mlws.snapshots.manifest import from_bytes, to_bytes

Take = Callable[..., SnapshotReport]
Write = Callable[..., Path]


def manifest_of(blobs: BlobStore, **files: bytes | tuple[int, bytes]) -> Manifest:
    entries = []
    for path, content in sorted(files.items()):
        mode, data = content if isinstance(content, tuple) else (0o100644, content)
        stored = blobs.put_bytes(data)
        entries.append(ManifestEntry(path=path, mode=mode, size_bytes=len(data), digest=stored.digest))
    return Manifest(entries=tuple(entries))


def test_a_large_tree_comes_back_as_it_was(
    project: Path, write: Write, take: Take, blobs: BlobStore, tmp_path: Path
) -> None:
    write(project, {f"pkg{number % 7}/deep/{number}.bin": os.urandom(number * 10) for number in range(200)})
    write(project, {"big.bin": os.urandom(3_000_000), "empty": b"", "ü ñ.txt": "x"})
    (project / "pkg1/deep/1.bin").chmod(0o755)
    report = take(project)
    assert report.snapshot is not None
    before = os.umask(0o077)
    try:
        restore(load_manifest(report.snapshot.id, blobs), blobs, tmp_path / "out")
    finally:
        os.umask(before)
    for path in project.rglob("*"):
        if path.is_file():
            twin = tmp_path / "out" / path.relative_to(project)
            assert twin.read_bytes() == path.read_bytes()
            assert twin.stat().st_mode & 0o777 == (0o755 if path.stat().st_mode & 0o100 else 0o644)
            assert twin.stat().st_nlink == 1


def test_no_file_is_ever_replaced(blobs: BlobStore, tmp_path: Path) -> None:
    manifest = manifest_of(blobs, a=b"new", b=(0o120000, b"a"))
    (tmp_path / "out").mkdir()
    (tmp_path / "out/a").write_text("mine")
    with pytest.raises(AlreadyExists, match="a is there already"):
        restore(manifest, blobs, tmp_path / "out")
    assert (tmp_path / "out/a").read_text() == "mine"
    (tmp_path / "out/a").rename(tmp_path / "out/b")
    with pytest.raises(AlreadyExists):
        restore(manifest, blobs, tmp_path / "out")


def test_A19_a_link_in_the_way_is_not_followed(blobs: BlobStore, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "out/d").symlink_to(outside)
    with pytest.raises(SnapshotError, match="no folder"):
        restore(manifest_of(blobs, **{"d/pwn.txt": b"x"}), blobs, tmp_path / "out")
    assert list(outside.iterdir()) == []


def test_P33_a_folder_that_becomes_a_link_meanwhile_leads_nowhere_else(blobs: BlobStore, tmp_path: Path) -> None:
    outside, out = tmp_path / "outside", tmp_path / "out"
    outside.mkdir()
    out.mkdir()
    manifest = manifest_of(blobs, **{f"d/{number}": b"x" for number in range(400)})
    done = threading.Event()

    def swap() -> None:
        while not done.is_set():
            try:
                (out / "d").rename(out / "aside")
                (out / "d").symlink_to(outside)
                (out / "d").unlink()
                (out / "aside").rename(out / "d")
            except OSError:
                continue

    swapper = threading.Thread(target=swap)
    swapper.start()
    try:
        for round_ in range(10):
            try:
                restore(manifest, blobs, out)
            except (SnapshotError, AlreadyExists, FileNotFoundError):
                pass
            manifest = manifest_of(blobs, **{f"d/{round_}-{number}": b"x" for number in range(100)})
    finally:
        done.set()
        swapper.join()
    assert list(outside.iterdir()) == []


@pytest.mark.parametrize("target", ["/etc/passwd", "../up", "a/../../up", "x/..", "", "..", "/", "a\0b", "\udcff"])
def test_links_that_could_lead_out_are_refused_before_anything_is_written(
    blobs: BlobStore, tmp_path: Path, target: str
) -> None:
    data = target.encode("utf-8", "surrogateescape")
    with pytest.raises(InvalidPath, match="leads out"):
        restore(manifest_of(blobs, a=b"x", link=(0o120000, data)), blobs, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_links_through_links_stay_inside(blobs: BlobStore, tmp_path: Path) -> None:
    """`x/y/d` leads to the root, so `x/y/e -> d/../secret` would leave it, though its text does not look like it."""
    links = {"x/y/d": (0o120000, b"../.."), "x/y/e": (0o120000, b"d/../secret")}
    with pytest.raises(InvalidPath):
        restore(manifest_of(blobs, **links), blobs, tmp_path / "out")
    del links["x/y/e"]
    restore(manifest_of(blobs, **links), blobs, tmp_path / "out")
    assert (tmp_path / "out/x/y/d").resolve() == (tmp_path / "out").resolve()


def test_A22_changed_bytes_stop_a_restore(blobs: BlobStore, tmp_path: Path) -> None:
    manifest = manifest_of(blobs, a=b"good", b=b"fine")
    path = blobs.local_path(manifest.entries[0].digest)
    assert path is not None
    path.chmod(0o600)
    path.write_bytes(b"evil")
    with pytest.raises(CorruptData):
        restore(manifest, blobs, tmp_path / "out")
    assert not (tmp_path / "out/a").exists()


def test_A22_a_changed_manifest_is_not_used(project: Path, take: Take, blobs: BlobStore) -> None:
    report = take(project)
    assert report.snapshot is not None
    path = blobs.local_path(report.snapshot.id)
    assert path is not None
    path.write_bytes(path.read_bytes().replace(b"pyproject", b"pyprojecx"))
    with pytest.raises(CorruptData):
        load_manifest(report.snapshot.id, blobs)


def test_what_is_no_snapshot_is_not_found(blobs: BlobStore) -> None:
    for wrong in ("0" * 64, blobs.put_bytes(b"some text\n").digest, blobs.put_bytes(b"\xff").digest):
        with pytest.raises(NotFound, match="no snapshot"):
            load_manifest(wrong, blobs)
    for wrong in ("../../etc/passwd", "", "A" * 64):
        with pytest.raises(NotFound):
            load_manifest(wrong, blobs)
    newer = blobs.put_bytes(b"jupyter-mlws snapshot 2\nanything\n").digest
    with pytest.raises(WorkspaceError, match="newer"):
        load_manifest(newer, blobs)


DIGEST = "0" * 64


@pytest.mark.parametrize(
    "lines",
    [
        [f"100644 {DIGEST} 1 ../a"],
        [f"100644 {DIGEST} 1 /a"],
        [f"100666 {DIGEST} 1 a"],
        [f"100644 {DIGEST} -1 a"],
        [f"100644 {DIGEST[1:]} 1 a"],
        [f"100644 {DIGEST} 1 b", f"100644 {DIGEST} 1 a"],
        [f"100644 {DIGEST} 1 a", f"100644 {DIGEST} 1 a"],
        [f"100644 {DIGEST} 1 a", f"100644 {DIGEST} 1 a/b"],
        [f"120000 {DIGEST} 1 a", f"100644 {DIGEST} 1 a/b/c"],
        ["100644"],
        [""],
    ],
)
def test_a_list_that_no_snapshot_writes_is_refused(lines: list[str]) -> None:
    with pytest.raises(InvalidInput):
        from_bytes("\n".join(["jupyter-mlws snapshot 1", *lines, ""]).encode())


def test_a_manifest_reads_as_it_was_written(blobs: BlobStore) -> None:
    files: dict[str, bytes | tuple[int, bytes]] = {"a b/c  d": b"1", "ü": (0o120000, b"a")}
    for manifest in (Manifest(entries=()), manifest_of(blobs, **files)):
        assert from_bytes(to_bytes(manifest)) == manifest
