"""Runs done again by a real dispatcher: the same results, and what is changed is changed."""

from __future__ import annotations

import atexit
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from jupyter_mlws import Experiment, Run, ScriptRunConfig, Workspace
from jupyter_mlws.errors import WrongState

SEEDED = """
import json, os, pathlib, random, sys
from jupyter_mlws import Run

run = Run.get_context()
random.seed(int(run.params.get("seed", 7)))
for step in range(20):
    run.log("loss", random.random(), step=step)
os.makedirs("outputs/model", exist_ok=True)
pathlib.Path("outputs/model/weights.bin").write_bytes(random.randbytes(10_000))
pathlib.Path("outputs/arguments.json").write_text(json.dumps(sys.argv[1:]))
"""


def outputs(run: Run) -> dict[str, str]:
    files = run.workspace.api.files.list(run.id, kind="output").items
    return {file.name: file.digest for file in files}


def test_a_seeded_script_has_the_same_metrics_and_outputs_again(submit: Callable[..., Run], tmp_path: Path) -> None:
    run = submit(SEEDED, arguments=["--lr", "0.1", "a b", ""], tags={"owner": "ada"})
    run.wait_for_completion()
    (tmp_path / "project" / "train.py").write_text("raise SystemExit('what is there now is not what ran')")
    again = run.rerun(tags={"why": "to be sure"})
    again.wait_for_completion()
    assert again.get_metrics() == run.get_metrics()
    assert len(again.get_metrics()["loss"]) == 20
    assert outputs(again) == outputs(run)
    assert again.get_snapshot_id() == run.get_snapshot_id()
    assert again.record.properties == {"mlws.rerun_of": run.id}
    assert again.tags == {"owner": "ada", "why": "to be sure"}

    other = run.rerun(arguments=["--lr", 1], params={"seed": 8}, display_name="another seed", experiment="more")
    other.wait_for_completion()
    assert other.get_metrics() != run.get_metrics()
    assert json.loads(Path(other.download_file("outputs/arguments.json", tmp_path)).read_text()) == ["--lr", "1"]
    assert (other.experiment.name, other.display_name, other.params) == ("more", "another seed", {"seed": "8"})


def test_a_run_again_has_the_variables_of_who_asks(
    ws: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FROM_THE_SHELL", "then")
    config = ScriptRunConfig(
        tmp_path,
        command="printenv FROM_THE_SHELL MINE OTHER KEY; true",
        environment_variables={"MINE": "1", "OTHER": "2"},
        secrets={"KEY": "k"},
    )
    run = Experiment(ws, "shell").submit(config)
    run.wait_for_completion()
    assert run.get_log() == "then\n1\n2\nk\n"
    monkeypatch.setenv("FROM_THE_SHELL", "now")
    again = run.rerun(environment_variables={"MINE": 3, "OTHER": None}, secrets={"KEY": "k-5f2c"})
    again.wait_for_completion()
    assert again.get_log() == "now\n3\n***\n", "it was handed over, and is masked"
    assert b"k-5f2c" not in b"".join(path.read_bytes() for path in Path(ws.location).glob("mlws.sqlite*"))


def test_a_sweep_is_done_again_whole_and_one_of_its_runs_alone(ws: Workspace, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("import jupyter_mlws as m\nm.log(x=float(m.Run.get_context().params['x']) * 2)\n")
    wish = ScriptRunConfig(tmp_path, "a.py").prepare(ws.api, "digits")
    run = Run(ws, ws.api.runs.submit(replace(wish, kind="sweep", sweep=({"x": "1"}, {"x": "2"}), parallel=1)))
    run.wait_for_completion()
    again = run.rerun()
    again.wait_for_completion()
    doubled = {child.params["x"]: child.get_metrics()["x"] for child in again.get_children()}
    assert doubled == {"1": 2.0, "2": 4.0}
    alone = again.get_children()[0].rerun(params={"x": 5})
    alone.wait_for_completion()
    assert (alone.get_metrics(), alone.record.parent_id) == ({"x": 10.0}, None)


def test_a_run_made_inside_a_script_is_not_done_again_by_itself(submit: Callable[..., Run]) -> None:
    run = submit(
        "from jupyter_mlws import Run\nwith Run.get_context().child_run('part') as part:\n    part.log('a', 1)"
    )
    run.wait_for_completion()
    [child] = run.get_children()
    with pytest.raises(WrongState, match="cannot be done again by itself"):
        child.rerun()


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[InteractiveShell]:
    """A notebook's shell with our magics, in a project of its own."""
    project = tmp_path / "notebook"
    project.mkdir()
    monkeypatch.chdir(project)
    monkeypatch.setenv("MLWS_WORKSPACE", str(tmp_path / "workspace"))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setattr(sys, "displayhook", sys.displayhook)
    main = sys.modules["__main__"]
    config = Config()
    config.HistoryManager.enabled = False
    made = InteractiveShell(config=config)
    made.run_line_magic("load_ext", "jupyter_mlws")
    yield made
    made.restore_sys_module_state()
    sys.modules["__main__"] = main
    atexit.unregister(made.atexit_operations)
    made.atexit_operations()


def test_a_cell_has_the_same_result_again_and_other_parameters_replace_its_literals(
    shell: InteractiveShell, ws: Workspace
) -> None:
    def cell(text: str) -> Any:
        done = shell.run_cell(text, store_history=True)
        done.raise_error()
        return done.result

    cell("import random\nrandom.seed(3)\nscale = 10")
    cell("def draw(n):\n    return [random.random() * scale for _ in range(n)]")
    cell("%%submit cells --quiet\ncount = 4\nfound = draw(count)\nmlws.log(total=sum(found))\nfound")
    [record] = ws.api.runs.list().items
    run = Run(ws, record)
    run.wait_for_completion()
    cell("random.seed(99); scale = 0")  # the notebook goes on; what runs again is what was captured then
    again = run.rerun()
    again.wait_for_completion()
    assert again["found"] == run["found"]
    assert len(run["found"]) == 4
    assert again.get_metrics() == run.get_metrics()
    assert again.get_outputs() == run.get_outputs()
    other = run.rerun(params={"count": 2, "scale": 1})
    other.wait_for_completion()
    assert other["found"] == pytest.approx([value / 10 for value in run["found"][:2]])
    assert other.params["count"] == "2"
