"""Runs that log from this process, while it goes on."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from logged_runs import values, wait

import jupyter_mlws as mlws
from jupyter_mlws.errors import InvalidInput, WrongState
from jupyter_mlws.runfolder.names import RUN_FOLDER_VARIABLE
from jupyter_mlws.sdk.run import Run

pytestmark = pytest.mark.usefixtures("quick")


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
    # What is recorded leaves the folder only after the end is known.
    folder = Path(ws.location) / "runs" / run.id
    wait(lambda: sorted(path.name for path in folder.iterdir()) == ["job.json", "state.jsonl"])


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="looks into /proc: Linux")
def test_a_run_that_has_ended_has_no_file_open_in_its_process(ws, exp):
    with exp.start_logging(snapshot_directory=None) as run:
        run.log("loss", 1.0)
        run.log_row("rows", a=1)
    place = os.path.join(os.path.realpath(ws.location), "runs", run.id)
    left = [os.readlink(entry.path) for entry in os.scandir("/proc/self/fd") if os.path.islink(entry.path)]
    assert [path for path in left if path.startswith(place)] == []


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


def test_an_exception_that_cannot_say_what_it_is_fails_the_run_and_goes_on_itself(exp):
    class Mute(Exception):
        def __str__(self) -> str:
            raise KeyError("words")

    with pytest.raises(Mute), exp.start_logging(snapshot_directory=None) as run:
        raise Mute
    assert run.status == "Failed"
    error = run.record.error
    assert (error.code, error.message) == ("Mute", "Mute: its text cannot be made (KeyError)")
    assert "raise Mute" in error.traceback


def test_an_exception_in_the_block_fails_the_run_and_a_plain_exit_completes_it(exp):
    with pytest.raises(ZeroDivisionError), exp.start_logging(snapshot_directory=None) as run:
        raise ZeroDivisionError("no")
    assert run.status == "Failed"
    assert run.record.error.code == "ZeroDivisionError"
    assert "no" in run.record.error.message
    assert "test_interactive" in run.record.error.traceback
    with pytest.raises(InvalidInput), exp.start_logging(snapshot_directory=None) as run:
        run.log("loss", "low")
    told = run.record.error.traceback
    assert 'run.log("loss", "low")' in told
    assert "InvalidInput: Metric 'loss' was given a str" in told
    assert told.count('  File "') == 1  # the way through our files says nothing to anybody
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


def test_a_process_that_works_in_the_folder_of_the_workspace_reads_what_others_write(ws, exp, monkeypatch):
    monkeypatch.chdir(ws.location)
    Path("train.py").write_text("")
    with exp.start_logging() as run:
        run.log("loss", 0.5)
    # A database that its own process opens and closes as a file has lost its locks.
    assert ws.run(run.id).get_metrics() == {"loss": 0.5}


def test_no_call_that_keeps_a_folder_takes_the_locks_of_the_database(ws, exp, monkeypatch):
    monkeypatch.chdir(Path(ws.location).parent)
    place = Path("train.py")
    place.write_text("")
    database = Path(ws.location, "mlws.sqlite")

    def is_locked() -> bool:
        ws.runs(1)
        owners = [line.split() for line in Path("/proc/locks").read_text().splitlines()]
        inode = str(os.stat(database).st_ino)
        return any(
            words[4] == str(os.getpid()) and words[5].endswith(f":{inode}") for words in owners if "POSIX" in words
        )

    assert is_locked()
    with exp.start_logging(snapshot_directory=None, outputs=".") as run:
        place.write_text("changed")
        run.upload_folder("all", ".")
        assert is_locked()
        with pytest.raises(InvalidInput, match="the database of a workspace"):
            run.upload_file("records", str(database))
        mlws.Model.register(ws, ".", "everything")
        assert is_locked()
    assert is_locked()
    assert {name for name in ws.run(run.id).get_file_names() if "sqlite" in name} == set()


def test_after_a_canceled_block_the_run_around_it_is_active_again(ws, exp):
    outer = exp.start_logging("outer", snapshot_directory=None)
    with exp.start_logging("inner", snapshot_directory=None) as inner:
        ws.run(inner.number).cancel()
        wait(lambda: inner._ended)
    assert mlws.Run.get_context() is outer
    mlws.log(y=2)
    outer.complete()
    assert values(ws, outer, "y") == [2.0]
