"""What a script logs, tags, makes and asks."""

from __future__ import annotations

import math

from jupyter_mlws.testing.stage import Ended, Stage
from jupyter_mlws.testing.wishes import Wish, of

__all__ = ["Tracking"]

_POINTS = 100_000
_LOGS = Wish(
    name="logs many points",
    script=f"""
from jupyter_mlws import Run
run = Run.get_context()
for i in range({_POINTS}):
    run.log("loss", i / 7, i)
run.log("odd", float("nan"))
run.log("odd", float("inf"))
run.log("odd", float("-inf"))
run.log("odd", 5e-324)
""",
)
_TYPED = Wish(
    name="logs typed values",
    script="""
from jupyter_mlws import Run
run = Run.get_context()
run.log_list("list", [1, "x", None])
for i in range(3):
    run.log_row("rows", i=i, loss=1 / (i + 1))
run.log_table("table", {"a": [1, 2], "b": ["x", None]})
run.log_image("image", plot=[[0, 255], [128, 3]])
run.log_confusion_matrix("matrix", y_true=[0, 1, 1], y_pred=[0, 1, 0])
""",
)
_NOTES = Wish(
    name="writes notes",
    script="""
from jupyter_mlws import Run
run = Run.get_context()
run.tag("mood", "good")
run.set_tags({"a": 1, "b": None})
run.remove_tags(["b"])
run.add_properties({"fact": "for good"})
run.display_name = "named inside"
run.description = "said inside"
print(sorted(run.params.items()))
""",
    changes={"params": {"lr": "0.1", "words": "ünï ⌀\n"}, "tags": {"case": "writes notes", "before": "the start"}},
)
_CHILDREN = Wish(
    name="makes child runs",
    script="""
from jupyter_mlws import Run
run = Run.get_context()
for fold in range(5):
    with run.child_run(f"fold {fold}", params={"fold": fold}) as child:
        child.log("accuracy", fold / 10)
        if fold == 3:
            with child.child_run("below") as below:
                below.log("deep", 1)
                open("of a child.txt", "w").write("kept")
                below.upload_file("notes/a.txt", "of a child.txt")
try:
    with run.child_run("bad"):
        raise ValueError("no good")
except ValueError:
    pass
""",
)
_ASKS = Wish(
    name="asks questions",
    script="""
import json
from jupyter_mlws import Run
run = Run.get_context()
run.log("x", 1)
run.log("x", 2)
with run.child_run("one") as child:
    child.log("y", 3)
said = {
    "metrics": run.get_metrics(),
    "status": run.status,
    "children": [each.display_name for each in run.get_children()],
    "id": run.id,
    "number": run.number,
    "codes": [],
}
for question in (lambda: run.workspace.api.trash.collect(), lambda: run.workspace.api.runs.get("none_1_2")):
    try:
        question()
    except Exception as error:
        said["codes"].append(error.code)
json.dump(said, open("outputs/said.json", "w"))
""",
)
_FORKS = Wish(
    name="logs from forks and threads",
    script="""
import os, threading
from jupyter_mlws import Run
run = Run.get_context()
def log(name):
    for i in range(1_000):
        run.log(name, i)
pids = []
for n in range(2):
    pid = os.fork()
    if pid == 0:
        log(f"fork {n}")
        os._exit(0)
    pids.append(pid)
threads = [threading.Thread(target=log, args=(f"thread {n}",)) for n in range(2)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
for pid in pids:
    os.waitpid(pid, 0)
""",
)
_KILLED = Wish(
    name="logs and is killed",
    script="""
import os, signal
from jupyter_mlws import Run
run = Run.get_context()
for i in range(10_000):
    run.log("loss", i)
os.kill(os.getpid(), signal.SIGKILL)
""",
)
_SAYS_FAILED = Wish(
    name="says that it failed",
    script="from jupyter_mlws import Run\nRun.get_context().fail('the data is stale', error_code='stale')\n",
)


class Tracking:
    """Everything that a script tells its run is there, exactly."""

    @of(_LOGS)
    def test_a_hundred_thousand_points_are_exact(self, run: Ended) -> None:
        assert run.completed().run.get_metrics("loss")["loss"] == [i / 7 for i in range(_POINTS)]
        assert list(run.run.metric("loss").columns["step"]) == list(range(_POINTS))

    @of(_LOGS)
    def test_numbers_at_the_edge_are_exact(self, run: Ended) -> None:
        first, *others = run.completed().run.get_metrics("odd")["odd"]
        assert math.isnan(first)
        assert others == [math.inf, -math.inf, 5e-324]

    @of(_TYPED)
    def test_typed_values_come_back_as_they_went(self, run: Ended) -> None:
        found = run.completed().run.get_metrics()
        assert found["list"] == [1, "x", None]
        assert found["rows"] == {"i": [0, 1, 2], "loss": [1, 0.5, 1 / 3]}
        assert found["table"] == {"a": [1, 2], "b": ["x", None]}
        assert found["matrix"]["data"] == {"class_labels": [0, 1], "matrix": [[1, 0], [1, 1]]}
        assert run.run.get_metrics("image", populate=True)["image"].startswith(b"\x89PNG")

    @of(_NOTES)
    def test_tags_properties_params_and_names(self, run: Ended) -> None:
        record = run.completed().run.record
        assert record.tags == {"case": "writes notes", "before": "the start", "mood": "good", "a": "1"}
        assert record.properties["fact"] == "for good"
        assert (record.display_name, record.description) == ("named inside", "said inside")
        assert run.log.decode() == f"{sorted({'lr': '0.1', 'words': 'ünï ⌀' + chr(10)}.items())}\n"

    @of(_CHILDREN)
    def test_child_runs_have_their_own_ends_points_and_files(self, run: Ended) -> None:
        children = run.completed().run.get_children()
        assert [child.display_name for child in children] == [*(f"fold {fold}" for fold in range(5)), "bad"]
        assert [child.status for child in children] == ["Completed"] * 5 + ["Failed"]
        assert [child.get_metrics()["accuracy"] for child in children[:5]] == [0, 0.1, 0.2, 0.3, 0.4]
        (below,) = children[3].get_children()
        assert below.get_metrics() == {"deep": 1.0}
        assert below.get_file_names() == ["notes/a.txt"]

    @of(_ASKS)
    def test_a_script_is_answered_and_refused_what_is_not_its_own(self, run: Ended) -> None:
        said = run.said
        assert said["metrics"] == {"x": [1.0, 2.0]}
        assert (said["status"], said["children"]) == ("Running", ["one"])
        assert (said["id"], said["number"]) == (run.run.id, run.run.number)
        assert said["codes"] == ["forbidden", "not_found"]

    @of(_FORKS)
    def test_forks_and_threads_log_into_one_run(self, run: Ended) -> None:
        found = run.completed().run.get_metrics()
        assert set(found) == {"fork 0", "fork 1", "thread 0", "thread 1"}
        assert all(values == list(range(1_000)) for values in found.values())

    @of(_KILLED)
    def test_a_script_that_is_killed_has_lost_no_point(self, run: Ended) -> None:
        assert run.ended_as("Failed").run.get_metrics()["loss"] == list(range(10_000))

    @of(_SAYS_FAILED)
    def test_a_script_that_says_it_failed_has_failed(self, run: Ended) -> None:
        assert run.ended_as("Failed").message == "the data is stale"
        assert run.error is not None
        assert run.error.code == "stale"

    def test_what_is_logged_is_read_while_the_run_goes_on(self, stage: Stage) -> None:
        run = stage.submit(_LOGS_AND_WAITS)
        stage.wait(lambda: run.get_metrics().get("loss") == [1.0, 0.5], "The points do not come")
        run.cancel()
        assert stage.ended(run).ended_as("Canceled").run.get_metrics() == {"loss": [1.0, 0.5]}


_LOGS_AND_WAITS = Wish(
    name="logs and waits",
    script="import time\nfrom jupyter_mlws import Run\nrun = Run.get_context()\nrun.log('loss', 1.0)\n"
    "run.log('loss', 0.5)\ntime.sleep(300)\n",
)
