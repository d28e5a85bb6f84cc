"""What answers the handlers: open workspaces, the registry, the documents, and the threads they run in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from jupyter_mlws.api.interface import Api
from jupyter_mlws.api.routes import Operation
from jupyter_mlws.server.copies import Copies
from jupyter_mlws.server.documents import Documents
from jupyter_mlws.server.notebooks import Notebooks
from jupyter_mlws.server.pools import Pool
from jupyter_mlws.server.registry import Registry
from jupyter_mlws.server.watcher import Watcher
from jupyter_mlws.server.workspaces import Opener, Workspaces

__all__ = ["CHANGES", "DOCUMENT_REQUEST", "Backend"]

CHANGES = "https://events.jupyter-mlws.org/changes/v1"
DOCUMENT_REQUEST = "https://events.jupyter-mlws.org/document-request/v1"

# These may take minutes each.
_LONG = ("archives.export", "archives.import_file", "copies.put_file", "copies.put_snapshot", "trash.collect")


class Backend:
    """The server's side of the API.

    Parameters
    ----------
    opener : Opener
    root : path
        The folder that the server shows as its root.
    emit : callable
        Told the schema and the data of an event, from any thread.
    listened : callable
        Whether anybody listens to events of a schema.
    max_upload_bytes : int
    """

    def __init__(
        self,
        opener: Opener,
        root: Path,
        emit: Callable[[str, dict[str, Any]], None],
        listened: Callable[[str], bool],
        max_upload_bytes: int,
    ) -> None:
        self._emit = emit
        self._listened = listened
        self.max_upload_bytes = max_upload_bytes
        self._watcher = Watcher(lambda data: emit(CHANGES, data), lambda: listened(CHANGES))
        self._workspaces = Workspaces(opener, self._watcher.watch, self._watcher.forget)
        self.registry = Registry(self._workspaces, root)
        self.documents = Documents(self._ask)
        self.notebooks = Notebooks(self.api, root)
        self.copies = Copies(self.api, root)
        # Apart, so that neither a long snapshot nor kernels that wait for a page hold up the panel, nor an archive
        # a cancel.
        self._pools = {
            "read": Pool("read", threads=8, waiting=64),
            "write": Pool("write", threads=4, waiting=32),
            "wait": Pool("wait", threads=8, waiting=8),
            "long": Pool("long", threads=4, waiting=12),
        }

    def api(self, workspace: str) -> Api:
        """The workspace of this id of the registry, or `NotFound`."""
        api = self._workspaces.get(workspace).api
        self._watcher.want(workspace)
        return api

    def pool_of(self, operation: Operation) -> Pool:
        """The threads that an operation runs in."""
        if operation.id == "documents.request":
            return self._pools["wait"]
        if operation.id in _LONG:
            return self._pools["long"]
        return self._pools["read" if operation.permission == "read" else "write"]

    def _ask(self, request: str, kernel_id: str) -> bool:
        if not self._listened(DOCUMENT_REQUEST):
            return False
        self._emit(DOCUMENT_REQUEST, {"request": request, "kernel_id": kernel_id})
        return True

    def close(self) -> None:
        """Stop the threads and close the workspaces."""
        for pool in self._pools.values():
            pool.close()
        self._watcher.close()
        self._workspaces.close()
