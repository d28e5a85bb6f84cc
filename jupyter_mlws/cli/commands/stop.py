"""``mlws stop``."""

from __future__ import annotations

import os

from jupyter_mlws.cli.output import JsonOption, WorkspaceOption, console, print_json

__all__ = ["stop"]


def stop(workspace: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """Stop the workspace's dispatcher. Running jobs go on; the next submit, or Lab, starts it again."""
    from jupyter_mlws import workspace as room

    # Not opened: the dispatcher of a damaged workspace can be stopped, too, before it is restored.
    was_alive = room.stop_dispatcher(room.find(workspace, document=os.getcwd()))
    if as_json:
        print_json({"stopped": was_alive})
    else:
        console.print("The dispatcher is stopped; running jobs go on." if was_alive else "No dispatcher was running.")
