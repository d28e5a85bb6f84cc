"""Imports that die, meet each other or find no room, and what large ones need of the memory."""

from __future__ import annotations

import os
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import archives
import pytest
from archives import OLD, add_run, exported, imported, leave, log, services

from jupyter_mlws.api.routes import Upload
from jupyter_mlws.domain.run import Run
from jupyter_mlws.errors import StorageFull, Unavailable
from jupyter_mlws.services import Keeping, Services
from jupyter_mlws.services.archives import importing
from jupyter_mlws.store import Store

_DIES = """
import sys
from pathlib import Path
from archives import services
from jupyter_mlws.api.routes import Upload
from jupyter_mlws.store import Store
folder = Path(sys.argv[1])
with Store.open(folder) as store:
    services(store, folder).archives.import_file(Upload(open(sys.argv[2], "rb")))
"""


def _import_in_a_process(folder: Path, archive: Path, fault: str) -> int:
    environment = {**os.environ, "MLWS_FAULT": fault, "PYTHONPATH": str(Path(archives.__file__).parent)}
    done = subprocess.run([sys.executable, "-c", _DIES, folder, archive], env=environment, check=False, timeout=60)
    return done.returncode


def test_an_import_that_died_left_whole_runs_and_the_next_one_adds_the_rest(
    here: Services, there: Services, tmp_path: Path
) -> None:
    with here.store.write() as c:
        for run in _many(here, 110):
            log(here, run, "loss", [1.0, 2.0])
            leave(here, run, "outputs/a.bin", b"a")
        # Runs of one family would be kept together.
        c.exec_driver_sql("UPDATE runs SET parent_number = NULL, child_count = 0, kind = 'script'")
    archive = tmp_path / "archive.zip"
    archive.write_bytes(exported(here))
    folder = tmp_path / "there"
    assert _import_in_a_process(folder, archive, "archives.record:2:kill") == -9
    half = there.runs.list(limit=1000).items
    assert 0 < len(half) < 110
    for run in half:
        assert there.files.list(run.id).items
        assert there.metrics.list(run.id).items[0].count == 2
    report = imported(there, archive.read_bytes())
    assert (report.runs_known, report.runs_added) == (len(half), 110 - len(half))
    assert there.runs.list(limit=1000) == here.runs.list(limit=1000)


def test_two_imports_at_once_add_everything_once(store_factory: Callable[..., Store], tmp_path: Path) -> None:
    both = [services(store_factory(), tmp_path / "shared") for _ in range(2)]
    with ThreadPoolExecutor(2) as pool:
        reports = list(pool.map(lambda api: imported(api, OLD.read_bytes()), both))
    assert sum(report.runs_added for report in reports) == 6
    assert sum(report.models_added for report in reports) == 2
    assert len(both[0].runs.list(include_children=True).items) == 6
    assert both[0].experiments.get("digits").run_count == 4
    assert [model.version for model in both[0].models.list(name="digits").items] == [2, 1]


def test_a_full_disk_stops_an_import_with_its_own_word(
    here: Services, there: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    leave(here, add_run(here), "outputs/a.bin", os.urandom(2 << 20))
    archive = exported(here)

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full)
        with pytest.raises(StorageFull):
            imported(there, archive)
    assert there.runs.list().items == ()
    assert imported(there, archive).runs_added == 1


def test_four_times_the_runs_need_no_more_memory(make: Callable[[str], Services], tmp_path: Path) -> None:
    peaks = {count: _peak(make, count, tmp_path) for count in (20, 80)}
    # What grows are the zip's table of contents and the digests to look for: some 4 kB for a file.
    assert peaks[80] - peaks[20] < 6_000 * 60, peaks


def _peak(make: Callable[[str], Services], count: int, place: Path) -> int:
    """Bytes of memory that carrying so many runs needs at most."""
    source, target = make(f"source {count}"), make(f"target {count}")
    with source.store.write():
        for run in _many(source, count):
            leave(source, run, "outputs/a.txt", run.id.encode())
    tracemalloc.start()
    with (place / f"{count}.zip").open("w+b") as file:
        for piece in source.archives.export().chunks:
            file.write(piece)
        report = target.archives.import_file(Upload(file))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert report.runs_added == count
    return peak


def _many(api: Services, count: int) -> tuple[Run, ...]:
    sweep = add_run(api, ended=None, kind="sweep", sweep=tuple({"lr": str(i)} for i in range(count - 1)))
    with api.store.write() as c:
        c.exec_driver_sql("UPDATE runs SET status = 'Completed'")
    return (sweep, *api.runs.list(parent=sweep.id, limit=1000).items)


def test_a_run_whose_inputs_were_collected_meanwhile_is_not_imported_without_them(
    here: Services, there: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_run(here, inputs=(here.blobs.upload("x", Upload(b"captured")),))
    data = exported(here)
    make_durable = importing.make_durable

    def then_collect(blobs: object, part: object) -> None:
        make_durable(blobs, part)
        there.trash.collect()

    with monkeypatch.context() as slow:
        # As if the import took longer than what is new is left alone.
        keeping = Keeping(trash_days=30, grace_s=-1)
        slow.setattr(there.trash, "_context", replace(there.trash._context, keeping=lambda: keeping))
        slow.setattr(importing, "make_durable", then_collect)
        with pytest.raises(Unavailable):
            imported(there, data)
    assert not there.runs.list().items
    assert imported(there, data).runs_added == 1
