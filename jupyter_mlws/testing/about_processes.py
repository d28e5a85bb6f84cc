"""What a script leaves running ends with its run."""

from __future__ import annotations

import os

from jupyter_mlws.testing.stage import Ended, Stage
from jupyter_mlws.testing.wishes import Wish, of

__all__ = ["TREE", "Processes"]

_TOKEN = f"token{os.urandom(8).hex()}"
# By fork, so that every process of it has the token among the words of its command.
_LEAVES = """
import os, time
if os.fork() == 0:
    time.sleep(300)
print("done")
"""
_LEFT = Wish(name="leaves a child", script=_LEAVES, arguments=(f"{_TOKEN}-left",))
# A session of its own, init's child, without the marker, with no file of the run open, and deaf.
_DAEMON = """
import os, signal, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        os.chdir("/")
        os.closerange(0, 256)
        sleep = "import time; time.sleep(300)"
        os.execve(sys.executable, [sys.executable, "-I", "-S", "-c", sleep, sys.argv[1]], {})
    os._exit(0)
time.sleep(0.3)
print("done")
"""
_DAEMONS = Wish(name="leaves a daemon", script=_DAEMON, arguments=(f"{_TOKEN}-daemon",))
_ORPHANS = """
import json, os, time
pids = []
for _ in range(10):
    read, write = os.pipe()
    if os.fork() == 0:
        pid = os.fork()
        if pid == 0:
            os._exit(0)
        os.write(write, str(pid).encode())
        os._exit(0)
    os.wait()
    pids.append(int(os.read(read, 20)))
def is_zombie(pid):
    try:
        return open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
until = time.monotonic() + 10
while any(map(is_zombie, pids)) and time.monotonic() < until:
    time.sleep(0.02)
json.dump([pid for pid in pids if is_zombie(pid)], open("outputs/said.json", "w"))
"""
_ZOMBIES = Wish(name="leaves zombies", script=_ORPHANS)

TREE = """
import os, signal, subprocess, sys, time
for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
    signal.signal(number, signal.SIG_IGN)
sleep = [sys.executable, "-I", "-S", "-c", "import time; time.sleep(300)", sys.argv[1]]
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.execve(sys.executable, sleep, {})
    os._exit(0)
subprocess.Popen(sleep, start_new_session=True)
if os.fork() == 0:
    os.setsid()
    time.sleep(300)
print("up", flush=True)
while True:
    time.sleep(1)
"""


class Processes:
    """Children, daemons and zombies."""

    @of(_LEFT)
    def test_a_child_that_is_left_ends_soon_after_the_script(self, run: Ended, stage: Stage) -> None:
        assert run.completed().log == b"done\n"
        stage.wait_until_nothing_lives(_LEFT.arguments[0], run.run.id)

    @of(_DAEMONS)
    def test_a_daemon_ends_with_the_run(self, run: Ended, stage: Stage) -> None:
        assert run.completed().log == b"done\n"
        stage.wait_until_nothing_lives(_DAEMONS.arguments[0], run.run.id)

    @of(_ZOMBIES)
    def test_orphans_that_have_ended_do_not_stay_as_zombies(self, run: Ended) -> None:
        assert run.said == []
