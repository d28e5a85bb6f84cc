"""The whole thread by the SDK: submit, follow, find again."""

from __future__ import annotations

import math
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from jupyter_mlws import Experiment, Model, Run, ScriptRunConfig, Workspace
from jupyter_mlws.errors import InvalidInput, InvalidName, NotFound, RunFailed, UsageError

TRAIN = """
import pickle, sys
from pathlib import Path
from jupyter_mlws import Run

run = Run.get_context()
for epoch in range(5):
    run.log("loss", 1 / (epoch + 1))
    run.log_metrics({"accuracy": epoch / 5, "nan": float("nan")}, step=10 * epoch)
run.tag("stage", "done")
Path("outputs").mkdir(exist_ok=True)
Path("outputs/model.pkl").write_bytes(pickle.dumps({"weights": [1, 2, 3]}))
Path("preds.csv").write_text("a,b\\n1,2\\n")
run.upload_file("plots/note.txt", "preds.csv")
run.register_model("from-job", "outputs/model.pkl")
print("hello", *sys.argv[1:], run.experiment.name, run.number)
"""


def test_a_script_run_is_found_again_with_everything_it_left(submit, ws, tmp_path):
    run = submit(TRAIN, arguments=["--lr", 0.1, "a b", "$(id)", "'", ""], tags={"owner": "ada"})
    details = run.wait_for_completion()

    assert details["status"] == "Completed"
    assert details["error"] is None
    assert details["tags"] == {"owner": "ada", "stage": "done"}
    assert run.get_log() == f"hello --lr 0.1 a b $(id) '  digits {run.number}\n"

    # The next day: another process, the folder moved.
    metrics = run.get_metrics()
    assert metrics["loss"] == [1 / (n + 1) for n in range(5)]
    assert metrics["accuracy"] == [n / 5 for n in range(5)]
    assert all(math.isnan(value) for value in metrics["nan"])
    assert run.metric("accuracy").columns["step"].tolist() == [0, 10, 20, 30, 40]
    assert run.metric("loss").columns["step"].tolist() == [0, 1, 2, 3, 4]

    names = run.get_file_names()
    assert {"outputs/model.pkl", "preds.csv", "plots/note.txt", "logs/std.log"} <= set(names)
    assert Path(run.download_file("preds.csv", tmp_path)).read_text() == "a,b\n1,2\n"

    archive = zipfile.ZipFile(run.restore_snapshot(tmp_path))
    assert archive.namelist() == ["train.py"]
    assert archive.read("train.py").decode() == TRAIN

    model = run.register_model("digits", "outputs/model.pkl", tags={"best": "yes"})
    assert (model.id, model.run_id) == ("digits:1", run.id)
    assert {m.id for m in Model.list(ws)} == {"digits:1", "from-job:1"}
    assert (
        Path(model.download(tmp_path / "model")).read_bytes()
        == Path(run.download_file("outputs/model.pkl", tmp_path)).read_bytes()
    )
    assert Run.get(ws, run.number) == run == ws.runs()[0] == Run.list(run.experiment)[0]


def test_a_failed_script_says_its_exit_code_and_its_end(submit):
    run = submit("import sys\nprint('so far so good')\nsys.exit(3)")
    with pytest.raises(RunFailed, match=rf"#{run.number} failed.*3"):
        run.wait_for_completion()
    error = run.get_details()["error"]
    assert (error["exit_code"], error["signal"]) == (3, None)
    assert run.get_log() == "so far so good\n"


def test_F01_a_script_that_was_killed_names_the_signal(submit):
    run = submit("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)")
    assert run.wait_for_completion(raise_on_error=False)["status"] == "Failed"
    error = run.get_details()["error"]
    assert "SIGKILL" in error["signal"]
    assert "SIGKILL" in error["message"]


def test_the_time_limit_ends_a_script_and_says_so(submit):
    run = submit("import time\ntime.sleep(60)", max_run_duration_seconds=0.5)
    assert run.wait_for_completion(raise_on_error=False)["status"] == "Failed"
    assert "0.5" in run.get_details()["error"]["message"]


def test_cancel_ends_a_running_script(submit):
    run = submit("import time\nprint('up', flush=True)\ntime.sleep(60)")
    while run.get_status() != "Running":
        assert run.get_status() != "Failed", run.get_details()
    run.cancel()
    assert run.wait_for_completion()["status"] == "Canceled"
    run.cancel()
    assert run.get_status() == "Canceled"


def test_a_command_and_variables_are_passed_on(submit, ws, tmp_path, monkeypatch):
    monkeypatch.setenv("FROM_THE_SHELL", "inherited")
    project = tmp_path / "project"
    project.mkdir()
    (project / "data.txt").write_text("content")
    config = ScriptRunConfig(
        project,
        command="cat data.txt && printenv FROM_THE_SHELL MINE AZUREML_RUN_ID MLWS_EXPERIMENT_NAME",
        environment_variables={"MINE": "set"},
    )
    run = Experiment(ws, "shell").submit(config)
    run.wait_for_completion()
    assert run.get_log() == f"contentinherited\nset\n{run.id}\nshell\n"
    assert "FROM_THE_SHELL" in run.record.environment_variables
    stored = b"".join(path.read_bytes() for path in Path(ws.location).glob("mlws.sqlite*"))
    assert b"FROM_THE_SHELL" in stored
    assert b"inherited" not in stored


def test_gpus_that_are_not_there_are_answered_at_submit(submit, ws):
    from dataclasses import replace

    run = submit("")
    wish = ScriptRunConfig(".", command="true").prepare(ws.api, "digits")
    with pytest.raises(InvalidInput, match=r"asks for 64 GPUs, and local has"):
        ws.api.runs.submit(replace(wish, gpus=64))
    run.wait_for_completion()


def test_a_sweep_that_failed_names_the_run_that_did(ws, tmp_path):
    from dataclasses import replace

    from jupyter_mlws.sdk.run import Run

    wish = ScriptRunConfig(tmp_path, command="exit 3").prepare(ws.api, "digits")
    run = Run(ws, ws.api.runs.submit(replace(wish, kind="sweep", sweep=({"a": "1"}, {"a": "2"}))))
    with pytest.raises(RunFailed, match=rf"2 of the 2 runs of #{run.number} failed, first #{run.number + 1}: .*3"):
        run.wait_for_completion()


def test_mistakes_are_answered_before_anything_is_queued(submit, ws, tmp_path):
    project = tmp_path / "project"
    project.mkdir()
    (project / "train.py").write_text("")
    with pytest.raises(InvalidInput, match="Did you mean train.py"):
        Experiment(ws, "a").submit(ScriptRunConfig(project, "trian.py"))
    with pytest.raises(InvalidInput, match="local"):
        submit("", compute_target="locall")
    with pytest.raises(InvalidInput, match="kernel"):
        submit("", environment="kernle")
    with pytest.raises(UsageError):
        ScriptRunConfig(project)
    with pytest.raises(UsageError):
        ScriptRunConfig(project, "train.py", arguments="--lr 1")
    with pytest.raises(InvalidInput):
        ScriptRunConfig(tmp_path / "missing", "train.py")
    with pytest.raises(InvalidName):
        Experiment(ws, "no spaces")
    with pytest.raises(NotFound):
        Run.get(ws, 99)
    assert ws.runs() == []


def test_a_value_that_is_no_number_is_answered_in_the_script(submit):
    run = submit("from jupyter_mlws import Run\nRun.get_context().log('loss', 'small')")
    run.wait_for_completion(raise_on_error=False)
    assert "loss" in run.get_log()
    assert "str" in run.get_log()


def test_another_process_finds_the_run_after_the_workspace_moved(submit, ws, tmp_path):
    from jupyter_mlws import workspace as room

    run = submit("import jupyter_mlws as mlws\nmlws.log(loss=0.5)")
    run.wait_for_completion()
    room.stop_dispatcher(ws.location)
    moved = Path(ws.location).rename(tmp_path / "elsewhere")
    code = f"import jupyter_mlws as m; r = m.Workspace({str(moved)!r}).run(1)\n"
    code += "print(r.status, r.get_metrics(), r.get_file_names())"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout == "Completed {'loss': 0.5} ['logs/agent.log', 'logs/std.log']\n"


def test_reprs_show_what_counts(submit, ws):
    assert "No runs yet" in repr(ws.runs())
    run = submit("from jupyter_mlws import Run\nRun.get_context().log('<b>', 1)")
    run.wait_for_completion()
    assert repr(run) == f"Run #{run.number} digits Completed <b> 1"
    assert f"#{run.number} digits" in run._repr_html_()
    assert "<b>" not in run._repr_html_()
    assert [found.number for found in ws.runs(status="completed")] == [run.number]
    assert repr(ws.runs(status="Failed")) == "No run is like that."
    assert "No run is like that" in ws.runs(filter="metrics.nowhere > 1")._repr_html_()
    assert "<b>" not in ws.runs()._repr_html_()
    assert "&lt;b&gt;" in ws.runs()._repr_html_()
    assert "Runs" in Workspace(ws.location)._repr_html_()
