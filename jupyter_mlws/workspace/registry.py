"""The workspaces that this user has opened: id → location, one file in the user's data folder."""

from __future__ import annotations

import os
from pathlib import Path

from jupyter_mlws.dispatcher.settings import read_workspace_file
from jupyter_mlws.errors import MlwsError, NotFound
from jupyter_mlws.runfolder import places
from jupyter_mlws.workspace.files import change_json, read_json

__all__ = ["all_locations", "forget", "location_of", "path", "register"]


def path() -> Path:
    """The registry's file."""
    return places.data_dir() / "workspaces.json"


def all_locations() -> dict[str, str]:
    """Every workspace that was opened: id → folder or URL. A folder may be gone meanwhile."""
    return {key: value for key, value in read_json(path()).items() if isinstance(value, str)}


def location_of(workspace_id: str) -> str:
    """Where the workspace of this id is, or `NotFound`. An id is never a path."""
    location = all_locations().get(workspace_id)
    if location is None:
        raise NotFound(
            f"No workspace {workspace_id[:80]!r} was opened by this user.",
            hint="Open it once: Workspace('its folder').",
        )
    return location


def register(workspace_id: str, location: str) -> None:
    """Remember where a workspace is; a moved one keeps its id and gets its new place."""
    if all_locations().get(workspace_id) == location:
        return
    with change_json(path()) as known:
        known[workspace_id] = location


def forget(workspace_id: str) -> None:
    """Take a workspace out of the registry; its folder stays as it is."""
    with change_json(path()) as known:
        known.pop(workspace_id, None)


def is_copy(workspace_id: str, folder: Path) -> bool:
    """Whether `folder` was copied, not moved: its id is registered elsewhere, and that place still has it."""
    known = all_locations().get(workspace_id)
    if known is None or "://" in known or known == str(folder):
        return False
    try:
        if os.path.samefile(known, folder):
            return False
        original = read_workspace_file(Path(known))
    except (OSError, MlwsError):  # what cannot be read is no workspace that the new place could be confused with
        return False
    return original is not None and original.id == workspace_id
