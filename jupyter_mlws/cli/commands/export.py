"""``mlws export``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from jupyter_mlws.cli.output import JsonOption, WorkspaceOption, console, open_workspace, print_json
from jupyter_mlws.errors import AlreadyExists, UsageError
from jupyter_mlws.sdk.archives import counts
from jupyter_mlws.sdk.archives import export as save_archive
from jupyter_mlws.sdk.text import size_text

__all__ = ["export"]


def export(
    names: Annotated[
        list[str],
        typer.Argument(metavar="[RUN] FILE", help="Number or id of a run, and the file to write; a folder will do."),
    ],
    whole: Annotated[bool, typer.Option("--all", help="The whole workspace instead of one run.")] = False,
    filter: Annotated[
        str | None,
        typer.Option("--filter", "-f", help="The runs that this finds, such as 'tags.keep is not null'."),
    ] = None,
    with_environment: Annotated[
        bool,
        typer.Option("--with-environment", help="The packages of its environments, too: to be done again offline."),
    ] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a file that is there.")] = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write a run with its descendants, or the whole workspace, into one file, for `mlws import` elsewhere."""
    *run, file = names
    if len(run) > 1 or (len(run) == 1) == (whole or filter is not None):
        raise UsageError(
            "Name one run and a file, or a file with --all or --filter.", hint="Such as: mlws export 12 run-12.zip"
        )
    ws = open_workspace(workspace)
    try:
        path = save_archive(
            ws.api,
            file,
            run=run[0] if run else None,
            filter=filter,
            exist_ok=overwrite,
            with_environment=with_environment,
        )
    except AlreadyExists as error:
        raise AlreadyExists(error.message, hint="Choose another name, or give --overwrite.") from None
    size = Path(path).stat().st_size
    runs, left_out = counts(path)
    if as_json:
        print_json({"path": path, "size_bytes": size, "run_count": runs, "left_out": left_out})
        return
    console.print(
        f"{path} is written: {runs:,} run{_s(runs)}, {size_text(size)}. Elsewhere: mlws import {Path(path).name}"
    )
    if left_out:
        console.print(f"{left_out:,} run{_s(left_out)} not ended yet: not in it.", style="yellow")


def _s(count: int) -> str:
    return "" if count == 1 else "s"
