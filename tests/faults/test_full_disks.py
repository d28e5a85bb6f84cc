"""A full disk, whichever it is: the training goes on, the cause is shown, and with room again everything is right."""

from __future__ import annotations

import io
import os
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest
from small_disk import Disk, apart

from jupyter_mlws import faults
from jupyter_mlws.api.routes import Upload
from jupyter_mlws.domain.status import RunStatus
from jupyter_mlws.errors import StorageFull
from jupyter_mlws.runfolder import control
from jupyter_mlws.runfolder.processes import identity_of, is_alive

# Logs 0, 1, 2, ... until it is told to stop, and notes how many, and how long one step took at most.
COUNTING = """
import os, sys, time
import jupyter_mlws as mlws
run = mlws.Run.get_context()
i, longest = 0, 0.0
while not os.path.exists(sys.argv[1]):
    began = time.monotonic()
    run.log("n", i)
    print(i)
    longest = max(longest, time.monotonic() - began)
    i += 1
    time.sleep(0.001)
with open(sys.argv[2], "w") as note:
    note.write(f"{i} {longest}")
"""
MIB = 1 << 20


class Training:
    """A run that counts, seen from outside."""

    def __init__(self, lab, script: str = COUNTING) -> None:
        self.lab = lab
        self.outside = lab.tmp_path
        self._stop, self._note = self.outside / "stop", self.outside / "note"
        self.run = lab.submit(script, arguments=[self._stop, self._note])
        self.lab.wait(self.count)
        self.script = identity_of(lab.script(self.run))

    def count(self) -> int:
        return max((metric.count for metric in self.run.refresh().metrics if metric.name == "n"), default=0)

    def waits_for(self, word: str) -> str:
        said = self.lab.wait(lambda: word in (text := self.run.refresh().waiting_for) and text, 15)
        assert is_alive(self.script)
        return str(said)

    def finish(self):
        """Tell it to stop; its record, how many points it logged, and how long it was held up at most."""
        assert is_alive(self.script)
        self._stop.touch()
        record = self.lab.ended(self.run)
        count, longest = self._note.read_text().split()
        assert float(longest) < 2.0
        return record, int(count)


def world(lab, tmp_path: Path):
    """A fresh workspace at a place where small disks can be mounted before it is made."""
    outside = tmp_path / "world"
    outside.mkdir()
    return lambda: type(lab)(outside)


def check_database(folder: Path) -> None:
    with closing(sqlite3.connect(folder / "mlws.sqlite")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_F08_a_full_disk_under_the_database_holds_nothing_up_and_all_is_stored_once_when_there_is_room(lab, tmp_path):
    make = world(lab, tmp_path)

    def body() -> None:
        disk = Disk(tmp_path / "world" / "workspace", 8 * MIB)
        here = make()
        for name in ("runs", "blobs"):
            Disk(disk.path / name, 64 * MIB)
        training = Training(here)
        before = training.count()
        disk.fill()
        said = training.waits_for("full")
        assert "Free some space" in said
        assert training.run.id in here.ws.info().dispatcher.troubles
        # Reading goes on; writing is refused with the cause.
        assert len(here.series(training.run.id, "n")) >= before
        assert here.api.runs.list().items[0].status is RunStatus.RUNNING
        with pytest.raises(StorageFull) as raised:
            here.api.runs.submit(here.prepare("print()"))
        assert raised.value.status == 507
        time.sleep(1)
        disk.free()
        here.wait(lambda: training.count() > before + 200)
        here.wait(lambda: not training.run.refresh().waiting_for)
        record, count = training.finish()
        assert record.status is RunStatus.COMPLETED
        assert record.warnings == ()
        assert list(here.series(training.run.id, "n")) == list(range(count))
        assert training.run.get_log().split() == [str(i) for i in range(count)]
        here.api.runs.submit(here.prepare("print()"))
        check_database(here.folder)

    apart(body)


def test_F07_a_full_disk_under_the_blobs_refuses_uploads_and_keeps_every_output_for_later(lab, tmp_path):
    make = world(lab, tmp_path)
    script = COUNTING.replace("i, longest", "open('outputs/model.bin', 'wb').write(b'w' * 300_000)\ni, longest", 1)

    def body() -> None:
        here = make()
        disk = Disk(here.folder / "blobs", 8 * MIB)
        one = here.prepare("print('one')")
        disk.fill()
        with pytest.raises(StorageFull, match="no room left") as raised:
            here.api.blobs.upload("data.bin", Upload(io.BytesIO(os.urandom(100_000))))
        assert raised.value.status == 507
        assert list((disk.path / "drafts").iterdir()) == []
        disk.free()
        training = Training(here, script)
        disk.fill()
        Path(here.folder, "runs", training.run.id, "outputs", "late.bin").write_bytes(b"l" * 200_000)
        assert "no room left" in training.waits_for("no room left")
        at = training.count()
        here.wait(lambda: training.count() > at)  # points are stored all the same
        with pytest.raises(StorageFull):
            here.prepare("print('a script that is new')")
        assert list((disk.path / "drafts").iterdir()) == []
        files = here.api.files.list(training.run.id).items
        assert [file.name for file in files if not file.size_bytes] == []
        disk.free()
        record, count = training.finish()
        assert (record.status, record.warnings) == (RunStatus.COMPLETED, ())
        assert here.api.files.download(training.run.id, "outputs/late.bin").read() == b"l" * 200_000
        assert here.api.files.download(training.run.id, "outputs/model.bin").read() == b"w" * 300_000
        assert list(here.series(training.run.id, "n")) == list(range(count))
        here.api.runs.submit(one)
        check_database(here.folder)

    apart(body)


def test_F09_a_full_disk_under_the_run_folder_costs_counted_points_and_bytes_and_never_the_training(
    lab, tmp_path, monkeypatch
):
    monkeypatch.setenv("MLWS_SYSTEM_METRICS_S", "0")  # the points that are counted are the script's
    make = world(lab, tmp_path)

    def body() -> None:
        here = make()
        disk = Disk(here.folder / "runs", 4 * MIB)
        training = Training(here)
        disk.fill()
        said = training.waits_for("points")
        assert "not kept so far" in said
        disk.free()
        here.wait(lambda: not training.run.refresh().waiting_for)
        record, count = training.finish()
        assert record.status is RunStatus.COMPLETED
        kept = list(here.series(training.run.id, "n"))
        assert kept == sorted(set(kept))
        assert kept[-1] == count - 1
        lost = count - len(kept)
        assert lost > 0
        assert any(f"{lost:,} metric points were not kept" in warning for warning in record.warnings)
        log = training.run.get_log()
        assert "metrics cannot be kept" in log or "are missing here: the disk was full" in log
        assert "metrics are kept again" in log
        check_database(here.folder)

    apart(body)


def test_F09_a_run_that_finds_no_room_from_its_first_point_on_says_how_many_it_lost(lab, tmp_path):
    """No segment was ever made in which the writer could count."""
    make = world(lab, tmp_path)
    go = tmp_path / "go"
    script = (
        "import os, sys, time\nimport jupyter_mlws as mlws\nprint('begun', flush=True)\n"
        f"while not os.path.exists({str(go)!r}):\n    time.sleep(0.01)\n"
        "for i in range(5000):\n    mlws.log(n=i)\nprint('x' * 100_000)\n"
    )

    def body() -> None:
        here = make()
        disk = Disk(here.folder / "runs", 4 * MIB)
        run = here.submit(script)
        here.wait(lambda: "begun" in run.get_log())
        disk.fill()
        go.touch()
        record = here.ended(run)
        assert record.status is RunStatus.COMPLETED, record.error
        assert any("5,000 metric points were not kept" in warning for warning in record.warnings), record.warnings
        assert any("bytes of output are missing" in warning for warning in record.warnings), record.warnings

    apart(body)


def test_F09_a_run_on_a_full_disk_can_be_canceled(lab, tmp_path):
    make = world(lab, tmp_path)

    def body() -> None:
        here = make()
        disk = Disk(here.folder / "runs", 4 * MIB)
        training = Training(here)
        disk.fill()
        training.run.cancel()
        assert here.ended(training.run, 20).status is RunStatus.CANCELED
        assert not is_alive(training.script)

    apart(body)


def test_F09_a_run_that_finds_no_room_to_start_waits_for_it(lab, tmp_path):
    make = world(lab, tmp_path)

    def body() -> None:
        here = make()
        disk = Disk(here.folder / "runs", 4 * MIB)
        here.ended(here.submit("print('warm')"))
        disk.fill()
        run, second = here.submit("print('hello')"), here.submit("print('never')")
        here.wait(lambda: "No space left" in run.refresh().waiting_for, 15)
        second.cancel()
        assert here.ended(second, 15).status is RunStatus.CANCELED
        disk.free()
        assert here.ended(run).status is RunStatus.COMPLETED
        assert run.get_log() == "hello\n"

    apart(body)


@pytest.mark.parametrize("error", ["ENOSPC", "EDQUOT", "EFBIG"])
def test_F10_a_cancel_for_which_there_is_no_room_is_given_all_the_same(tmp_path, error, monkeypatch):
    monkeypatch.setattr(faults, "_faults", [faults._Fault(f"control.write:1+:{error}")])
    with pytest.raises(OSError, match="fault point"):  # a folder of an earlier version: said again later
        control.request_cancel(tmp_path)
    control.prepare(tmp_path)
    assert not control.cancel_requested(tmp_path)
    control.request_cancel(tmp_path)
    assert control.cancel_requested(tmp_path)


def test_F09_a_tag_for_which_there_is_no_room_waits_and_never_stops_the_script(lab, tmp_path):
    go = tmp_path / "go"
    script = (
        "import os, time\nimport jupyter_mlws as mlws\nrun = mlws.Run.get_context()\nprint('begun', flush=True)\n"
        f"while not os.path.exists({str(go)!r}):\n    time.sleep(0.01)\n"
        "began = time.monotonic()\nrun.tag('a', '1')\nrun.tag('b', '2')\nassert time.monotonic() - began < 1\n"
        f"open({str(go)!r}, 'w').write('tagged')\ntime.sleep(60)\n"
    )

    def body() -> None:
        make = world(lab, tmp_path)
        here = make()
        disk = Disk(here.folder / "runs", 4 * MIB)
        run = here.submit(script)
        here.wait(lambda: "begun" in run.get_log())
        disk.fill()
        go.touch()
        here.wait(lambda: go.read_text() == "tagged")
        assert run.refresh().tags == {}
        disk.free()
        here.wait(lambda: run.refresh().tags == {"a": "1", "b": "2"})
        assert run.status == "Running"
        run.cancel()
        here.ended(run)

    apart(body)


@pytest.mark.soak
@pytest.mark.timeout(300)
@pytest.mark.parametrize("part", ["", "blobs", "runs"], ids=["database", "blobs", "run folder"])
def test_F07_F08_F09_disks_that_fill_up_again_and_again_cost_nothing_but_what_is_counted(lab, tmp_path, part):
    make = world(lab, tmp_path)

    def body() -> None:
        if part:
            here = make()
            disk = Disk(here.folder / part, 8 * MIB)
        else:
            disk = Disk(tmp_path / "world" / "workspace", 8 * MIB)
            here = make()
            for name in ("runs", "blobs"):
                Disk(disk.path / name, 64 * MIB)
        training = Training(here)
        for i in range(20):
            disk.fill()
            time.sleep(0.5 + 0.1 * (i % 5))
            outputs = here.folder / "runs" / training.run.id / "outputs"
            try:
                (outputs / f"{i}.bin").write_bytes(os.urandom(20_000))
            except OSError:
                assert part == "runs"
                (outputs / f"{i}.bin").unlink(missing_ok=True)
            time.sleep(0.5)
            disk.free()
            time.sleep(0.2 + 0.1 * (i % 7))
        record, count = training.finish()
        assert record.status is RunStatus.COMPLETED
        kept = list(here.series(training.run.id, "n"))
        assert kept == sorted(set(kept))
        lost = count - len(kept)
        if part == "runs":
            told = [warning for warning in record.warnings if f"{lost:,} metric points were not kept" in warning]
            assert bool(told) == bool(lost), (lost, record.warnings)
        else:
            assert (lost, record.warnings) == (0, ())
            files = here.api.files.list(training.run.id).items
            assert {f"outputs/{i}.bin" for i in range(20)} <= {file.name for file in files}
            assert all(file.size_bytes for file in files)
            assert training.run.get_log().split() == [str(i) for i in range(count)]
        check_database(here.folder)

    apart(body, 280)
