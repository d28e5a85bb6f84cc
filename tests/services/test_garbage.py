"""What leaves the trash is freed to the byte, and nothing else is; whoever records something is never robbed."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from garbage_makers import Place
from sqlalchemy import Connection, update

from jupyter_mlws.api.routes import Upload
from jupyter_mlws.api.series import decode_series
from jupyter_mlws.blobs import BlobStore
from jupyter_mlws.blobs.marking import put_mark
from jupyter_mlws.dispatcher.collecting import Collector
from jupyter_mlws.dispatcher.importing import put_away
from jupyter_mlws.domain.child import NewChild
from jupyter_mlws.domain.clock import now
from jupyter_mlws.domain.model import ModelFile, ModelRegistration
from jupyter_mlws.domain.run import Run, RunSubmission
from jupyter_mlws.domain.snapshot import SnapshotRequest
from jupyter_mlws.errors import Conflict, InvalidInput, NotFound, Unavailable, WrongState
from jupyter_mlws.runfolder.paths import RunFolder
from jupyter_mlws.services import Keeping
from jupyter_mlws.services.holding import Hold
from jupyter_mlws.services.offline import imports_folder
from jupyter_mlws.store import files as store_files
from jupyter_mlws.store import run_children, sweeps
from jupyter_mlws.store import runs as store_runs
from jupyter_mlws.store.metrics import put_points
from jupyter_mlws.store.tables import deleted_runs, runs


class Garden:
    """A workspace in which runs can be made that have ended, with files."""

    def __init__(self, api: Place, project: Path) -> None:
        self.api = api
        self.project = project

    def run(self, outputs: dict[str, bytes] | None = None, code: str | None = None, given: bytes | None = None) -> Run:
        """A run that has ended."""
        snapshot = None if code is None else self.snapshot(code)
        inputs = () if given is None else (self.api.blobs.upload("x", Upload(given)),)
        wish = RunSubmission(experiment="digits", command=("p",), snapshot_id=snapshot, inputs=inputs)
        made = self.api.runs.submit(wish)
        self.end(made.id)
        for name, data in (outputs or {}).items():
            self.api.files.upload(made.id, name, Upload(data))
        return self.api.runs.get(made.id)

    def snapshot(self, code: str) -> str:
        self.project.mkdir(exist_ok=True)
        (self.project / "train.py").write_text(code)
        report = self.api.snapshots.create(SnapshotRequest(directory=str(self.project), rule="directory"))
        assert report.snapshot is not None
        return report.snapshot.id

    def end(self, run_id: str) -> None:
        with self.api.store.write() as c:
            c.execute(update(runs).where(runs.c.id == run_id).values(status="Completed"))

    def sizes(self) -> dict[str, int]:
        return {blob.digest: blob.size_bytes for blob in self.api.blob_store.place.walk()}

    def age(self, seconds: float) -> None:
        """Have everything stored so long ago."""
        for path in (self.api.folder / "blobs").glob("??/*"):
            os.utime(path, (time.time() - seconds,) * 2)


@pytest.fixture
def garden(tmp_path: Path, database: str) -> Iterator[Garden]:
    folder = tmp_path / "workspace"
    folder.mkdir()
    api = Place(folder, database if "://" in database else Path(database))
    yield Garden(api, tmp_path / "project")
    api.store.close()


def test_a_purged_run_frees_what_it_alone_had_and_the_report_says_how_much(garden):
    kept = garden.run({"shared.bin": b"s" * 1000, "own.bin": b"k" * 10}, code="print(1)", given=b"input")
    gone = garden.run({"shared.bin": b"s" * 1000, "mine.bin": b"m" * 5000}, code="print(2)", given=b"other")
    before = garden.sizes()
    asked = garden.api.runs.weigh(gone.id)
    deletion = garden.api.runs.delete(gone.id)
    assert replace(asked, deleted_at=deletion.deleted_at, until=deletion.until) == deletion
    assert garden.api.runs.weigh(gone.id) == deletion  # however late it is asked
    report = garden.api.trash.collect(dry_run=True, everything=True)
    assert garden.sizes() == before
    done = garden.api.trash.collect(everything=True)
    after = garden.sizes()
    freed = sum(before.values()) - sum(after.values())
    assert freed == done.blob_bytes == done.freed_bytes == report.freed_bytes == deletion.size_bytes
    assert freed > 5000
    assert (
        (done.runs, done.snapshots, done.blob_count) == (1, 1, 4) == (report.runs, report.snapshots, report.blob_count)
    )
    assert garden.api.files.download(kept.id, "shared.bin").read() == b"s" * 1000
    assert garden.api.snapshots.download(kept.snapshot_id).read()
    with pytest.raises(NotFound):
        garden.api.runs.restore(gone.id)


def test_what_a_deletion_would_free_is_said_before_it_and_counts_a_familys_own_bytes_once(garden):
    garden.run({"a.bin": b"a" * 100}, code="print(1)", given=b"both")
    root = garden.run({"a.bin": b"a" * 100, "b.bin": b"b" * 200}, code="print(2)", given=b"both")
    with garden.api.store.write() as c:
        c.execute(update(runs).where(runs.c.number == root.number).values(status="Running"))
        children = run_children.create_children(c, root.id, [NewChild(id="one"), NewChild(id="two")])
    with pytest.raises(WrongState, match=r"is Running, and what lives is not deleted"):
        garden.api.runs.weigh(root.id)
    for run in (*children, root):
        garden.end(run.id)
    for child in children:
        garden.api.files.upload(child.id, "b.bin", Upload(b"b" * 200))
        garden.api.files.upload(child.id, "c.bin", Upload(b"c" * 400))
    assert garden.api.runs.weigh(children[0].id).size_bytes == 0  # the others have the same files
    asked = garden.api.runs.weigh(root.id)
    assert (asked.run_count, len(garden.api.runs.list(include_children=True).items)) == (3, 4)
    deletion = garden.api.runs.delete(root.id)
    assert asked.size_bytes == deletion.size_bytes == garden.api.trash.collect(everything=True).freed_bytes > 600
    with pytest.raises(NotFound):
        garden.api.runs.weigh(root.id)


def test_points_are_counted_as_well_though_the_databases_file_keeps_their_room(garden):
    run = garden.run()
    numbers = np.arange(1000.0)
    with garden.api.store.write() as c:
        put_points(c, run.number, "loss", np.arange(1000), numbers, numbers, now())
    deletion = garden.api.runs.delete(run.id)
    foreseen = garden.api.trash.collect(dry_run=True, everything=True)
    report = garden.api.trash.collect(everything=True)
    assert deletion.size_bytes == foreseen.point_bytes == report.point_bytes == 24_000
    assert report.freed_bytes == 0


def test_what_is_in_the_trash_for_less_than_its_days_stays_and_can_come_back(garden):
    run = garden.run({"a.bin": b"a"}, code="print(1)")
    garden.api.runs.delete(run.id)
    garden.api.keep = Keeping(trash_days=7, grace_s=0)
    report = garden.api.trash.collect()
    assert (report.runs, report.kept_runs, report.blob_count) == (0, 1, 0)
    with garden.api.store.write() as c:
        c.execute(update(deleted_runs).values(deleted_at=now() - timedelta(days=7, minutes=1)))
    assert garden.api.trash.collect(dry_run=True).runs == 1
    garden.api.runs.restore(run.id)
    assert garden.api.trash.collect().runs == 0
    assert garden.api.files.download(run.id, "a.bin").read() == b"a"


def test_bytes_that_nobody_names_stay_for_their_grace_and_are_told_of(garden):
    garden.api.blobs.upload("x", Upload(b"about to be named"))
    garden.api.keep = Keeping(grace_s=3600.0)
    report = garden.api.trash.collect()
    assert (report.blob_count, report.young_count, report.young_bytes) == (0, 1, 17)
    garden.age(3700)
    assert garden.api.blobs.upload("x", Upload(b"about to be named"))  # whoever brings it again makes it young
    assert garden.api.trash.collect().blob_count == 0
    garden.age(3700)
    assert garden.api.trash.collect().blob_bytes == 17


def test_a_snapshot_that_is_taken_again_is_young_again(garden):
    snapshot = garden.snapshot("print(1)")
    garden.api.keep = Keeping(grace_s=3600.0)
    garden.age(3700)
    assert garden.api.trash.collect(dry_run=True).snapshots == 1
    assert garden.snapshot("print(1)") == snapshot
    assert garden.api.trash.collect().snapshots == 0
    garden.age(3700)
    assert garden.api.trash.collect().snapshots == 1
    with pytest.raises(NotFound):
        garden.api.snapshots.get(snapshot)


def test_a_model_keeps_its_bytes_when_its_run_is_gone_and_says_so(garden):
    run = garden.run({"outputs/m.bin": b"weights"}, code="print(1)")
    model = garden.api.models.register(ModelRegistration(name="net", run_id=run.id, path="outputs/m.bin"))
    garden.api.runs.delete(run.id)
    garden.api.trash.collect(everything=True)
    found = garden.api.models.get("net", 1)
    assert (found.run_id, found.run_number, found.run_deleted) == (run.id, None, True)
    assert garden.api.models.download("net", 1, model.files[0].path).read() == b"weights"
    garden.api.models.delete("net", 1)
    assert garden.api.trash.collect(everything=True).models == 1
    assert garden.sizes() == {}
    assert (
        garden.api.models.register(ModelRegistration(name="net", files=(_model_file(garden.api, b"again"),))).version
        == 2
    )


def _model_file(api: Place, data: bytes) -> ModelFile:
    given = api.blobs.upload("m.bin", Upload(data))
    return ModelFile(path=given.name, digest=given.digest, size_bytes=given.size_bytes)


def test_imports_that_failed_stay_as_long_as_the_trash_is_kept(garden):
    imports = imports_folder(garden.api.folder, "box")
    for name in ("digits_1_aaaaaaaa", "digits_1_bbbbbbbb"):
        (imports / name).mkdir(parents=True)
        (imports / name / "job.json").write_bytes(bytes(500))
        os.utime(imports / name, (0, 0))  # however old it was before
    put_away(imports / "digits_1_aaaaaaaa")
    garden.api.keep = Keeping(trash_days=7, grace_s=0)
    assert garden.api.trash.collect(dry_run=True).folder_count == garden.api.trash.collect().folder_count == 0
    assert len(list(imports.iterdir())) == 2
    foreseen = garden.api.trash.collect(dry_run=True, everything=True)
    report = garden.api.trash.collect(everything=True)
    assert (foreseen.folder_count, foreseen.folder_bytes) == (report.folder_count, report.folder_bytes) == (1, 500)
    assert [path.name for path in imports.iterdir()] == ["digits_1_bbbbbbbb"]


def test_folders_of_purged_runs_and_old_ones_without_a_record_go_and_no_other(garden):
    run, kept = garden.run(), garden.run()
    for run_id in (run.id, kept.id, "nobody_1_aaaaaaaa", "young_1_bbbbbbbb"):
        folder = RunFolder(garden.api.folder / "runs" / run_id)
        folder.create()
        (folder.path / "left").mkdir()
        (folder.path / "left" / "large.bin").write_bytes(bytes(1000))
        (folder.path / "left").chmod(0o500)
    outside = garden.api.folder / "outside"
    outside.mkdir()
    (outside / "precious").write_text("stays")
    (garden.api.folder / "runs" / "link_1_cccccccc").symlink_to(outside)
    old = garden.api.folder / "runs" / "nobody_1_aaaaaaaa"
    os.utime(old, (1, 1))
    garden.api.runs.delete(run.id)
    foreseen = garden.api.trash.collect(dry_run=True, everything=True)
    report = garden.api.trash.collect(everything=True)
    left = {path.name for path in (garden.api.folder / "runs").iterdir()}
    assert left == {kept.id, "young_1_bbbbbbbb", "link_1_cccccccc"}
    assert report.folder_count == foreseen.folder_count == 2
    assert report.folder_bytes == foreseen.folder_bytes >= 2000
    assert (outside / "precious").exists()


def test_a_folder_deeper_than_any_path_goes_with_the_others(garden):
    run = garden.run()
    deep = garden.api.folder / "runs" / run.id / "left"
    deep.mkdir(parents=True)
    make = "import os, sys\nos.chdir(sys.argv[1])\nfor _ in range(3000):\n    os.mkdir('a')\n    os.chdir('a')"
    subprocess.run([sys.executable, "-c", make, deep], check=True)
    (deep / "large.bin").write_bytes(bytes(1000))
    garden.api.runs.delete(run.id)
    report = garden.api.trash.collect(everything=True)
    assert (report.folder_count, report.folder_bytes) == (1, 1000)
    assert not deep.exists()


def test_a_place_that_another_workspace_uses_too_is_left_alone(garden):
    garden.api.blobs.upload("x", Upload(b"rubbish"))
    put_mark(garden.api.blob_store, "another")
    before = garden.sizes()
    report = garden.api.trash.collect(everything=True)
    assert "Another workspace" in report.warnings[0]
    assert garden.sizes() == before


def test_bytes_are_swept_only_when_all_lists_of_files_can_be_read(garden):
    run = garden.run({"a": b"a"}, code="print(1)")
    garden.run(code="print(2)")
    garden.api.blobs.upload("x", Upload(b"rubbish"))
    path = garden.api.blob_store.local_path(run.snapshot_id)
    path.chmod(0o600)
    path.write_bytes(b"rotten")
    before = garden.sizes()
    report = garden.api.trash.collect(everything=True)
    assert "cannot be read" in report.warnings[0]
    assert garden.sizes() == before
    garden.api.runs.delete(run.id)
    report = garden.api.trash.collect(everything=True)
    assert (report.warnings, report.snapshots) == ((), 1)
    assert len(garden.sizes()) == 2


def test_of_two_collections_the_later_one_goes_on(garden):
    with garden.api.store.write() as c:
        first = sweeps.begin(c)
        second = sweeps.begin(c)
    with garden.api.store.write() as c:
        with pytest.raises(Conflict, match="Another garbage collection"):
            sweeps.check(c, first)
        sweeps.end(c, second)
        assert sweeps.is_quiet(sweeps.last(c))


def test_a_collection_that_fails_does_not_have_others_look_twice(garden, monkeypatch):
    from jupyter_mlws.services import garbage_folders

    def fail(*words: object) -> None:
        raise Unavailable("The disk is asleep.")

    monkeypatch.setattr(garbage_folders, "remove", fail)
    with pytest.raises(Unavailable, match="asleep"):
        garden.api.trash.collect()
    with garden.api.store.read() as c:
        assert sweeps.is_quiet(sweeps.last(c))


# -- whoever records while a collection is at work


@contextmanager
def swept_before_writing(api: Place, times: int = 1) -> Iterator[None]:
    """Have a whole collection, without grace, happen at the worst moment: just before a transaction gets its turn."""
    other = api.again()
    write, left = api.store.write, [times]

    @contextmanager
    def late() -> Iterator[Connection]:
        if left[0]:
            left[0] -= 1
            other.trash.collect(everything=True)
        with write() as c:
            yield c

    api.store.write = late  # type: ignore[method-assign]
    try:
        yield
    finally:
        api.store.write = write  # type: ignore[method-assign]
        other.store.close()


def test_a_snapshot_whose_files_were_swept_while_it_was_taken_is_taken_again(garden):
    with swept_before_writing(garden.api):
        snapshot = garden.snapshot("print('swept')")
    assert garden.api.snapshots.download(snapshot).read()
    with swept_before_writing(garden.api, times=99), pytest.raises(Unavailable):
        garden.snapshot("print('swept for ever')")


def test_a_submission_whose_input_was_swept_is_refused_and_leaves_nothing(garden):
    given = garden.api.blobs.upload("x", Upload(b"captured"))
    wish = RunSubmission(experiment="digits", command=("p",), inputs=(given,))
    with swept_before_writing(garden.api), pytest.raises(Unavailable, match="garbage collection"):
        garden.api.runs.submit(wish)
    assert garden.api.runs.list().items == ()
    with pytest.raises(InvalidInput, match="Upload them first"):
        garden.api.runs.submit(wish)
    garden.api.blobs.upload("x", Upload(b"captured"))
    garden.api.runs.submit(wish)
    assert garden.api.blob_store.read(given.digest)


def test_nor_is_a_model_registered_or_a_file_kept_without_its_bytes(garden):
    run = garden.run()
    file = _model_file(garden.api, b"weights")
    with swept_before_writing(garden.api), pytest.raises(Unavailable):
        garden.api.models.register(ModelRegistration(name="net", files=(file,)))
    with swept_before_writing(garden.api), pytest.raises(Unavailable):
        garden.api.files.upload(run.id, "a.bin", Upload(b"a"))
    assert garden.api.files.list(run.id).items == ()


def test_files_of_a_run_that_were_swept_before_their_record_are_stored_again(garden):
    run = garden.run()
    folder = RunFolder(garden.api.folder / "runs" / run.id)
    folder.create()
    (folder.outputs / "a.bin").write_bytes(b"result")
    blobs = garden.api.blob_store
    collector = Collector(folder, "", {}, blobs, hold=lambda: Hold(garden.api.store, blobs))

    def record() -> None:
        collector.everything()
        with garden.api.store.write() as c:
            collector.check_kept(c)
            store_files.put_files(c, run.id, collector.pending)

    with swept_before_writing(garden.api), pytest.raises(Unavailable):
        record()
    record()
    assert garden.api.files.download(run.id, "outputs/a.bin").read() == b"result"


def test_whoever_records_after_the_marks_were_made_is_seen(garden, monkeypatch):
    """Between reading the records and removing: a run, a model and a snapshot come to use what was marked as unused."""
    from jupyter_mlws.services import garbage_blobs

    garden.api.blobs.upload("x", Upload(b"input"))
    file = _model_file(garden.api, b"weights")
    (garden.project).mkdir()
    mark = garbage_blobs._mark

    def then_record(context: object, *rest: object) -> object:
        marks = mark(context, *rest)
        garden.run({"o.bin": b"output"}, code="print('new')", given=b"input")
        garden.api.models.register(ModelRegistration(name="net", files=(file,)))
        return marks

    monkeypatch.setattr(garbage_blobs, "_mark", then_record)
    garden.api.trash.collect(everything=True)
    monkeypatch.undo()
    (run,) = garden.api.runs.list().items
    assert garden.api.snapshots.download(run.snapshot_id).read()
    assert garden.api.files.download(run.id, "o.bin").read() == b"output"
    assert garden.api.models.download("net", 1, "m.bin").read() == b"weights"
    with garden.api.store.read() as c:
        (given,) = store_runs.get_submission(c, run.id).inputs
    assert garden.api.blob_store.read(given.digest) == b"input"


def test_who_reads_a_file_while_it_is_swept_reads_it_to_its_end(garden):
    run = garden.run({"a.bin": b"x" * 3_000_000})
    chunks = iter(garden.api.files.download(run.id, "a.bin").chunks)
    first = next(chunks)
    garden.api.runs.delete(run.id)
    assert garden.api.trash.collect(everything=True).blob_count == 1
    assert len(first) + sum(map(len, chunks)) == 3_000_000


@pytest.mark.only_sqlite
def test_a_store_of_objects_is_swept_too(garden, tmp_path):
    api = Place(garden.api.folder, garden.api.store.path.parent, BlobStore(f"memory://{tmp_path}/blobs"))
    remote = Garden(api, tmp_path / "project")
    kept, gone = remote.run({"a": b"a" * 100}, code="print(1)"), remote.run({"b": b"b" * 1000}, code="print(2)")
    before = remote.sizes()
    api.runs.delete(gone.id)
    assert "collect again" in api.trash.collect(everything=True).warnings[0]
    assert before.items() <= remote.sizes().items()
    before = remote.sizes()
    report = api.trash.collect(everything=True)
    assert report.warnings == ()
    assert report.freed_bytes == sum(before.values()) - sum(remote.sizes().values()) > 1000
    assert api.files.download(kept.id, "a").read() == b"a" * 100
    assert api.snapshots.download(kept.snapshot_id).read()
    api.store.close()


@pytest.mark.only_sqlite
def test_the_databases_file_becomes_smaller_by_the_points_of_purged_runs(garden):
    def size() -> int:
        garden.api.store.settle()
        return garden.api.store.path.stat().st_size

    run, kept = garden.run(), garden.run()
    values = np.random.default_rng(1).random(150_000)
    for made, count in ((run, 150_000), (kept, 5_000)):
        with garden.api.store.write() as c:
            put_points(c, made.number, "loss", np.arange(count), values[:count], values[:count], now())
    before = size()
    garden.api.runs.delete(run.id)
    assert garden.api.trash.collect(dry_run=True, everything=True).database_bytes == 0
    report = garden.api.trash.collect(everything=True)
    assert report.database_bytes == report.freed_bytes == before - size() > 1 << 20
    left = decode_series(garden.api.metrics.read(kept.id, "loss").read())
    assert left.columns["value"].tolist() == values[:5_000].tolist()
    assert garden.api.trash.collect(everything=True).freed_bytes == 0
