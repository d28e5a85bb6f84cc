"""Agents and dispatchers that die: nothing is lost, and nothing is run twice."""

from __future__ import annotations

import os

from jupyter_mlws.testing.stage import Ended, Stage
from jupyter_mlws.testing.wishes import Wish, of

__all__ = ["Deaths"]

_TOKEN = f"token{os.urandom(8).hex()}"
_WORKS = Wish(
    name="works until it hears a word",
    script="""
import time
from jupyter_mlws import Run
run = Run.get_context()
open("outputs/begun", "x").close()
run.log("before", 1)
print("up", flush=True)
while "go" not in run.tags:
    time.sleep(0.05)
run.log("after", 2)
print("went on", flush=True)
""",
)
_LONG = Wish(
    name="logs and goes on",
    script="""
import subprocess, sys, time
from jupyter_mlws import Run
run = Run.get_context()
for i in range(1_000):
    run.log("loss", i)
subprocess.Popen(
    [sys.executable, "-I", "-S", "-c", "import time; time.sleep(300)", sys.argv[1]], start_new_session=True
)
print("up", flush=True)
time.sleep(300)
""",
    arguments=(f"{_TOKEN}-child",),
)
_KILLS = Wish(
    name="kills its agent",
    script="import os, signal, time\nfrom jupyter_mlws import Run\nRun.get_context().log('loss', 1)\n"
    "os.write(1, b'x' * 300_000)\nos.kill(os.getppid(), signal.SIGKILL)\ntime.sleep(300)\n",
)
# A second start fails at the file, or says a second line.
_ONCE = Wish(name="is run once", script="open('outputs/begun', 'x').close()\nprint('begun', flush=True)\n")
_AFTER = Wish(name="wakes the next dispatcher")
_POINTS = ("dispatcher.folder", "dispatcher.launched", "dispatcher.filled", "dispatcher.send", "dispatcher.sent")


class Deaths:
    """Kill -9, to each of our processes."""

    def test_an_agent_that_is_killed_ends_its_run_and_leaves_nothing(self, stage: Stage) -> None:
        run = stage.wait_for_line(stage.submit(_LONG))
        stage.kill_agent(run)
        ended = stage.ended(run).ended_as("Failed")
        assert ended.message
        assert ended.log == b"up\n"
        assert run.get_metrics()["loss"] == list(range(1_000))
        stage.wait_until_nothing_lives(run.id, _LONG.arguments[0])

    @of(_KILLS)
    def test_a_script_that_kills_its_agent_ends_with_it(self, run: Ended, stage: Stage) -> None:
        assert run.ended_as("Failed").message
        assert run.log == b"x" * 300_000
        assert run.run.get_metrics() == {"loss": 1.0}
        stage.wait_until_nothing_lives(run.run.id)

    def test_a_run_goes_on_without_its_dispatcher_and_is_taken_up_by_the_next(self, stage: Stage) -> None:
        run = stage.wait_for_line(stage.submit(_WORKS))
        stage.kill_dispatcher()
        run.tag("go")
        second = stage.submit(_AFTER)
        ended = stage.ended(run).completed()
        assert ended.log == b"up\nwent on\n"
        assert run.get_metrics() == {"before": 1.0, "after": 2.0}
        stage.ended(second).completed()

    def test_a_run_ends_without_its_dispatcher_and_the_next_one_finds_all_of_it(self, stage: Stage) -> None:
        run = stage.wait_for_line(stage.submit(_SHORT))
        stage.kill_dispatcher()
        if stage.binding.sees_processes:
            stage.wait(lambda: not stage.processes(run.id), "The run does not end")
        second = stage.submit(_AFTER)
        ended = stage.ended(run).completed()
        assert ended.log == b"up\nwent on\n"
        assert ended.file("outputs/late.txt") == b"left behind"
        stage.ended(second).completed()

    def test_a_run_is_done_once_though_a_dispatcher_dies_at_each_step_of_its_start(self, stage: Stage) -> None:
        with stage.fault(*(f"dispatcher/{point}:1:kill" for point in _POINTS)) as once:
            run = stage.submit(_ONCE)

            def all_have_died() -> bool:
                stage.wake()
                return len(list(once.iterdir())) == len(_POINTS)

            stage.wait(all_have_died, "The run does not come by all steps of its start")
        stage.wake()
        assert stage.ended(run).completed().log == b"begun\n"
        stage.wait_until_nothing_lives(run.id)


_SHORT = Wish(
    name="ends unobserved",
    script="import time\nprint('up', flush=True)\ntime.sleep(0.7)\nprint('went on', flush=True)\n"
    "open('outputs/late.txt', 'w').write('left behind')\n",
)
