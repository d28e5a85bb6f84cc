"""The workspace itself."""

from __future__ import annotations

import shutil
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Connection

from jupyter_mlws.api.interface import WorkspaceApi
from jupyter_mlws.domain.status import LIVE
from jupyter_mlws.domain.workspace import ChangePage, WorkspaceInfo
from jupyter_mlws.errors import CorruptData, InvalidInput
from jupyter_mlws.runfolder.machine import machine_mark
from jupyter_mlws.services.attending import Attendant
from jupyter_mlws.services.checking import implements
from jupyter_mlws.services.context import Context
from jupyter_mlws.services.trees import size_of
from jupyter_mlws.store import changes, models
from jupyter_mlws.store.experiments import count_all_runs
from jupyter_mlws.store.paging import clamp_limit
from jupyter_mlws.store.run_states import count_by_target
from jupyter_mlws.store.tables import SCHEMA_VERSION

__all__ = ["WorkspaceService"]

# The size is for people; walking all blobs for every look at it would cost more than it says.
_SIZE_AGE_S = 30.0
_SIZE_PATIENCE_S = 0.2


@implements("workspace", WorkspaceApi)
class WorkspaceService:
    """`WorkspaceApi` over store, folder and dispatcher."""

    def __init__(self, context: Context, attendant: Attendant) -> None:
        self._context = context
        self._attendant = attendant
        self._size = _Size(context.folder)

    def info(self) -> WorkspaceInfo:
        context = self._context
        run_count, model_count = self._counted(count_all_runs), self._counted(models.count_models)
        active_count = self._counted(lambda c: sum(count_by_target(c, LIVE).values()))
        last_change = self._counted(changes.last)
        return WorkspaceInfo(
            id=context.workspace_id,
            name=context.named() if context.named else context.name,
            location=str(context.folder),
            schema_version=SCHEMA_VERSION,
            run_count=run_count,
            active_count=active_count,
            model_count=model_count,
            size_bytes=self._size.get(),
            last_change=last_change,
            disk_used_percent=_disk_used_percent(context.folder),
            database="" if context.store.is_embedded else context.store.name,
            warnings=(*context.warnings, *context.store.troubles()),
            dispatcher=context.wake.state(),
            machine=machine_mark(),
            interpreter=sys.executable or "",
            user=context.user,
        )

    def _counted(self, count: Callable[[Connection], int]) -> int:
        """A number out of the records; 0 where they are damaged, of which the warnings tell."""
        try:
            with self._context.store.read() as c:
                return count(c)
        except CorruptData:
            return 0

    def changes(self, since: int, limit: int = 500) -> ChangePage:
        if since < 0:
            raise InvalidInput(f"No change has the cursor {since}.", hint="0 is the beginning.")
        self._attendant.look()
        with self._context.store.read() as c:
            return changes.since(c, since, clamp_limit(limit))

    def wake(self) -> WorkspaceInfo:
        self._context.wake.ensure()
        return self.info()


def _disk_used_percent(folder: Path) -> int:
    """How full the disk is for who may not touch the system's reserve, as ``df`` counts it; 0 where nobody can tell."""
    try:
        usage = shutil.disk_usage(folder)
    except OSError:
        return 0
    total = usage.used + usage.free
    return round(100 * usage.used / total) if total else 0


class _Size:
    """Bytes that a folder takes, measured now and then in the background: a large one takes seconds to walk."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._walk: threading.Thread | None = None
        self._measured_at: float | None = None
        self._bytes = 0

    def get(self) -> int:
        """The last known size; a small folder is measured at the first look, of a large one the answer comes later."""
        with self._lock:
            at = self._measured_at
            if self._walk is None and (at is None or time.monotonic() - at > _SIZE_AGE_S):
                self._walk = threading.Thread(target=self._measure, name="mlws-size", daemon=True)
                self._walk.start()
            walk = self._walk
        if walk is not None and at is None:
            walk.join(_SIZE_PATIENCE_S)
        return self._bytes

    def _measure(self) -> None:
        self._bytes = size_of(self._folder)
        with self._lock:
            self._measured_at = time.monotonic()
            self._walk = None
