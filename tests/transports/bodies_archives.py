"""A run as one file, and back; snapshots of folders elsewhere."""

from __future__ import annotations

from jupyter_mlws.domain.snapshot import Manifest, ManifestEntry

from .suite import Ground, body, refused

ARCHIVE = ("ArchiveError", "archive_error")


@body(job="forbidden")
def a_run_is_carried_as_a_file_and_known_where_it_came_from(g: Ground) -> None:
    path = g.done.export(g.folder)
    assert path == str(g.folder / f"run-{g.done.number}.zip")
    assert refused(lambda: g.done.export(g.folder)) == ("AlreadyExists", "already_exists")
    assert g.done.export(g.folder, exist_ok=True) == path
    report = g.ws.import_archive(path)
    assert (report.runs_added, report.runs_known, report.models_added, report.blobs_added) == (0, 4, 0, 0)
    assert report.models_known >= 1


@body(job="forbidden")
def runs_that_a_filter_finds_are_carried(g: Ground) -> None:
    path = g.ws.export(g.folder / "some.zip", filter=f"attributes.id = '{g.foreign}'")
    assert g.ws.import_archive(path).runs_known == 1


@body(job="forbidden")
def what_is_no_archive_is_refused(g: Ground) -> None:
    (g.folder / "bad.zip").write_bytes(b"PK no zip")
    if g.way == "job":
        g.ws.import_archive(g.folder / "bad.zip")
    assert refused(lambda: g.ws.import_archive(g.folder / "bad.zip")) == ARCHIVE
    assert refused(lambda: g.ws.import_archive(g.folder / "nothing.zip")) == ("NotFound", "not_found")
    assert refused(lambda: g.ws.export(g.folder / "x.zip", filter="nonsense")) == ("InvalidFilter", "invalid_filter")
    assert refused(lambda: g.ws.api.archives.export(run="99999")) == ("NotFound", "not_found")
    assert refused(lambda: g.ws.api.archives.export(run="1", filter="status = 'x'")) == (
        "InvalidInput",
        "invalid_input",
    )
    for nonsense in (None, 5, "", "a\0b"):
        assert refused(lambda path=nonsense: g.ws.export(path)) == ("InvalidInput", "invalid_input")
        assert refused(lambda path=nonsense: g.ws.import_archive(path)) == ("InvalidInput", "invalid_input")
    assert not (g.folder / "x.zip").exists()


@body(job="forbidden")
def a_snapshot_of_bytes_that_are_not_there_is_not_recorded(g: Ground) -> None:
    lost = ManifestEntry(path="train.py", mode=0o100644, size_bytes=3, digest="0" * 64)
    assert g.ws.api.snapshots.find_missing(Manifest(entries=(lost,))).digests == ("0" * 64,)
    assert refused(lambda: g.ws.api.snapshots.record(Manifest(entries=(lost,)))) == ("InvalidInput", "invalid_input")
    twice = Manifest(entries=(lost, lost))
    assert refused(lambda: g.ws.api.snapshots.record(twice)) == ("InvalidInput", "invalid_input")
