"""Whoever is killed, whenever: no acknowledged point is lost, none comes twice, and the run says what happened."""

from __future__ import annotations

import os
import random
import signal
import time
from dataclasses import replace
from pathlib import Path

import pytest

from jupyter_mlws.domain.status import RunStatus
from jupyter_mlws.sdk.run import Run

# Logs 0, 1, 2, ... in each thread and notes in a mapped file how far `log` has returned, until it is killed.
COUNTING = """
import mmap, os, random, subprocess, sys, threading
import jupyter_mlws as mlws
threads = int(sys.argv[2])
if threads > 1:
    sys.setswitchinterval(1e-6)
with open(os.path.join(sys.argv[1], os.environ["MLWS_RUN_ID"]), "w+b") as file:
    file.truncate(8 * threads)
    acknowledged = memoryview(mmap.mmap(file.fileno(), 0)).cast("Q")
run = mlws.Run.get_context()

def count(me):
    name = f"series{me}"
    for i in range(120_000):
        run.log(name, i)
        acknowledged[me] = i + 1

delay = random.uniform(0.0, 0.1)
subprocess.Popen(["sh", "-c", f"sleep {delay}; kill -9 {os.getpid()}"])
others = [threading.Thread(target=count, args=(me,)) for me in range(1, threads)]
for other in others:
    other.start()
count(0)
threading.Event().wait()
"""


def kill_many_times(lab, times: int, threads: int) -> None:
    notes = lab.tmp_path / "acknowledged"
    notes.mkdir()
    one = lab.prepare(COUNTING, arguments=[notes, threads])
    parent = Run(
        lab.ws, lab.api.runs.submit(replace(one, kind="sweep", sweep=tuple({"n": str(i)} for i in range(times))))
    )
    assert lab.ended(parent, max(110, 4 * times)).status is RunStatus.FAILED
    children = lab.api.runs.list(parent=parent.id, limit=1000).items
    assert len(children) == times
    some = 0
    for child in children:
        child = lab.api.runs.get(child.id)
        assert child.status is RunStatus.FAILED
        assert child.error.signal == "SIGKILL"
        assert "SIGKILL" in child.error.message
        acknowledged = memoryview((notes / child.id).read_bytes()).cast("Q")
        counts = {metric.name: metric.count for metric in child.metrics}
        for me in range(threads):
            stored = counts.get(f"series{me}", 0)
            assert acknowledged[me] <= stored <= acknowledged[me] + 1
            if stored:
                assert list(lab.series(child.id, f"series{me}")) == list(range(stored))
                some += 1
    assert some > times // 2


def test_F01_fifty_kills_at_random_moments_lose_and_repeat_no_acknowledged_point(lab):
    kill_many_times(lab, 50, threads=1)


def test_F01_nor_do_they_with_eight_threads_that_take_turns_every_microsecond(lab):
    kill_many_times(lab, 12, threads=8)


@pytest.mark.soak
@pytest.mark.parametrize("threads", [1, 8])
def test_F01_nor_in_two_hundred_kills(lab, threads):
    kill_many_times(lab, 200, threads)


# Logs without end; its child outlives it unless somebody looks after the whole run.
LOGGING = """
import subprocess, sys, time
import jupyter_mlws as mlws
subprocess.Popen(["sleep", "300"], start_new_session=True)
i = 0
while True:
    mlws.log(n=i)
    i += 1
    time.sleep(0.001)
"""


def is_counting(lab, run) -> int:
    return max((metric.count for metric in run.refresh().metrics), default=0)


def test_F01_a_killed_script_is_failed_with_the_signal_named_and_its_children_are_ended(lab):
    run = lab.submit(LOGGING)
    lab.wait(lambda: is_counting(lab, run))
    os.kill(lab.script(run), signal.SIGKILL)
    record = lab.ended(run)
    assert (record.status, record.error.signal) == (RunStatus.FAILED, "SIGKILL")
    assert record.error.code == "killed"
    assert lab.marked(run) == []


def test_F02_a_killed_agent_takes_its_script_along_and_the_run_fails_soon(lab):
    run = lab.submit(LOGGING)
    lab.wait(lambda: is_counting(lab, run))
    os.kill(lab.agent(run), signal.SIGKILL)
    record = lab.ended(run, 10)
    assert record.status is RunStatus.FAILED
    assert record.error.code == "agent_lost"
    assert "killed" in record.error.message
    assert lab.marked(run) == []
    values = list(lab.series(run.id, "n"))
    assert values == list(range(len(values)))
    assert is_counting(lab, run) == len(values) > 0
    assert "std.log" in run.get_details()["logFiles"]


def test_F02_a_stopped_agent_is_not_responding_until_it_goes_on(lab, monkeypatch):
    monkeypatch.setenv("MLWS_SILENCE_S", "0.5")
    run = lab.submit("import time\ntime.sleep(300)")
    lab.wait_for(run, RunStatus.RUNNING)
    agent = lab.agent(run)
    os.kill(agent, signal.SIGSTOP)
    lab.wait_for(run, RunStatus.NOT_RESPONDING)
    os.kill(agent, signal.SIGCONT)
    lab.wait_for(run, RunStatus.RUNNING)
    run.cancel()
    assert lab.ended(run).status is RunStatus.CANCELED


def test_F03_a_killed_dispatcher_changes_nothing_for_the_run(lab):
    """The next dispatcher goes on by offset: each point once, and the script was never restarted."""
    mark = lab.tmp_path / "go"
    run = lab.submit(
        f"import os, time\nimport jupyter_mlws as mlws\nprint('begun')\ni = 0\n"
        f"while not os.path.exists({str(mark)!r}) or i < 1000:\n"
        "    mlws.log(n=i); i += 1; time.sleep(0.001)\n"
        "open('outputs/count.txt', 'w').write(str(i))\n"
    )
    for _ in range(3):
        before = lab.wait(lambda: is_counting(lab, run))
        lab.kill_dispatcher()
        lab.api.workspace.wake()
        lab.wait(lambda before=before: is_counting(lab, run) > before)
    mark.touch()
    record = lab.ended(run)
    assert record.status is RunStatus.COMPLETED
    count = int(lab.api.files.download(run.id, "outputs/count.txt").read())
    assert list(lab.series(run.id, "n")) == list(range(count))
    assert run.get_log() == "begun\n"


def test_F03_what_ends_while_no_dispatcher_lives_is_taken_up_by_the_next(lab):
    run = lab.submit(
        "import time\nimport jupyter_mlws as mlws\ntime.sleep(1)\nmlws.log(n=1)\nprint('over')\nraise SystemExit(4)"
    )
    lab.wait_for(run, RunStatus.RUNNING)
    lab.kill_dispatcher()
    lab.wait(lambda: "ended" in lab.events(run))
    lab.api.workspace.wake()
    record = lab.ended(run)
    assert (record.status, record.error.exit_code) == (RunStatus.FAILED, 4)
    assert list(lab.series(run.id, "n")) == [1]


def test_F03_a_dispatcher_and_an_agent_that_die_together_leave_a_failed_run(lab):
    run = lab.submit(LOGGING)
    lab.wait(lambda: is_counting(lab, run))
    agent = lab.agent(run)
    lab.kill_dispatcher()
    os.kill(agent, signal.SIGKILL)
    lab.api.workspace.wake()
    record = lab.ended(run)
    assert (record.status, record.error.code) == (RunStatus.FAILED, "agent_lost")
    assert lab.marked(run) == []


def claim_as_one_who_dies(lab):
    """What a dispatcher leaves that is killed right after its claim."""
    from jupyter_mlws.dispatcher.place import host_name, user_name
    from jupyter_mlws.store import Store
    from jupyter_mlws.store.runs import claim_queued

    with Store.open(lab.folder) as store, store.write() as c:
        (claimed,) = claim_queued(c, user=user_name(), owner=f"{host_name()}:1", limit=1, target="local")
    return claimed


def without_waking(lab, script: str, monkeypatch) -> Run:
    """Submit while no dispatcher can be started."""
    from jupyter_mlws.workspace.waking import Wake

    with monkeypatch.context() as patch:
        patch.setattr(Wake, "__call__", lambda self: None)
        return lab.submit(script)


ONCE = "import os\nopen(os.environ['MLWS_SOURCE_DIR'] + '/../times', 'a').write('x')"


@pytest.mark.parametrize("rest", ["nothing", "an empty folder", "half a folder", "a whole folder"])
def test_F04_a_run_that_was_claimed_and_not_started_is_started_once(lab, rest, monkeypatch):
    run = without_waking(lab, ONCE, monkeypatch)
    assert claim_as_one_who_dies(lab).id == run.id
    folder = lab.folder / "runs" / run.id
    if rest != "nothing":
        (folder / "code").mkdir(parents=True)
    if rest in ("half a folder", "a whole folder"):
        (folder / "code" / "train.py").write_text("raise SystemExit('not this one')")
    if rest == "a whole folder":
        (folder / "job.json").write_text("{}")
        (folder / "agent.lock").touch()
    lab.api.workspace.wake()
    assert lab.ended(run).status is RunStatus.COMPLETED
    assert (lab.tmp_path / "times").read_text() == "x"


def test_F04_a_dispatcher_killed_at_any_moment_of_a_start_starts_each_run_once(lab):
    """Kill it ever later after the submit; whatever it was doing, each script runs exactly once."""
    runs = []
    for i in range(5):
        lab.api.workspace.wake()
        runs.append(lab.submit(ONCE))
        time.sleep(i * 0.012)
        lab.kill_dispatcher()
    lab.api.workspace.wake()
    assert [lab.ended(run).status for run in runs] == [RunStatus.COMPLETED] * len(runs)
    assert (lab.tmp_path / "times").read_text() == "x" * len(runs)


def test_F27_of_two_dispatchers_started_at_once_one_serves(lab):
    from jupyter_mlws.workspace.waking import start

    both = [start(lab.folder) for _ in range(2)]
    alive = lab.dispatcher()
    lab.wait(lambda: [process.poll() for process in both].count(0) == 1)
    assert alive in [process.pid for process in both]
    assert lab.submit(ONCE).wait_for_completion()["status"] == "Completed"
    assert Path(lab.tmp_path, "times").read_text() == "x"


BUSY = """
import random, time
import jupyter_mlws as mlws
run = mlws.Run.get_context()
for i in range(500):
    mlws.log(n=i)
    if i % 100 == 0:
        time.sleep(random.uniform(0, 0.1))
run.tag("done", "yes")
open("outputs/model.bin", "w").write("weights")
run.register_model("net", "outputs/model.bin")
print("over")
"""


def kill_the_dispatcher_again_and_again(lab, runs: int, kills: int) -> None:
    one = lab.prepare(BUSY)
    parent = Run(
        lab.ws, lab.api.runs.submit(replace(one, kind="sweep", sweep=tuple({"n": str(i)} for i in range(runs))))
    )
    for _ in range(kills):
        time.sleep(random.uniform(0.0, 0.8))
        lab.kill_dispatcher()
        lab.api.workspace.wake()
    assert lab.ended(parent, max(110, 4 * kills)).status is RunStatus.COMPLETED
    for child in lab.api.runs.list(parent=parent.id, limit=1000).items:
        assert child.status is RunStatus.COMPLETED
        assert child.warnings == ()
        assert lab.api.runs.get(child.id).tags == {"done": "yes"}
        assert list(lab.series(child.id, "n")) == list(range(500))
        assert lab.api.logs.read(child.id).text == "over\n"
        assert lab.api.files.download(child.id, "outputs/model.bin").read() == b"weights"
    models = lab.api.models.list(limit=1000).items
    assert sorted(model.version for model in models) == list(range(1, runs + 1))
    assert len({model.run_id for model in models}) == runs


def test_F03_a_dispatcher_killed_again_and_again_loses_and_repeats_nothing(lab):
    kill_the_dispatcher_again_and_again(lab, runs=6, kills=5)
