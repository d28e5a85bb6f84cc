"""Paths, places, state, control, and JSON without the package."""

from __future__ import annotations

import json
import math
import os
import stat
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_mlws.errors import InvalidPath, Unavailable, WorkspaceError
from jupyter_mlws.runfolder import context, control, names, places, state, wire
from jupyter_mlws.runfolder.files import remove_stale
from jupyter_mlws.runfolder.paths import RunFolder


def test_a_run_folder_is_made_for_its_owner_alone(tmp_path):
    folder = RunFolder(tmp_path / "a" / "run").create().create()
    assert stat.S_IMODE(folder.path.stat().st_mode) == 0o700
    made = {str(path.relative_to(folder.path)) for path in folder.path.rglob("*")}
    assert {"code", "inputs", "outputs", "logs", "journal", "mailbox/requests", "results", "uploads"} <= made
    assert os.fspath(folder) == str(folder.path)


def test_every_file_lies_where_its_name_says(tmp_path):
    folder = RunFolder(tmp_path)
    words = {name: getattr(names, name) for name in names.__all__ if not name.endswith("_VARIABLE")}
    named = {word for word in words.values() if isinstance(word, str)}
    properties = [name for name in dir(RunFolder) if isinstance(getattr(RunFolder, name), property)]
    assert {str(getattr(folder, name).relative_to(tmp_path)) for name in properties} == named


@pytest.mark.parametrize("relative", ["..", "a/../../b", "/etc", "../x"])
def test_the_working_directory_never_leaves_the_code(tmp_path, relative):
    with pytest.raises(InvalidPath):
        RunFolder(tmp_path).working_directory(relative)


def test_the_working_directory_lies_in_the_code(tmp_path):
    assert RunFolder(tmp_path).working_directory("a/b") == tmp_path / "code/a/b"
    assert RunFolder(tmp_path).working_directory("") == tmp_path / "code"


def test_cancelling_is_said_once_and_heard(tmp_path):
    assert not control.cancel_requested(tmp_path)
    control.request_cancel(tmp_path)
    control.request_cancel(tmp_path)
    assert control.cancel_requested(tmp_path)
    assert os.listdir(tmp_path) == ["control.json"]
    for rubbish in (b"", b"{", b"[]", b'{"cancel": 1}'):
        (tmp_path / "control.json").write_bytes(rubbish)
        assert not control.cancel_requested(tmp_path)


def test_events_are_read_by_offset_and_a_half_line_is_left(tmp_path):
    assert state.read(tmp_path) == ([], 0)
    state.append(tmp_path, "started", identity={"pid": 1})
    events, offset = state.read(tmp_path)
    assert [event["event"] for event in events] == ["started"]
    state.append(tmp_path, "ended", message="ü\n")
    with open(tmp_path / "state.jsonl", "ab") as file:
        file.write(b'rubbish\n[1]\n{"event": 5}\n{"event": "half')
    events, offset = state.read(tmp_path, offset)
    assert [event["message"] for event in events] == ["ü\n"]
    with open(tmp_path / "state.jsonl", "ab") as file:
        file.write(b'"}\n')
    assert [event["event"] for event in state.read(tmp_path, offset)[0]] == ["half"]


def test_the_heartbeat_is_a_counter(tmp_path):
    assert state.read_heartbeat(tmp_path) is None
    fd = os.open(tmp_path / "heartbeat", os.O_WRONLY | os.O_CREAT)
    for beat in (1, 22, 333):
        state.beat(fd, beat)
        assert state.read_heartbeat(tmp_path) == beat
    os.close(fd)
    (tmp_path / "heartbeat").write_text("x")
    assert state.read_heartbeat(tmp_path) is None


def test_whatever_a_script_puts_in_their_place_traps_no_reader(tmp_path):
    for name, ask in (
        ("state.jsonl", lambda: state.read(tmp_path)[0]),
        ("heartbeat", lambda: state.read_heartbeat(tmp_path)),
        ("control.json", lambda: control.cancel_requested(tmp_path)),
    ):
        path = tmp_path / name
        os.mkfifo(path)
        assert not ask()
        path.unlink()
        path.symlink_to("/dev/zero")
        assert not ask()
        path.unlink()
        path.mkdir()
        assert not ask()


def test_a_line_without_end_is_passed_over(tmp_path):
    (tmp_path / "state.jsonl").write_bytes(b"x" * 3_000_000 + b'\n{"event": "ended"}\n')
    events, offset = [], 0
    for _ in range(5):
        found, offset = state.read(tmp_path, offset)
        events += found
    assert [event["event"] for event in events] == ["ended"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(st.characters()),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(JSON)
def test_small_json_reads_and_writes_as_the_package_does(value):
    assert wire.loads(wire.dumps(value)) == value
    assert json.loads(wire.dumps(value)) == value
    assert wire.loads(json.dumps(value, indent=1).encode()) == value


@given(st.binary(max_size=20) | st.text(max_size=20).map(str.encode))
def test_small_json_refuses_what_the_package_refuses(data):
    try:
        expected = json.loads(data.decode("utf-8", "surrogatepass").strip(" \t\r\n"))
    except ValueError:
        with pytest.raises(ValueError):  # noqa: PT011 - any of them
            wire.loads(data)
    else:
        found = wire.loads(data)
        assert found == expected or math.isnan(found)


def test_small_json_refuses_deep_nesting_and_odd_values():
    with pytest.raises(ValueError, match="deep"):
        wire.loads(b"[" * 100_000)
    with pytest.raises(TypeError):
        wire.dumps({"x": object()})


@pytest.mark.parametrize("bad", [b"", b"{", b"[1] 2", b"nul", b'{"a":}', b"\xff"])
def test_small_json_can_refuse_before_anything_else_is_imported(bad):
    program = f"import sys; sys.path.append({os.path.dirname(wire.__file__)!r})\nimport wire\nwire.loads({bad!r})"
    done = subprocess.run([sys.executable, "-I", "-S", "-c", program], capture_output=True, text=True, check=False)
    assert (
        done.stderr.strip()
        .splitlines()[-1]
        .split(":")[0]
        .endswith(("JSONDecodeError", "UnicodeDecodeError", "ValueError"))
    )


def test_F42_a_clock_set_ahead_takes_no_draft_from_who_writes_it(tmp_path):
    gone = subprocess.Popen(["true"])
    gone.wait()
    ours = [f"a.json.{os.getpid()}.0123abcd.tmp", f".a.zip.{os.getpid()}.tmp", f"a.{os.getpid()}-12345678.tmp"]
    left = [f"a.json.{gone.pid}.0123abcd.tmp", f"a.{os.getpid()}.b.json.{gone.pid}.12345678.tmp", "a.tmp"]
    for name in (*ours, *left):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (1, 1))
    (tmp_path / f"b.{gone.pid}.tmp").touch()
    remove_stale(tmp_path)
    assert sorted(os.listdir(tmp_path)) == sorted([*ours, f"b.{gone.pid}.tmp"])


def test_places_follow_the_variables(tmp_path, monkeypatch):
    for variable, place in (("DATA", places.data_dir), ("CACHE", places.cache_dir), ("RUNTIME", places.runtime_dir)):
        monkeypatch.setenv(f"MLWS_{variable}_DIR", str(tmp_path / variable))
        assert place() == tmp_path / variable
        monkeypatch.delenv(f"MLWS_{variable}_DIR")
        xdg = "RUNTIME_DIR" if variable == "RUNTIME" else f"{variable}_HOME"
        (tmp_path / "xdg").mkdir(exist_ok=True)
        monkeypatch.setenv(f"XDG_{xdg}", str(tmp_path / "xdg"))
        assert place() == tmp_path / "xdg" / "jupyter-mlws"
        monkeypatch.setenv(f"XDG_{xdg}", "relative")
        assert place().is_absolute()


def test_the_runtime_folder_is_private(tmp_path, monkeypatch):
    monkeypatch.setenv("MLWS_RUNTIME_DIR", str(tmp_path / "run"))
    assert stat.S_IMODE(places.runtime_dir().stat().st_mode) == 0o700
    (tmp_path / "run").chmod(0o777)
    assert stat.S_IMODE(places.runtime_dir().stat().st_mode) == 0o700
    (tmp_path / "run").rmdir()
    (tmp_path / "run").symlink_to(tmp_path)
    with pytest.raises(Unavailable, match="another user"):
        places.runtime_dir()


def test_a_socket_has_a_short_path_that_only_the_workspace_decides(tmp_path, monkeypatch):
    monkeypatch.setenv("MLWS_RUNTIME_DIR", "/tmp/mlws-test-short")
    (tmp_path / "link").symlink_to(tmp_path)
    assert places.socket_path(tmp_path) == places.socket_path(tmp_path / "link")
    assert places.socket_path(tmp_path) != places.socket_path(tmp_path / "other")
    os.rmdir("/tmp/mlws-test-short")
    monkeypatch.setenv("MLWS_RUNTIME_DIR", str(tmp_path / ("d" * 90)))
    with pytest.raises(Unavailable, match="MLWS_RUNTIME_DIR"):
        places.socket_path(tmp_path)


def test_F42_without_a_home_folder_there_is_still_a_place(tmp_path, monkeypatch):
    for name in ("XDG_DATA_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", "/nonexistent")
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    assert places.data_dir().is_relative_to(tmp_path)


def test_a_script_finds_its_run_by_the_environment(tmp_path, monkeypatch):
    assert context.get_job_context() is None
    folder = RunFolder(tmp_path / "run").create()
    monkeypatch.setenv("MLWS_RUN_FOLDER", str(folder.path))
    for rubbish in (None, "", "{", "[]", "{}"):
        if rubbish is not None:
            folder.job.write_text(rubbish)
        with pytest.raises(WorkspaceError, match="cannot be read"):
            context.get_job_context()
    folder.job.write_text(json.dumps({"run_id": "x_1_ab", "params": {"lr": "0.1"}}))
    found = context.get_job_context()
    assert found.folder.path == folder.path
    assert found.facts["params"] == {"lr": "0.1"}
