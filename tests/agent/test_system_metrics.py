"""What the agent measures of a run's processes."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from jupyter_mlws.agent.usage import Usage
from jupyter_mlws.runfolder import processes, state
from jupyter_mlws.runfolder.journal import JournalReader

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")

BURN = "import time\nend = time.process_time() + {0}\nwhile time.process_time() < end: pass\n"


@pytest.fixture
def child() -> Iterator[subprocess.Popen[bytes]]:
    """A process that does what it is told on its standard input, a Python line at a time."""
    code = "import sys, subprocess, os, time, threading\nfor line in sys.stdin: exec(line); print(flush=True)"
    found = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    yield found
    for pid in processes.descendants(found.pid):
        os.kill(pid, 9)
    found.kill()
    found.communicate()


def tell(child: subprocess.Popen[bytes], line: str) -> str:
    """What it answers, once it is done."""
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdin.write(line.encode() + b"\n")
    child.stdin.flush()
    return child.stdout.readline().decode()


def spent_by(child: subprocess.Popen[bytes]) -> float:
    """Seconds of a processor that it has spent, with those of its ended children, as the system counts them."""
    return float(tell(child, "print(sum(os.times()[:4]), end='')"))


def cpu_seconds(usage: Usage) -> float:
    """Seconds of a processor that the next look finds."""
    last = usage._at
    return usage.look()["system/cpu_percent"] / 100 * (usage._at - last)


def burner(seconds: float) -> str:
    return f"subprocess.run([sys.executable, '-c', {BURN.format(seconds)!r}])"


def test_what_ended_children_have_spent_is_counted_once(child):
    usage = Usage(os.getpid(), time.monotonic())
    before = spent_by(child)
    usage.look()
    tell(child, burner(0.3))
    spent = cpu_seconds(usage)
    assert spent >= 0.25
    assert spent == pytest.approx(spent_by(child) - before, abs=0.1)
    time.sleep(0.2)
    assert cpu_seconds(usage) < 0.1


def test_children_that_nobody_waits_for_do_not_make_it_fall_below_what_the_others_spend(child):
    usage = Usage(os.getpid(), time.monotonic())
    tell(child, "import signal; signal.signal(signal.SIGCHLD, signal.SIG_IGN)")
    tell(child, f"left = subprocess.Popen([sys.executable, '-c', {(BURN.format(0.4) + 'time.sleep(0.3)')!r}])")
    deadline = time.monotonic() + 30
    while len(processes.descendants(child.pid)) < 1 and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(0.2)
    usage.look()
    while processes.descendants(child.pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    tell(child, f"exec({BURN.format(0.2)!r})")
    assert cpu_seconds(usage) >= 0.15


def test_processes_threads_and_memory_of_the_whole_tree(child):
    tell(child, "b = bytearray(64 << 20); b[::4096] = b'x' * len(b[::4096])")
    tell(child, "threading.Thread(target=time.sleep, args=(60,), daemon=True).start()")
    tell(child, "below = subprocess.Popen(['sleep', '60'])")
    found = Usage(child.pid, time.monotonic()).look()
    assert (found["system/processes"], found["system/threads"]) == (1, 1), "the root itself is none of the tree"
    found = Usage(os.getpid(), time.monotonic()).look()
    assert found["system/processes"] >= 2
    assert found["system/threads"] >= 3
    assert found["system/memory_bytes"] > 64 << 20
    assert 0 < found["system/memory_percent"] < 100


def test_a_look_costs_less_than_a_hundredth_of_a_core(child):
    for _ in range(4):
        tell(child, "subprocess.Popen(['sleep', '60'])")
        tell(child, "threading.Thread(target=time.sleep, args=(60,), daemon=True).start()")
    usage = Usage(os.getpid(), time.monotonic())
    usage.look()

    def cost() -> float:
        began = time.thread_time()
        for _ in range(10):
            usage.look()
        return (time.thread_time() - began) / 10

    assert min(cost() for _ in range(5)) < 0.01


def points(run) -> dict[str, list[tuple[int, float, float]]]:
    """(step, time, value) of each series of a run that is over."""
    found: dict[str, list[tuple[int, float, float]]] = {}
    for part in JournalReader(run.folder.path).poll({}, final=True):
        columns = zip(part.name_index, part.step, part.time, part.value, strict=True)
        for name, step, when, value in columns:
            found.setdefault(part.names[name], []).append((step, when, value))
    return found


def test_a_run_is_measured_period_by_period_to_its_end(python_run):
    run = python_run(f"import time\n{BURN.format(0.9)}time.sleep(1)", system_metrics_s=0.1)
    assert run.run()["exit_code"] == 0, run.log
    began = state.read(run.folder.path)[0][0]["at"]
    found = points(run)
    assert all(name.startswith("system/") for name in found)
    cpu = found["system/cpu_percent"]
    assert len(cpu) >= 4
    spent = 0.0
    for last, (_, when, percent) in zip([(0, began, 0.0), *cpu], cpu, strict=False):
        spent += percent / 100 * (when - last[1])
    assert 0.6 < spent < 3
    steps = [step for step, _, _ in cpu]
    assert steps == sorted(steps)
    assert steps[-1] >= 1
    assert max(value for _, _, value in found["system/processes"]) == 1


def test_a_short_run_and_one_that_is_not_to_be_measured_have_nothing(python_run):
    for seconds, period_s in ((0.2, 10.0), (0.5, 0)):
        run = python_run(f"import time; time.sleep({seconds})", system_metrics_s=period_s)
        assert run.run()["exit_code"] == 0
        assert not run.folder.journal.exists() or not list(run.folder.journal.iterdir())


def test_a_journal_that_cannot_be_written_ends_the_measuring_and_not_the_script(python_run):
    run = python_run("import time; time.sleep(0.5); print('done')", system_metrics_s=0.1)
    if run.folder.journal.exists():
        run.folder.journal.rmdir()
    run.folder.journal.write_text("in the way")
    assert run.run()["exit_code"] == 0
    assert run.log == b"done\n"
