"""The run seen from inside a real job: what it logs, makes, tells and asks, and what is there afterwards."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest

from jupyter_mlws.errors import MlwsError, RunFailed, WrongState

LOGS = """
import json, math
from jupyter_mlws import Run

run = Run.get_context()
assert isinstance(run, Run)
run.log_list("list", [1, math.nan, "x"])
for i in range(3):
    run.log_row("rows", i=i, loss=1 / (i + 1))
run.log_table("table", {"a": [1, 2], "b": ["x", None]})
run.log_image("image", plot=[[0, 255], [128, 3]], description="four dots")
run.log_image("image", plot=[[0.5]], step=3)
run.log_confusion_matrix("matrix", y_true=[0, 1, 1], y_pred=[0, 1, 0])
run.log_accuracy_table("accuracy", y_true=[0, 1, 1], y_score=[0.1, 0.9, 0.4])
run.log_residuals("residuals", y_true=[0, 1], y_pred=[0, 1.5])
run.log_predictions("predictions", y_true=[0, 1], y_pred=[0, 1.5])
run.log_text("sample", "once upon a time", step=1)
run.log_histogram("weights", [0.1, 0.2, 0.9], bins=2)
run.log_audio("tone", [0.0, 0.5, -0.5], sample_rate=8_000)
run.log_table("large", {"i": range(20_000)}, step=9)
run.log("loss", 1.0)
run.log("loss", 0.5)
run.log("once", 5)
found = run.get_metrics()
assert json.dumps(found) == json.dumps(run.get_metrics(recursive=True)[run.id])
json.dump(found, open("found.json", "w"))
pictures = run.get_metrics("image", populate=True)["image"]
assert all(picture.startswith(b"\\x89PNG") for picture in pictures)
assert run.workspace.api.metrics.table(run.id, "large", first=19_999).cells == ([19_999],)
"""


def test_what_a_job_logs_comes_back_inside_and_outside_in_the_shape_it_went_in(submit):
    run = submit(LOGS)
    assert run.wait_for_completion()["warnings"] == []
    found = run.get_metrics()
    assert found["loss"] == [1.0, 0.5]
    assert found["once"] == 5.0
    assert found["list"][0::2] == [1, "x"]
    assert found["list"][1] != found["list"][1]
    assert found["rows"] == {"i": [0, 1, 2], "loss": [1, 0.5, 1 / 3]}
    assert found["table"] == {"a": [1, 2], "b": ["x", None]}
    assert found["image"] == ["image/0.png", "image/1.png"]
    assert found["matrix"]["data"] == {"class_labels": [0, 1], "matrix": [[1, 0], [1, 1]]}
    assert found["accuracy"]["data"]["probability_tables"][1][50] == [1, 0, 1, 1]
    assert sum(found["residuals"]["data"]["bin_counts"]) == 2
    assert found["predictions"]["schema_type"] == "predictions"
    assert set(found["image"]) < set(run.get_file_names())
    assert (found["sample"], found["tone"]) == ("once upon a time", "tone/0.wav")
    assert found["weights"]["counts"] == [2, 1]
    assert found["large"] == {"i": list(range(20_000))}
    (large,) = run.values("large")
    assert (large.step, large.file, large.facts["rows"]) == (9, "large/0.parquet", 20_000)
    inside = json.loads(run._download("found.json").read())
    assert json.dumps(inside) == json.dumps(found)
    assert run.get_metrics("rows") == {"rows": found["rows"]}
    assert run.get_metrics("image", populate=True)["image"][0].startswith(b"\x89PNG")


CHILDREN = """
import os, sys, threading, time
from jupyter_mlws import Run

run = Run.get_context()
began = time.perf_counter()

def train(fold):
    with run.child_run(f"fold {fold}", params={"fold": fold}, tags={"kind": "fold"}) as child:
        for i in range(10_000):
            child.log("loss", i, i)
        child.log_list("last", [fold])
        if fold == 9:
            with child.child_run("below") as below:
                below.log("deep", 1)
                below.tag("level", 2)
                below.upload_file("notes/a.txt", __file__)
                assert below.parent is child and child.parent is run

threads = [threading.Thread(target=train, args=(fold,)) for fold in range(5, 10)]
for thread in threads:
    thread.start()
for fold in range(5):
    train(fold)
for thread in threads:
    thread.join()
print("logged in", time.perf_counter() - began, file=sys.stderr)
try:
    with run.child_run("bad") as bad:
        raise ValueError("no good")
except ValueError:
    pass
with run.child_run("fine"):
    try:
        sys.exit(0)
    except SystemExit:
        pass
one, two, three = run.create_children(tag_key="part", tag_values=["a", "b", "c"])
one.complete()
one.complete()
two.fail("as planned", error_code="planned")
three.cancel()
open_one = run.child_run("left open")
open_one.log("x", 1)
assert [child.status for child in (one, two, three, open_one)] == ["Completed", "Failed", "Canceled", "Running"]
everything = run.get_children(recursive=True)
assert len(everything) == 17, everything
assert all(type(child) is type(run) for child in everything)
assert {child.display_name for child in run.get_children(tags={"kind": "fold"})} == {f"fold {i}" for i in range(10)}
assert [child.id for child in run.get_children(status="Failed")] == [bad.id, two.id]
assert len(everything[0].get_metrics()["loss"]) == 10_000
assert run.get_metrics("deep", recursive=True)[everything[-1].id] == {}
assert run.child_run(run_id="my-own-id").id == "my-own-id"
for _ in range(2):
    try:
        run.child_run(run_id="my-own-id")
    except Exception as error:
        assert error.code == "already_exists", error
    else:
        raise AssertionError
for i in range(5):
    with run.child_run(f"outer {i}") as outer:
        with outer.child_run("inner") as inner:
            inner.child_run("innermost").complete()
    assert [child.display_name for child in outer.get_children(recursive=True)] == ["inner", "innermost"]
pid = os.fork()
if pid == 0:
    with run.child_run("of a fork") as child:
        child.log("x", 1)
        run.log("own", 2)
    os._exit(0)
assert os.waitpid(pid, 0)[1] == 0
"""


def test_children_log_at_full_speed_and_end_as_they_say(submit):
    run = submit(CHILDREN)
    run.wait_for_completion()
    assert run.record.child_count == 23
    assert run.record.children_ended == 23
    children = {child.display_name or child.tags.get("part", child.id): child for child in run.get_children()}
    for fold in range(10):
        child = children[f"fold {fold}"]
        assert child.params == {"fold": str(fold)}
        assert child.get_metrics() == {"loss": [float(i) for i in range(10_000)], "last": [fold]}
    (below,) = children["fold 9"].get_children()
    assert (below.parent.id, below.parent.parent.id) == (children["fold 9"].id, run.id)
    assert below.get_file_names() == ["notes/a.txt"]
    assert below.tags == {"level": "2"}
    states = {name: children[name].status for name in ("bad", "fine", "a", "b", "c", "left open", "of a fork")}
    assert list(states.values()) == ["Failed", "Completed", "Completed", "Failed", "Canceled", "Completed", "Completed"]
    assert children["bad"].record.error.message == "ValueError: no good"
    assert "raise ValueError" in children["bad"].record.error.traceback
    assert (children["b"].record.error.code, children["b"].record.error.message) == ("planned", "as planned")
    assert children["my-own-id"].type == "child"
    assert children["of a fork"].get_metrics() == {"x": 1}
    assert run.get_metrics("own") == {"own": 2}


KILLED = """
from jupyter_mlws import Run

run = Run.get_context()
with open("said.txt", "w", buffering=1) as said:
    for i in range(100_000):
        with run.child_run(f"child {i}") as child:
            for j in range(20):
                child.log("n", j)
            child.log_row("row", i=i)
            run.log_row("rows", i=i)
            run.tag("last", i)
            said.write(f"{i} {child.id}\\n")
"""


def test_a_script_that_is_killed_has_lost_nothing_that_it_was_told_is_kept(submit, ws, tmp_path):
    run = submit(KILLED)
    said = Path(ws.location, "runs", run.id, "code", "said.txt")
    while not said.exists() or said.read_text().count("\n") < 50:
        assert run.status not in ("Completed", "Failed")
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes().split(b"\0")
            if b"train.py" in command[1:] and f"MLWS_RUN_ID={run.id}".encode() in (process / "environ").read_bytes():
                os.kill(int(process.name), signal.SIGKILL)
        except (OSError, IndexError):
            continue
    with pytest.raises(RunFailed):
        run.wait_for_completion()
    told = [line.split() for line in run._download("said.txt").read().decode().splitlines()]
    assert len(told) >= 50
    assert len(run.get_metrics("rows")["rows"]["i"]) >= len(told)
    children = {child.id: child for child in run.get_children()}
    for number, child_id in (*told[:3], *told[-3:]):
        child = children[child_id]
        assert child.get_metrics() == {"n": [float(j) for j in range(20)], "row": {"i": [int(number)]}}
    assert {children[child_id].status for _, child_id in told[:-1]} == {"Completed"}
    assert len(children) - len(told) in (0, 1)
    assert int(run.tags["last"]) >= len(told) - 1


ASKS = """
import io, json
from jupyter_mlws import MlwsError, Run, Workspace

run = Run.get_context()
ws = run.experiment.workspace
assert isinstance(ws, Workspace) and ws.info().run_count >= 1 and ws.id
assert run.experiment.name == "digits" and run.status == "Running" and run.parent is None and run.number >= 1
run.set_tags({"a": 1, "b": None, "c": 3})
run.remove_tags(["c"])
run.remove_tags({"a": 2, "b": ""})
run.add_properties({"data": "v1"})
run.display_name, run.description = "named", "in words"
assert (run.tags, run.properties) == ({"a": "1"}, {"data": "v1"}), (run.tags, run.properties)
assert (run.display_name, run.description) == ("named", "in words")
assert run in run.experiment.get_runs() and ws.run(run.number) == run
open("a.txt", "w").write("alpha")
run.upload_files(["up/a.txt", "up/b.bin"], ["a.txt", io.BytesIO(b"beta")])
import os
os.makedirs("folder/deep")
open("folder/deep/c.txt", "w").write("gamma")
run.upload_folder("tree", "folder")
names = run.get_file_names()
assert {"up/a.txt", "up/b.bin", "tree/deep/c.txt"} <= set(names), names
assert open(run.download_file("up/b.bin", "back.bin"), "rb").read() == b"beta"
assert sorted(run.download_files("up/", "got")) == ["got/up/a.txt", "got/up/b.bin"]
assert run.download_files("tree/", "got", append_prefix=False) == ["got/deep/c.txt"]
model = run.register_model("net", "up", tags={"kind": "first"})
assert (model.name, model.version, len(model.files)) == ("net", 1, 2)
codes = {}
for name, call in {
    "upload again": lambda: run.upload_file("up/a.txt", "a.txt"),
    "other run": lambda: ws.run("no-such-run"),
    "other experiment": lambda: ws.run(FOREIGN),
    "experiments": lambda: ws.experiments,
    "nothing of this name": lambda: run.get_metrics("nothing"),
    "no such file": lambda: run.download_file("nothing"),
    "no such model": lambda: ws.api.models.get("other", 1),
    "model of nothing": lambda: run.register_model("net", "nowhere").version,
    "wait": run.wait_for_completion,
}.items():
    try:
        call()
        codes[name] = ""
    except MlwsError as error:
        codes[name] = error.code
json.dump(codes, open("codes.json", "w"))
run.complete()
run.flush()
"""


def test_a_job_asks_about_itself_and_is_refused_what_is_not_its_own(submit, ws):
    from jupyter_mlws.sdk.experiment import Experiment
    from jupyter_mlws.sdk.script import ScriptRunConfig

    folder = Path(ws.location).parent / "other"
    folder.mkdir()
    (folder / "train.py").write_text("")
    foreign = Experiment(ws, "other").submit(ScriptRunConfig(folder, "train.py"))
    run = submit(ASKS.replace("FOREIGN", str(foreign.number)))
    run.wait_for_completion()
    codes = json.loads(run._download("codes.json").read())
    assert codes == {
        "upload again": "already_exists",
        "other run": "not_found",
        "other experiment": "forbidden",
        "experiments": "forbidden",
        "nothing of this name": "not_found",
        "no such file": "not_found",
        "no such model": "not_found",
        "model of nothing": "not_found",
        "wait": "wrong_state",
    }
    assert run.get_log().count("The run of a job ends when its script does") == 1
    assert (run.display_name, run.description, run.tags) == ("named", "in words", {"a": "1"})
    assert [model.id for model in ws.models()] == ["net:1"]


OWN_WORKSPACE = """
import os, sys
import jupyter_mlws as mlws
from jupyter_mlws import MlwsError, Run, Workspace

run = Run.get_context()
ws = Workspace.from_config()
assert ws.id == run.workspace.id == Workspace().id
assert mlws.run(run.number).id == run.id == mlws.last_run.id
try:
    ws.collect_garbage()
except MlwsError as error:
    print(error.code)
other = Workspace(os.path.abspath("other"))
assert other.id != ws.id
"""


def test_the_workspace_of_a_job_is_that_of_its_run_unless_another_one_is_named(submit):
    run = submit(OWN_WORKSPACE)
    run.wait_for_completion()
    assert run.get_log() == "forbidden\n"


def test_a_script_that_says_it_failed_has_failed_whatever_its_exit_code(submit):
    run = submit("from jupyter_mlws import Run; Run.get_context().fail('the data is stale', error_code='stale')")
    with pytest.raises(RunFailed, match="the data is stale"):
        run.wait_for_completion()
    assert (run.record.error.code, run.record.error.exit_code) == ("stale", 0)


def test_a_script_that_cancels_itself_is_canceled(submit):
    run = submit("import time; from jupyter_mlws import Run; Run.get_context().cancel(); time.sleep(60)")
    run.wait_for_completion()
    assert run.status == "Canceled"


def test_a_run_of_another_process_is_written_on_but_not_logged(submit, ws, tmp_path):
    run = submit("")
    run.wait_for_completion()
    run.set_tags({"a": 1})
    run.add_properties({"p": "q"})
    run.display_name = "later"
    (tmp_path / "extra.txt").write_text("extra")
    run.upload_file("extra/x.txt", tmp_path / "extra.txt")
    assert ws.run(run.number).tags == {"a": "1"}
    assert ws.run(run.number).properties == {"p": "q"}
    assert "extra/x.txt" in run.get_file_names()
    refused = {
        "conflict": lambda: run.add_properties({"p": "other"}),
        "already_exists": lambda: run.upload_file("extra/x.txt", tmp_path / "extra.txt"),
        "wrong_state": lambda: run.log("x", 1),
    }
    for code, call in refused.items():
        with pytest.raises(MlwsError) as caught:
            call()
        assert caught.value.code == code
    for call in (
        lambda: run.log_metrics({"x": 1}),
        lambda: run.log_list("x", [1]),
        lambda: run.log_row("x", a=1),
        lambda: run.log_table("x", {"a": [1]}),
        lambda: run.log_image("x", plot=[[1]]),
        lambda: run.log_residuals("x", y_true=[1], y_pred=[1]),
        lambda: run.child_run(),
        lambda: run.create_children(2),
        lambda: run.complete(),
        lambda: run.fail("no"),
    ):
        with pytest.raises(WrongState, match="is not logged from this process") as caught:
            call()
        assert "start_logging" in caught.value.hint
