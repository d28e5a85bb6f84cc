"""The trash, as ``mlws runs --deleted`` shows it."""

from __future__ import annotations

from rich.table import Table
from rich.text import Text

from jupyter_mlws.cli.output import console, print_json
from jupyter_mlws.sdk.trash import TRASH_HEADINGS, trash_rows
from jupyter_mlws.sdk.workspace import Workspace

__all__ = ["show_trash"]


def show_trash(workspace: Workspace, limit: int, *, as_json: bool) -> None:
    """What was deleted and can be restored, the last deleted first."""
    items = workspace.trash()[:limit]
    if as_json:
        print_json(items)
        return
    if not items:
        console.print("The trash is empty.")
        return
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for heading in TRASH_HEADINGS:
        table.add_column(heading, justify="right" if heading == "Runs" else "left")
    for row in trash_rows(items):
        table.add_row(*map(Text, row))
    console.print(table)
