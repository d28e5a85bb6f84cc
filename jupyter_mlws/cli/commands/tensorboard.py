"""``mlws tensorboard``."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from jupyter_mlws.cli import completing
from jupyter_mlws.cli.output import JsonOption, WorkspaceOption, console, open_workspace, print_json
from jupyter_mlws.sdk.run import Run
from jupyter_mlws.sdk.tensorboard import export_run

__all__ = ["tensorboard"]


def tensorboard(
    runs: Annotated[
        list[str], typer.Argument(metavar="RUN...", help="Numbers or ids of runs.", autocompletion=completing.runs)
    ],
    to: Annotated[Path, typer.Option("--to", "-t", help="The folder for them, each in one of its own.")] = Path(
        "tensorboard"
    ),
    system: Annotated[
        bool, typer.Option("--system", help="What their processes used, too: the metrics system/...")
    ] = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write runs as event files, for TensorBoard to show. Written again, they take the place of the earlier ones."""
    ws = open_workspace(workspace)
    # All are looked up before the first one is written.
    found = {run.number: run for run in [Run.get(ws, run) for run in runs]}
    written = [export_run(run, to, system=system) for run in found.values()]
    if as_json:
        print_json(written)
        return
    for each in written:
        series = f"{each.series:,} metric{'' if each.series == 1 else 's'}"
        if each.values:
            series += f" and {each.values:,} value{'' if each.values == 1 else 's'}"
        console.print(f"Run #{each.run}: {series} in {each.folder}", soft_wrap=True, markup=False, highlight=False)
    console.print(f"Show them with: tensorboard --logdir {shlex.quote(str(to))}", markup=False, highlight=False)
