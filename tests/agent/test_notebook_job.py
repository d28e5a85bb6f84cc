"""The runner of a notebook by itself, in a run folder, without agent and dispatcher."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import nbformat
import pytest

from jupyter_mlws.agent import notebook_document
from jupyter_mlws.agent.notebook_document import Executed
from jupyter_mlws.agent.notebook_failure import failure_of
from jupyter_mlws.agent.notebook_values import put_in, with_literals
from jupyter_mlws.domain.notebook_wish import make_wish

PACKAGE = Path(__file__).parents[2]
v4 = nbformat.v4


class Ran:
    """A notebook that was run in a folder."""

    def __init__(
        self,
        folder: Path,
        *sources: str,
        beside: dict[str, str] | None = None,
        given: dict[str, Any] | None = None,
        **variables: str,
    ) -> None:
        for part in ("inputs", "outputs", "results", "code"):
            (folder / part).mkdir(parents=True)
        made = v4.new_notebook(cells=[v4.new_code_cell(source) for source in sources])
        wish = make_wish(nbformat.writes(made), "fit.ipynb", given or {})
        for name, data in wish.files().items():
            (folder / "inputs" / name).write_bytes(data)
        for name, text in (beside or {}).items():
            (folder / "code" / name).write_text(text)
        job = {"run_id": "r", "run_number": 1, "experiment": "e", "params": wish.params}
        (folder / "job.json").write_text(json.dumps(job))
        self.folder = folder
        done = subprocess.run(
            [sys.executable, "-m", "jupyter_mlws.agent.notebook_job"],
            cwd=folder / "code",
            env={**os.environ, "MLWS_RUN_FOLDER": str(folder), "PYTHONPATH": str(PACKAGE), **variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
            check=False,
        )
        self.exit_code, self.log = done.returncode, done.stdout

    @property
    def left(self) -> Any:
        return nbformat.read(self.folder / "outputs" / "fit.ipynb", 4)

    @property
    def error(self) -> dict[str, str]:
        found: dict[str, str] = json.loads((self.folder / "results" / "error.json").read_text())
        return found


def test_a_full_disk_ends_no_cell_and_is_told_at_the_end(tmp_path: Path) -> None:
    faults = "notebook.write:1+:ENOSPC,notebook.progress:1+:ENOSPC"
    ran = Ran(tmp_path / "run", "print('one')", "print('two')", MLWS_FAULT=faults)
    assert "one\n" in ran.log
    assert "two\n" in ran.log
    assert "No space left on device" in ran.log
    assert (ran.exit_code, ran.error["code"]) == (1, "not_written")


def test_whatever_dies_while_the_notebook_is_written_an_earlier_one_is_whole(tmp_path: Path) -> None:
    ran = Ran(tmp_path / "1", "print('one')", "print('two')", MLWS_FAULT="notebook.rename:3:kill")
    nbformat.validate(ran.left)
    assert not ran.left.cells[1].outputs
    assert os.listdir(ran.folder / "outputs") == ["fit.ipynb"]
    ran = Ran(tmp_path / "2", "1 / 0", MLWS_FAULT="notebook.error_rename:1:kill,notebook.progress_rename:1:EIO")
    assert not (ran.folder / "results" / "error.json").exists()
    assert "ZeroDivisionError" in ran.log
    ran = Ran(tmp_path / "3", "1 / 0", MLWS_FAULT="notebook.error:1:kill")
    assert ran.left.cells[0].outputs[0].ename == "ZeroDivisionError"


def test_a_file_beside_the_notebook_takes_no_module_of_its_runner(tmp_path: Path) -> None:
    modules = ("random", "json", "queue", "signal", "zmq")
    beside = {f"{name}.py": f"raise RuntimeError('{name} of the notebook')" for name in modules}
    ran = Ran(tmp_path / "run", "import mine\nprint(mine.x)", beside={**beside, "mine.py": "x = 'found'"})
    assert (ran.exit_code, "found\n" in ran.log) == (0, True), ran.log


def test_what_a_cell_has_taken_back_leaves_room_for_what_comes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(notebook_document, "_MOST_IN_ALL", 1_000)
    cells: list[dict[str, Any]] = [{"cell_type": "code"}, {"cell_type": "code"}]
    document = Executed({"cells": cells}, str(tmp_path / "a.ipynb"), str(tmp_path / "tmp"))
    document.begin(cells[0])
    curve = {"data": {"text/plain": "x" * 300}, "metadata": {}, "transient": {"display_id": "curve"}}
    for _ in range(20):
        document.clear(wait=True)
        document.show("display_data", curve)
        document.update(curve)
    document.begin(cells[1])
    document.show("display_data", curve)
    document.update(curve)
    assert [cell["outputs"][0]["data"] for cell in cells] == [curve["data"]] * 2
    document.show("display_data", curve)
    document.show("display_data", curve)
    assert "left out" in cells[1]["outputs"][2]["data"]["text/plain"]


def test_an_environment_without_a_kernel_is_told_what_to_add(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "jupyter_client.py").write_text("raise ImportError(name='jupyter_client')")
    path = os.pathsep.join([str(tmp_path / "empty"), str(PACKAGE)])
    ran = Ran(tmp_path / "run", "1", PYTHONPATH=path)
    assert ran.error["code"] == "environment_lacks"
    assert "has no jupyter_client, which a notebook needs to run. Install it: %pip install ipykernel" in ran.log


@pytest.mark.parametrize(
    ("traceback", "line"),
    [
        ("Cell In[5], line 3\n----> 3 f()\n\nCell In[2], line 1, in f()\n", ", line 3"),
        ("File x.py:1, in g\n\nCell In[2], line 1, in f()\n", ""),
        ("  Cell In[5], line 2\n    x = (\n", ", line 2"),
        ("Input In [5], in <cell line: 4>()\n      3 a\n----> 4 b", ", line 4"),
        (
            "\x1b[0;32m<ipython-input-5-abc>\x1b[0m in \x1b[0;36m<module>\x1b[0m\n      1 a\n\x1b[0;32m----> 2 b",
            ", line 2",
        ),
        ("Error in f(): no\n", ""),
    ],
)
def test_the_line_of_a_failure_is_that_of_the_cell_that_ran(traceback: str, line: str) -> None:
    content = {"ename": "ValueError", "evalue": "no\nway", "traceback": traceback.split("\n")}
    assert failure_of(content, "a.ipynb cell [5]", 5).message == f"ValueError: no (a.ipynb cell [5]{line})"


def test_a_failure_with_very_many_empty_lines_is_told_at_once() -> None:
    began = time.thread_time()
    failure_of({"ename": "ValueError", "evalue": "no", "traceback": ["\n" * 20_000]}, "a.ipynb cell [5]", 5)
    assert time.thread_time() - began < 0.5


def test_numbers_that_no_literal_says_take_the_place_of_literals(tmp_path: Path) -> None:
    values = {"lr": math.nan, "low": -math.inf, "all": [math.inf, 1]}
    source, _ = with_literals("lr = 0.1\nlow = 0\nall = []", values)
    found: dict[str, Any] = {}
    exec(source, found)
    assert math.isnan(found["lr"])
    assert (found["low"], found["all"]) == (-math.inf, [math.inf, 1])


def test_a_value_that_json_lacks_leaves_a_notebook_that_a_browser_reads(tmp_path: Path) -> None:
    ran = Ran(tmp_path / "run", "lr, low = 0.1, 0\nprint(lr, low)", given={"lr": math.nan, "low": [-math.inf, 1.5]})
    assert "nan [-inf, 1.5]\n" in ran.log

    def refuse(name: str) -> None:
        raise AssertionError(name)

    left = json.loads((ran.folder / "outputs" / "fit.ipynb").read_text(), parse_constant=refuse)
    assert left["metadata"]["mlws"]["parameters"] == {"lr": "NaN", "low": ["-Infinity", 1.5]}


def test_values_take_the_place_of_literals_and_leave_the_rest_as_it_was_typed() -> None:
    source = "%time\nä = 'é'; lr = 0.1  # é\nx, y = (1,\n   2)\nlr = 5\nf(lr=3)"
    changed, found = with_literals(source, {"ä": "ü", "lr": -1.0, "y": None, "z": 1})
    assert changed == "%time\nä = 'ü'; lr = -1.0  # é\nx, y = (1,\n   None)\nlr = 5\nf(lr=3)"
    assert found == {"ä", "lr", "y"}
    assert with_literals("%%bash\nlr=1", {"lr": 2}) == ("%%bash\nlr=1", set())


def test_names_that_share_a_literal_get_each_its_own_value():
    source, found = with_literals("a = b = 3  # both\nc = (b,\n  1)", {"a": 10, "b": 200})
    assert (source, found) == ("a = b = 3; a = 10; b = 200  # both\nc = (b,\n  1)", {"a", "b"})
    assert with_literals("a = b, c = 1, 2", {"c": 7})[0] == "a = b, c = 1, 2; c = 7"


def test_the_cell_of_an_earlier_run_gives_way_to_a_new_one() -> None:
    cells = [v4.new_code_cell("lr = 1", metadata={"tags": ["parameters"]})]
    cells += [v4.new_code_cell("lr = 2", metadata={"tags": ["injected-parameters"]}), v4.new_code_cell("lr")]
    notebook = v4.new_notebook(cells=cells)
    put_in(notebook, {"lr": float("nan")})
    assert [cell["source"] for cell in notebook["cells"]] == ["lr = 1", "# Parameters\nlr = float('nan')", "lr"]
    nbformat.validate(notebook)
