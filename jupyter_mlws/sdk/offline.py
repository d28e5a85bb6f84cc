"""A run that no workspace knows of yet: everything is recorded in a folder of the user's data, to be imported later."""

from __future__ import annotations

import atexit
import os
import socket
import sys
import time
import uuid
from typing import TYPE_CHECKING, Any

from jupyter_mlws import faults
from jupyter_mlws.api.codec import to_builtins
from jupyter_mlws.domain.masking import mask
from jupyter_mlws.errors import NotFound, StorageFull
from jupyter_mlws.runfolder import processes, state, wire
from jupyter_mlws.runfolder.files import is_full, write_whole
from jupyter_mlws.runfolder.paths import RunFolder
from jupyter_mlws.runfolder.protocol import PROTOCOL_VERSION
from jupyter_mlws.sdk.active import forget_active
from jupyter_mlws.sdk.job import ActiveRun
from jupyter_mlws.sdk.offline_folders import offline_dir
from jupyter_mlws.sdk.process_end import process_end
from jupyter_mlws.sdk.run_secrets import own_variable

if TYPE_CHECKING:
    from jupyter_mlws.domain.child import RunEnd

__all__ = ["OfflineRun", "begin_offline"]

_EXPERIMENT = "offline"


class OfflineRun(ActiveRun):
    """A run that is recorded offline.

    Everything can be logged and told; what only a workspace can answer raises `Unavailable`. It ends with `complete` or
    `fail`, or with the interpreter: Failed where that ends with an exception or an exit code. Bring it into a workspace
    with ``mlws import`` or `Workspace.import_offline`.
    """

    def __init__(self, folder: RunFolder, facts: dict[str, Any]) -> None:
        super().__init__(folder, facts, followed=False)
        self._process = os.getpid()
        self._began = time.monotonic()
        self._wanted: RunEnd | None = None
        identity = processes.identity_of(self._process).to_dict()
        state.append(
            folder,
            "started",
            identity=identity,
            protocol_version=PROTOCOL_VERSION,
            python=".".join(map(str, sys.version_info[:3])),
        )
        process_end()
        atexit.register(self._end_at_exit)

    def _end(self, end: RunEnd) -> None:
        """Write down how it ended, once; a fork leaves that to its parent.

        Raises
        ------
        StorageFull
            There is no room for it: the run goes on, until this is asked for again or the process ends.
        """
        if self._ended or self._process != os.getpid():
            return
        self._ended, self._wanted = True, end
        try:
            self._write_end(end)
        except OSError as error:
            self._ended = False
            if is_full(error):
                raise StorageFull(
                    "There is no room on the disk to write down how the run ended.", hint="Free some, and again."
                ) from error
            raise
        atexit.unregister(self._end_at_exit)
        forget_active(self)
        self._let_go()

    def _write_end(self, end: RunEnd) -> None:
        state.append(
            self._folder,
            "ended",
            status=end.status.value,
            error=None if end.error is None else to_builtins(end.error),
            message="" if end.error is None else end.error.message,
            duration_s=round(time.monotonic() - self._began, 3),
        )

    def _find_secret(self, name: str) -> str:
        own = own_variable(name)
        if own is None:
            raise NotFound(
                f"There is no variable {name} in this process, and a run that is recorded offline has no vault to ask.",
                hint=f"Set it first: import getpass, os; os.environ[{name!r}] = getpass.getpass()",
            )
        return own

    def _end_at_exit(self) -> None:
        try:
            self._end(self._wanted or process_end().outcome())
        except (OSError, StorageFull):
            return  # no room for the last word: the run reads as one whose process ended without it


def begin_offline() -> OfflineRun:
    """A fresh offline run, announced by one printed line."""
    folder = RunFolder(offline_dir() / f"OfflineRun_{uuid.uuid4()}")
    folder.create()
    facts: dict[str, Any] = {
        "run_id": folder.path.name,
        "run_number": 0,
        "experiment": _EXPERIMENT,
        "protocol_version": PROTOCOL_VERSION,
        "command": list(mask(getattr(sys, "orig_argv", sys.argv))),
        "host": socket.gethostname(),
    }
    faults.point("sdk.offline")
    write_whole(folder.job, wire.dumps(facts))
    print(f"No run is active here: metrics are recorded offline in {folder.path}", file=sys.stderr)
    return OfflineRun(folder, facts)
