"""Runs that log from a process of somebody's own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from jupyter_process import JupyterProcess

import jupyter_mlws as mlws
from jupyter_mlws import workspace as room
from jupyter_mlws.api.series import decode_series
from jupyter_mlws.dispatcher import client
from jupyter_mlws.errors import InvalidInput, WrongState
from jupyter_mlws.runfolder.names import RUN_FOLDER_VARIABLE
from jupyter_mlws.sdk.experiment import Experiment
from jupyter_mlws.sdk.offline_folders import offline_folders
from jupyter_mlws.sdk.run import Run
from jupyter_mlws.sdk.workspace import Workspace

DEADLINE_S = 40.0
BEGIN = """
import os, sys, time
from jupyter_mlws import Workspace, Experiment
run = Experiment(Workspace(sys.argv[1]), "digits").start_logging(snapshot_directory=None)
"""


def wait(what: Callable[[], Any], deadline_s: float = DEADLINE_S) -> Any:
    until = time.monotonic() + deadline_s
    while not (found := what()):
        assert time.monotonic() < until
        time.sleep(0.02)
    return found


def values(ws: Workspace, run: Run | str, name: str) -> list[float]:
    run_id = run if isinstance(run, str) else run.id
    return list(decode_series(ws.api.metrics.read(run_id, name).read()).columns["value"])


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch, no_run_open: None) -> None:
    """A silence that is noticed soon."""
    monkeypatch.setenv("MLWS_SILENCE_S", "1.5")


@pytest.fixture
def exp(ws: Workspace) -> Experiment:
    return Experiment(ws, "digits")


@pytest.fixture
def script(ws: Workspace, tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start a script that begins a run; `location` is another way to the workspace."""
    begun: list[subprocess.Popen[str]] = []

    def start(text: str, location: str = "", **variables: str) -> subprocess.Popen[str]:
        file = tmp_path / f"train{len(begun)}.py"
        file.write_text(BEGIN + textwrap.dedent(text))
        process = subprocess.Popen(
            [sys.executable, str(file), location or ws.location],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=tmp_path,
            env={**os.environ, **variables},
        )
        begun.append(process)
        return process

    yield start
    for process in begun:
        process.kill()
        process.communicate()


def only_run(ws: Workspace) -> Run | None:
    found = ws.runs(2)
    assert len(found) < 2
    return found[0] if found else None


# -- in this process


def test_a_run_of_this_process_is_running_at_once_and_keeps_all_that_it_was_given(ws, exp, tmp_path):
    (tmp_path / "outputs").mkdir()
    (tmp_path / "outputs" / "old.txt").write_text("from before")
    run = exp.start_logging("first try", params={"lr": 0.1}, tags={"owner": "ada"}, snapshot_directory=None)
    assert run.status == "Running"
    assert run.type == "interactive"
    assert ws.run(run.number).id == run.id
    assert isinstance(run, Run)
    assert mlws.Run.get_context() is run
    for i in range(500):
        run.log("loss", 1 / (i + 1))
    mlws.log(acc=0.5)
    run.log_row("rows", a=1, b="x")
    run.log_row("rows", a=2, b="y")
    assert run.get_metrics("rows") == {"rows": {"a": [1, 2], "b": ["x", "y"]}}
    run.tag("more", "yes")
    (tmp_path / "outputs" / "new.txt").write_text("new")
    run.upload_file("plots/a.txt", tmp_path / "outputs" / "new.txt")
    model = run.register_model("digits", "plots/a.txt")
    with run.child_run("fold") as child:
        child.log("loss", 2.0)
    run.complete()
    assert run.status == "Completed"
    assert run.tags == {"owner": "ada", "more": "yes"}
    assert (run.params, run.display_name) == ({"lr": "0.1"}, "first try")
    assert values(ws, run, "loss") == [1 / (i + 1) for i in range(500)]
    assert run.get_metrics("acc") == {"acc": 0.5}
    assert sorted(run.get_file_names()) == ["outputs/new.txt", "plots/a.txt"]
    assert model.run == run
    assert [(one.status, one.get_metrics()) for one in run.get_children()] == [("Completed", {"loss": 2.0})]
    assert child.status == "Completed"
    assert sorted(path.name for path in (Path(ws.location) / "runs" / run.id).iterdir()) == ["job.json", "state.jsonl"]


def test_an_ended_run_refuses_to_be_logged_to_and_can_still_be_tagged(ws, exp):
    run = exp.start_logging(snapshot_directory=None)
    run.complete()
    run.complete()
    for call in (
        lambda: run.log("loss", 1.0),
        lambda: run.log_metrics({"loss": 1.0}),
        lambda: run.log_list("l", [1]),
        lambda: run.child_run(),
    ):
        with pytest.raises(WrongState, match="has ended"):
            call()
    run.tag("late", "yes")
    assert ws.run(run.number).tags == {"late": "yes"}
    assert run.wait_for_completion()["status"] == "Completed"


def test_the_folder_is_snapshotted_and_too_much_is_refused_before_anything_is_recorded(ws, exp, tmp_path):
    (tmp_path / "train.py").write_text("print(1)")
    with exp.start_logging() as run:
        pass
    assert run.get_snapshot_id()
    with pytest.raises(InvalidInput, match="There is no folder"):
        exp.start_logging(snapshot_directory="nowhere")
    with pytest.raises(InvalidInput, match="is no folder"):
        exp.start_logging(outputs=tmp_path / "train.py")
    assert len(ws.runs()) == 1


def test_an_exception_in_the_block_fails_the_run_and_a_plain_exit_completes_it(exp):
    with pytest.raises(ZeroDivisionError), exp.start_logging(snapshot_directory=None) as run:
        raise ZeroDivisionError("no")
    assert run.status == "Failed"
    assert run.record.error.code == "ZeroDivisionError"
    assert "no" in run.record.error.message
    assert "test_interactive" in run.record.error.traceback
    with pytest.raises(SystemExit), exp.start_logging(snapshot_directory=None) as run:
        sys.exit(0)
    assert run.status == "Completed"
    run = exp.start_logging(snapshot_directory=None)
    run.fail("the data is bad", error_code="bad_data")
    assert (run.status, run.record.error.code) == ("Failed", "bad_data")


def test_the_newest_open_run_is_the_active_one_and_then_the_one_before_it(exp):
    first = exp.start_logging(snapshot_directory=None)
    with exp.start_logging(snapshot_directory=None) as second:
        mlws.log(of=2)
        assert mlws.Run.get_context() is second
    assert mlws.Run.get_context() is first
    mlws.log(of=1)
    first.complete()
    with pytest.raises(WrongState):
        mlws.Run.get_context(allow_offline=False)
    assert (first.get_metrics(), second.get_metrics()) == ({"of": 1.0}, {"of": 2.0})


def test_a_child_of_an_ended_run_loses_nothing_without_a_word(ws, exp, tmp_path):
    run = exp.start_logging(snapshot_directory=None)
    child, left_open = run.child_run("first"), run.child_run("second")
    child.log("loss", 1.0)
    child.complete()
    run.complete()
    left_open.complete()
    child.tag("best", "yes")
    (tmp_path / "notes.txt").write_text("kept")
    child.upload_file("notes.txt", tmp_path / "notes.txt")
    for refused in (
        lambda: child.log("loss", 2.0),
        lambda: child.log_metrics({"loss": 2.0}),
        lambda: child.log_row("rows", a=1),
        lambda: child.child_run("third"),
        lambda: left_open.create_children(2),
    ):
        with pytest.raises(WrongState, match="has ended"):
            refused()
    found = ws.run(child.id)
    assert (found.tags, found.get_file_names(), found.get_metrics()) == ({"best": "yes"}, ["notes.txt"], {"loss": 1.0})
    assert child.tags == {"best": "yes"}
    assert [one.status for one in ws.run(run.id).get_children()] == ["Completed", "Completed"]
    assert not (run._folder.children / child.id / "mailbox").exists()


def test_a_fork_after_the_end_of_a_run_keeps_all_its_files_open(exp, tmp_path):
    run = exp.start_logging(snapshot_directory=None)
    heart = run._agent._heart
    run.complete()
    mine = []
    while heart not in mine and len(mine) < 20:  # one of them gets its number
        mine.append(os.open(tmp_path / "mine", os.O_RDWR | os.O_CREAT))
    pid = os.fork()
    if pid == 0:
        try:
            for fd in mine:
                os.fstat(fd)
        except OSError:
            os._exit(1)
        os._exit(0)
    for fd in mine:
        os.close(fd)
    assert os.waitpid(pid, 0)[1] == 0


def test_a_process_of_a_job_begins_child_runs_instead(exp, tmp_path, monkeypatch):
    (tmp_path / "job.json").write_text('{"run_id": "digits_1", "run_number": 1, "protocol_version": 1}')
    monkeypatch.setenv(RUN_FOLDER_VARIABLE, str(tmp_path))
    with pytest.raises(WrongState, match="child_run"):
        exp.start_logging()


def test_a_run_that_is_canceled_from_outside_is_over_and_its_process_goes_on(ws, exp, capfd):
    run = exp.start_logging(snapshot_directory=None)
    run.log("loss", 1.0)
    ws.run(run.number).cancel()
    wait(lambda: ws.run(run.number).status == "Canceled")
    wait(lambda: run._ended)
    for i in range(20_000):  # more than what is mapped of the journal
        run.log("loss", i)
    run.log_row("rows", a=1)
    run.tag("after", "yes")
    said = capfd.readouterr().err
    assert said.count("was canceled") == 1
    assert said.count("\n") == 1
    assert values(ws, run, "loss") == [1.0]
    run.complete()
    assert run.status == "Canceled"


def test_the_same_key_gives_the_same_run(ws):
    from jupyter_mlws.domain.interactive import RunStart

    one, other = (ws.api.runs.start(RunStart(experiment="digits", key="k")) for _ in range(2))
    assert one.id == other.id
    assert [path.name for path in (Path(ws.location) / "runs").iterdir()] == [one.id]


# -- processes that end in all ways


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
    # Caught, by whomever: the script goes on.
    "try: sys.exit(1)\nexcept SystemExit: pass": None,
    "thread = threading.Thread(target=sys.exit, args=(1,)); thread.start(); thread.join()": None,
}


def test_a_run_that_a_script_leaves_open_ends_as_the_script_does(ws, script):
    processes = [script(f"import sys, threading; run.log('case', {i})\n{end}") for i, end in enumerate(EXITS)]
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


# -- to a workspace elsewhere


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[JupyterProcess, Path]]:
    """A Jupyter server with a workspace of its own, and the folder of that."""
    from jupyter_mlws.workspace.folder import create

    root = tmp_path / "root"
    root.mkdir()
    folder = create(root)
    server = JupyterProcess(root, tmp_path / "server.log", alone=True)
    ended: list[JupyterProcess] = [server]
    yield server, folder
    for one in ended:
        one.close()
    room.stop_dispatcher(folder)


def test_a_server_that_is_killed_and_restarted_loses_nothing_and_doubles_nothing(served, tmp_path, capfd):
    server, _ = served
    ws = Workspace(server.url, token=server.token)
    run = Experiment(ws, "digits").start_logging(snapshot_directory=None)
    for i in range(5_000):
        run.log("loss", i)
    run.log_row("rows", a=1)
    assert run.get_metrics("rows") == {"rows": {"a": [1]}}
    server.kill()
    for i in range(5_000, 15_000):
        run.log("loss", i)
    run.log_row("rows", a=2)
    run.tag("while", "away")
    with run.child_run("fold") as child:
        child.log("loss", 7)
    time.sleep(1.0)  # longer than the thread waits before it finds the server gone
    with JupyterProcess(tmp_path / "root", tmp_path / "server.log", alone=True, port=server.port):
        for i in range(15_000, 16_000):
            run.log("loss", i)
        run.upload_file("notes.txt", __file__)
        run.flush(60)
        run.complete()
        assert run.status == "Completed"
        assert values(ws, run, "loss") == [float(i) for i in range(16_000)]
        assert run.get_metrics("rows") == {"rows": {"a": [1, 2]}}
        assert run.tags == {"while": "away"}
        assert run.get_file_names() == ["notes.txt"]
        assert [one.get_metrics() for one in run.get_children()] == [{"loss": 7.0}]
        assert run.properties == {"mlws.logged_from": os.uname().nodename}
        assert offline_folders() == []


@pytest.mark.soak
def test_what_a_killed_process_could_not_send_is_imported_afterwards(served, script, tmp_path):
    server, _ = served
    process = script(
        """
        run.log("loss", 0)
        run.flush()
        print("sent", flush=True)
        while not os.path.exists("gone"): time.sleep(0.02)
        for i in range(1, 1000): run.log("loss", i)
        run.log_row("rows", a=1)
        print("logged", flush=True)
        time.sleep(100)
        """,
        server.url,
        MLWS_TOKEN=server.token,
    )
    assert process.stdout.readline() == "sent\n"
    server.kill()
    Path("gone").touch()
    assert process.stdout.readline() == "logged\n"
    process.kill()
    process.wait()
    with JupyterProcess(tmp_path / "root", tmp_path / "server.log", alone=True, port=server.port):
        ws = Workspace(server.url, token=server.token)
        run = only_run(ws)
        wait(lambda: run.status == "Failed")
        assert [one.id for one in ws.import_offline()] == [run.id]
        assert values(ws, run, "loss") == [float(i) for i in range(1000)]
        assert run.get_metrics("rows") == {"rows": {"a": [1]}}
        assert run.status == "Failed"
        assert ws.import_offline() == []
