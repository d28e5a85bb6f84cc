"""Cells through everything: a real kernel, the magic, the store, the dispatcher, the job, and back."""

from __future__ import annotations

import json
import os
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient


class Kernel:
    """A notebook with a real kernel; cells are appended, saved and run as in a browser without one."""

    def __init__(self, folder: Path, name: str = "study.ipynb") -> None:
        self.folder, self.file = folder, folder / name
        self.notebook = nbformat.v4.new_notebook()
        self.client = NotebookClient(
            self.notebook, timeout=60, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
        )
        self.client.create_kernel_manager()
        self.client.start_new_kernel()
        self.client.start_new_kernel_client()

    def run(self, source: str, *, fails: bool = False) -> Any:
        """Run a cell and return it."""
        cell = nbformat.v4.new_code_cell(textwrap.dedent(source).strip("\n"))
        self.notebook.cells.append(cell)
        if os.access(self.folder, os.W_OK):
            nbformat.write(self.notebook, self.file)
        cell.metadata["tags"] = ["raises-exception"] if fails else []
        self.client.execute_cell(cell, len(self.notebook.cells) - 1)
        errors = [output for output in cell.outputs if output.output_type == "error"]
        assert bool(errors) is fails, errors or cell.outputs
        return cell

    def said(self, source: str, *, fails: bool = False) -> str:
        """What a cell prints, shows as text, or raises."""
        parts = []
        for output in self.run(source, fails=fails).outputs:
            if output.output_type == "error":
                parts.append("\n".join(output.traceback))
            else:
                parts.append(output.get("text") or output.get("data", {}).get("text/plain", ""))
        return "\n".join(parts)

    def value(self, expression: str) -> Any:
        """A value of the kernel, by way of JSON."""
        return json.loads(self.said(f"import json; print(json.dumps({expression}))").splitlines()[-1])

    def close(self) -> None:
        if self.client.km is not None:
            self.client._cleanup_kernel()


@pytest.fixture
def kernel(tmp_path: Path) -> Iterator[Kernel]:
    folder = tmp_path / "project"
    folder.mkdir()
    kernel = Kernel(folder)
    kernel.run("%load_ext jupyter_mlws")
    yield kernel
    kernel.close()


def test_a_training_cell_is_a_run_and_its_results_come_back(kernel: Kernel) -> None:
    kernel.run("import numpy as np\nX = np.arange(200_000.0)\ndef total(x):\n    return float(x.sum())")
    cell = kernel.run(
        """
        %%submit digits --as fit -t baseline --note "a note" -n first
        lr = 0.1
        X = X / 2
        for step in range(3):
            mlws.log(loss=1 / (step + 1), step=step)
        result = total(X)
        open("preds.csv", "w").write("1")
        """
    )
    bundle = cell.outputs[-1]["data"]
    assert {"text/plain", "text/html", "application/vnd.mlws.run.v1+json"} <= set(bundle)
    assert bundle["application/vnd.mlws.run.v1+json"]["number"] == 1
    assert str(kernel.folder) not in bundle["text/html"]
    assert kernel.value("[fit.number, mlws.last_run.number, _.number if hasattr(_, 'number') else 0]")[:2] == [1, 1]
    kernel.run("details = fit.wait_for_completion()")
    assert kernel.value("[fit['result'], fit.get_metrics()['loss'], fit.params]") == [
        float(sum(range(200_000))) / 2,
        [1.0, 0.5, 1 / 3],
        {"lr": "0.1"},
    ]
    assert kernel.value("fit.get_file_names()")[0] == "preds.csv"
    facts = "[fit.record.source.document, fit.record.source.origin, fit.record.source.cell_source.splitlines()[0]]"
    document, origin, first = kernel.value(facts)
    assert (document.endswith("study.ipynb"), origin, first[:15]) == (True, "file", "%%submit digits")
    assert kernel.value("[[item.name, item.how] for item in fit.record.captured]") == [
        ["X", "data"],
        ["mlws", "import"],
        ["total", "source"],
        ["random", "random"],
    ]
    assert not (kernel.folder / "preds.csv").exists()
    assert kernel.value("float(X[1])") == 1.0


def test_a_sweep_is_one_parent_and_a_run_for_every_value(kernel: Kernel) -> None:
    kernel.run(
        "%%submit --sweep k=1,2 m=x,y --as sweep --wait --parallel 2\nk, m = 0, ''\nmlws.log(value=k)\nboth = f'{k}{m}'"
    )
    assert kernel.value("[run['both'] for run in sweep.get_children()]") == ["1x", "1y", "2x", "2y"]
    assert kernel.value("[run.params for run in sweep.get_children()][0]") == {"k": "1", "m": "x"}
    assert kernel.value("sweep.params") == {}


def test_a_failed_run_raises_when_it_is_waited_for(kernel: Kernel) -> None:
    kernel.run("def divide(a, b):\n    return a / b")
    said = kernel.said("%%submit --wait --as fit\nx = 1\ndivide(x, 0)", fails=True)
    assert "RunFailed: Run #1 failed: ZeroDivisionError: division by zero" in said
    assert "site-packages" not in said
    text = kernel.value("mlws.last_run.get_details()['error']['traceback']")
    assert "study.ipynb cell [3], line 3" in text
    assert "study.ipynb cell [2], line 2, in divide" in text


def test_the_same_cell_twice_shows_the_run_that_still_goes(kernel: Kernel) -> None:
    source = "%%submit --as fit\nimport time\ntime.sleep(60)"
    kernel.run(source)
    said = kernel.said(source)
    assert "This cell's run #1 is still" in said
    assert kernel.value("fit.number") == 1
    kernel.run("%%submit --as other --replace\nimport time\ntime.sleep(61)")
    kernel.run("fit.cancel(); other.cancel()")
    kernel.run("fit.wait_for_completion(raise_on_error=False); other.wait_for_completion(raise_on_error=False)")
    assert kernel.value("[fit.status, other.status]") == ["Canceled", "Canceled"]


def test_secrets_reach_the_job_and_no_record(kernel: Kernel, tmp_path: Path, own_home: Path) -> None:
    canary = "can4ry-value-of-a-secret"
    kernel.run(f"SERVICE_TOKEN = 'can4ry' + '{canary[6:]}'")
    refused = kernel.said("%%submit\nprint(SERVICE_TOKEN)", fails=True)
    assert "CaptureError: SERVICE_TOKEN looks like a key" in refused
    kernel.run(
        "%%submit --secret SERVICE_TOKEN --as fit -w --snapshot none\n"
        "import os\nok = SERVICE_TOKEN == os.environ['SERVICE_TOKEN'], len(SERVICE_TOKEN)"
    )
    assert kernel.value("fit['ok']") == [True, len(canary)]
    # One that is in the vault alone, shown in every way that a cell has, and returned.
    kernel.run("from jupyter_mlws import Workspace; ws = Workspace.from_config()")
    kernel.run(f"ws.secrets.set('DB_PASSWORD', 'can4ry' + '{canary[6:]}')")
    kernel.run(
        """
        %%submit --secret DB_PASSWORD --as shown -w --snapshot none
        from IPython.display import HTML, display
        print("printed", DB_PASSWORD)
        display(HTML("<b>" + DB_PASSWORD + "</b>"))
        mine = {"copy": [DB_PASSWORD]}
        length = len(DB_PASSWORD)
        DB_PASSWORD
        """
    )
    assert kernel.value("shown['length']") == len(canary)
    assert "printed ***" in kernel.value("shown.get_log()")
    assert "it holds a secret" in kernel.said("shown['mine']", fails=True)
    failed = kernel.said(
        "%%submit --secret DB_PASSWORD --as failed -w --snapshot none\nraise ValueError('no ' + DB_PASSWORD)",
        fails=True,
    )
    assert "ValueError: no ***" in failed
    missing = kernel.said("%%submit --secret NOPE\nprint(1)", fails=True)
    assert "mlws secrets set NOPE" in missing
    kept = [file for file in own_home.rglob("*") if file.is_file() and canary.encode() in file.read_bytes()]
    assert kept == []
    kept = [file for file in tmp_path.rglob("*") if file.is_file() and canary.encode() in file.read_bytes()]
    assert kept == []


def test_two_notebooks_in_a_folder_keep_apart(kernel: Kernel) -> None:
    other = Kernel(kernel.folder, "second.ipynb")
    try:
        other.run("%load_ext jupyter_mlws")
        kernel.run("a = 1")
        kernel.run("%%submit --as fit -w\nb = a + 1")
        other.run("a = 10")
        other.run("%%submit --as fit -w\nc = a + 1")
        assert (kernel.value("fit['b']"), other.value("fit['c']")) == (2, 11)
        assert kernel.value("fit.record.experiment") == "study"
        assert other.value("fit.record.experiment") == "second"
    finally:
        other.close()


def test_a_read_only_folder_is_left_alone(kernel: Kernel) -> None:
    (kernel.folder / "data.txt").write_text("7")
    mode = kernel.folder.stat().st_mode
    before = sorted(os.listdir(kernel.folder))
    kernel.folder.chmod(0o555)
    try:
        kernel.run("%%submit --as fit -w\nresult = int(open('data.txt').read())\nopen('new.txt', 'w').write('x')")
        assert kernel.value("fit['result']") == 7
        assert kernel.value("'new.txt' in fit.get_file_names()") is True
    finally:
        kernel.folder.chmod(mode)
    assert set(os.listdir(kernel.folder)) - set(before) <= {"study.ipynb"}


def test_data_beside_the_project_is_linked_and_said(kernel: Kernel) -> None:
    (kernel.folder.parent / "data").mkdir()
    (kernel.folder.parent / "data" / "x.csv").write_text("a\n41\n")
    cell = kernel.run(
        "%%submit --as fit -w\nimport csv\nresult = int(list(csv.DictReader(open('../data/x.csv')))[0]['a']) + 1"
    )
    assert kernel.value("fit['result']") == 42
    assert "1 linked path: not fully reproducible" in cell.outputs[-1]["data"]["text/html"]


def test_the_home_folder_is_not_taken_along(own_home: Path) -> None:
    (own_home / "private.txt").write_text("mine")
    (own_home / "tools_of_home.py").write_text("v = 5\n")
    kernel = Kernel(own_home, "home.ipynb")
    try:
        kernel.run("%load_ext jupyter_mlws")
        kernel.run("import tools_of_home")
        kernel.run("%%submit --as fit -w\nimport os\nseen = sorted(os.listdir('.')), tools_of_home.v")
        files, value = kernel.value("fit['seen']")
        assert value == 5
        assert "private.txt" not in files
        assert {"home.ipynb", "tools_of_home.py"} <= set(files)
        assert kernel.value("fit.record.snapshot_scope") == "files"
    finally:
        kernel.close()


def test_scripts_and_whole_notebooks_are_submitted_too(kernel: Kernel) -> None:
    (kernel.folder / "train.py").write_text("import sys\nprint(sys.argv[1:])\n")
    part = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell("lr = 0.1"), nbformat.v4.new_code_cell("out = lr * 2\nout")]
    )
    nbformat.write(part, kernel.folder / "part.ipynb")
    kernel.run("%submit --as script -w train.py '$(touch pwned)' a b '' -x")
    assert kernel.value("script.get_log()") == "['$(touch pwned)', 'a', 'b', '', '-x']\n"
    kernel.run("%submit -p lr=4 --as whole -w --return out part.ipynb")
    assert kernel.value("whole['out']") == 8
    assert kernel.value("whole.record.kind") == "notebook"
    assert kernel.value("whole.params") == {"lr": "4"}
    assert "no parameter lrr. Did you mean lr?" in kernel.said("%submit -p lrr=4 part.ipynb", fails=True)
    assert "A notebook has no arguments such as '--lr'" in kernel.said("%submit part.ipynb --lr 4", fails=True)
    assert "lr = 5" in kernel.said("%submit -p lr=5 --preview part.ipynb")
    assert "InvalidInput: There is no file none.py" in kernel.said("%submit none.py", fails=True)


def test_a_kernel_that_dies_leaves_the_run_alone(kernel: Kernel, tmp_path: Path) -> None:
    kernel.run("%%submit --as fit\nimport time\ntime.sleep(1)\nopen('done.txt', 'w').write('x')")
    number = kernel.value("fit.number")
    kernel.close()
    from jupyter_mlws import Workspace

    run = Workspace.from_config().run(number)
    deadline = time.monotonic() + 30
    while not run.refresh().status.is_terminal and time.monotonic() < deadline:
        time.sleep(0.1)
    assert run.status == "Completed"
    assert "done.txt" in run.get_file_names()


def test_a_submit_takes_less_than_a_second_with_a_hundred_megabytes(kernel: Kernel) -> None:
    for i in range(1000):
        (kernel.folder / f"f{i}.txt").write_text(str(i))
    (kernel.folder / "pyproject.toml").write_text("")
    kernel.run("import numpy as np, time\nX = np.random.default_rng(0).random(13_000_000)")
    kernel.run("%%submit -w --quiet\nfirst = 1")
    took = []
    for _ in range(2):
        kernel.run("began = time.perf_counter()")
        kernel.run("%%submit --as fit\nresult = float(X[0])")
        took.append(kernel.value("time.perf_counter() - began"))
        kernel.run("fit.wait_for_completion()")
        assert kernel.value("fit['result'] == float(X[0])") is True
    # The bound is 1 s; a machine that runs all tests at once is given room.
    assert min(took) < 3
