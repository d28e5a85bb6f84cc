"""What all commands share: the workspace option, JSON or tables, errors as sentences."""

from __future__ import annotations

import json
import os
import sys
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text
from typer.core import TyperGroup

from jupyter_mlws.api.codec import to_builtins
from jupyter_mlws.domain.run import Run
from jupyter_mlws.domain.status import RunStatus
from jupyter_mlws.errors import InvalidInput, MlwsError
from jupyter_mlws.sdk.text import HEADINGS, run_rows
from jupyter_mlws.sdk.workspace import Workspace

__all__ = [
    "ErrorSentences",
    "JsonOption",
    "WorkspaceOption",
    "console",
    "open_workspace",
    "pairs",
    "print_json",
    "print_runs",
]

console = Console(highlight=False, soft_wrap=True)

WorkspaceOption = Annotated[
    str | None,
    typer.Option("--workspace", "-w", help="Folder or URL of the workspace; default: found from this folder."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]

_STYLES = {
    RunStatus.COMPLETED: "green",
    RunStatus.FAILED: "red",
    RunStatus.CANCELED: "yellow",
    RunStatus.RUNNING: "cyan",
}


class ErrorSentences(TyperGroup):
    """A group that prints our errors as one sentence (or as JSON, where that was asked) and exits with 1."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except MlwsError as error:
            if "--json" in sys.argv:
                print_json(error.to_payload())
            else:
                Console(stderr=True, highlight=False, soft_wrap=True).print(Text(f"mlws: {error}"))
            raise typer.Exit(1) from error
        except BrokenPipeError:  # the reader (head, less) has seen enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(0) from None


def open_workspace(location: str | None) -> Workspace:
    """The workspace that was named, else the one of the working directory."""
    return Workspace(location) if location else Workspace.from_config()


def print_json(value: Any) -> None:
    """`value` as indented JSON on stdout."""
    knows_all = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    sys.stdout.write(json.dumps(to_builtins(value), indent=2, ensure_ascii=not knows_all) + "\n")


def print_runs(runs: list[Run]) -> None:
    """Runs as a table."""
    if not runs:
        console.print("No runs yet.")
        return
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for heading in HEADINGS:
        table.add_column(heading, no_wrap=heading in ("Run", "Status", "Took"))
    for run, row in zip(runs, run_rows(runs), strict=True):
        style = _STYLES.get(run.status, "")
        table.add_row(*(Text(cell, style=style if i == 2 else "") for i, cell in enumerate(row)))
    console.print(table)


def pairs(kind: str, words: list[str] | None) -> dict[str, str]:
    """``k=v`` words as a mapping; a bare ``k`` has the value ''."""
    found = {}
    for word in words or []:
        key, _, value = word.partition("=")
        if not key:
            raise InvalidInput(f"{word!r} is no {kind}.", hint="Write it as name=value.")
        found[key] = value
    return found
