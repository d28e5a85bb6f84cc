"""``mlws compute list | pause | resume``."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from jupyter_mlws.cli import completing
from jupyter_mlws.cli.groups import Lists
from jupyter_mlws.cli.output import JsonOption, WorkspaceOption, console, open_workspace, print_json
from jupyter_mlws.domain.compute import Compute
from jupyter_mlws.sdk.text import visible

__all__ = ["app"]

app = typer.Typer(cls=Lists, help="See where runs can go and how busy it is; hold a queue back.")
NameArgument = Annotated[
    str,
    typer.Argument(metavar="COMPUTE", help="Name of the target, such as local.", autocompletion=completing.computes),
]


@app.command("list")
def list_(workspace: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """List the compute targets with their slots and queues."""
    found = open_workspace(workspace).api.compute.list().items
    if as_json:
        print_json(list(found))
        return
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for heading in ("Compute", "State", "In use", "GPUs", "Queued", "Note"):
        table.add_column(
            heading, no_wrap=heading != "Note", justify="right" if heading in ("GPUs", "Queued") else "left"
        )
    for target in found:
        word, style = _state(target)
        in_use = f"{target.running} of {target.slots}" if target.ready else ""
        numbers = (str(target.gpus) if target.gpus else "", str(target.queued) if target.queued else "")
        table.add_row(
            target.name, Text(word, style=style), in_use, *numbers, Text(visible(_note(target)), overflow="fold")
        )
    console.print(table)


def _state(target: Compute) -> tuple[str, str]:
    if not target.ready:
        return "✖ not ready", "red"
    return ("‖ paused", "yellow") if target.paused else ("✔ ready", "green")


def _note(target: Compute) -> str:
    if target.ready and not target.note and target.takes == "image":
        return f"Runs in containers: mlws submit -c {target.name} -E sklearn train.py"
    return target.note


@app.command()
def pause(name: NameArgument, workspace: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """Begin nothing more there; what runs goes on, and what is submitted waits in the queue."""
    target = open_workspace(workspace).api.compute.pause(name)
    if as_json:
        print_json(target)
        return
    runs = f" {_runs(target.running)} there and go{'es' if target.running == 1 else ''} on." if target.running else ""
    console.print(f"{target.name} is paused.{runs} Let it begin again: mlws compute resume {target.name}")


def _runs(count: int) -> str:
    return "1 run is" if count == 1 else f"{count:,} runs are"


@app.command()
def resume(name: NameArgument, workspace: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """Let a paused target take up what is queued."""
    target = open_workspace(workspace).api.compute.resume(name)
    if as_json:
        print_json(target)
        return
    waiting = f" {target.queued:,} queued run{'' if target.queued == 1 else 's'} will begin." if target.queued else ""
    console.print(f"{target.name} takes up runs.{waiting}")
