"""`mlws doctor` finds each cause, says it in one sentence with the way out, and changes nothing of what it looks at."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import fields
from pathlib import Path

import pytest
from typer.testing import CliRunner

import jupyter_mlws
from jupyter_mlws import workspace as room
from jupyter_mlws.api.routes import Upload
from jupyter_mlws.cli.app import app
from jupyter_mlws.cli.doctor import building, dispatcher, installation
from jupyter_mlws.dispatcher.place import lock_path, log_path
from jupyter_mlws.dispatcher.settings import Settings
from jupyter_mlws.domain.compute import Compute
from jupyter_mlws.domain.file import FileKind, RunFile
from jupyter_mlws.domain.run import RunSubmission
from jupyter_mlws.errors import MlwsError
from jupyter_mlws.runfolder import places
from jupyter_mlws.workspace.waking import Wake

AS_ROOT = os.geteuid() == 0
NOW = time.time


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A workspace with a queued run and a stored file, and nobody to run it."""
    place = tmp_path / "ws"
    monkeypatch.setenv("MLWS_WORKSPACE", str(place))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Wake, "__call__", lambda self: None)
    with room.connect(place) as opened:
        run = opened.api.runs.submit(RunSubmission(experiment="e", command=("/bin/true",)))
        put = opened.api.blobs.upload("model.bin", Upload(b"weights"))
        _record_file(place, run.id, put.digest)
    yield place
    room.stop_dispatcher(place)


def _record_file(place: Path, run_id: str, digest: str) -> None:
    from jupyter_mlws.domain.clock import now
    from jupyter_mlws.store import Store, files

    with Store.open(place) as store, store.write() as c:
        found = RunFile(
            name="outputs/model.bin",
            kind=FileKind.OUTPUT,
            size_bytes=7,
            digest=digest,
            mode=0o600,
            modified_at=now(),
        )
        files.put_files(c, run_id, [found])


def findings(*words: str) -> tuple[int, list[dict[str, str]]]:
    done = CliRunner().invoke(app, ["doctor", "--json", *words])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, json.loads(done.output)


def state_of(folder: Path) -> dict[str, str]:
    """Every file below a folder by its content; the dispatcher's own log and lock aside."""
    found = {}
    for path in sorted(folder.rglob("*")) if folder.is_dir() else [folder]:
        facts = path.lstat()
        if path.name.startswith("dispatcher") or path.is_dir() or not os.access(path, os.R_OK):
            found[str(path)] = f"{facts.st_mode:o}"
        else:
            found[str(path)] = f"{facts.st_mode:o} {hashlib.sha256(path.read_bytes()).hexdigest()}"
    return {path: facts for path, facts in found.items() if "dispatcher" not in Path(path).name}


def write(path: Path, at: int, data: bytes) -> None:
    with open(path, "r+b") as file:
        file.seek(at)
        file.write(data)


def flip_page(folder: Path) -> None:
    database = folder / "mlws.sqlite"
    with closing(sqlite3.connect(database)) as connection:
        size = connection.execute("PRAGMA page_size").fetchone()[0]
        root = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'runs'").fetchone()[0]
    write(database, (root - 1) * size, b"\xff" * 200)


def truncate(folder: Path) -> None:
    database = folder / "mlws.sqlite"
    os.truncate(database, database.stat().st_size // 2)


def set_json(folder: Path, **changes: object) -> None:
    path = folder / "workspace.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def make_newer(folder: Path) -> None:
    with closing(sqlite3.connect(folder / "mlws.sqlite")) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.execute("UPDATE counters SET value = 9999 WHERE name = 'tables_compatible_since'")
        connection.commit()


def queue_with(folder: Path, program: str) -> None:
    with room.connect(folder) as opened:
        opened.api.runs.submit(RunSubmission(experiment="e", command=(program,)))


def submit_in_the_future(folder: Path) -> None:
    with closing(sqlite3.connect(folder / "mlws.sqlite")) as connection:
        (kind, at) = connection.execute("SELECT typeof(created_at), created_at FROM runs").fetchone()
        later = at + 10_800_000_000 if kind == "integer" else at.replace("20", "21", 1)
        connection.execute("UPDATE runs SET created_at = ?", (later,))
        connection.commit()


def damage_blob(folder: Path) -> None:
    (blob,) = [path for path in (folder / "blobs").rglob("*") if len(path.name) == 62]
    blob.chmod(0o600)
    blob.write_bytes(b"WEIGHTS")


def replace_by_file(path: Path) -> None:
    shutil.rmtree(path, ignore_errors=True)
    path.write_text("")


# cause, what brings it about, subject, level, words of the sentence, words of the way out
CAUSES: list[tuple[str, Callable[[Path], object], str, str, str, str]] = [
    ("header flipped", lambda f: write(f / "mlws.sqlite", 0, b"\0" * 16), "Database", "error", "is damaged", "backup"),
    ("page flipped", flip_page, "Database", "error", "is damaged", "Restore"),
    ("truncated", truncate, "Database", "error", "is damaged", "Restore"),
    ("zero bytes", lambda f: os.truncate(f / "mlws.sqlite", 0), "Database", "error", "is empty", "Restore"),
    ("no database", lambda f: (f / "mlws.sqlite").unlink(), "Database", "error", "is missing", "Restore"),
    ("newer database", make_newer, "Database", "error", "newer version", "pip install -U"),
    ("a folder as database", lambda f: ((f / "mlws.sqlite").unlink(), (f / "mlws.sqlite").mkdir()), "Database",
     "error", "no plain file", "Move it away"),
    ("damaged workspace.json", lambda f: (f / "workspace.json").write_text("{"), "Folder", "error", "is damaged",
     "Restore this small file"),
    ("newer workspace.json", lambda f: set_json(f, format_version=9), "Folder", "error", "newer version", "Upgrade"),
    ("no workspace.json", lambda f: (f / "workspace.json").unlink(), "Folder", "error", "is no workspace", "mlws init"),
    ("nonsense in the file", lambda f: set_json(f, settings={"poll_s": "soon"}), "Settings", "error",
     "The setting poll_s in workspace.json cannot be 'soon'", "remove it"),
    ("a file as folder", replace_by_file, "Folder", "error", "is a file", "MLWS_WORKSPACE"),
    ("blobs missing", lambda f: shutil.rmtree(f / "blobs"), "Blobs", "error", "is missing, and 1 files", "backup"),
    ("blobs a file", lambda f: replace_by_file(f / "blobs"), "Blobs", "error", "is a file", "backup"),
    ("blob damaged", damage_blob, "Blobs", "error", "other bytes", "backup"),
    ("runs a file", lambda f: replace_by_file(f / "runs"), "Run folders", "error", "is a file", "Move it away"),
    ("no interpreter", lambda f: queue_with(f, "/gone/python"), "Runs", "warning", "/gone/python", "environment"),
    ("clock behind", submit_in_the_future, "Clock", "warning", "in the future", "Set the clock"),
]  # fmt: skip


@pytest.mark.parametrize(("bring_about", "subject", "level", "said", "hint"), [c[1:] for c in CAUSES],
                         ids=[c[0] for c in CAUSES])  # fmt: skip
def test_each_cause_is_found_named_and_left_as_it_is(folder, bring_about, subject, level, said, hint):
    bring_about(folder)
    before = state_of(folder)
    code, found = findings()
    mine = [finding for finding in found if finding["subject"] == subject and finding["level"] == level]
    assert any(said in finding["message"] and hint in finding["hint"] for finding in mine), found
    assert code == (1 if any(finding["level"] == "error" for finding in found) else 0)
    if not any("was started" in finding["message"] for finding in found):  # else the queue has moved on
        assert state_of(folder) == before


@pytest.mark.parametrize("cause", ["header flipped", "page flipped", "zero bytes", "no database", "newer database",
                                   "damaged workspace.json", "newer workspace.json", "no workspace.json",
                                   "a file as folder"])  # fmt: skip
def test_the_same_causes_are_one_sentence_with_a_way_out_where_somebody_opens_the_workspace(folder, cause):
    next(c for c in CAUSES if c[0] == cause)[1](folder)
    submission = RunSubmission(experiment="e", command=("x",))
    for act in (lambda w: w.api.runs.list(), lambda w, it=submission: w.api.runs.submit(it)):
        with pytest.raises(MlwsError) as raised, room.connect(folder) as opened:
            act(opened)
        assert raised.value.hint
        assert "\n" not in raised.value.message
        assert raised.value.code != "internal_error"
    done = CliRunner().invoke(app, ["runs"])
    assert done.exit_code == 1
    assert "\nmlws: " in f"\n{done.output}"
    assert "Traceback" not in done.output


# cause, variable, value, subject, level, sentence, way out
SETTINGS = [
    ("MLWS_POLL_S", "soon", "Settings", "error", "MLWS_POLL_S cannot be 'soon'", "remove it"),
    ("MLWS_POLL_S", "nan", "Settings", "error", "MLWS_POLL_S cannot be 'nan'", "Give a number"),
    ("MLWS_LOST_S", "-1", "Settings", "error", "MLWS_LOST_S cannot be '-1'", "Give a number"),
    ("MLWS_IDLE_POLL_S", "1e300", "Settings", "error", "MLWS_IDLE_POLL_S", "from 0 to"),
    ("MLWS_LOCAL_SLOTS", "two", "Settings", "error", "MLWS_LOCAL_SLOTS", "whole number"),
    ("MLWS_KEEP_RUN_FOLDER", "maybe", "Settings", "error", "MLWS_KEEP_RUN_FOLDER", "1 or 0"),
    ("MLWS_POL_S", "1", "Settings", "warning", "MLWS_POL_S is no setting", "Did you mean MLWS_POLL_S?"),
    ("MLWS_RUNTIME_DIR", "/tmp/" + "x" * 90, "Runtime folder", "error", "too long", "short path"),
    ("MLWS_RUNTIME_DIR", "/dev/null", "Runtime folder", "error", "is no folder", "MLWS_RUNTIME_DIR"),
    ("MLWS_DATA_DIR", "/dev/null/data", "Data folder", "error", "/dev/null is a file", "Move it away"),
    ("MLWS_WORKSPACE", "ftp://host/ws", "Workspace", "error", "neither a folder nor", "one of the two"),
    ("MLWS_WORKSPACE", "/dev/null/ws", "Folder", "error", "cannot be made", "MLWS_WORKSPACE"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value", "subject", "level", "said", "hint"), SETTINGS)
def test_settings_with_nonsense_are_named(folder, monkeypatch, name, value, subject, level, said, hint):
    with monkeypatch.context() as patch:
        patch.setenv(name, value)
        code, found = findings()
    mine = [finding for finding in found if finding["subject"] == subject and finding["level"] == level]
    assert any(said in finding["message"] and hint in finding["hint"] for finding in mine), found
    assert (code == 1) == (level == "error")


def test_a_home_that_is_missing_or_not_set_is_told(folder, monkeypatch):
    monkeypatch.delenv("XDG_DATA_HOME")
    for home in (None, "/nowhere/home"):
        monkeypatch.setenv("HOME", home) if home else monkeypatch.delenv("HOME")
        if home is None and AS_ROOT:
            continue  # the password file names root's
        _, found = findings()
        (told,) = [finding for finding in found if finding["subject"] == "Home"]
        assert "no such folder" in told["message"] or "not set" in told["message"]
        assert "MLWS_DATA_DIR" in told["hint"]


def test_a_damaged_registry_is_told(folder):
    (places.data_dir() / "workspaces.json").write_text("[")
    code, found = findings()
    assert code == 1
    assert any("workspaces.json cannot be read" in finding["message"] for finding in found)


HOLD = "import fcntl,sys\nf=open(sys.argv[1],'a')\nfcntl.flock(f, 2)\nprint(1, flush=True)\nsys.stdin.read()"


@pytest.mark.parametrize(
    ("path", "subject", "said"),
    [(lambda f: f / "workspace.lock", "Lock", "alone"), (lock_path, "Dispatcher", "does not answer")],
    ids=["the workspace's lock", "the dispatcher's lock"],
)
def test_a_lock_that_somebody_holds_is_told_with_the_process(folder, path, subject, said):
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, path(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        holder.stdout.readline()
        code, found = findings()
        holder.stdin.close()
    assert code == 1
    (told,) = [finding for finding in found if finding["subject"] == subject]
    assert said in told["message"]
    assert str(holder.pid) in told["message"]
    assert "end it" in told["hint"].lower()


@pytest.mark.skipif(AS_ROOT, reason="root may write everywhere: run this test as another user")
@pytest.mark.parametrize("what", ["", "runs", "mlws.sqlite"])
def test_what_cannot_be_written_is_told(folder, what):
    (folder / "runs").mkdir(exist_ok=True)
    mode = (folder / what).stat().st_mode
    (folder / what).chmod(0o500 if (folder / what).is_dir() else 0o400)
    try:
        code, found = findings()
    finally:
        (folder / what).chmod(mode)
    assert code == 1
    assert any("cannot be" in finding["message"] and "chmod" in finding["hint"] for finding in found)


def test_a_read_only_disk_and_a_full_one_are_told(folder):
    from small_disk import Disk, apart

    def body() -> None:
        copy = folder.parent / "small"
        disk = Disk(copy, 8 << 20)
        shutil.copytree(folder, copy, dirs_exist_ok=True)
        os.environ["MLWS_WORKSPACE"] = str(copy)
        disk.fill()
        code, found = findings()
        assert code == 1
        assert any(f["subject"] == "Disk" and "only 0 B are free" in f["message"] for f in found), found
        disk.free()
        disk.read_only()
        code, found = findings()
        assert code == 1
        assert any(f["subject"] == "Folder" and "read-only" in f["message"] for f in found), found
        with pytest.raises(MlwsError) as raised:
            room.connect(copy).close()
        assert "cannot be written" in raised.value.message

    apart(body)


def test_too_few_open_files_and_a_machine_without_proc_are_told(folder, monkeypatch):
    import resource

    from jupyter_mlws.cli.doctor import user

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    in_use = len(os.listdir("/proc/self/fd"))
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(100, in_use + 20), hard))
    try:
        code, found = findings()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert code == 1
    (told,) = [finding for finding in found if finding["subject"] == "Open files"]
    assert "ulimit -n" in told["hint"]
    monkeypatch.setattr(user, "_PROC", Path("/no/proc"))
    assert any(f["subject"] == "Processes" and "/proc" in f["message"] for f in findings()[1])
    monkeypatch.setattr(user.time, "time", lambda: 1_000.0)
    assert any(f["subject"] == "Clock" and "January 1970" in f["message"] for f in findings()[1])


def test_a_dispatcher_that_cannot_start_is_told_with_its_last_words(folder, monkeypatch, tmp_path):
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "sqlalchemy.py").write_text("raise ImportError('this environment is broken')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "broken"))
    code, found = findings()
    assert code == 1
    (told,) = [finding for finding in found if finding["subject"] == "Dispatcher"]
    assert "ImportError: this environment is broken" in told["message"]
    assert str(log_path(folder)) in told["hint"]


def test_a_healthy_workspace_is_told_aloud_and_its_queue_is_taken_up(folder):
    done = CliRunner().invoke(app, ["doctor"])
    assert done.exit_code == 0, done.output
    assert "is sound and has 1 runs" in done.output
    assert "takes up the runs that wait" in done.output
    with room.connect(folder) as opened:
        until = time.monotonic() + 20
        while not opened.api.runs.get("1").status.is_terminal:
            assert time.monotonic() < until
            time.sleep(0.05)
    code, found = findings()
    assert code == 0
    assert any(f["subject"] == "Dispatcher" and "answers" in f["message"] for f in found)


def test_a_dispatcher_that_was_started_to_look_stays_where_runs_wait_and_goes_where_none_do(
    workspace_folder, monkeypatch
):
    monkeypatch.setattr(Wake, "__call__", lambda self: None)
    try:
        where = ("doctor", "--workspace", str(workspace_folder))
        assert "rests; it was started for a moment" in CliRunner().invoke(app, where).output
        with room.connect(workspace_folder) as opened:
            run = opened.api.runs.submit(RunSubmission(experiment="e", command=("/bin/sleep", "300")))
            assert "takes up the runs that wait" in CliRunner().invoke(app, where).output
            assert opened.api.workspace.info().dispatcher.alive
            opened.api.runs.cancel(run.id)
    finally:
        room.stop_dispatcher(workspace_folder)


def test_nothing_is_made_where_there_is_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("MLWS_WORKSPACE", str(tmp_path / "none"))
    code, found = findings()
    assert code == 0
    assert any("is made when it is first used" in finding["message"] for finding in found)
    assert not (tmp_path / "none").exists()
    assert not places.data_dir().exists()


@pytest.mark.parametrize(
    ("cause", "said"),
    [
        (lambda f, set_: set_("MLWS_DATA_DIR", "/dev/null/data"), "workspaces.json cannot be written"),
        (lambda f, set_: set_("MLWS_RUNTIME_DIR", "/dev/null"), "/dev/null cannot be made"),
        (lambda f, set_: set_("MLWS_RUNTIME_DIR", "/tmp/" + "x" * 120), "too long"),
        (lambda f, set_: replace_by_file(f / "blobs"), "Nothing can be stored in"),
        (lambda f, set_: set_("MLWS_WORKSPACE", "/dev/null/ws"), "No workspace can be made in"),
    ],
    ids=["data folder", "runtime folder", "long runtime folder", "blobs", "workspace"],
)  # fmt: skip
def test_a_submit_from_the_command_line_meets_them_as_one_sentence(folder, monkeypatch, cause, said):
    (folder.parent / "train.py").write_text(f"print({time.time()})")
    with monkeypatch.context() as patch:
        cause(folder, patch.setenv)
        if "long" in said:
            with pytest.raises(MlwsError, match=said):
                places.socket_path(folder)
            return
        done = CliRunner().invoke(app, ["submit", "train.py"])
    assert done.exit_code == 1, done.output
    assert "mlws: " in done.output
    assert said in done.output
    assert "Traceback" not in done.output


def test_a_paused_target_is_told_with_those_that_wait(folder):
    with room.connect(folder) as opened:
        opened.api.compute.pause("local")
        opened.api.workspace.wake()
        until = time.monotonic() + 20
        while not opened.api.runs.get("1").waiting_for:
            assert time.monotonic() < until
            time.sleep(0.05)
    code, found = findings()
    (told,) = [f for f in found if f["subject"] == "Runs"]
    assert (code, told["message"]) == (0, "local is paused, and 1 run waits for it.")
    assert told["hint"] == "Let it go on: mlws compute resume local"


def test_what_environments_are_built_with_is_looked_at(folder, monkeypatch, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        monkeypatch.setenv("UV_DEFAULT_INDEX", f"http://ada:s3cret@127.0.0.1:{port}/simple")
        monkeypatch.setenv("UV_INDEX", f"mine=http://127.0.0.2:{port}/simple")
        monkeypatch.setenv("MLWS_CACHE_DIR", "/dev/null/cache")
        code, found = findings()
    said = {(f["subject"], f["level"]): f["message"] for f in found}
    assert code == 0
    assert said["Index", "ok"] == "http://127.0.0.1 answers."
    assert "http://127.0.0.2 does not answer" in said["Index", "warning"]
    assert "cannot be written" in said["Environments", "warning"]
    assert "s3cret" not in json.dumps(found)
    assert said["uv", "ok"].startswith("version ")
    monkeypatch.setattr(building.uv, "find", lambda: str(tmp_path / "gone"))
    assert any(f["subject"] == "uv" and f["level"] == "warning" for f in findings()[1])


def test_an_engine_that_was_never_installed_is_nothing_wrong_and_one_that_rests_is(monkeypatch):
    docker = Compute(name="docker", kind="docker", slots=2, note="The Docker engine does not answer.", ready=False)
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    monkeypatch.setattr(shutil, "which", lambda name: None)
    assert [f.level for f in dispatcher.compute([docker])] == ["ok"]
    monkeypatch.setattr(shutil, "which", lambda name: "/usr/bin/docker")
    (told,) = dispatcher.compute([docker])
    assert (told.level, told.message) == ("warning", "docker cannot be used: The Docker engine does not answer.")


def test_every_setting_that_the_package_reads_is_known_to_it():
    package = Path(jupyter_mlws.__file__).parent
    read = {name for path in package.rglob("*.py") for name in re.findall(r'"(MLWS_[A-Z_]*[A-Z])"', path.read_text())}
    settings = {f"MLWS_{field.name.upper()}" for field in fields(Settings)}
    known = installation._PLACES | installation._OTHERS | settings
    assert len(read) > 20
    assert {name for name in read - known if not name.startswith(installation._OURS)} == set()
