"""Every Python block that a person may copy from the pages does what the page says."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).parents[2]
_BLOCK = re.compile(r"^```(?:python|ipython)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# What a page's blocks stand on and do not show.
_BEFORE = {
    "archives.md": "from jupyter_mlws import Experiment, Workspace; ws = Workspace.from_config()\n"
    "with Experiment(ws, 'page').start_logging(snapshot_directory=None) as run: run.log('loss', 0.1)",
    "environments.md": "import os; os.mkdir('project'); open('project/train.py', 'w').write('import six')",
    "filters.md": "from jupyter_mlws import Experiment, Workspace\n"
    "with Experiment(Workspace(), 'page').start_logging(\n"
    "    snapshot_directory=None, params={'lr': '0.1'}, tags={'owner': 'ada'}\n"
    ") as run: run.log_metrics({'acc': 0.95, 'loss': 0.1})",
    "notebooks.md": f"import shutil; shutil.copy({str(ROOT / 'examples' / 'parameters.ipynb')!r}, '.')",
    "reproduce.md": "import os; from jupyter_mlws import Experiment, ScriptRunConfig, Workspace; os.mkdir('project')\n"
    "open('project/train.py', 'w').write('print(1)'); ws = Workspace.from_config()\n"
    "run = Experiment(ws, 'page').submit(ScriptRunConfig('project', 'train.py')); run.wait_for_completion()",
    "secrets.md": "import os; from jupyter_mlws import Workspace\n"
    "Workspace.from_config().secrets.set('HF_TOKEN', 'hf_of_mine'); os.environ['HF_TOKEN'] = 'hf_of_mine'\n"
    "os.mkdir('project'); open('project/train.py', 'w').write('''from jupyter_mlws import Run\n"
    'assert Run.get_context().get_secret("HF_TOKEN") == "hf_of_mine"\'\'\')',
    "rest.md": "from typing import Protocol; from jupyter_mlws.api.routes import route; from jupyter_mlws import Run",
}
_AFTER = """
import json, jupyter_mlws
_runs = jupyter_mlws.Workspace.from_config().runs(None, include_children=True)
for _run in _runs:
    _run.wait_for_completion(raise_on_error=False)
print(json.dumps([[_run.number, _run.status, str(_run.record.error)] for _run in _runs]))
"""


def pages() -> list[Path]:
    """The pages of the house that have Python blocks."""
    return [page for page in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))] if blocks(page)]


def blocks(page: Path) -> list[str]:
    return _BLOCK.findall(page.read_text(encoding="utf-8"))


def execute(cells: list[str], folder: Path) -> list[Any]:
    """Run cells in a fresh kernel, saved as a notebook first, as a person would."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell.rstrip("\n")) for cell in cells])
    nbformat.write(notebook, folder / "page.ipynb")
    NotebookClient(notebook, timeout=90, kernel_name="python3", resources={"metadata": {"path": str(folder)}}).execute()
    return list(notebook.cells)


@pytest.mark.usefixtures("own_index")
@pytest.mark.parametrize("page", pages(), ids=lambda page: page.name)
def test_the_code_of_a_page_runs(page: Path, tmp_path: Path) -> None:
    before = [_BEFORE[page.name]] if page.name in _BEFORE else []
    done = execute([*before, *blocks(page), _AFTER], tmp_path)
    said = "".join(output.get("text", "") for output in done[-1].outputs if output.get("name") == "stdout")
    runs = json.loads(said.splitlines()[-1])
    assert [run for run in runs if run[1] != "Completed"] == []
    submitted = sum("%submit" in block and "--preview" not in block for block in blocks(page))
    assert len(runs) >= submitted


def test_the_example_notebooks_are_clean() -> None:
    for name, has in (("digits.ipynb", "--sweep"), ("parameters.ipynb", "train_size = 0.5")):
        notebook = nbformat.read(ROOT / "examples" / name, as_version=4)
        nbformat.validate(notebook)
        code = [cell for cell in notebook.cells if cell.cell_type == "code"]
        assert all(not cell.outputs and cell.execution_count is None for cell in code)
        assert any(has in cell.source for cell in code)
