"""Identities of processes, and the sweep by the marker."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from jupyter_mlws.runfolder import processes
from jupyter_mlws.runfolder.processes import Identity

pytestmark = pytest.mark.skipif(not os.path.exists("/proc/self/stat"), reason="needs /proc")


@pytest.fixture
def sleeper():
    process = subprocess.Popen(["sleep", "100"], env={**os.environ, "MLWS_RUN_ID": "x_1_sleeper"})
    yield process
    process.kill()
    process.wait()


def changed(identity: Identity, **facts) -> Identity:
    return Identity.from_dict({**identity.to_dict(), **facts})


def test_an_identity_crosses_json(sleeper):
    identity = processes.identity_of(sleeper.pid)
    assert Identity.from_dict(identity.to_dict()) == identity
    assert hash(Identity.from_dict(identity.to_dict())) == hash(identity)
    assert identity != processes.identity_of(os.getpid())
    assert f"pid={sleeper.pid}" in repr(identity)


def test_F28_a_pid_that_was_reused_is_another_process(sleeper):
    identity = processes.identity_of(sleeper.pid)
    assert processes.is_alive(identity) is True
    assert processes.is_alive(changed(identity, start_time=identity.start_time - 1)) is False


def test_a_zombie_is_dead(sleeper):
    identity = processes.identity_of(sleeper.pid)
    sleeper.kill()
    deadline = time.monotonic() + 10
    while processes.is_alive(identity) and time.monotonic() < deadline:
        time.sleep(0.005)
    assert processes.is_alive(identity) is False
    sleeper.wait()
    assert processes.is_alive(identity) is False
    assert processes.identity_of(sleeper.pid).start_time == 0


def test_where_a_process_cannot_be_seen_nobody_guesses(sleeper):
    identity = processes.identity_of(sleeper.pid)
    assert processes.is_alive(changed(identity, host="elsewhere")) is None
    assert processes.is_alive(changed(identity, pid_namespace="pid:[1]")) is None


def test_F05_what_ran_before_a_restart_of_the_host_is_dead(sleeper):
    assert processes.is_alive(changed(processes.identity_of(sleeper.pid), boot_id="before")) is False


def test_a_process_with_an_awkward_name_is_understood(tmp_path):
    program = tmp_path / ") R 1 (x"
    program.symlink_to("/bin/sleep")
    process = subprocess.Popen([program, "100"])
    try:
        deadline = time.monotonic() + 10
        while process.pid not in processes.descendants(os.getpid()) and time.monotonic() < deadline:
            time.sleep(0.005)
        assert process.pid in processes.descendants(os.getpid())
        assert processes.is_alive(processes.identity_of(process.pid)) is True
    finally:
        process.kill()
        process.wait()


def test_the_sweep_finds_every_process_of_a_run_and_no_other(sleeper):
    tree = """
import os, time
for i in range(3):
    if os.fork() == 0:
        os.setsid()
        if os.fork():
            os._exit(0)
time.sleep(100)
"""
    run_id = f"sweep_1_{os.urandom(4).hex()}"
    others = {**os.environ, "MLWS_RUN_ID": run_id + "0"}
    stranger = subprocess.Popen(["sleep", "100"], env=others)
    process = subprocess.Popen([sys.executable, "-c", tree], env={**os.environ, "MLWS_RUN_ID": run_id})
    try:
        deadline = time.monotonic() + 20
        while not _settled(run_id, 8) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert processes.sweep(run_id, keep=processes.marked(run_id)) == ([], [])
        killed, remaining = processes.sweep(run_id)
        assert remaining == []
        assert len(killed) == 8
        assert process.pid in killed
        assert processes.marked(run_id) == []
        assert processes.sweep(run_id) == ([], [])
        assert stranger.poll() is None
    finally:
        processes.sweep(run_id)
        stranger.kill()
        stranger.wait()
        process.wait()


def _settled(run_id: str, count: int) -> bool:
    """Whether the run has so many processes, all of them asleep: nobody between two forks."""
    found = processes.marked(run_id)
    facts = [processes._stat(pid) for pid in found]
    return len(found) == count and all(fact is not None and fact[0] == "S" for fact in facts)


def test_F26_an_agent_of_the_original_is_sent_nothing_by_the_dispatcher_of_a_copy(tmp_path):
    original, copy = tmp_path / "original", tmp_path / "copy"
    original.mkdir()
    copy.mkdir()
    environment = os.environ | {"MLWS_RUN_FOLDER": str(original)}
    with subprocess.Popen(["sleep", "60"], env=environment) as agent:
        # Until then it still has the variables of this process.
        while b"sleep" not in Path(f"/proc/{agent.pid}/cmdline").read_bytes():
            assert agent.poll() is None
        identity = processes.identity_of(agent.pid)
        processes.signal_one(identity, signal.SIGKILL, str(copy))
        assert agent.poll() is None
        processes.signal_one(identity, signal.SIGKILL, str(original))
        assert agent.wait(10) == -signal.SIGKILL


def test_the_sweep_waits_for_the_guard_which_keeps_the_last_words(tmp_path):
    outer = {name: value for name, value in os.environ.items() if not name.startswith("MLWS_")}
    words = tmp_path / "words"
    code = f"import time; time.sleep(0.5); open({str(words)!r}, 'w').write('kept')"
    with subprocess.Popen([sys.executable, "-c", code], env={**outer, "MLWS_RUN_FOLDER": str(tmp_path)}) as guard:
        assert processes.sweep("x_1_guarded", folder=str(tmp_path)) == ([], [])
        assert words.read_text() == "kept"
        assert guard.wait() == 0


def test_a_guard_that_does_not_end_is_not_waited_for_without_end(tmp_path):
    with subprocess.Popen(["sleep", "100"], env={"MLWS_RUN_FOLDER": str(tmp_path)}) as guard:
        assert processes.sweep("x_1_guarded", folder=str(tmp_path), timeout_s=0.2) == ([], [])
        assert guard.poll() is None
        guard.kill()
