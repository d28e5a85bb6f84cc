"""`mlws doctor` finds what is wrong around a workspace: settings, the home, locks, disks, the limits of the machine."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from jupyter_mlws import workspace as room
from jupyter_mlws.dispatcher.place import lock_path, log_path
from jupyter_mlws.errors import MlwsError
from jupyter_mlws.runfolder import places

from .conftest import findings

AS_ROOT = os.geteuid() == 0


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


@pytest.mark.usefixtures("held_by_modes")
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


def test_too_few_open_files_are_told(folder):
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    # A process of its own: how many files this one has open is the other tests' business.
    done = subprocess.run(
        [sys.executable, "-m", "jupyter_mlws.cli", "doctor", "--json"],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (100, hard)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    (told,) = [finding for finding in json.loads(done.stdout) if finding["subject"] == "Open files"]
    assert "ulimit -n" in told["hint"]


def test_a_machine_without_proc_and_with_a_wrong_clock_is_told(folder, monkeypatch):
    from jupyter_mlws.cli.doctor import user

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
