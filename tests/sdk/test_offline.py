"""Runs without a workspace: recorded offline, and imported later."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jupyter_mlws import workspace as room
from jupyter_mlws.api.series import decode_series
from jupyter_mlws.errors import AlreadyExists, InvalidInput, InvalidPath, MlwsError, NotFound
from jupyter_mlws.runfolder import state
from jupyter_mlws.runfolder.processes import identity_of
from jupyter_mlws.sdk.offline_folders import OfflineFolder, offline_folders
from jupyter_mlws.sdk.run import Run
from jupyter_mlws.sdk.workspace import Workspace
from jupyter_mlws.services.offline import imports_folder

DEADLINE_S = 90.0
EVERYTHING = """
with mlws.Run.get_context() as run:
    for i in range(2000): run.log("loss", 1 / (i + 1))
    run.log_metrics({"acc": 0.5}, step=3)
    run.log_row("rows", a=1, b="x")
    run.log_row("rows", a=2, b="y")
    run.log_list("names", ["a", "b"])
    run.set_tags({"owner": "ada"})
    run.add_properties({"seed": 7})
    run.display_name = "on the train"
    open("model.bin", "w").write("weights")
    run.upload_file("outputs/model.bin", "model.bin")
    run.register_model("digits", "outputs/model.bin")
    for n in range(2):
        with run.child_run(f"fold {n}", params={"n": n}) as child:
            child.log("loss", n)
            with child.child_run("inner") as inner:
                inner.log_list("deep", [n])
    assert run.get_metrics("acc") == {"acc": 0.5}
"""


def record(text: str, folder: Path, *, fails: bool = False) -> str:
    """Run a script that records a run; returns what it told."""
    script = folder / "recorded.py"
    script.write_text("import jupyter_mlws as mlws, os, sys, time\n" + textwrap.dedent(text))
    told = subprocess.run([sys.executable, script], capture_output=True, text=True, check=False, cwd=folder)
    assert bool(told.returncode) is fails, told.stderr
    return told.stderr


def only_folder() -> OfflineFolder:
    [folder] = offline_folders()
    return folder


def values(ws: Workspace, run: Run, name: str) -> list[float]:
    return list(decode_series(ws.api.metrics.read(run.id, name).read()).columns["value"])


def test_metrics_outside_a_job_are_recorded_offline_and_said_once(own_home):
    code = "import jupyter_mlws as mlws\nfor i in range(3): mlws.log(loss=i)\nprint(mlws.Run.get_context())"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=own_home)
    assert told.stderr.count("recorded offline") == 1
    assert "OfflineRun_" in told.stdout


def test_runs_that_have_ended_take_no_files_from_the_process(own_home):
    told = record(
        """
        import resource

        resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
        with mlws.Run.get_context() as run:
            for i in range(60):
                with run.child_run(f"part {i}") as child:
                    child.log("loss", i)
                    child.log_row("rows", i=i)
        """,
        own_home,
    )
    assert told.count("\n") == 1  # where it is recorded
    assert len(list(only_folder().path.glob("children/*/journal/*.keys"))) == 60


def test_a_secret_of_the_command_line_is_nowhere_in_the_folder(own_home):
    code = "import jupyter_mlws as mlws; mlws.log(loss=1)"
    subprocess.run([sys.executable, "-c", code, "--api-token", "hunter2"], check=True, cwd=own_home)
    files = [path for path in only_folder().path.rglob("*") if path.is_file()]
    assert files
    assert not [path for path in files if b"hunter2" in path.read_bytes()]


def test_a_caller_that_needs_a_run_is_told(own_home):
    code = "import jupyter_mlws as mlws; mlws.Run.get_context(allow_offline=False)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=own_home)
    assert "belongs to no run" in told.stderr


def test_what_only_a_workspace_can_answer_says_how_to_get_one(own_home):
    told = record("mlws.Run.get_context().workspace.api.models.list()", own_home, fails=True)
    assert "mlws import" in told


@pytest.fixture
def kept(workspace_folder: Path) -> Iterator[Workspace]:
    """A workspace in the database of the test, with a real dispatcher."""
    ws = Workspace(workspace_folder)
    yield ws
    room.stop_dispatcher(workspace_folder)
    ws.api.store.close()


def check_everything(ws: Workspace, run: Run, folder: OfflineFolder) -> None:
    assert (run.id, run.status, run.type, run.display_name) == (
        folder.run_id, "Completed", "offline", "on the train")  # fmt: skip
    assert values(ws, run, "loss") == [1 / (i + 1) for i in range(2000)]
    assert run.get_metrics("rows") == {"rows": {"a": [1, 2], "b": ["x", "y"]}}
    assert run.get_metrics("names") == {"names": ["a", "b"]}
    assert (run.tags, run.properties["seed"]) == ({"owner": "ada"}, "7")
    assert run.get_file_names() == ["outputs/model.bin"]
    assert [(model.name, model.version, model.run) for model in ws.models()] == [("digits", 1, run)]
    children = sorted(run.get_children(), key=lambda child: child.display_name)
    assert [(child.display_name, child.status, child.params) for child in children] == [
        (f"fold {n}", "Completed", {"n": str(n)}) for n in range(2)
    ]
    assert [child.get_metrics() for child in children] == [{"loss": 0.0}, {"loss": 1.0}]
    assert [one.get_metrics() for child in children for one in child.get_children()] == [{"deep": [0]}, {"deep": [1]}]
    assert len(ws.runs(None, include_children=True)) == 5


def test_everything_is_imported_with_its_times_and_a_second_time_nothing_is(kept, tmp_path):
    record(EVERYTHING, tmp_path)
    folder = only_folder()
    assert folder.is_new_to()
    [run] = kept.import_offline()
    check_everything(kept, run, folder)
    told = {event["event"]: event["at"] for event in folder._events()}
    assert run.record.started_at.timestamp() == pytest.approx(told["started"], abs=0.001)
    assert run.record.ended_at.timestamp() == pytest.approx(told["ended"], abs=0.001)
    assert kept.import_offline() == []
    assert not folder.is_new_to()
    # By its name it is imported whatever was noted, from a copy of the folder too.
    copy = shutil.copytree(folder.path, tmp_path / "copy")
    (copy / "imported.json").unlink()
    assert kept.import_offline(copy) == [run]
    assert kept.import_offline([folder.path]) == [run]
    check_everything(kept, run, folder)
    assert list((Path(kept.location) / "imports").glob("*/*")) == []


def test_a_run_that_was_deleted_is_restored_before_it_is_imported_again_and_harms_nobody(kept, tmp_path):
    record("mlws.log(loss=1)", tmp_path)
    [run] = kept.import_offline()
    folder = only_folder()
    waiting = imports_folder(Path(kept.location), run.record.host) / run.id
    run.delete()
    with pytest.raises(NotFound, match="is in the trash"):
        kept.import_offline(folder.path)
    assert not waiting.exists()
    # Deleted while its folder waits for the dispatcher, which goes on with everything else.
    shutil.copytree(folder.path, waiting)
    shutil.copytree(folder.path, other := tmp_path / "other")
    job = json.loads((other / "job.json").read_text())
    (other / "job.json").write_text(json.dumps(job | {"run_id": "OfflineRun_other"}))
    assert [one.status for one in kept.import_offline(other)] == ["Completed"]
    assert not waiting.exists()
    run.restore()
    assert kept.import_offline(folder.path) == [run]


GOING_ON = """
run = mlws.Run.get_context()
for part in range(3):
    for i in range(700): run.log("loss", part * 700 + i)
    run.log_row("rows", part=part)
    run.tag(f"part{part}", "done")
    print(part, flush=True)
    while part < 2 and not os.path.exists(f"go{part}"): time.sleep(0.02)
"""


@pytest.mark.only_sqlite
def test_a_run_that_still_goes_on_is_imported_so_far_and_continued_later(kept, tmp_path):
    code = "import jupyter_mlws as mlws, os, time\n" + GOING_ON
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path
    )
    try:
        for part in range(2):
            assert process.stdout.readline() == f"{part}\n"
            [run] = kept.import_offline()
            assert run.status == "NotResponding"
            assert "still going on" in run.record.warnings[0]
            assert values(kept, run, "loss") == [float(i) for i in range(700 * (part + 1))]
            assert run.get_metrics("rows") == {"rows": {"part": list(range(part + 1))}}
            (tmp_path / f"go{part}").touch()
        assert process.communicate(timeout=DEADLINE_S)[1].count("\n") == 1
    finally:
        process.kill()
    assert kept.import_offline() == [run]
    assert run.get_status() == "Completed"
    assert values(kept, run, "loss") == [float(i) for i in range(2100)]
    assert run.get_metrics("rows") == {"rows": {"part": [0, 1, 2]}}
    assert run.tags == {"part0": "done", "part1": "done", "part2": "done"}
    assert len(kept.runs()) == 1


@pytest.mark.only_sqlite
def test_what_is_too_large_to_store_is_kept_of_every_import(kept, tmp_path, monkeypatch):
    monkeypatch.setenv("MLWS_MAX_OUTPUT_BYTES", "100")
    record("mlws.log(loss=1)", tmp_path)
    outputs = only_folder().path / "outputs" / "deep"
    outputs.mkdir(parents=True)
    for name in ("first.bin", "second.bin"):
        (outputs / name).write_bytes(name.encode() * 100)
        [run] = kept.import_offline()
        assert any(name in warning for warning in run.record.warnings)
    left = Path(kept.location) / "runs" / run.id / "left"
    assert sorted(path.name for path in left.rglob("*.bin")) == ["first.bin", "second.bin"]


@pytest.mark.only_sqlite
def test_a_run_that_was_imported_half_way_can_be_canceled_for_good(kept, tmp_path):
    code = "import jupyter_mlws as mlws, time\nmlws.Run.get_context().child_run()\nprint(1, flush=True)\ntime.sleep(60)"
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=tmp_path
    )
    try:
        process.stdout.readline()
        [run] = kept.import_offline()
        run.cancel()
        assert [one.get_status() for one in (run, *run.get_children())] == ["Canceled", "Canceled"]
    finally:
        process.kill()
        process.communicate()
    assert kept.import_offline() == [run]
    assert run.get_status() == "Canceled"


@pytest.mark.only_sqlite
def test_how_a_process_ended_is_how_its_run_did(kept, tmp_path):
    record("mlws.log(a=1)\nraise ValueError('no')", tmp_path, fails=True)
    record("mlws.log(a=2)\nos.kill(os.getpid(), 9)", tmp_path, fails=True)
    record("mlws.log(a=3)\nmlws.Run.get_context().complete()\nmlws.log(a=4)", tmp_path)
    runs = {run.get_metrics()["a"]: run for run in kept.import_offline()}
    assert {value: run.status for value, run in runs.items()} == {
        1.0: "Failed", 2.0: "Failed", 3.0: "Completed", 4.0: "Completed"}  # fmt: skip
    assert (runs[1.0].record.error.code, runs[1.0].record.error.message) == ("ValueError", "ValueError: no")
    assert "ended without completing it" in runs[2.0].record.error.message


# -- folders that are not as they should be


@pytest.mark.parametrize(
    ("leaves", "status", "code"),
    [
        ("sys.exit(3)", "Failed", 3),
        ("sys.exit('no data')", "Failed", 1),
        ("raise SystemExit(1)", "Failed", 1),
        ("raise SystemExit(0)", "Completed", None),
        ("sys.exit(0)", "Completed", None),
        ("try: sys.exit(3)\nexcept SystemExit: pass", "Completed", None),
    ],
)
def test_an_exit_code_of_the_process_is_how_its_run_ended(own_home, tmp_path, leaves, status, code):
    record(f"mlws.log(a=1)\n{leaves}", tmp_path, fails=code is not None)
    [told] = [event for event in state.read(only_folder().path)[0] if event["event"] == "ended"]
    assert told["status"] == status
    assert (told["error"] or {}).get("exit_code") == code
    assert ("no data" in told["message"]) is (leaves == "sys.exit('no data')")


NO_ROOM = """
import resource
from jupyter_mlws.errors import StorageFull

run = mlws.Run.get_context()
mlws.log(loss=1)
room = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (os.path.getsize(run._folder.state), room[1]))
try:
    END
except StorageFull as error:
    assert "Free some" in str(error)
else:
    raise AssertionError("there was room")
resource.setrlimit(resource.RLIMIT_FSIZE, room)
assert mlws.Run.get_context() is run
mlws.log(loss=2)
"""


@pytest.mark.parametrize(
    ("end", "again", "status"),
    [
        ("run.complete()", "run.complete(); run.fail('too late')", "Completed"),
        ("run.fail('no data')", "run.fail('no data')", "Failed"),
        # Not said again: at the end of the process it is written as it was said.
        ("run.fail('no data')", "", "Failed"),
    ],
)
def test_an_end_that_found_no_room_is_said_again_when_there_is_some_and_nothing_is_lost(
    own_home, ws, end, again, status
):
    record(NO_ROOM.replace("END", end) + again, own_home)
    [told] = [event for event in state.read(only_folder().path)[0] if event["event"] == "ended"]
    assert (told["status"], told["message"]) == (status, "no data" if status == "Failed" else "")
    [run] = ws.import_offline()
    assert (run.status, values(ws, run, "loss")) == (status, [1.0, 2.0])


def spoil_nothing(folder: Path) -> None:
    """A folder that was never one of a run."""
    shutil.rmtree(folder)
    folder.mkdir()
    (folder / "notes.txt").write_text("mine")


def spoil_job(folder: Path) -> None:
    (folder / "job.json").write_bytes(b'{"run_id": "OfflineRun')


def spoil_id(folder: Path) -> None:
    job = json.loads((folder / "job.json").read_text())
    (folder / "job.json").write_text(json.dumps(job | {"run_id": "../../../etc"}))


def spoil_version(folder: Path) -> None:
    job = json.loads((folder / "job.json").read_text())
    (folder / "job.json").write_text(json.dumps(job | {"protocol_version": 99}))


def spoil_experiment(folder: Path) -> None:
    job = json.loads((folder / "job.json").read_text())
    (folder / "job.json").write_text(json.dumps(job | {"experiment": "../x"}))


def link_the_folder(folder: Path) -> None:
    folder.rename(folder.with_name("elsewhere"))
    folder.symlink_to("elsewhere")


def link_the_journal(folder: Path) -> None:
    shutil.rmtree(folder / "journal")
    (folder / "journal").symlink_to("/etc")


def link_the_job(folder: Path) -> None:
    (folder / "job.json").rename(folder / "other.json")
    (folder / "job.json").symlink_to("other.json")


def link_the_state(folder: Path) -> None:
    (folder / "state.jsonl").unlink()
    (folder / "state.jsonl").symlink_to("/etc/passwd")


def link_a_request(folder: Path) -> None:
    (folder / "mailbox" / "requests" / "0000000000000000-00000000.json").symlink_to("/etc/passwd")


def put_a_pipe(folder: Path) -> None:
    os.mkfifo(folder / "journal" / "x.000000")


def name_with_control(folder: Path) -> None:
    (folder / "outputs" / "a\nb").write_text("x")


def name_with_backslash(folder: Path) -> None:
    (folder / "outputs" / "..\\..\\x").write_text("x")


def name_that_is_encoded(folder: Path) -> None:
    (folder / "outputs" / "%252e%252e%252fx").write_text("x")


def child_with_an_odd_name(folder: Path) -> None:
    (folder / "children" / "-rf").mkdir(parents=True)


SPOILT = [spoil_nothing, spoil_job, spoil_id, spoil_version, spoil_experiment, link_the_folder, link_the_journal,
          link_the_job, link_the_state, link_a_request, put_a_pipe, name_with_control, name_with_backslash,
          name_that_is_encoded, child_with_an_odd_name]  # fmt: skip


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an offline run, to be copied."""
    base = tmp_path_factory.mktemp("recorded")
    code = "import jupyter_mlws as mlws\nmlws.log(loss=1)"
    subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, "MLWS_DATA_DIR": str(base)}, capture_output=True, check=True
    )
    [folder] = (base / "offline").iterdir()
    return folder


@pytest.mark.parametrize("spoil", SPOILT, ids=lambda spoil: spoil.__name__)
def test_P01_P04_P05_P11_P27_N14_a_folder_that_is_damaged_or_hostile_is_refused_and_nothing_of_it_stays(
    ws: Workspace, recorded: Path, tmp_path: Path, spoil: Callable[[Path], None]
):
    folder = shutil.copytree(recorded, tmp_path / "folder")
    spoil(folder)
    with pytest.raises((InvalidInput, InvalidPath)) as refused:
        ws.import_offline(folder)
    assert refused.value.hint
    assert "/etc" not in str(refused.value)
    assert ws.runs(include_children=True) == []
    assert [path for path in (Path(ws.location) / "imports").rglob("*") if path.is_file()] == []


def test_a_folder_that_is_not_there_and_an_id_that_is_another_run_are_named(ws, submit, recorded, tmp_path):
    with pytest.raises(NotFound, match="There is no folder"):
        ws.import_offline(tmp_path / "nowhere")
    run = submit("print(1)")
    folder = shutil.copytree(recorded, tmp_path / "folder")
    job = json.loads((folder / "job.json").read_text())
    (folder / "job.json").write_text(json.dumps(job | {"run_id": run.id}))
    with pytest.raises(AlreadyExists, match="was not recorded offline"):
        ws.import_offline(folder)
    assert len(ws.runs()) == 1


def test_P11_a_link_among_the_outputs_is_told_of_and_its_target_never_read(ws, recorded, tmp_path, capfd):
    folder = shutil.copytree(recorded, tmp_path / "folder")
    (folder / "outputs" / "passwd").symlink_to("/etc/passwd")
    (folder / "outputs" / "plain.txt").write_text("plain")
    [run] = ws.import_offline(folder)
    assert run.get_file_names() == ["outputs/plain.txt"]
    assert "outputs/passwd is a link" in capfd.readouterr().err


def test_lies_in_a_folder_harm_its_own_run_alone(ws, recorded, tmp_path):
    """A process that lives elsewhere or never did, an end that is none, points behind a torn file."""
    folder = shutil.copytree(recorded, tmp_path / "folder")
    [segment] = (folder / "journal").glob("*.000000")
    os.truncate(segment, 150)
    (folder / "values").mkdir(exist_ok=True)
    (folder / "values" / "x.jsonl").write_bytes(b'{"name": "a", "type": "list", "value": [1]}\nnonsense\n{"na')
    us = identity_of(os.getpid()).to_dict()
    lines = [{"event": "started", "at": 1e300, "identity": us}, {"event": "ended", "at": "x", "status": "Queued"}]
    (folder / "state.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines) + "{torn")
    [run] = ws.import_offline(folder)
    assert run.status == "Failed"
    assert run.record.error.message
    assert ws.import_offline(folder) == [run]


# -- on the command line


def test_the_command_line_lists_and_imports_what_is_new(ws, tmp_path):
    record("mlws.log(a=1)", tmp_path)

    def mlws(*words: str) -> str:
        told = subprocess.run(
            [sys.executable, "-m", "jupyter_mlws.cli", *words], capture_output=True, text=True, check=True
        )
        return told.stdout

    [found] = json.loads(mlws("runs", "--offline", "--json"))
    assert found["folder"] == str(only_folder().path)
    assert (found["status"], found["imported"]) == ("Completed", [])
    [brought] = json.loads(mlws("import", "-w", ws.location, "--json"))
    assert brought["id"] == found["run_id"]
    assert "No offline run" in mlws("runs", "--offline")
    assert "No offline run" in mlws("import", "-w", ws.location)


def test_an_error_is_one_sentence(tmp_path):
    with pytest.raises(MlwsError, match="mlws runs --offline"):
        OfflineFolder.read(tmp_path)
