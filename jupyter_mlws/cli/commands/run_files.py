"""``mlws run files``."""

from __future__ import annotations

import difflib
import os
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress
from rich.table import Table
from rich.text import Text

from jupyter_mlws.cli import completing
from jupyter_mlws.cli.output import JsonOption, WorkspaceOption, console, open_workspace, print_json
from jupyter_mlws.domain.file import RunFile
from jupyter_mlws.domain.names import check_file_name
from jupyter_mlws.errors import AlreadyExists, NotFound
from jupyter_mlws.sdk.run import Run
from jupyter_mlws.sdk.text import size_text, visible

__all__ = ["files"]


def files(
    run: Annotated[str, typer.Argument(metavar="RUN", help="Number or id of the run.", autocompletion=completing.runs)],
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME]...", help="Only these: a file, or a folder such as outputs/. Default: all."),
    ] = None,
    save: Annotated[
        Path | None, typer.Option("--save", "-s", metavar="FOLDER", help="Save them below this folder.")
    ] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Replace files that are there.")] = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """List what a run left, its outputs and logs; or save it."""
    found = Run.get(open_workspace(workspace), run)
    everything = {_name(file): file for kind in ("output", "log") for file in found._files(kind)}
    wanted = {name: file for name, file in everything.items() if not names or _is_wanted(name, names)}
    for name in names or []:
        if not any(_is_wanted(each, [name]) for each in wanted):
            raise _unknown(found, name, list(everything))
    if save is not None:
        _save(found, wanted, save, replace=replace, as_json=as_json)
    elif as_json:
        print_json([{**vars(file), "name": name} for name, file in wanted.items()])
    elif not wanted:
        console.print(f"Run #{found.number} has left no files{'' if found.record.status.is_terminal else ' yet'}.")
    else:
        _show(wanted)


def _name(file: RunFile) -> str:
    return f"logs/{file.name}" if file.kind == "log" else file.name


def _is_wanted(name: str, wanted: list[str]) -> bool:
    return any(name == each or name.startswith(f"{each.rstrip('/')}/") for each in wanted)


def _unknown(run: Run, name: str, known: list[str]) -> NotFound:
    near = difflib.get_close_matches(name, known, 1)
    hint = f"See mlws run files {run.number}."
    return NotFound(
        f"Run #{run.number} has no file {name!r}.", hint=f"{hint} Did you mean {visible(near[0])}?" if near else hint
    )


def _show(wanted: dict[str, RunFile]) -> None:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for heading in ("File", "Size", "Changed"):
        table.add_column(heading, justify="right" if heading == "Size" else "left", no_wrap=heading != "File")
    for name, file in wanted.items():
        changed = f"{file.modified_at.astimezone():%Y-%m-%d %H:%M:%S}"
        table.add_row(Text(visible(name), overflow="fold"), size_text(file.size_bytes), changed)
    console.print(table)
    if len(wanted) > 1:
        console.print(f"{len(wanted):,} files, {size_text(sum(file.size_bytes for file in wanted.values()))}")


def _save(run: Run, wanted: dict[str, RunFile], folder: Path, *, replace: bool, as_json: bool) -> None:
    targets = {name: folder.joinpath(*check_file_name(name).split("/")) for name in wanted}
    there = [path for path in targets.values() if os.path.lexists(path)]
    if there and not replace:
        more = f", and {len(there) - 1:,} more" if len(there) > 1 else ""
        raise AlreadyExists(
            f"{visible(str(there[0]))} is there already{more}.", hint="Save into another folder, or give --replace."
        )
    size = sum(file.size_bytes for file in wanted.values())
    with Progress(console=console, transient=True, disable=as_json or not console.is_terminal) as progress:
        task = progress.add_task("Saving", total=size)
        for name, path in targets.items():
            run.download_file(name, path)
            progress.advance(task, wanted[name].size_bytes)
    if as_json:
        print_json([str(path) for path in targets.values()])
    else:
        console.print(
            f"{len(targets):,} file{'' if len(targets) == 1 else 's'}, {size_text(size)}, saved below {folder}"
        )
