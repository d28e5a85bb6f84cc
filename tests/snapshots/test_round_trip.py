"""Whatever a folder holds: what travelled comes back as it was, and the copy has the same id."""

from __future__ import annotations

import io
import os
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jupyter_mlws.blobs import BlobStore
from jupyter_mlws.domain.snapshot import SnapshotRequest
from jupyter_mlws.errors import MlwsError
from jupyter_mlws.snapshots import DigestIndex, create, load_manifest, restore, unpack_zip

names = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="/\0"), min_size=1, max_size=12).filter(
    lambda name: name not in (".", "..") and not name.startswith(".") and len(name.encode()) < 200
)
files = st.tuples(st.just("file"), st.binary(max_size=2000), st.sampled_from([0o644, 0o755, 0o600]))
links = st.tuples(st.just("link"), st.one_of(names, st.sampled_from(["..", ".", "../..", "/etc/passwd", "/", "../x"])))
trees = st.dictionaries(
    names,
    st.recursive(st.one_of(files, links), lambda inner: st.dictionaries(names, inner, max_size=4), max_leaves=10),
    max_size=6,
)


def grow(folder: Path, tree: dict[str, object]) -> None:
    folder.mkdir()
    for name, value in tree.items():
        path = folder / name
        if isinstance(value, dict):
            grow(path, value)
        elif value[0] == "link":
            path.symlink_to(value[1])
        else:
            path.write_bytes(value[1])
            path.chmod(value[2])


def below(folder: Path) -> set[str]:
    return {
        os.fsdecode(path.relative_to(folder)) for path in folder.rglob("*") if path.is_symlink() or not path.is_dir()
    }


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(tree=trees)
def test_what_travels_comes_back_and_what_does_not_is_named(own_home: Path, tree: dict[str, object]) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        base = Path(os.path.realpath(scratch))
        grow(base / "here", tree)
        blobs = BlobStore(base / "blobs")
        index = DigestIndex(base / "index")
        report = create(SnapshotRequest(directory=str(base / "here"), rule="directory"), blobs, index)
        assert report.snapshot is not None
        restore(load_manifest(report.snapshot.id, blobs), blobs, base / "there")
        assert below(base / "there") == {entry.path for entry in report.files}
        for entry in report.files:
            here, there = base / "here" / entry.path, base / "there" / entry.path
            if there.is_symlink():
                assert Path(os.path.realpath(there)).is_relative_to(base / "there")
            else:
                assert here.read_bytes() == there.read_bytes()
                assert entry.mode & 0o111 == here.stat().st_mode & 0o100 | (0o011 if entry.mode & 0o100 else 0)
        accounted = len(report.files) + len(report.links) + len(report.skipped)
        assert accounted <= len(below(base / "here"))
        again = create(SnapshotRequest(directory=str(base / "there"), rule="directory"), blobs, index)
        assert again.snapshot is not None
        assert again.snapshot.id == report.snapshot.id


@settings(max_examples=200, deadline=None)
@given(data=st.binary(max_size=3000))
def test_no_bytes_break_the_extractor(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        for junk in (data, b"PK\3\4" + data + b"PK\5\6" + b"\0" * 18, data + b"PK\5\6" + data[:18].ljust(18, b"\1")):
            try:
                unpack_zip(io.BytesIO(junk), Path(scratch) / "out")
            except MlwsError:
                assert not (Path(scratch) / "out").exists()
            else:
                assert os.listdir(Path(scratch) / "out") == []
                (Path(scratch) / "out").rmdir()
