"""What a job gets from its submitter and nobody may keep: variables, secrets, unmasked words of the command.

They wait for the launch in a file of the user's runtime directory (0600, memory-backed where the system has one), go to
the agent on its standard input, and the file is gone. A machine that restarts in between has lost them.

The submitter and the dispatcher may have different runtime directories (a login session, a cron job): they are left
where a dispatcher that lives looks first, and one that starts looks in all that this user may have.
"""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jupyter_mlws import faults
from jupyter_mlws.domain.names import check_id
from jupyter_mlws.domain.run import Run, RunSubmission
from jupyter_mlws.domain.secret import references
from jupyter_mlws.errors import StorageFull
from jupyter_mlws.runfolder.files import remove_stale, write_whole
from jupyter_mlws.runfolder.places import is_private, lock_path, runtime_dir, runtime_folders

__all__ = ["Handover", "discard", "is_expected", "left_long_ago", "read", "take", "where_it_looks", "write"]

_LONG_S = 3600.0
_CONNECT_S = 1.0


@dataclass(frozen=True, kw_only=True)
class Handover:
    """What one job is handed.

    Attributes
    ----------
    environment : dict or None
        The submitter's variables.
    secrets : dict
        Named secrets, for the environment of the script.
    command : tuple of str or None
        The real command, where the recorded one is masked.
    """

    environment: dict[str, str] | None = None
    secrets: dict[str, str] = field(default_factory=dict)
    command: tuple[str, ...] | None = None

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to hand over."""
        return self.environment is None and not self.secrets and self.command is None


def where_it_looks(workspace: Path, host: str) -> Path | None:
    """The runtime folder of the dispatcher that listens, as it noted it; None when none does."""
    try:
        noted = Path(json.loads(lock_path(workspace, host).read_bytes())["socket"])
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(_CONNECT_S)
            connection.connect(str(noted))
    except (AttributeError, OSError, ValueError, TypeError, KeyError):
        return None
    return noted.parent if is_private(noted.parent) else None


def _folder(base: Path) -> Path:
    folder = base / "handover"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def _name(run_id: str) -> str:
    return f"{check_id(run_id)}.json"


def _folders(also: Path | None = None) -> list[Path]:
    """Where something may have been left."""
    bases = runtime_folders()
    return [base / "handover" for base in (bases if also is None or also in bases else [also, *bases])]


def write(run_ids: Sequence[str], handover: Handover, workspace_id: str = "", dispatchers: Path | None = None) -> None:
    """Leave something for the launch of each of these runs; nothing is left when there is nothing to hand over.

    It is left before the runs are recorded. Who dies in between leaves it for runs that never were: those are found by
    the workspace's id (see `left_long_ago`). `dispatchers` is where the one that lives looks.
    """
    if handover.is_empty or not run_ids:
        return
    body = {
        "environment": handover.environment,
        "secrets": handover.secrets,
        "command": handover.command,
        "workspace": workspace_id,
    }
    folder = _folder(dispatchers or runtime_dir())
    first, *rest = [folder / _name(run_id) for run_id in run_ids]
    remove_stale(first.parent)  # what a killed process was writing: secrets must not stay
    try:
        # ASCII JSON keeps every byte of a variable, be it text or not.
        faults.point("handover.write")
        write_whole(first, json.dumps(body).encode(), 0o600)
        # The runs of a sweep get the same: one file of many names, gone with the last of them.
        for path in rest:
            faults.point("handover.link")
            os.link(first, path)
    except OSError as error:
        discard(run_ids, dispatchers)
        raise StorageFull(
            f"The variables for the job cannot be left in {first.parent} ({error.strerror}).",
            hint="Free some space there, or set MLWS_RUNTIME_DIR to another folder.",
        ) from error


def read(run_id: str) -> Handover | None:
    """What was left for a run; None when there is nothing."""
    name = _name(run_id)
    for folder in _folders():
        try:
            body = json.loads((folder / name).read_bytes())
        except FileNotFoundError:
            continue
        return _of(body)
    return None


def _of(body: dict[str, Any]) -> Handover:
    command = body["command"]
    return Handover(
        environment=body["environment"], secrets=body["secrets"], command=None if command is None else tuple(command)
    )


def discard(run_ids: Iterable[str], dispatchers: Path | None = None) -> None:
    """Remove what was left for these runs."""
    folders = _folders(dispatchers)
    for run_id in run_ids:
        faults.point("handover.discard")
        for folder in folders:
            (folder / _name(run_id)).unlink(missing_ok=True)


def left_long_ago(workspace_id: str) -> list[str]:
    """Runs of this workspace for which something was left more than an hour ago, be they recorded or not."""
    found = []
    for entry in (entry for folder in _folders() for entry in folder.glob("*.json")):
        try:
            if (
                time.time() - entry.stat().st_mtime > _LONG_S
                and json.loads(entry.read_bytes())["workspace"] == workspace_id
            ):
                found.append(entry.stem)
        except (OSError, ValueError, TypeError, KeyError):
            continue  # taken meanwhile, or of an older version
    return found


def take(run_id: str) -> Handover | None:
    """What was left for a run, which is removed."""
    found = read(run_id)
    discard((run_id,))
    return found


def is_expected(run: Run, submission: RunSubmission) -> bool:
    """Whether something was left when this run was submitted: without it the job would not run as it was meant.

    The record has the names of all variables, the stored submission those whose values are recorded too: as a text, or
    as a reference to a secret.
    """
    recorded = submission.environment_variables
    return bool(set(run.environment_variables) - set(recorded)) or bool(references(recorded))
