"""Cancelling in every phase: one end, nothing left running, and nothing begun afterwards."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
from canceling import GRACE_S, Canceling, Phase, stop

from jupyter_mlws.domain.run import RunSubmission

NATURAL = frozenset({"Completed", "Canceled"})
# A fork, a double fork in a session of its own, and some that drop the marker as well; none listens to SIGTERM.
STUBBORN = """
import os, signal, subprocess, sys, time
for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
    signal.signal(number, signal.SIG_IGN)
token = sys.argv[2]
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.execve("/bin/sh", ["sh", "-c", "sleep 300; :", token], {})
    os._exit(0)
subprocess.Popen(["sh", "-c", "sleep 300; :", token], start_new_session=True)
if os.fork() == 0:
    os.setsid()
    os.execve("/bin/sh", ["sh", "-c", "trap '' TERM; sleep 300; :", token], {})
open(os.path.join(sys.argv[1], os.environ["MLWS_RUN_ID"]), "w").close()
while True:
    time.sleep(1)
"""
# Writes as much as it is told in single calls, to a file that is gone with it.
WRITING = """
import os, sys
fd = os.open(os.path.join(sys.argv[1], "big." + os.environ["MLWS_RUN_ID"]), os.O_RDWR | os.O_CREAT)
os.unlink(os.path.join(sys.argv[1], "big." + os.environ["MLWS_RUN_ID"]))
data = bytearray(int(sys.argv[2]))
open(os.path.join(sys.argv[1], os.environ["MLWS_RUN_ID"]), "w").close()
while True:
    os.pwrite(fd, data, 0)
"""
SAVING = """
trap 'sleep 0.2; : > {notes}/saved.$MLWS_RUN_ID; exit 0' TERM
: > {notes}/$MLWS_RUN_ID
while :; do sleep 0.05; done
"""


def python(script: str, *arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-I", "-S", "-c", script.replace("{", "{{").replace("}", "}}"), *arguments)


def is_in(status: str) -> Callable[[Canceling, str], bool]:
    return lambda bench, run_id: bench.status(run_id) == status


def is_stopped(bench: Canceling, run_id: str) -> bool:
    with suppress(OSError):
        pid = bench.script(run_id)
        if pid is not None:
            with open(f"/proc/{pid}/stat") as file:
                return file.read().rpartition(")")[2].split()[0] == "T"
    return False


def silence_agent(bench: Canceling, run_id: str) -> None:
    stop(bench.agent(run_id))
    bench.wait(lambda: bench.status(run_id) in ("NotResponding", "Canceled"), f"{run_id} is heard")


def has_saved(bench: Canceling, run_id: str, record: Any) -> None:
    assert (bench.notes / f"saved.{run_id}").exists()


def has_all_or_was_canceled(bench: Canceling, run_id: str, record: Any) -> None:
    files = bench.lab.api.files.list(run_id, kind="output").items
    assert record.status.value == "Canceled" or len(files) == 10


def has_done_its_work(bench: Canceling, run_id: str, record: Any) -> None:
    assert record.status.value == "Canceled" or (bench.notes / f"done.{run_id}").exists()


STARTING = Phase(within_s=0.6)
QUEUED = Phase(ready=is_in("Queued"), never_starts=True)
PHASES = {
    "running": Phase(ready=Canceling.has_noted),
    "stubborn tree": Phase(command=python(STUBBORN, "{notes}", "{token}"), ready=Canceling.has_noted),
    "writing": Phase(command=python(WRITING, "{notes}", str(64 << 20)), ready=Canceling.has_noted, within_s=0.1),
    "stopped": Phase(command=("sh", "-c", "kill -STOP $$; exec sleep 300"), ready=is_stopped),
    "saving": Phase(command=("sh", "-c", SAVING), ready=Canceling.has_noted, check=has_saved),
    "agent finalizing": Phase(
        command=("sh", "-c", "sleep 300 & exit 0"), ready=is_in("Finalizing"), ends=frozenset({"Completed"})
    ),
    "agent not responding": Phase(ready=Canceling.has_noted, before=silence_agent),
    "agent that is stopped for ever": Phase(
        ready=Canceling.has_noted,
        before=silence_agent,
        after=lambda bench, run_id: stop(bench.agent(run_id)),
    ),
    "natural end": Phase(
        command=("sh", "-c", ": > {notes}/$MLWS_RUN_ID; sleep 0.1; : > {notes}/done.$MLWS_RUN_ID"),
        ready=Canceling.has_noted,
        within_s=0.3,
        ends=NATURAL,
        check=has_done_its_work,
    ),
    "twice and at once": Phase(ready=is_in("Running"), often=True),
    "sweep": Phase(sweep=3, within_s=1.0),
}
# The start in slow motion, so that a cancel meets each of its steps; and the end.
_STEPS = ("dispatcher/dispatcher.*", "dispatcher/preparing.*", "agent/agent.[!l]*", "agent/agent.lock*")
SLOW_START = ",".join(f"{step}:1+:sleep=0.03" for step in _STEPS)
COLLECTING = Phase(
    command=(
        "sh", "-c", "for i in 0 1 2 3 4 5 6 7 8 9; do head -c 500000 /dev/urandom > outputs/$i; done",
    ),
    ready=is_in("Finalizing"),
    within_s=0.3,
    ends=NATURAL,
    check=has_all_or_was_canceled,
)  # fmt: skip


@pytest.fixture
def bench(lab: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Canceling]:
    for name, value in {
        "KILL_GRACE_S": str(GRACE_S), "DRAIN_S": "2", "SILENCE_S": "0.5", "HEARTBEAT_S": "0.1", "LOCAL_SLOTS": "12",
    }.items():  # fmt: skip
        monkeypatch.setenv(f"MLWS_{name}", value)
    found = Canceling(lab)
    yield found
    found.close()


def test_F29_F33_F34_a_cancel_in_any_phase_of_a_running_script_gives_one_end_and_leaves_nothing(bench, trials):
    bench.run_all([phase for phase in PHASES.values() for _ in range(2)])
    trials("canceled while it ran", cancels=2 * len(PHASES))


def block(bench: Canceling) -> str:
    """Take the one place there is."""
    blocker = bench.lab.api.runs.submit(RunSubmission(experiment="faults", command=("sleep", "300")))
    bench.wait(lambda: bench.status(blocker.id) == "Running", "the blocker does not run")
    return str(blocker.id)


def cancel_queued(bench: Canceling, times: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLWS_LOCAL_SLOTS", "1")
    blocker = block(bench)
    sweep = Phase(sweep=3, ready=is_in("Queued"), never_starts=True)
    bench.run_all([*[QUEUED] * times, *[sweep] * (times // 4)])
    assert {path.name for path in (bench.lab.folder / "runs").iterdir()} == {blocker}
    bench.lab.api.runs.cancel(blocker)
    bench.wait(lambda: bench.status(blocker) == "Canceled", "the blocker does not end")
    assert list(bench.notes.iterdir()) == []


def test_F31_a_queued_run_is_canceled_at_once_and_never_starts(bench, monkeypatch):
    cancel_queued(bench, 8, monkeypatch)


@pytest.fixture
def slow_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLWS_FAULT", SLOW_START)


def test_F32_a_run_is_canceled_at_any_step_of_its_start_and_begins_nothing_afterwards(slow_start, bench, trials):
    bench.run(STARTING, 10)
    trials("canceled while it started", cancels=10)


@pytest.fixture
def slow_collecting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLWS_SETTLE_S", "30")  # all of it at the end
    monkeypatch.setenv("MLWS_FAULT", "dispatcher/collecting.store:1+:sleep=0.03")


def test_F33_a_cancel_while_outputs_are_collected_keeps_the_true_end(slow_collecting, bench):
    bench.run(COLLECTING, 3)


def test_F30_what_cannot_be_killed_is_named_and_not_waited_for(bench, monkeypatch):
    monkeypatch.setenv("MLWS_FAULT", "agent/processes.kill:1+:EPERM")
    monkeypatch.setenv("MLWS_KILL_GRACE_S", "0.2")
    run = bench.lab.api.runs.submit(RunSubmission(experiment="faults", command=("sleep", "300")))
    script = bench.wait(lambda: bench.script(run.id), "it does not start")
    began = time.monotonic()
    bench.lab.api.runs.cancel(run.id)
    bench.wait(lambda: bench.status(run.id) == "Canceled", "it does not end")
    assert time.monotonic() - began < 25
    record = bench.lab.api.runs.get(run.id)
    assert record.error is None
    [warning] = record.warnings
    assert f"Processes remain that cannot be killed: pid {script}." in warning
    with suppress(ProcessLookupError):
        os.kill(script, signal.SIGKILL)


@pytest.mark.soak
@pytest.mark.parametrize("phase", PHASES)
def test_F29_F33_F34_two_hundred_cancels_in_each_phase(bench, trials, phase):
    bench.run(PHASES[phase], 200)
    trials(f"canceled: {phase}", cancels=200)


@pytest.mark.soak
def test_F31_two_hundred_cancels_in_the_queue(bench, trials, monkeypatch):
    cancel_queued(bench, 200, monkeypatch)
    trials("canceled: queued", cancels=200)


@pytest.mark.soak
def test_F32_two_hundred_cancels_at_the_steps_of_the_start(slow_start, bench, trials):
    bench.run(STARTING, 200)
    trials("canceled: starting", cancels=200)


@pytest.mark.soak
def test_F33_two_hundred_cancels_while_outputs_are_collected(slow_collecting, bench, trials):
    bench.run(COLLECTING, 200)
    trials("canceled: collecting", cancels=200)
