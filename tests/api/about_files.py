"""Files of runs, snapshots, and bytes that are uploaded."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_mlws.api.routes import Upload
from jupyter_mlws.domain.file import FileKind
from jupyter_mlws.domain.snapshot import SnapshotRequest

from .place import ESCAPES, Place, S, code_of

MISSING = [
    "....",
    ".git/config",
    ".ssh/id_rsa",
    ".env",
    ".Env",
    "SECRETS.json",
    "ETC/passwd",
]  # P16, P17


class FilesSuite:
    """Files and snapshots: names are looked up, never opened."""

    def test_files_are_listed_and_downloaded(self, place: Place) -> None:
        run = place.submit()
        kept = place.leave(run, "outputs/model.pkl", b"weights")
        result = place.leave(run, "display.jsonl", b"{}", FileKind.RESULT)
        assert place.api.files.list("1").items == (result, kept)
        assert place.api.files.list("1", kind="output").items == (kept,)
        page = place.api.files.list("1", limit=1)
        assert place.api.files.list("1", limit=1, cursor=page.next_cursor).items == (kept,)
        download = place.api.files.download("1", "outputs/model.pkl")
        assert (download.name, download.size_bytes, download.digest) == ("model.pkl", 7, kept.digest)
        assert download.read() == b"weights"
        assert place.api.files.download("1", "display.jsonl", kind="result").read() == b"{}"
        assert code_of(place.api.files.download, "1", "display.jsonl") == "not_found"
        assert code_of(place.api.files.list, "1", kind="../x") == "invalid_input"
        assert code_of(place.api.files.download, "1", "a", kind="secret") == "invalid_input"

    def test_a_run_is_told_as_it_stands_in_a_notebook(self, place: Place) -> None:
        run = place.submit(kind="cell", params={"lr": "<b>0.1</b>"})
        place.leave(
            run, "display.jsonl", b'{"output_type": "execute_result", "data": {"text/plain": "42!"}}', FileKind.RESULT
        )
        before = place.api.runs.card("1")
        assert "Queued" in before.text
        assert "42!" not in before.html
        place.move(run, S.RUNNING, S.COMPLETED)
        after = place.api.runs.card(run.id)
        assert "Completed" in after.text
        assert "42!" in after.html
        assert "&lt;b&gt;0.1&lt;/b&gt;" in after.html
        assert code_of(place.api.runs.card, "2") == "not_found"

    @pytest.mark.parametrize("path", ESCAPES)
    def test_P01_to_P14_and_P30_a_path_that_leaves_the_run_is_refused(self, place: Place, path: str) -> None:
        place.submit()
        assert code_of(place.api.files.download, "1", path) in {"invalid_path", "not_found", "invalid_input"}

    @pytest.mark.parametrize("path", MISSING)
    def test_P16_P17_a_file_that_was_not_collected_is_not_found(self, place: Place, path: str) -> None:
        run = place.submit()
        (place.folder / "runs" / run.id).mkdir(parents=True)
        (place.folder / "runs" / run.id / "job.json").write_text("CANARY")
        assert code_of(place.api.files.download, "1", path) == "not_found"
        assert code_of(place.api.files.download, "1", "job.json") == "not_found"

    def test_P30_a_part_of_255_bytes_is_a_name_and_one_of_256_is_not(self, place: Place) -> None:
        run = place.submit()
        place.leave(run, "a" * 255, b"x")
        assert place.api.files.download("1", "a" * 255).read() == b"x"
        assert code_of(place.api.files.download, "1", "a" * 256) == "invalid_path"

    def test_a_snapshot_is_made_listed_and_read(self, place: Place, tmp_path: Path) -> None:
        source = tmp_path / "project"
        (source / "sub").mkdir(parents=True)
        (source / "train.py").write_text("print(1)")
        (source / "sub" / "a.txt").write_text("a")
        report = place.api.snapshots.create(SnapshotRequest(directory=str(source), rule="directory"))
        assert report.snapshot is not None
        again = place.api.snapshots.create(SnapshotRequest(directory=str(source), rule="directory"))
        assert again.snapshot is not None
        assert again.snapshot.id == report.snapshot.id
        snapshot = report.snapshot.id
        assert [entry.path for entry in place.api.snapshots.get(snapshot).entries] == ["sub/a.txt", "train.py"]
        summary = place.api.snapshots.summary(snapshot)
        assert (summary.id, summary.file_count, summary.size_bytes) == (snapshot, 2, 9)
        assert code_of(place.api.snapshots.summary, "0" * 64) == "not_found"
        assert code_of(place.api.snapshots.summary, "../x") == "invalid_input"
        assert place.api.snapshots.download_file(snapshot, "train.py").read() == b"print(1)"
        assert place.api.snapshots.download(snapshot).read()[:2] == b"PK"
        assert place.submit(snapshot_id=snapshot).snapshot_id == snapshot
        for path in ESCAPES:
            found = code_of(place.api.snapshots.download_file, snapshot, path)
            assert found in {"invalid_path", "not_found", "invalid_input"}
        assert code_of(place.api.snapshots.download_file, snapshot, "none") == "not_found"

    def test_a_preview_stores_nothing(self, place: Place, tmp_path: Path) -> None:
        source = tmp_path / "project"
        source.mkdir()
        (source / "train.py").write_text("print(1)")
        report = place.api.snapshots.create(SnapshotRequest(directory=str(source), rule="directory", preview=True))
        assert [entry.path for entry in report.files] == ["train.py"]
        if report.snapshot is not None:
            assert code_of(place.api.snapshots.get, report.snapshot.id) == "not_found"

    @pytest.mark.parametrize("snapshot", ["0" * 64, "..", "0" * 63, "A" * 64, "0" * 100])
    def test_an_unknown_snapshot_is_not_found_and_no_path(self, place: Place, snapshot: str) -> None:
        for call in (place.api.snapshots.get, place.api.snapshots.download):
            assert code_of(call, snapshot) in {"not_found", "invalid_input", "invalid_name"}

    def test_uploaded_bytes_are_named_by_their_digest(self, place: Place) -> None:
        stored = place.api.blobs.upload("X.npy", Upload(b"abc" * 1_000_000))
        assert (stored.name, stored.size_bytes) == ("X.npy", 3_000_000)
        assert place.blobs.read(stored.digest) == b"abc" * 1_000_000
        for path in ESCAPES:
            assert code_of(place.api.blobs.upload, path, Upload(b"")) in {"invalid_path", "invalid_input"}
