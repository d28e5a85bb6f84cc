"""``mlws runs --offline``: what was recorded offline and is not in any workspace yet."""

from __future__ import annotations

from datetime import datetime, timezone

from rich.table import Table
from rich.text import Text

from jupyter_mlws.cli.output import console, print_json
from jupyter_mlws.sdk.offline_folders import OfflineFolder, offline_folders

__all__ = ["show_offline"]


def show_offline(experiment: str | None, status: str | None, limit: int, *, as_json: bool) -> None:
    """List the newest offline runs that hold something new, of an experiment or in a state where that is asked."""
    found = [
        folder
        for folder in reversed(offline_folders())
        if folder.is_new_to()
        and (experiment is None or folder.experiment == experiment)
        and (status is None or folder.status == status)
    ][:limit]
    if as_json:
        print_json([_facts(folder) for folder in found])
    elif found:
        console.print(_table(found))
        console.print("Bring them into the workspace with mlws import, or one of them with mlws import FOLDER.")
    else:
        console.print("No offline run holds anything that was not imported yet.")


def _facts(folder: OfflineFolder) -> dict[str, object]:
    return {
        "run_id": folder.run_id,
        "experiment": folder.experiment,
        "status": folder.status,
        "created_at": folder.created_at,
        "folder": str(folder.path),
        "imported": sorted(folder.imports),
    }


def _table(folders: list[OfflineFolder]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for heading in ("Experiment", "Status", "Begun", "Folder"):
        table.add_column(heading, no_wrap=heading in ("Status", "Begun"))
    for folder in folders:
        begun = datetime.fromtimestamp(folder.created_at, timezone.utc).astimezone().strftime("%Y-%m-%d %H:%M")
        table.add_row(*(Text(cell) for cell in (folder.experiment, folder.status, begun, str(folder.path))))
    return table
