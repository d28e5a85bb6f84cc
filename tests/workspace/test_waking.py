"""The dispatcher starts by itself, is found, stops, and says why it does not."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from backups import back_up, restore
from speed import start_s

from jupyter_mlws import workspace
from jupyter_mlws.dispatcher import client
from jupyter_mlws.errors import DispatcherUnavailable
from jupyter_mlws.runfolder import places
from jupyter_mlws.runfolder.processes import identity_of, is_alive
from jupyter_mlws.workspace.waking import Wake


@pytest.fixture
def folder(tmp_path: Path):
    workspace.connect(tmp_path / "ws").close()
    yield tmp_path / "ws"
    workspace.stop_dispatcher(tmp_path / "ws")


def until(what, deadline_s: float = 60.0):
    end = time.monotonic() + deadline_s
    while not (found := what()):
        assert time.monotonic() < end
        time.sleep(0.02)
    return found


def environment_of(pid: int) -> dict[str, str]:
    words = Path(f"/proc/{pid}/environ").read_bytes().decode().split("\0")
    return dict(word.split("=", 1) for word in words if word)


def test_waking_starts_a_dispatcher_and_returns_at_once(folder):
    began = time.monotonic()
    workspace.wake(folder)
    took = time.monotonic() - began
    assert took < 0.5 + start_s()
    state = until(lambda: (found := client.state(folder)).alive and found)
    workspace.wake(folder)
    assert client.state(folder).pid == state.pid


def test_the_dispatcher_stands_apart_from_who_started_it(folder, monkeypatch):
    monkeypatch.setenv("SECRET_OF_A_KERNEL", "x")
    monkeypatch.setenv("MLWS_RUN_ID", "some-run")
    monkeypatch.setenv("MLWS_TOKEN", "x")
    pid = Wake(folder).ensure().pid
    assert os.getsid(pid) == pid
    assert os.readlink(f"/proc/{pid}/cwd") == "/"
    assert os.readlink(f"/proc/{pid}/fd/0") == "/dev/null"
    assert os.readlink(f"/proc/{pid}/fd/1") == str(folder / "dispatcher.log")
    found = environment_of(pid)
    assert "SECRET_OF_A_KERNEL" not in found
    assert not {"MLWS_RUN_ID", "MLWS_TOKEN"} & set(found)


def test_it_survives_the_death_of_who_started_it(folder):
    code = (
        "from pathlib import Path; from jupyter_mlws.workspace import Wake; "
        f"print(Wake(Path({str(folder)!r})).ensure().pid)"
    )
    pid = int(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout)
    assert client.state(folder).pid == pid


def test_stopping_ends_it_and_says_whether_there_was_one(folder):
    process = identity_of(Wake(folder).ensure().pid)
    assert workspace.stop_dispatcher(folder)
    assert not is_alive(process)
    assert not workspace.stop_dispatcher(folder)
    assert not places.socket_path(folder).exists()


def test_one_that_was_just_stopped_is_not_taken_for_one_on_its_way(folder, monkeypatch):
    wake = Wake(folder)
    wake()
    pid = until(lambda: (found := client.state(folder)).alive and found.pid)
    assert workspace.stop_dispatcher(folder)
    # What it says while another thread waits for the process, and for as long as that thread has not woken up.
    monkeypatch.setattr(subprocess.Popen, "poll", lambda process: None)
    wake()
    assert until(lambda: (found := client.state(folder)).alive and found.pid) != pid


def test_stopping_a_workspace_behind_a_server_is_not_ours():
    assert not workspace.stop_dispatcher("https://hub.example.org")


def test_a_dispatcher_that_cannot_start_is_reported_with_its_last_words(folder):
    (folder / "workspace.json").write_text("{")
    with pytest.raises(DispatcherUnavailable, match=r"did not start.*workspace\.json is damaged") as raised:
        Wake(folder).ensure()
    assert "dispatcher.log" in raised.value.hint


def test_a_socket_that_a_dead_dispatcher_left_is_replaced(folder):
    import signal

    pid = Wake(folder).ensure().pid
    os.kill(pid, signal.SIGKILL)
    until(lambda: not client.state(folder).alive)
    assert places.socket_path(folder).exists()
    assert Wake(folder).ensure().pid != pid


def test_it_is_found_from_a_session_with_another_runtime_folder(folder, monkeypatch, tmp_path):
    pid = Wake(folder).ensure().pid
    monkeypatch.setenv("MLWS_RUNTIME_DIR", str(tmp_path / "rt"))
    assert client.state(folder).pid == pid
    assert client.poke(folder)


def test_a_socket_that_went_with_the_login_session_is_made_again(folder):
    import shutil

    pid = Wake(folder).ensure().pid
    shutil.rmtree(places.runtime_dir())
    assert until(lambda: (found := client.state(folder)).alive and found).pid == pid


def test_a_file_in_the_place_of_the_run_folders_is_named_with_the_way_out(folder):
    (folder / "runs").write_text("not a folder")
    with pytest.raises(DispatcherUnavailable, match="runs is a file where the folder.*Move it away") as raised:
        Wake(folder).ensure()
    assert "Traceback" not in str(raised.value.details)
    (folder / "runs").unlink()
    assert Wake(folder).ensure().alive


def test_it_leaves_when_there_is_nothing_to_do(folder, monkeypatch):
    monkeypatch.setenv("MLWS_DISPATCHER_IDLE_S", "0.3")
    Wake(folder).ensure()
    until(lambda: not client.state(folder).alive)
    assert "leaves" in (folder / "dispatcher.log").read_text()


def test_a_client_that_says_nothing_holds_nobody_up(folder):
    import socket

    Wake(folder).ensure()
    silent = [socket.socket(socket.AF_UNIX) for _ in range(5)]
    for connection in silent:
        connection.connect(str(places.socket_path(folder)))
    # Each of the silent ones would be waited for, and no answer comes in time: one of a few rounds is quick enough.
    assert any(client.state(folder).alive for _ in range(3))
    for connection in silent:
        connection.sendall(b"x" * 1000)
        connection.close()
    assert client.state(folder).alive


def test_a_dispatcher_whose_folder_is_moved_leaves_and_the_new_place_gets_its_own(folder):
    from jupyter_mlws.domain.run import RunSubmission

    first = Wake(folder).ensure().pid
    moved = folder.with_name("moved")
    folder.rename(moved)
    with workspace.connect(moved) as opened:
        run = opened.api.runs.submit(RunSubmission(experiment="digits", command=("true",)))
        until(lambda: opened.api.runs.get(run.id).status.is_terminal)
        assert opened.api.runs.get(run.id).status.value == "Completed"
        second = opened.api.workspace.info().dispatcher.pid
    assert second not in (None, first)
    assert workspace.stop_dispatcher(moved)
    assert not folder.exists()


def test_a_dispatcher_whose_database_is_replaced_leaves_and_the_next_one_serves_what_is_there(folder, tmp_path):
    from jupyter_mlws.domain.run import RunSubmission

    first = Wake(folder).ensure().pid
    back_up(folder, tmp_path / "backup.sqlite")
    restore(tmp_path / "backup.sqlite", folder)
    with workspace.connect(folder) as opened:
        run = opened.api.runs.submit(RunSubmission(experiment="digits", command=("true",)))
        until(lambda: opened.api.runs.get(run.id).status.is_terminal)
        assert opened.api.runs.get(run.id).status.value == "Completed"
        assert opened.api.workspace.info().dispatcher.pid not in (None, first)


def test_windows_is_answered_in_one_sentence(folder, monkeypatch):
    monkeypatch.setattr(sys, "platform", "win32")
    with pytest.raises(DispatcherUnavailable, match="WSL2"):
        Wake(folder).ensure()
