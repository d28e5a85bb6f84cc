"""Execute the example notebook with a real kernel, then show what it left in the workspace.

python scripts/demo.py FOLDER

The notebook runs in FOLDER, which gets a workspace of its own and keeps it: run the demo again and the table grows.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

EXAMPLE = Path(__file__).resolve().parent.parent / "examples" / "digits.ipynb"
MLWS = Path(sys.executable).with_name("mlws")
CELL_TIMEOUT_S = 150


def main(folder: Path) -> int:
    """Run the demo in `folder`; 0 when every run of it has completed."""
    # The demo has a workspace of its own, whatever this shell works with.
    os.environ.pop("MLWS_WORKSPACE", None)
    prepare(folder)
    before = {run["id"] for run in runs(folder)}
    started = time.monotonic()
    failure = execute(folder / EXAMPLE.name)
    print(f"Executed {EXAMPLE.name} in {time.monotonic() - started:.0f} s.\n")
    subprocess.run([MLWS, "runs", "--children"], cwd=folder, check=False)
    new = [run for run in runs(folder) if run["id"] not in before]
    return verdict(new, failure)


def prepare(folder: Path) -> None:
    """Make the workspace at first use, and lay the notebook beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / ".mlws" / "config.json").exists():
        subprocess.run([MLWS, "init"], cwd=folder, check=True)
    shutil.copyfile(EXAMPLE, folder / EXAMPLE.name)


def runs(folder: Path) -> list[dict[str, Any]]:
    """Every run of the workspace, children of sweeps included."""
    command = [MLWS, "runs", "--children", "--limit", "1000", "--json"]
    done = subprocess.run(command, cwd=folder, check=True, stdout=subprocess.PIPE, text=True)
    return list(json.loads(done.stdout))


def execute(notebook: Path) -> str:
    """Execute the notebook in place, outputs kept; the sentence of the cell that failed, or nothing."""
    document = nbformat.read(notebook, as_version=4)
    cells = len([cell for cell in document.cells if cell.cell_type == "code"])
    done = iter(range(1, cells + 1))

    def show(cell: Any, cell_index: int) -> None:
        if cell.cell_type == "code":
            first = next((line for line in cell.source.splitlines() if line.strip()), "")
            print(f"  cell {next(done)} of {cells}: {first[:90]}", flush=True)

    client = NotebookClient(
        document,
        timeout=CELL_TIMEOUT_S,
        kernel_name="python3",
        resources={"metadata": {"path": str(notebook.parent)}},
        on_cell_start=show,
    )
    try:
        # The kernel's own chatter (how it is connected) says nothing about the demo.
        client.execute(stderr=subprocess.DEVNULL)
    except CellExecutionError as error:
        return str(error)
    finally:
        nbformat.write(document, notebook)
    return ""


def verdict(new: list[dict[str, Any]], failure: str) -> int:
    """Say how it went and how to look at it."""
    bad = [run for run in new if run["status"] != "Completed"]
    if failure:
        print(f"\nThe notebook stopped:\n{failure}", file=sys.stderr)
    for run in bad:
        print(f"\nRun #{run['number']} ended as {run['status']}.", file=sys.stderr)
    if not new and not failure:
        print("\nThe notebook submitted no run.", file=sys.stderr)
    if failure or bad or not new:
        return 1
    print("\nSee them in JupyterLab:  make lab")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve()))
