"""Run folders that are written from elsewhere: only where a process writes, never through a link, nothing twice."""

from __future__ import annotations

import io
import os
import stat
import struct
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from asleep import Asleep

from jupyter_mlws.api.routes import Upload
from jupyter_mlws.blobs import BlobStore
from jupyter_mlws.domain.interactive import RunStart
from jupyter_mlws.domain.run import Run, RunSubmission
from jupyter_mlws.domain.status import RunStatus
from jupyter_mlws.errors import Conflict, InvalidInput, InvalidPath, MlwsError, NotFound, TooLarge, WrongState
from jupyter_mlws.runfolder import control
from jupyter_mlws.services import Services
from jupyter_mlws.store import Store
from jupyter_mlws.store import runs as store_runs

REQUEST = "mailbox/requests/0123456789abcdef-01234567.json"
STREAM = "0123456789abcdef-1-abcdef"
WRITTEN = [
    f"journal/{STREAM}.keys",
    f"journal/{STREAM}.000000",
    f"journal/{STREAM}.dropped-12",
    f"values/{STREAM}.jsonl",
    "logs/train/epoch.log",
    "state.jsonl",
    "heartbeat",
    f"children/digits_1_1/journal/{STREAM}.000000",
    f"children/digits_1_1/values/{STREAM}.jsonl",
]
WHOLE = [REQUEST, "outputs/model.bin", "outputs/deep/er/x", "uploads/plots/a.png", "children/digits_1_1/job.json",
         f"children/digits_1_1/{REQUEST}", "children/digits_1_1/outputs/x"]  # fmt: skip
# Of the names these test in every argument, and places of the folder that belong to the workspace or to nobody.
REFUSED = [
    "../../../../../../etc/passwd",  # P01
    "outputs/../../../x",
    "/etc/passwd",  # P02
    "outputs/%252e%252e%252f%252e%252e%252fetc%252fpasswd",  # P04
    "outputs/..\\..\\x",  # P05
    "file:///etc/passwd",  # P07
    "C:/Windows/win.ini",  # P08
    "outputs//x",
    "outputs/./x",
    "outputs/a\nb",
    "outputs/" + "a/" * 2000 + "b",  # P30
    "",
    ".",
    "job.json",
    "plan.json",
    "control.json",
    "cancel.json",
    "agent.lock",
    "agent.reserve",
    "code/train.py",
    "inputs/x.pkl",
    "results/index.json",
    "left/x",
    "journal",
    "journal/a/b",
    "journal/.hidden",
    "values/x",
    "mailbox/replies/0123456789abcdef-01234567.json",
    "mailbox/requests/x.json",
    "mailbox/requests/0123456789abcdef-01234567.json.tmp",
    "outputs",
    "outputs/.mlws-x",
    "children/digits_1_1",
    "children/digits_1_1/state.jsonl",
    "children/../state.jsonl",
    "children/-rf/journal/x",
    "children/digits_1_1/children/x/journal/y",
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "workspace"


@pytest.fixture
def api(folder: Path) -> Iterator[Services]:
    folder.mkdir()
    with Store.open(folder) as store:
        yield Services(folder, store, BlobStore(folder / "blobs"), wake=Asleep(), user="ada", host="box")


@pytest.fixture
def run(api: Services) -> Run:
    """A run that logs from elsewhere."""
    return api.runs.start(RunStart(experiment="digits", logged_from="laptop"))


@pytest.fixture
def append(api: Services, run: Run) -> Callable[..., int]:
    def put(path: str, data: bytes, offset: int = 0, total: int | None = None) -> int:
        return api.folders.append(run.id, path, offset, Upload(data), total).size_bytes

    return put


def everything_below(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir()}


def test_what_grows_is_written_by_offset_and_the_same_bytes_again_change_nothing(append, folder, run):
    for path in WRITTEN:
        place = folder / "runs" / run.id / path
        assert append(path, b"0123") == 4
        assert append(path, b"0123") == 4
        assert append(path, b"4567", 4) == 8
        assert append(path, b"23", 2) == 8
        assert place.read_bytes() == b"01234567"
        assert stat.S_IMODE(place.stat().st_mode) == 0o600
        with pytest.raises(Conflict) as behind:
            append(path, b"x", 9)
        assert behind.value.details == {"size_bytes": 8}
        assert place.read_bytes() == b"01234567"


def test_what_appears_whole_is_there_with_its_last_piece_and_not_before(append, folder, run):
    for path in WHOLE:
        check_whole(append, folder / "runs" / run.id / path, path)


@pytest.mark.parametrize("name", ["a" * 255, "ä" * 127, "€" * 85, "\U0001f600" * 63])
def test_P30_the_longest_name_that_a_file_can_have_is_one(append, folder, run, name):
    check_whole(append, folder / "runs" / run.id / "outputs" / name, f"outputs/{name}")


def test_two_names_that_begin_alike_are_two_files(append, folder, run):
    names = [f"outputs/{'a' * 250}{end}" for end in "xy"]
    for name in names:
        append(name, name[-1:].encode(), 0, 2)
    for name in names:
        assert append(name, name[-1:].encode(), 1, 2) == 2
    assert [(folder / "runs" / run.id / name).read_bytes() for name in names] == [b"xx", b"yy"]


def check_whole(append, place: Path, path: str) -> None:
    with pytest.raises(InvalidInput, match="whole"):
        append(path, b"0123")
    append(path, b"0123", 0, 8)
    assert not place.exists()
    append(path, b"0123", 0, 8)
    with pytest.raises(Conflict):
        append(path, b"x", 5, 8)
    append(path, b"4567", 4, 8)
    assert place.read_bytes() == b"01234567"
    append(path, b"new", 0, 3)
    assert place.read_bytes() == b"new"
    append(path, b"", 0, 0)
    assert place.read_bytes() == b""
    assert not list(place.parent.glob(".mlws-*"))
    with pytest.raises(InvalidInput):
        append(path, b"too much", 0, 3)


def test_P01_P02_P04_P05_P07_P08_P30_nothing_is_written_where_no_process_of_a_run_writes(append, folder, run):
    before = everything_below(folder)
    for path in REFUSED:
        for total in (1, None):
            with pytest.raises(InvalidPath):
                append(path, b"x", 0, total)
    assert everything_below(folder) == before
    assert list((folder / "runs").iterdir()) == [folder / "runs" / run.id]


def links(here: Path, outside: Path) -> dict[str, str]:
    """Links that somebody has put into the folder, by the path that would go through them."""
    (here / "outputs" / "sub").symlink_to(outside)
    (here / "outputs" / "file").symlink_to(outside / "victim")
    (here / "journal").rmdir()
    (here / "journal").symlink_to(outside)
    (here / "children").mkdir(exist_ok=True)
    (here / "children" / "c").symlink_to(outside)
    (here / "state.jsonl").symlink_to(outside / "victim")
    (here / "heartbeat").symlink_to(outside / "missing")
    (here / "mailbox" / "requests").rmdir()
    (here / "mailbox" / "requests").symlink_to(outside)
    return {
        "outputs/sub/x": "whole",
        "journal/x.000000": "",
        "children/c/values/x.jsonl": "",
        "children/c/job.json": "whole",
        "state.jsonl": "",
        "heartbeat": "",
        REQUEST: "whole",
    }


def test_P11_P27_P33_nothing_is_written_or_read_through_a_link(api, append, folder, run, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "victim").write_text("mine")
    here = folder / "runs" / run.id
    for path, kind in links(here, outside).items():
        with pytest.raises(InvalidPath, match="in its way"):
            append(path, b"x", 0, 1 if kind else None)
    # Renamed over a link it replaces the link; what that led to stays.
    append("outputs/file", b"x", 0, 1)
    assert not (here / "outputs" / "file").is_symlink()
    (here / "control.json").symlink_to(outside / "victim")
    assert api.folders.read(run.id, "control.json").read() == b""
    assert {path.name: path.read_text() for path in outside.iterdir()} == {"victim": "mine"}
    os.rename(here, outside / "moved")
    here.symlink_to(outside / "moved")
    with pytest.raises(MlwsError):
        append("values/y.jsonl", b"x")
    assert not (outside / "moved" / "values" / "y.jsonl").exists()


def test_something_else_in_the_place_of_a_file_is_named(append, folder, run):
    here = folder / "runs" / run.id
    os.mkfifo(here / "heartbeat")
    (here / "outputs" / "x").mkdir()
    (here / "journal" / "a.keys").mkdir()
    (here / "values").rmdir()
    (here / "values").write_text("")
    for path, total in (("heartbeat", None), ("outputs/x", 1), ("journal/a.keys", None), ("values/a.jsonl", None)):
        with pytest.raises(InvalidPath):
            append(path, b"x", 0, total)


def test_D_what_nobody_would_read_to_its_end_is_refused(append):
    for path, total in (("heartbeat", None), ("state.jsonl", None), (REQUEST, 2_000_000)):
        with pytest.raises(TooLarge):
            append(path, bytes(2_000_000), 0, total)
    for offset in (-1, 2**62):
        with pytest.raises((InvalidInput, Conflict)):
            append("values/a.jsonl", b"x", offset)
    with pytest.raises(InvalidInput):
        append("outputs/x", b"", 5, 3)


def test_only_a_run_that_logs_from_elsewhere_and_lives_is_written_to(api, run, append, folder):
    submitted = api.runs.submit(RunSubmission(experiment="digits", command=("true",)))
    here = api.runs.start(RunStart(experiment="digits"))
    for other in (submitted, here):
        with pytest.raises(WrongState, match="elsewhere"):
            api.folders.append(other.id, "outputs/x", 0, Upload(b"x"), 1)
    with pytest.raises(NotFound):
        api.folders.append("digits_0", "outputs/x", 0, Upload(b"x"), 1)
    with api.store.write() as c:
        store_runs.move_run(c, run.id, RunStatus.FAILED)
    with pytest.raises(WrongState, match="mlws import"):
        append("outputs/x", b"x", 0, 1)


def test_an_answer_is_read_when_it_is_there_and_a_cancel_is_told_with_every_part(api, run, append, folder):
    reply = "mailbox/replies/0123456789abcdef-01234567.json"
    here = folder / "runs" / run.id
    assert api.folders.read(run.id, reply).read() == b""
    (here / reply).write_bytes(b'{"ok": 1}')
    assert api.folders.read(run.id, reply).read() == b'{"ok": 1}'
    assert api.folders.read(run.id, reply, offset=7).read() == b"1}"
    for path in ("job.json", "outputs/x", "mailbox/requests/x", "../x", REQUEST):
        with pytest.raises(InvalidPath):
            api.folders.read(run.id, path)
    job = api.runs.submit(RunSubmission(experiment="digits", command=("python", "t.py")))
    (folder / "runs" / job.id / "mailbox" / "replies").mkdir(parents=True)
    (folder / "runs" / job.id / reply).write_bytes(b"what a job asked for is its own")
    with pytest.raises(WrongState, match="does not log"):
        api.folders.read(job.id, reply)
    assert not api.folders.append(run.id, "heartbeat", 0, Upload(b"1")).cancel
    control.request_cancel(here)
    assert api.folders.append(run.id, "heartbeat", 0, Upload(b"2")).cancel


def test_a_run_that_nobody_submits_cannot_be_submitted(api):
    for kind in ("interactive", "offline"):
        with pytest.raises(InvalidInput, match="start_logging"):
            api.runs.submit(RunSubmission(experiment="digits", command=("true",), kind=kind))


JOB = '{"run_id": "OfflineRun_1", "run_number": 0, "experiment": "offline", "protocol_version": 1}'


def packed(*entries: tuple[str, bytes], job: str | None = JOB, mode: int = 0o100644) -> Upload:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        if job is not None:
            archive.writestr("job.json", job)
        for name, data in entries:
            info = zipfile.ZipInfo(name)
            info.external_attr = mode << 16
            archive.writestr(info, data)
    return Upload(out.getvalue())


def bomb() -> Upload:
    """A small zip whose table announces 2 GB of zeros."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("job.json", JOB)
        archive.writestr("outputs/zeros", bytes(2_000_000))
    raw = out.getvalue()
    return Upload(raw.replace(struct.pack("<I", 2_000_000), struct.pack("<I", 2_000_000_000)))


HOSTILE = {
    "A01 a path that climbs": lambda: packed(("../../x", b"x")),
    "A02 an absolute path": lambda: packed(("/tmp/x", b"x")),
    "A04 a link": lambda: packed(("journal/x.000000", b"/etc/passwd"), mode=0o120777),
    "P04 an encoded path": lambda: packed(("outputs/%252e%252e%252fx", b"x")),
    "a place of the workspace": lambda: packed(("plan.json", b"{}")),
    "a script": lambda: packed(("code/train.py", b"x")),
    "an answer": lambda: packed(("mailbox/replies/0123456789abcdef-01234567.json", b"{}")),
    "a child with an odd name": lambda: packed(("children/-rf/journal/x", b"x")),
    "no job": lambda: packed(job=None),
    "a job that is none": lambda: packed(job="[1]"),
    "a job without end": lambda: packed(job="[" * 100_000),
    "an id that climbs": lambda: packed(job=JOB.replace("OfflineRun_1", "../../x")),
    "N08 an id that is another run's number": lambda: packed(job=JOB.replace("OfflineRun_1", "1")),
    "a child that is another run's number": lambda: packed(("children/1/journal/x", b"x")),
    "N14 an id with NUL": lambda: packed(job=JOB.replace("OfflineRun_1", "a\\u0000b")),
    "a bad experiment": lambda: packed(job=JOB.replace('"offline"', '"../x"')),
    "tags that are none": lambda: packed(job=JOB.replace("}", ', "tags": 5}')),
    "too many tags": lambda: packed(
        job=JOB.replace("}", ', "tags": {' + ",".join(f'"{i}":"x"' for i in range(60)) + "}}")
    ),
    "a lone surrogate": lambda: packed(job=JOB.replace("}", ', "display_name": "\\ud800"}')),
    "a newer version": lambda: packed(job=JOB.replace('"protocol_version": 1', '"protocol_version": 9')),
    "A08 a bomb": bomb,
    "no zip": lambda: Upload(b"not a zip"),
    "half a zip": lambda: Upload(packed(("outputs/x", b"x" * 1000)).file.read()[:200]),
}


def test_A01_A02_A04_A08_P04_N14_a_hostile_import_is_refused_and_nothing_of_it_stays(api, folder):
    before = everything_below(folder)
    for name, hostile in HOSTILE.items():
        with pytest.raises(MlwsError) as refused:
            api.folders.import_offline(hostile())
        assert refused.value.status < 500, name
        assert everything_below(folder) == before, name
    assert api.runs.list().items == ()


def test_an_import_waits_complete_under_its_id_and_is_not_taken_for_another_run(api, folder, run):
    done = api.folders.import_offline(packed(("outputs/x", b"x")))
    assert (done.run_id, done.pending) == ("OfflineRun_1", True)
    assert api.folders.imported("OfflineRun_1") == done
    assert everything_below(folder / "imports") == {f"box/OfflineRun_1/{name}" for name in ("job.json", "outputs/x")}
    with pytest.raises(MlwsError) as busy:
        api.folders.import_offline(packed())
    assert busy.value.details["retry_after_s"]
    with pytest.raises(WrongState, match="its own process"):
        api.folders.import_offline(packed(job=JOB.replace("OfflineRun_1", run.id)))
    with pytest.raises(NotFound):
        api.folders.imported("OfflineRun_2")
