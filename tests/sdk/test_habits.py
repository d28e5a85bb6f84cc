"""What people type out of habit, from other tools or from the classic SDK: it works, or one sentence says what does."""

from __future__ import annotations

import io
import re
import subprocess
import sys
from collections.abc import Callable
from enum import Enum
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

import jupyter_mlws as mlws
from jupyter_mlws import Experiment, Model, Run, ScriptRunConfig, Workspace
from jupyter_mlws.errors import InvalidFilter, InvalidInput, MlwsError, UsageError, WrongState
from jupyter_mlws.sdk.interactive import InteractiveRun

pytestmark = pytest.mark.usefixtures("no_run_open")


class Kind(Enum):
    ONE = 1


@pytest.fixture
def exp(ws: Workspace) -> Experiment:
    return Experiment(ws, "habits")


@pytest.fixture
def run(exp: Experiment) -> InteractiveRun:
    return exp.start_logging(snapshot_directory=None)


def said(wrong: Callable[[], Any], kind: type[MlwsError] = InvalidInput) -> str:
    with pytest.raises(kind) as caught:
        wrong()
    assert caught.value.hint
    return str(caught.value)


def test_wrong_arguments_of_logging_are_answered_in_a_sentence(run):
    assert "Log its .value" in said(lambda: run.log("a", Kind.ONE))
    assert "Give a number" in said(lambda: run.log("a", 1 + 2j))
    assert "mean()" in said(lambda: run.log("a", [1, 2]))
    assert "description=" in said(lambda: run.log("a", 1, "of the classic order"))
    assert "int(step)" in said(lambda: run.log("a", 1, "3"))
    assert "as a dict, not as a str" in said(lambda: run.log_metrics("a"))
    assert said(lambda: run.log_row("r")).startswith("The row 'r'")
    assert said(lambda: run.log_table("t", [{"a": 1}])).startswith("The table 't'")
    assert "by name" in said(lambda: mlws.log(5))
    assert "run.log('acc', 0.2, step=3)" in said(lambda: mlws.log("acc", 0.3))
    assert "step=3" in said(lambda: mlws.log({"acc": 0.3}, 3))
    for more in ({}, {"value": 3}, {"step": 3}):
        assert "run.log_metrics({'loss': 0.2}" in said(lambda more=more: run.log({"acc": 0.3}, **more))
    assert said(lambda: run.log("acc")).startswith("Metric 'acc' was given None")
    assert run.get_metrics() == {}


def test_a_call_that_is_refused_begins_no_run_that_is_recorded_offline(capfd):
    assert "by name" in said(lambda: mlws.log("acc", 0.3))
    assert capfd.readouterr().err == ""


def test_metrics_whose_names_are_no_words_are_logged_from_a_dict(run):
    mlws.log({"val/loss": 0.5}, accuracy=0.9, step=3)
    assert run.get_metrics() == {"val/loss": 0.5, "accuracy": 0.9}
    assert repr(run.metric("val/loss")) == "Series('val/loss', 1 points, columns step, time, value)"


def test_only_paths_and_binary_files_are_uploaded(run, tmp_path):
    (tmp_path / "a.txt").write_text("a")
    assert "mode 'rb'" in said(lambda: run.upload_file("x.txt", None))
    with open("a.txt") as text:
        assert "BytesIO" in said(lambda: run.upload_file("x.txt", text))
    run.upload_file(Path("p/x.txt"), io.BytesIO(b"b"))
    run.complete()
    assert run.get_file_names() == ["p/x.txt"]
    assert Path(run.download_file("p/x.txt", "new/")).read_text() == "b"
    assert Path("new/x.txt").is_file()


def test_a_run_that_has_ended_can_be_flushed_and_waited_for_as_before(run):
    assert "is Running" in said(run.delete, WrongState)
    assert "has not ended" in said(lambda: run.export("live.zip"), WrongState)
    run.log("a", 1)
    run.complete()
    run.tag("late", "yes")
    begun = monotonic()
    run.flush()
    assert monotonic() - begun < 5
    assert run.wait_for_completion(True, False, False)["status"] == "Completed"
    assert run.wait_for_completion(wait_post_processing=True)["tags"] == {"late": "yes"}
    assert run.delete().run_count == 1


def test_runs_are_listed_by_tags_properties_and_kind(exp, ws):
    with exp.start_logging(snapshot_directory=None, tags={"a": 1}) as one:
        one.add_properties({"p": "x"})
        one.log("acc", 0.5)
    with exp.start_logging(snapshot_directory=None, tags={"a": 2}) as two, two.child_run("c"):
        two.log("acc", 0.7)
    assert exp.get_runs(tags="a") == [two, one]
    assert exp.get_runs(1, tags="a") == [two]
    assert exp.get_runs(tags={"a": 1}) == Run.list(exp, properties={"p": "x"}) == [one]
    assert Run.list(exp, "child", include_children=True) == two.get_children()
    assert Run.list(exp, status="Failed") == exp.get_runs(type="script") == []
    assert Run(exp, one.id) == Run(ws, one.number) == ws.get_run(one.id) == one
    assert ws.runs(experiment=exp, order_by=["metrics.acc desc", "number"]) == [two, one]
    assert len(ws.metrics_dataframe(experiment=exp)) == 2


def test_long_names_and_values_do_not_flood_a_list(exp):
    with exp.start_logging(snapshot_directory=None, params={"long": "ä" * 900}) as run:
        run.log("x" * 255, 1)
    shown = repr(exp.get_runs())
    assert "x" * 59 + "… 1" in shown
    assert "ä" * 59 + "…" in shown
    assert max(map(len, shown.splitlines())) < 200


def test_what_is_no_limit_is_told_where_it_belongs(ws):
    assert "filter=" in said(lambda: ws.runs("metrics.a > 1"))
    assert "limit=None" in said(lambda: ws.runs(-1))
    assert "The order cannot" in said(lambda: ws.runs(order_by="acc"), InvalidFilter)


def test_what_is_no_configuration_is_not_submitted(exp, tmp_path):
    (tmp_path / "train.py").write_text("print(1)")
    for wrong in ("train.py", None, ScriptRunConfig):
        assert "ScriptRunConfig('folder', 'train.py')" in said(lambda wrong=wrong: exp.submit(wrong))
    config = ScriptRunConfig(tmp_path, "train.py")
    assert "must be a dict" in said(lambda: exp.submit(config, tags=["x"]))
    assert "seconds" in said(lambda: ScriptRunConfig(tmp_path, "train.py", max_run_duration_seconds="1h"))
    assert "command=" in said(lambda: ScriptRunConfig(tmp_path), UsageError)
    assert "no folder" in said(lambda: ScriptRunConfig("nope", "train.py"))
    assert exp.get_runs() == []


def test_logs_of_a_job_are_saved_as_files_and_its_tags_are_texts(exp, tmp_path):
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "train.py").write_text("print('hello')")
    job = exp.submit(ScriptRunConfig(folder, "train.py"), tags={"seed": 1, "bare": None})
    job.wait_for_completion()
    assert job.tags == {"seed": "1", "bare": ""}
    assert job.get_details_with_logs()["logFiles"]["std.log"] == "hello\n"
    assert set(job.get_all_logs("kept")) == {"kept/logs/agent.log", "kept/logs/std.log"}
    assert Path("kept/logs/std.log").read_text() == "hello\n"
    assert "must be a dict" in said(lambda: job.rerun(params="x"))
    again = job.rerun(experiment=Experiment(exp.workspace, "others"))
    assert again.experiment.name == "others"
    again.wait_for_completion()


def test_the_version_of_a_model_may_be_text(ws, tmp_path):
    (tmp_path / "m.bin").write_bytes(b"m")
    model = Model.register(ws, "m.bin", "m")
    assert Model(ws, "m", "1") == model
    assert "no version x" in said(lambda: Model(ws, "m", "x"))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("init", 'Begin a run: with mlws.track("digits", lr=0.1) as run: ...'),
        ("log_metrics", "Several numbers at once: mlws.log({"),
        ("log_figure", "It is a method of the run: Run.get_context().log_figure(...)."),
        ("Runn", "Did you mean Run?"),
    ],
)
def test_names_of_other_trackers_are_answered_with_ours(name: str, said: str) -> None:
    with pytest.raises(AttributeError, match=re.escape(f"module 'jupyter_mlws' has no attribute '{name}'. {said}")):
        getattr(mlws, name)


@pytest.mark.parametrize("name", ["_repr_html_", "__wrapped__", "zzz"])
def test_names_that_nobody_knows_are_refused_as_by_any_module(name: str) -> None:
    with pytest.raises(AttributeError, match=f"^module 'jupyter_mlws' has no attribute '{name}'$"):
        getattr(mlws, name)
    assert not hasattr(mlws, name)


def test_a_name_that_is_asked_for_and_not_read_loads_nothing() -> None:
    code = "import sys, jupyter_mlws as m; from jupyter_mlws import errors; hasattr(m, 'init'); print([*sys.modules])"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "jupyter_mlws.errors" in loaded
    assert "jupyter_mlws.sdk" not in loaded
