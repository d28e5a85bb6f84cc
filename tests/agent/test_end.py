"""How runs end: by themselves, by signals, by a cancel, at the time limit; and that nothing of them lives on."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time

import pytest

from jupyter_mlws.agent import end
from jupyter_mlws.runfolder import processes, state
from jupyter_mlws.runfolder.processes import Identity

# Forks, double-forks, leaves the session, drops the marker, stops itself; all of it deaf to SIGTERM.
NASTY = """
import os, signal, sys, time

signal.signal(signal.SIGTERM, signal.SIG_IGN)
signal.signal(signal.SIGHUP, signal.SIG_IGN)


def forever(name):
    print(name, flush=True)
    while True:
        time.sleep(1)


if os.fork() == 0:
    forever("child")
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        forever("daemon")
    os._exit(0)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        print("markerless", flush=True)
        os.execve("/bin/sleep", ["sleep", "1000"], {})
    os._exit(0)
if os.fork() == 0:
    print("stopped", flush=True)
    os.kill(os.getpid(), signal.SIGSTOP)
    forever("continued")
os.wait()
forever("script")
"""
NAMES = (b"child", b"daemon", b"markerless", b"stopped", b"script")


def everything_of(run) -> set[int]:
    return {*run.living, *processes.descendants(run.agents[0].pid)}


def nothing_lives(pids) -> bool:
    return not any(os.path.exists(f"/proc/{pid}") for pid in pids)


def test_F29_a_cancel_ends_what_forks_leaves_the_session_and_ignores_sigterm(python_run):
    run = python_run(NASTY, kill_grace_s=1.0).start()
    for name in NAMES:
        run.until_log_has(name)
    pids = everything_of(run)
    assert len(pids) >= 5
    began = time.monotonic()
    run.cancel()
    ended = run.wait()
    assert time.monotonic() - began < 1 + 14
    assert ended["reason"] == "canceled"
    assert ended["message"] == "The run was canceled."
    assert ended["remaining"] == []
    assert nothing_lives(pids)
    assert run.living == []


def test_a_cancel_gives_the_script_its_time_to_end_in_order(python_run):
    run = python_run(
        "import signal, sys, time\n"
        "def end(*_):\n  time.sleep(0.3); print('saved', flush=True); sys.exit(3)\n"
        "signal.signal(signal.SIGTERM, end)\nprint('up', flush=True)\ntime.sleep(100)"
    ).start()
    run.until_log_has(b"up")
    began = time.monotonic()
    run.cancel()
    ended = run.wait()
    assert (ended["reason"], ended["exit_code"]) == ("canceled", 3)
    assert run.log.endswith(b"saved\n")
    assert time.monotonic() - began < 8


def test_F31_a_cancel_before_the_start_lets_the_script_do_nothing_for_long(agent_run):
    run = agent_run(["sleep", "1000"])
    run.cancel()
    assert run.run()["reason"] == "canceled"


def test_F34_a_cancel_after_the_end_changes_nothing(agent_run):
    run = agent_run(["true"])
    assert run.run()["reason"] is None
    run.cancel()
    assert run.last["reason"] is None


def test_the_time_limit_ends_the_run(agent_run):
    run = agent_run(["sh", "-c", "sleep 1000 & sleep 1000"], max_run_duration_s=0.5)
    ended = run.run()
    assert (ended["reason"], ended["message"]) == ("time_limit", "The run was ended at its time limit of 0.5 s.")
    assert 0.5 <= ended["duration_s"] < 10
    assert run.living == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_agent_that_is_told_to_stop_ends_the_run_and_says_why(agent_run, wait_until, number):
    run = agent_run(["sleep", "1000"]).start()
    wait_until(lambda: "script_started" in run.events, "the start")
    run.agents[0].send_signal(number)
    ended = run.wait()
    assert (ended["reason"], ended["signal"]) == ("stopped", "SIGTERM")
    assert "told to stop" in ended["message"]
    assert run.living == []


@pytest.mark.parametrize("code", [0, 1, 3, 255])
def test_exit_codes_are_told(agent_run, code):
    ended = agent_run(["sh", "-c", f"exit {code}"]).run()
    assert (ended["exit_code"], ended["signal"], ended["reason"]) == (code, None, None)
    assert ended["message"] == ("" if code == 0 else f"The script ended with exit code {code}.")


@pytest.mark.parametrize("name", ["SIGKILL", "SIGSEGV", "SIGABRT", "SIGTERM", "SIGHUP", "SIGXCPU"])
def test_F01_signals_are_named(agent_run, name):
    number = getattr(signal, name)
    ended = agent_run(["sh", "-c", f"ulimit -c 0; kill -{int(number)} $$"]).run()
    assert (ended["exit_code"], ended["signal"], ended["reason"]) == (-number, name, None)
    assert name in ended["message"]


def test_F46_a_full_memory_is_said():
    def facts(**changes):
        given = {"status": -9, "reason": None, "time_limit_s": None, "out_of_memory": True}
        return end.ended(**{**given, "remaining": [], "lost_bytes": 0, "duration_s": 1.0, **changes})

    assert "memory was full" in facts()["message"]
    assert facts()["out_of_memory"] is True
    assert facts(out_of_memory=False)["message"].startswith("The script was killed (SIGKILL) from outside")
    assert facts(status=-15)["out_of_memory"] is False
    assert facts(reason="canceled")["out_of_memory"] is False
    assert "remain: 7, 8" in facts(status=None, remaining=[7, 8])["message"]
    assert "signal 63" in facts(status=-63)["message"]


def test_F01_kill_9_of_the_script_at_random_moments_keeps_every_line(python_run, follower_of):
    import random

    for _ in range(5):
        run = python_run(
            "import os\nfrom jupyter_mlws.runfolder.journal import JournalWriter\n"
            "log = JournalWriter(os.environ['MLWS_RUN_FOLDER']).log\nn = 0\n"
            "while True:\n  log('x', n, n)\n  n += 1\n  os.write(1, b'%d\\n' % n)"
        ).start()
        run.until_log_has(b"\n")
        time.sleep(random.uniform(0, 0.05))
        script = Identity.from_dict(state.read(run.folder)[0][1]["identity"])
        os.kill(script.pid, signal.SIGKILL)
        ended = run.wait()
        assert (ended["signal"], ended["exit_code"], ended["reason"]) == ("SIGKILL", -9, None)
        lines = [int(line) for line in run.log.split(b"\n")[:-1]]
        assert lines == list(range(1, len(lines) + 1))
        steps = follower_of(run.folder)
        assert steps == list(range(len(steps)))
        assert len(lines) <= len(steps) <= len(lines) + 1


def test_F02_when_the_agent_is_killed_the_script_dies_and_a_sweep_finds_the_rest(python_run, wait_until):
    run = python_run(NASTY).start()
    for name in NAMES:
        run.until_log_has(name)
    events, _ = state.read(run.folder)
    agent, script = (Identity.from_dict(event["identity"]) for event in events)
    everything = everything_of(run)
    assert len(everything) >= len(NAMES)
    os.kill(agent.pid, signal.SIGKILL)
    assert run.agents[0].wait(60) == 128 + signal.SIGKILL
    assert processes.is_alive(agent) is False
    wait_until(lambda: processes.is_alive(script) is False, "the script's end")
    assert run.events[-1] == "script_started"
    assert run.living == []
    assert nothing_lives(everything)


def test_F02_when_agent_and_guard_are_killed_together_a_sweep_finds_what_is_marked(python_run, wait_until):
    run = python_run(NASTY).start()
    for name in NAMES:
        run.until_log_has(name)
    everything = everything_of(run)
    agent = processes.identity_of(run.agent_pid)
    run.agents[0].kill()
    os.kill(agent.pid, signal.SIGKILL)
    wait_until(lambda: not processes.is_alive(agent), "the agent's end")
    assert len(processes.sweep(run.run_id)[0]) >= 2
    assert run.living == []
    # What has thrown its marker away is out of reach of a sweep: only an agent or a guard finds it, by parenthood.
    processes.kill_all(everything, signal.SIGKILL)


def test_a_killed_guard_changes_nothing(python_run, wait_until):
    mark = "import os, time\nprint('up', flush=True)\nwhile not os.path.exists('go'): time.sleep(0.01)\nprint('on')"
    run = python_run(mark).start()
    run.until_log_has(b"up")
    run.agents[0].kill()
    run.agents[0].wait()
    (run.folder.code / "go").touch()
    wait_until(lambda: run.events[-1] == "ended", "the end")
    assert (run.last["exit_code"], run.log) == (0, b"up\non\n")


def test_F02_no_byte_of_output_is_lost_with_a_killed_agent(python_run):
    for pause in (0.0, 0.01, 0.03, 0.05):
        run = python_run(
            "import os, mmap\nfile = open('told', 'w+b')\nfile.truncate(8)\n"
            "told = memoryview(mmap.mmap(file.fileno(), 0)).cast('Q')\nn = 0\n"
            "while True:\n  os.write(1, b'%07d\\n' % n)\n  n += 1\n  told[0] = n"
        ).start()
        run.until_log_has(b"\n")
        time.sleep(pause)
        os.kill(run.agent_pid, signal.SIGKILL)
        run.agents[0].wait(60)
        told = int.from_bytes((run.folder.code / "told").read_bytes(), "little")
        lines = run.log.decode().split("\n")[:-1]
        assert lines == [f"{n:07}" for n in range(len(lines))]
        assert told <= len(lines) <= told + 1


def test_F02_a_restarted_agent_does_not_run_the_script_again(python_run, wait_until):
    run = python_run("import time\nopen('ran', 'a').write('x')\nprint('up', flush=True)\ntime.sleep(1000)").start()
    run.until_log_has(b"up")
    os.kill(run.agent_pid, signal.SIGKILL)
    run.agents[0].wait()
    run.start()
    assert run.agents[1].wait(60) == 0
    assert (run.folder.code / "ran").read_text() == "x"


def test_zombies_of_orphans_are_reaped(python_run, wait_until):
    run = python_run(
        "import os, sys, time\n"
        "for _ in range(5):\n  if os.fork() == 0:\n    if os.fork() == 0: os._exit(0)\n    os._exit(0)\n"
        "for _ in range(5): os.wait()\nprint('forked', flush=True)\ntime.sleep(1000)"
    ).start()
    run.until_log_has(b"forked")

    def states():
        return [state for pid, state, parent in processes._processes() if parent == run.agent_pid]

    wait_until(lambda: states() == ["S"], "an agent with one child and no zombie")
    run.cancel()
    run.wait()


def test_the_heart_beats(agent_run, wait_until):
    run = agent_run(["sleep", "1000"], heartbeat_s=0.05, sync_s=0.05).start()
    wait_until(lambda: (state.read_heartbeat(run.folder) or 0) > 3, "four beats")
    run.cancel()
    run.wait()


def test_a_caller_who_goes_away_takes_nothing_with_him(agent_run, tmp_path, wait_until):
    """The agent has a session of its own: neither the caller's end nor a closed terminal reaches it."""
    run = agent_run(["sh", "-c", "echo up; sleep 0.5; echo still here"])
    starter = (
        "import subprocess, sys\n"
        f"p = subprocess.Popen({[sys.executable, '-I', '-S', *_agent(run)]!r}, stdin=subprocess.PIPE)\n"
        "p.stdin.write(b'{\"environment\": null}'); p.stdin.close()\nimport time; time.sleep(1000)"
    )
    caller = subprocess.Popen([sys.executable, "-c", starter], start_new_session=True)
    run.until_log_has(b"up")
    os.killpg(caller.pid, signal.SIGKILL)
    caller.wait()
    wait_until(lambda: run.events[-1] == "ended", "the end")
    assert run.last["exit_code"] == 0
    assert run.log == b"up\nstill here\n"


def _agent(run) -> list[str]:
    from jupyter_mlws.runfolder.farside import agent_command

    return agent_command(run.folder.path)[3:]


@pytest.mark.parametrize("ends", ["by itself", "when told"])
@pytest.mark.parametrize("measured", [False, True])
def test_an_agent_whose_folder_was_removed_ends_with_everything_of_its_run(
    python_run, wait_until, tmp_path, ends, measured
):
    go_on = tmp_path / "go_on"
    script = "import os, sys, time\nprint('up', flush=True)\nwhile not os.path.exists(sys.argv[1]): time.sleep(0.01)"
    run = python_run(script, str(go_on), system_metrics_s=0.05 if measured else 0)
    run.start()
    run.until_log_has(b"up")
    pids = everything_of(run) | {run.agents[0].pid}
    if measured:
        wait_until(lambda: list(run.folder.path.glob("journal/*")), "the first look")
    shutil.rmtree(run.folder.path)
    if ends == "by itself":
        go_on.touch()
    else:
        run.agents[0].terminate()
    run.agents[0].wait(20)
    wait_until(lambda: nothing_lives(pids), "the end of all")
