"""``mlws import``: runs that were recorded offline, what was exported as one file, and what TensorBoard shows."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from jupyter_mlws.cli.output import JsonOption, WorkspaceOption, console, open_workspace, print_json, print_runs
from jupyter_mlws.errors import UsageError
from jupyter_mlws.runfolder.paths import RunFolder
from jupyter_mlws.sdk.tensorboard_import import import_folder
from jupyter_mlws.sdk.workspace import Workspace

__all__ = ["import_"]

_TENSORBOARD = Path("tensorboard")


def import_(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(
            help="Folders of offline runs; or one file that mlws export has written; or 'tensorboard' and the folder "
            "of its event files. Default: all offline runs that hold something new.",
            show_default=False,
        ),
    ] = None,
    experiment: Annotated[
        str | None,
        typer.Option("--experiment", "-e", help="For event files: the experiment; default: the name of their folder."),
    ] = None,
    as_one: Annotated[
        bool, typer.Option("--as-one", help="For event files: all are one run, instead of one for each folder.")
    ] = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Bring runs into the workspace. What is there already is left as it is: to import twice changes nothing."""
    given = paths or []
    of_tensorboard = given[:1] == [_TENSORBOARD] and not RunFolder(_TENSORBOARD).job.is_file()
    if of_tensorboard and len(given) == 1:
        raise UsageError(
            "No folder of event files is named.",
            hint="Name what tensorboard --logdir is given: mlws import tensorboard logs",
        )
    if (experiment is not None or as_one) and not of_tensorboard:
        raise UsageError(
            "--experiment and --as-one are for event files of TensorBoard.",
            hint="Such as: mlws import tensorboard logs",
        )
    ws = open_workspace(workspace, make=True)
    if of_tensorboard:
        import_event_files(ws, given[1:], experiment, as_one=as_one, as_json=as_json)
        return
    files = [path for path in paths or () if path.is_file()]
    if files and len(paths or ()) > 1:
        raise UsageError("An exported file is imported by itself.", hint=f"Such as: mlws import {files[0]}")
    if files:
        import_file(ws, files[0], as_json=as_json)
    else:
        import_folders(ws, paths or None, as_json=as_json)


def import_event_files(
    ws: Workspace, folders: list[Path], experiment: str | None, *, as_one: bool, as_json: bool
) -> None:
    """Import what TensorBoard shows of these folders."""
    records = [
        run.record for folder in folders for run in import_folder(ws, folder, experiment=experiment, as_one=as_one)
    ]
    if as_json:
        print_json(records)
    else:
        print_runs(records)


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
