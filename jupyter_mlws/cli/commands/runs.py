"""``mlws runs``."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.text import Text

from jupyter_mlws.cli import completing
from jupyter_mlws.cli.commands.offline import show_offline
from jupyter_mlws.cli.commands.trash import show_trash
from jupyter_mlws.cli.output import JsonOption, WorkspaceOption, console, open_workspace, print_json, print_runs, spoken
from jupyter_mlws.cli.watching import can_watch, watch_runs
from jupyter_mlws.domain.nearest import meant
from jupyter_mlws.domain.run import Run
from jupyter_mlws.errors import UsageError
from jupyter_mlws.sdk import stuck
from jupyter_mlws.sdk.text import visible
from jupyter_mlws.sdk.workspace import Workspace

__all__ = ["runs"]


def runs(
    experiment: Annotated[
        str | None,
        typer.Option("--experiment", "-e", help="Only this experiment.", autocompletion=completing.experiments),
    ] = None,
    status: Annotated[
        str | None,
        typer.Option("--status", "-s", help="Only this state, such as Running.", autocompletion=completing.statuses),
    ] = None,
    filter: Annotated[
        str | None, typer.Option("--filter", "-f", help='A condition, such as "metrics.acc > 0.9 and params.lr = 0.1".')
    ] = None,
    order_by: Annotated[
        str | None,
        typer.Option("--order-by", "-o", help='An order, such as "metrics.acc desc"; default: newest first.'),
    ] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", help="How many.", min=1)] = 20,
    children: Annotated[
        bool, typer.Option("--children", help="Also the children of sweeps; a filter finds them anyway.")
    ] = False,
    offline: Annotated[
        bool, typer.Option("--offline", help="What was recorded without a workspace and not imported yet.")
    ] = False,
    deleted: Annotated[
        bool, typer.Option("--deleted", help="What is in the trash: runs, experiments and models that can be restored.")
    ] = False,
    watch: Annotated[
        bool, typer.Option("--watch", help="Draw the list anew whenever something changes, until Ctrl-C.")
    ] = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the newest runs, or those that a filter finds."""
    if watch and (offline or deleted or as_json or not can_watch()):
        raise UsageError("Only a list of runs on a terminal can be watched.", hint="Leave --watch out.")
    if deleted:
        show_trash(open_workspace(workspace), limit, as_json=as_json)
        return
    if offline:
        _check_plain(filter, order_by)
        show_offline(experiment, status, limit, as_json=as_json)
        return
    ws = open_workspace(workspace)
    stuck.retry(ws)

    def find() -> list[Run]:
        found = ws.runs(
            limit,
            filter=filter,
            order_by=order_by,
            experiment=experiment,
            status=status,
            include_children=children or filter is not None,
        )
        return [run.record for run in found]

    if watch:
        watch_runs(ws, find)
    elif as_json:
        print_json(find())
    elif found := find():
        print_runs(found)
    else:
        console.print(Text(spoken(_nothing(ws, experiment, narrowed=status is not None or filter is not None))))


def _nothing(ws: Workspace, experiment: str | None, *, narrowed: bool) -> str:
    """What to say where no run is found: a name that was mistyped is answered with the nearest."""
    if experiment is not None and experiment not in (known := list(ws.experiments)):
        return f"There is no experiment {visible(experiment)!r}. {meant(experiment, known)}".rstrip()
    if narrowed or experiment is not None:
        return "No run is like that."
    return "No runs yet. Begin with one: mlws submit train.py"


def _check_plain(filter: str | None, order_by: str | None) -> None:
    if filter is not None or order_by is not None:
        raise UsageError(
            "Offline runs are not filtered: no workspace knows them yet.", hint="Import them first with mlws import."
        )
