"""``mlws import``: runs that were recorded offline, from their folders; or what was exported, from a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from jupyter_mlws.cli.output import JsonOption, WorkspaceOption, console, open_workspace, print_json, print_runs
from jupyter_mlws.errors import UsageError
from jupyter_mlws.sdk.workspace import Workspace

__all__ = ["import_"]


def import_(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(
            help="Folders of offline runs, or one file that mlws export has written; default: all offline runs that "
            "hold something new.",
            show_default=False,
        ),
    ] = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Bring runs into the workspace. What is there already is left as it is: to import twice changes nothing."""
    ws = open_workspace(workspace)
    files = [path for path in paths or () if path.is_file()]
    if files and len(paths or ()) > 1:
        raise UsageError("An exported file is imported by itself.", hint=f"mlws import {files[0]}")
    if files:
        import_file(ws, files[0], as_json=as_json)
    else:
        import_folders(ws, paths or None, as_json=as_json)


def import_folders(ws: Workspace, paths: list[Path] | None, *, as_json: bool) -> None:
    """Import folders of offline runs."""
    records = [run.record for run in ws.import_offline(paths)]
    if as_json:
        print_json(records)
    elif records:
        print_runs(records)
    else:
        console.print("No offline run holds anything that was not imported yet.")


def import_file(ws: Workspace, path: Path, *, as_json: bool) -> None:
    """Import what was exported as one file."""
    report = ws.import_archive(path)
    if as_json:
        print_json(report)
    else:
        console.print(str(report))
