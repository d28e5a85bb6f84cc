"""``mlws init``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from jupyter_mlws.cli.output import JsonOption, console, print_json
from jupyter_mlws.sdk.workspace import Workspace

__all__ = ["init"]


def init(
    folder: Annotated[Path, typer.Argument(help="Project folder.")] = Path(),
    name: Annotated[
        str | None, typer.Option("--name", "-n", help="Name of the workspace; default: the folder's.")
    ] = None,
    database: Annotated[
        str | None,
        typer.Option(
            "--database",
            help="postgresql://user@host/database for the records, without a password; default: a file of SQLite.",
        ),
    ] = None,
    blobs: Annotated[
        str | None, typer.Option("--blobs", help="Folder or URL for the files of a workspace whose database is shared.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Make a workspace for a project: notebooks and scripts below the folder use it from now on."""
    from jupyter_mlws import workspace

    place = workspace.create(folder.resolve(), name, database=database, blobs=blobs)
    info = Workspace(place).info()
    if as_json:
        print_json(info)
        return
    records = f", its records in {info.database}" if info.database else ""
    console.print(f"Workspace {info.name} is ready in {info.location}{records}.")
    for sentence in info.warnings:
        console.print(sentence, style="yellow")
    console.print(
        f"Notebooks and scripts below {folder.resolve()} use it. Next: %load_ext jupyter_mlws, then %%submit."
    )
