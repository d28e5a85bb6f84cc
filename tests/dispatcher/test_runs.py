"""Runs from the queue to their end, through a real dispatcher."""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest

from jupyter_mlws import workspace
from jupyter_mlws.domain.compute import paused_words
from jupyter_mlws.domain.snapshot import LinkedPath
from jupyter_mlws.domain.status import RunStatus
from jupyter_mlws.errors import InvalidInput, NotFound
from jupyter_mlws.runfolder.places import runtime_dir
from jupyter_mlws.runfolder.processes import marked


def test_outputs_are_there_while_the_run_goes_on(bench, monkeypatch):
    monkeypatch.setenv("MLWS_SETTLE_S", "0.2")
    run = bench.submit(
        "import time\nopen('outputs/a.txt', 'w').write('x')\nopen('b.csv', 'w').write('y')\ntime.sleep(300)"
    )
    bench.wait(lambda: bench.files(run) == ["b.csv", "outputs/a.txt"])
    assert bench.api.runs.get(run.id).status is RunStatus.RUNNING
    assert bench.api.files.download(run.id, "b.csv").read() == b"y"
    bench.api.runs.cancel(run.id)
    assert bench.ended(run).status is RunStatus.CANCELED


def test_of_an_ended_run_only_its_small_story_stays_in_its_folder(bench):
    run = bench.submit("print('seen')\nopen('outputs/a.txt', 'w').write('x')")
    assert bench.ended(run).status is RunStatus.COMPLETED
    bench.wait(lambda: sorted(os.listdir(bench.run_folder(run))) == ["job.json", "state.jsonl"])
    assert bench.api.logs.read(run.id).text == "seen\n"
    assert bench.files(run) == ["outputs/a.txt"]


def test_a_folder_can_be_kept_for_looking_at(bench, monkeypatch):
    monkeypatch.setenv("MLWS_KEEP_RUN_FOLDER", "1")
    run = bench.submit("import jupyter_mlws as mlws\nmlws.log(a=1)")
    bench.ended(run)
    assert (bench.run_folder(run) / "code" / "train.py").exists()
    assert any((bench.run_folder(run) / "journal").iterdir())


def test_links_that_cannot_be_made_are_warnings_of_the_run(bench, tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "x.csv").write_text("1,2")
    links = tuple(
        LinkedPath(path=path, target=str(tmp_path / "data"), reason="asked") for path in ("../data", "../../../data")
    )
    submission = replace(bench.prepare("print(open('../data/x.csv').read())"), links=links)
    record = bench.ended(bench.api.runs.submit(submission))
    assert record.status is RunStatus.COMPLETED
    assert bench.api.logs.read(record.id).text == "1,2\n"
    assert [sentence.split()[0] for sentence in record.warnings] == ["../../../data"]


def test_a_program_that_is_not_there_is_named(bench):
    run = bench.api.runs.submit(replace(bench.prepare(""), command=("no-such-program-anywhere",)))
    record = bench.ended(run)
    assert (record.status, record.error.code) == (RunStatus.FAILED, "not_started")
    assert "no-such-program-anywhere" in record.error.message


def test_a_snapshot_whose_bytes_are_gone_fails_the_run_with_the_reason(bench):
    submission = bench.prepare("print(1)")
    for path in (bench.folder / "blobs").rglob("*"):
        if path.is_file():
            path.write_bytes(b"rotten")
    record = bench.ended(bench.api.runs.submit(submission))
    assert record.status is RunStatus.FAILED
    assert record.error.message.startswith("The run could not be started")
    assert list((runtime_dir() / "handover").iterdir()) == []
    bench.wait(lambda: not bench.run_folder(record).exists())


def test_gpus_that_the_machine_has_not_are_refused_in_a_sentence(bench):
    with pytest.raises(InvalidInput, match="asks for 9 GPUs"):
        bench.api.runs.submit(replace(bench.prepare("print(1)"), gpus=9))


def test_an_experiment_may_have_the_longest_name(bench):
    run = bench.submit("print('ran')", experiment="e" * 255)
    assert bench.ended(run).status is RunStatus.COMPLETED


def test_a_sweep_keeps_to_its_own_limit_and_follows_its_children(bench, tmp_path, monkeypatch):
    monkeypatch.setenv("MLWS_LOCAL_SLOTS", "4")
    script = (
        "import os, sys, time\nplace = sys.argv[1]\nopen(os.path.join(place, str(os.getpid())), 'w')\n"
        "print(len(os.listdir(place)))\ntime.sleep(0.3)\nos.unlink(os.path.join(place, str(os.getpid())))\n"
    )
    (tmp_path / "here").mkdir()
    one = bench.prepare(script, arguments=[tmp_path / "here"])
    sweep = tuple({"n": str(i)} for i in range(5))
    parent = bench.api.runs.submit(replace(one, kind="sweep", sweep=sweep, parallel=2))
    record = bench.ended(parent)
    assert (record.status, record.children_ended) == (RunStatus.COMPLETED, 5)
    children = bench.api.runs.list(parent=parent.id).items
    assert {child.params["n"] for child in children} == set("01234")
    assert max(int(bench.api.logs.read(child.id).text) for child in children) <= 2


CANARY = "canary-5f1d0c"


TELLING = """
import hashlib, os, sys
print(hashlib.sha256((os.environ["A"] + os.environ["B"] + sys.argv[-1]).encode()).hexdigest())
"""


def test_F51_secrets_and_inherited_variables_reach_the_script_and_stay_nowhere(bench, monkeypatch):
    monkeypatch.setenv("MLWS_KEEP_RUN_FOLDER", "1")
    variables = {**os.environ, "B": CANARY}
    submission = replace(bench.prepare(TELLING), secrets={"A": CANARY}, inherited_environment=variables)
    submission = replace(submission, command=(*submission.command, "--token", CANARY))
    run = bench.api.runs.submit(submission)
    assert bench.ended(run).status is RunStatus.COMPLETED
    assert bench.api.logs.read(run.id).text.strip() == hashlib.sha256((CANARY * 3).encode()).hexdigest()
    for root in (bench.folder, runtime_dir()):
        for path in root.rglob("*"):
            if path.is_file():
                assert CANARY.encode() not in path.read_bytes(), path


@pytest.mark.parametrize("left_by", ["a session that another dispatcher serves", "a session before any dispatcher"])
def test_a_run_has_its_variables_though_its_submitter_has_another_runtime_folder(bench, monkeypatch, left_by):
    ours, theirs = (tempfile.mkdtemp(prefix="mlws-") for _ in range(2))
    monkeypatch.setenv("TMPDIR", theirs)
    monkeypatch.setattr(tempfile, "tempdir", None)  # asked anew, here and in the dispatcher that we start
    try:
        submission = replace(bench.prepare(TELLING), secrets={"A": "1"}, inherited_environment={**os.environ, "B": "2"})
        if "another" in left_by:
            workspace.Wake(bench.folder).ensure()
            monkeypatch.setenv("XDG_RUNTIME_DIR", ours)
            run = bench.api.runs.submit(submission)
        else:
            with monkeypatch.context() as elsewhere:
                # As without a login session, on a system that has no /dev/shm.
                elsewhere.setenv("MLWS_RUNTIME_DIR", f"{theirs}/jupyter-mlws-{os.getuid()}")
                elsewhere.setattr(workspace.Wake, "__call__", lambda self: None)
                run = bench.api.runs.submit(submission)
            workspace.wake(bench.folder)
        assert bench.ended(run).status is RunStatus.COMPLETED
        assert list(Path(ours).rglob("*.json")) == list(Path(theirs).rglob("*.json")) == []
        assert workspace.stop_dispatcher(bench.folder)
    finally:
        shutil.rmtree(ours)
        shutil.rmtree(theirs)


ASKING = """
import sys
from jupyter_mlws import Run
from jupyter_mlws.runfolder import mailbox
run = Run.get_context()
run.tag("mine", "yes")
open("outputs/model.bin", "w").write("weights")
run.register_model("net", "outputs/model.bin")
run.register_model("net", "outputs/missing.bin")
folder = run._folder
mailbox.post(folder, "runs.update", {"run": sys.argv[1], "update": {"tags": {"stolen": "yes"}}})
mailbox.post(folder, "runs.cancel", {"run": run.id})
mailbox.post(folder, "runs.update", {"run": run.id, "update": {"status": "Completed"}})
mailbox.post(folder, "nonsense", {})
"""


def test_a_script_may_change_its_own_run_only_and_is_answered_once(bench):
    other = bench.submit("print(1)")
    bench.ended(other)
    run = bench.submit(ASKING, arguments=[other.id])
    record = bench.ended(run)
    assert record.status is RunStatus.COMPLETED
    assert record.tags == {"mine": "yes"}
    assert bench.api.runs.get(other.id).tags == {}
    (model,) = bench.api.models.list().items
    assert (model.name, model.version, model.run_id) == ("net", 1, run.id)
    assert bench.api.models.download("net", 1, model.files[0].path).read() == b"weights"
    assert len(record.warnings) == 5
    assert any("missing.bin" in sentence for sentence in record.warnings)
    assert any("own run only" in sentence for sentence in record.warnings)


def test_P11_a_link_that_a_script_leaves_is_a_warning_and_no_file(bench, tmp_path):
    (tmp_path / "passwd").write_text(CANARY)
    run = bench.submit(f"import os\nos.symlink({str(tmp_path / 'passwd')!r}, 'outputs/loot.txt')")
    record = bench.ended(run)
    assert record.status is RunStatus.COMPLETED
    assert any("outputs/loot.txt is a symbolic link" in sentence for sentence in record.warnings)
    with pytest.raises(NotFound):
        bench.api.files.download(run.id, "outputs/loot.txt")


def test_stopping_the_dispatcher_leaves_the_run_going_and_the_next_one_takes_it_up(bench, tmp_path):
    go = tmp_path / "go"
    run = bench.submit(f"import os, time\nwhile not os.path.exists({str(go)!r}):\n    time.sleep(0.05)\nprint('over')")
    bench.wait(lambda: bench.api.runs.get(run.id).status is RunStatus.RUNNING)
    assert workspace.stop_dispatcher(bench.folder)
    assert bench.api.runs.get(run.id).status is RunStatus.RUNNING
    bench.api.workspace.wake()
    go.touch()
    assert bench.ended(run).status is RunStatus.COMPLETED
    assert bench.api.logs.read(run.id).text == "over\n"


def test_a_new_dispatcher_removes_what_a_dead_one_left_of_ended_runs(bench):
    run = bench.submit("print(1)")
    bench.ended(run)
    workspace.stop_dispatcher(bench.folder)
    (bench.run_folder(run) / "code" / "locked").mkdir(parents=True)
    (bench.run_folder(run) / "code" / "locked" / "train.py").touch()
    (bench.run_folder(run) / "code" / "locked").chmod(0o500)
    (bench.folder / "runs" / "a folder of nobody").mkdir()
    # On a slow machine two are started, and the one that stood in line has looked already.
    workspace.stop_dispatcher(bench.folder)
    bench.api.workspace.wake()
    bench.wait(lambda: not (bench.run_folder(run) / "code").exists())
    assert (bench.folder / "runs" / "a folder of nobody").exists()


def test_a_run_whose_folder_is_gone_is_not_started_again(bench):
    run = bench.submit("import time\ntime.sleep(300)")
    bench.wait(lambda: bench.api.runs.get(run.id).status is RunStatus.RUNNING)
    workspace.stop_dispatcher(bench.folder)
    shutil.rmtree(bench.run_folder(run))
    bench.api.workspace.wake()
    record = bench.ended(run)
    assert record.status is RunStatus.FAILED
    assert "folder is gone" in record.error.message
    assert marked(run.id) == []


def test_F11_a_busy_database_delays_the_end_of_a_run_and_loses_nothing(bench, monkeypatch):
    """Longer than the busy timeout, so that the dispatcher is refused and has to try again."""
    monkeypatch.setenv("MLWS_BUSY_TIMEOUT_S", "0.2")
    run = bench.submit(
        "import time, jupyter_mlws as mlws\ntime.sleep(1)\nmlws.log(a=1)\nopen('outputs/a', 'w').write('x')"
    )
    bench.wait(lambda: bench.api.runs.get(run.id).status is RunStatus.RUNNING)
    other = sqlite3.connect(bench.folder / "mlws.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    bench.wait(lambda: "has not finished" in (bench.folder / "dispatcher.log").read_text())
    bench.wait(lambda: (bench.run_folder(run) / "state.jsonl").read_text().count("ended"))
    other.execute("ROLLBACK")
    other.close()
    record = bench.ended(run)
    assert record.status is RunStatus.COMPLETED
    assert record.metrics[0].count == 1
    assert bench.files(run) == ["outputs/a"]


@pytest.mark.parametrize("fault", ["ENOSPC", "EIO"])
def test_a_dispatcher_that_cannot_look_for_work_stays_until_it_could(bench, monkeypatch, fault):
    """Else a run that waits is left alone: whoever submitted it has gone, and nobody else wakes a dispatcher."""
    monkeypatch.setenv("MLWS_DISPATCHER_IDLE_S", "0")
    monkeypatch.setenv("MLWS_IDLE_POLL_S", "0.05")
    # The first is its turn; what it writes then is refused for a while, at first when it means to leave.
    monkeypatch.setenv("MLWS_FAULT", ",".join(f"dispatcher/store.commit:{n}:{fault}" for n in range(2, 9)))
    run = bench.submit("print('begun')")
    assert bench.ended(run).status is RunStatus.COMPLETED
    log = bench.wait(lambda: "leaves" in (found := (bench.folder / "dispatcher.log").read_text()) and found)
    assert "Looking for work" in log
    assert "Traceback" not in log


def test_a_paused_target_begins_nothing_and_lets_what_runs_go_on(bench):
    running = bench.submit("import os, time\nwhile not os.path.exists('outputs/go'): time.sleep(0.02)")
    bench.wait(lambda: bench.api.runs.get(running.id).status is RunStatus.RUNNING)
    bench.api.compute.pause("local")
    held = bench.submit("print('begun')")
    bench.wait(lambda: bench.api.runs.get(held.id).waiting_for == paused_words("local"))
    (bench.run_folder(running) / "outputs" / "go").touch()
    assert bench.ended(running).status is RunStatus.COMPLETED
    workspace.stop_dispatcher(bench.folder)
    bench.api.workspace.wake()  # the next one obeys, too
    bench.wait(lambda: bench.api.compute.list().items[0].running == 0)
    assert bench.api.runs.get(held.id).status is RunStatus.QUEUED
    bench.api.compute.resume("local")
    assert bench.ended(held).status is RunStatus.COMPLETED
    assert bench.api.runs.get(held.id).waiting_for == ""
