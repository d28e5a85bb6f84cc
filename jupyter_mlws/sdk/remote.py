"""A workspace on another machine: what of this one goes there, and what cannot."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_mlws.errors import MissingPart

if TYPE_CHECKING:
    from jupyter_mlws.api.interface import Api
    from jupyter_mlws.domain.snapshot import SnapshotReport, SnapshotRequest
    from jupyter_mlws.domain.workspace import WorkspaceInfo

__all__ = ["far_server", "take_snapshot"]


def far_server(api: Api) -> WorkspaceInfo | None:
    """The workspace as its server tells of it, where that is on another machine or of another account; else None."""
    if not getattr(api, "is_remote", False):
        return None
    from jupyter_mlws.runfolder.machine import machine_mark

    info = api.workspace.info()
    # A server that does not say where it is knows nothing of what could be sent to it either.
    return None if info.machine in ("", machine_mark()) else info


def take_snapshot(api: Api, request: SnapshotRequest, far: WorkspaceInfo | None) -> SnapshotReport:
    """A snapshot of a folder of this machine, wherever the workspace is; only bytes that are not there are sent.

    Parameters
    ----------
    api : Api
    request : SnapshotRequest
    far : WorkspaceInfo or None
        What `far_server` says.

    Raises
    ------
    MissingPart
        The workspace is elsewhere, and only the standard-library part of the package is here.
    """
    if far is None:
        return api.snapshots.create(request)
    from jupyter_mlws.sdk.connection import has_full_package

    if not has_full_package():
        raise MissingPart(
            "This kernel has only the small part of jupyter-mlws, which cannot send a folder to another machine.",
            hint="Install the package in this environment: %pip install jupyter-mlws",
        )
    from jupyter_mlws.snapshots.sending import send_snapshot

    return send_snapshot(api, request, far.id)
