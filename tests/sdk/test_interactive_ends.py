"""Processes that log a run and end, in all ways."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest
from logged_runs import DEADLINE_S, only_run, values, wait

from jupyter_mlws.dispatcher import client

pytestmark = pytest.mark.usefixtures("quick")


def test_a_script_that_ends_without_a_word_has_completed_its_run_and_failed_it_with_an_exception(ws, script):
    plain, raising = script('run.log("loss", 1)'), script('run.log("loss", 2)\n1 / 0')
    assert plain.communicate(timeout=DEADLINE_S)[1] == ""
    raising.communicate(timeout=DEADLINE_S)
    wait(lambda: all(run.record.status.is_terminal for run in ws.runs()))
    runs = {run.get_metrics()["loss"]: run for run in ws.runs()}
    assert {value: run.status for value, run in runs.items()} == {1.0: "Completed", 2.0: "Failed"}
    assert runs[2.0].record.error.code == "ZeroDivisionError"


WORK = """
from jupyter_mlws import Run

def work(i):
    run = Run.get_context(allow_offline=False)
    run.log("work", i)
    run.log_row("rows", i=i)
    with run.child_run(f"part {i}") as part:
        part.log("x", i)
    run.complete()  # which is its parent's to say
    run.fail("no")
"""


def test_workers_log_into_the_run_of_the_process_that_spawned_them(ws, script, tmp_path):
    (tmp_path / "work.py").write_text(WORK)
    process = script(
        """
        import __main__, multiprocessing, os, subprocess, work

        del __main__.__file__  # as in a kernel: workers do not begin with it
        with multiprocessing.get_context("spawn").Pool(2) as pool:
            pool.map(work.work, range(4))
            pool.close()
            pool.join()
        run.log("own", 1)
        alone = "from jupyter_mlws import Run; Run.get_context(allow_offline=False)"
        alone = subprocess.run([sys.executable, "-c", alone], capture_output=True, text=True)
        print("belongs to no run" in alone.stderr)
        run.complete()
        print("MLWS_LOGGED_RUN" in os.environ)
        """
    )
    out, err = process.communicate(timeout=DEADLINE_S)
    assert out.split() == ["True", "False"], err
    run = only_run(ws)
    assert run.status == "Completed"
    assert sorted(values(ws, run, "work")) == [0, 1, 2, 3]
    assert run.get_metrics("own") == {"own": 1.0}
    assert sorted(run.get_metrics("rows")["rows"]["i"]) == [0, 1, 2, 3]
    assert sorted(child.display_name for child in run.get_children()) == [f"part {i}" for i in range(4)]


# How a script ends that leaves its run open, and the sentence of a run that failed by it.
EXITS = {
    "sys.exit(0)": None,
    "sys.exit()": None,
    "sys.exit(3)": "The script ended with exit code 3.",
    "sys.exit('no data')": "no data",
    "try: sys.exit(4)\nfinally: print('tidy')": "The script ended with exit code 4.",
    "def main():\n    sys.exit(5)\nmain()": "The script ended with exit code 5.",
    "import argparse; argparse.ArgumentParser().parse_args(['--x'])": "The script ended with exit code 2.",
    "raise SystemExit(6)": "The script ended with exit code 6.",
    # Caught, by whomever: the script goes on.
    "try: sys.exit(1)\nexcept SystemExit: pass": None,
    "thread = threading.Thread(target=sys.exit, args=(1,)); thread.start(); thread.join()": None,
}


def test_a_run_that_a_script_leaves_open_ends_as_the_script_does(ws, script):
    # So many at once may be silent for a while on a busy machine, and are not dead.
    processes = [
        script(f"import sys, threading; run.log('case', {i})\n{end}", MLWS_SILENCE_S="60")
        for i, end in enumerate(EXITS)
    ]
    for process in processes:
        process.communicate(timeout=DEADLINE_S)
    wait(lambda: [run.record.status.is_terminal for run in ws.runs()] == [True] * len(EXITS))
    errors = {int(run.get_metrics()["case"]): run.record.error for run in ws.runs()}
    for i, (end, sentence) in enumerate(EXITS.items()):
        assert (errors[i] and errors[i].message) == sentence, end
        if sentence is not None:
            assert (errors[i].code, errors[i].exit_code) == ("script_failed", processes[i].returncode)


def test_a_killed_process_fails_its_run_soon_and_all_its_points_are_kept(ws, script):
    process = script(
        """
        for i in range(20_000): run.log("loss", i)
        run.log_list("names", ["a"])
        print("logged", flush=True)
        time.sleep(100)
        """
    )
    assert process.stdout.readline() == "logged\n"
    process.kill()
    killed = time.monotonic()
    run = only_run(ws)
    wait(lambda: run.status == "Failed", 30)
    assert time.monotonic() - killed < 30
    assert "ended without completing it" in run.record.error.message
    assert values(ws, run, "loss") == [float(i) for i in range(20_000)]
    assert run.get_metrics("names") == {"names": ["a"]}


def test_a_suspended_process_is_not_responding_until_it_goes_on(ws, script):
    process = script(
        """
        print("begun", flush=True)
        sys.stdin = open(0)
        while not os.path.exists("go"): time.sleep(0.02)
        run.log("loss", 1)
        run.complete()
        """
    )
    process.stdout.readline()
    os.kill(process.pid, signal.SIGSTOP)
    run = only_run(ws)
    wait(lambda: run.status == "NotResponding")
    os.kill(process.pid, signal.SIGCONT)
    wait(lambda: run.status == "Running")
    Path("go").touch()
    wait(lambda: run.status == "Completed")
    assert values(ws, run, "loss") == [1.0]


def test_a_dispatcher_that_is_killed_is_followed_by_one_that_goes_on(ws, exp):
    run = exp.start_logging(snapshot_directory=None)
    run.log("loss", 0.0)
    run.flush()
    os.kill(wait(lambda: client.state(Path(ws.location)).pid), signal.SIGKILL)
    run.log("loss", 1.0)
    run.complete()
    assert run.status == "Completed"
    assert values(ws, run, "loss") == [0.0, 1.0]


def test_a_fork_logs_to_the_run_and_does_not_end_it(ws, script):
    process = script(
        """
        run.log("loss", 0)
        child = os.fork()
        if child == 0:
            run.log("loss", 1)
            run.complete()
            sys.exit(0)
        os.waitpid(child, 0)
        assert run.status == "Running", run.status
        run.log("loss", 2)
        run.complete()
        """
    )
    assert process.communicate(timeout=DEADLINE_S)[1] == ""
    run = only_run(ws)
    assert run.status == "Completed"
    assert sorted(values(ws, run, "loss")) == [0.0, 1.0, 2.0]


def test_a_kernel_that_is_killed_fails_its_run(ws, tmp_path):
    from jupyter_client.manager import start_new_kernel

    manager, kernel = start_new_kernel(kernel_name="python3", cwd=str(tmp_path))
    try:
        code = (
            "from jupyter_mlws import Workspace, Experiment, Run\n"
            f"run = Experiment(Workspace({ws.location!r}), 'digits').start_logging(snapshot_directory=None)\n"
            "assert Run.get_context() is run\n"
            "for i in range(3000): run.log('loss', i)"
        )
        assert kernel.execute_interactive(code, timeout=DEADLINE_S)["content"]["status"] == "ok"
        run = only_run(ws)
        assert run.status == "Running"
        manager.signal_kernel(signal.SIGKILL)
        wait(lambda: run.status == "Failed", 30)
        assert values(ws, run, "loss") == [float(i) for i in range(3000)]
    finally:
        kernel.stop_channels()
        manager.shutdown_kernel(now=True)
