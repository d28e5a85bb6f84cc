"""What a workspace's own file says, and what the environment adds to it."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jupyter_mlws.domain.names import check_id
from jupyter_mlws.errors import InvalidInput, InvalidName, WorkspaceError

__all__ = ["FORMAT_VERSION", "WORKSPACE_FILE", "Settings", "WorkspaceFile", "read_workspace_file"]

WORKSPACE_FILE = "workspace.json"
# Version of the layout of a workspace's folder.
FORMAT_VERSION = 1
_TRUE = ("1", "true", "yes", "on")
_FALSE = ("0", "false", "no", "off")
# A longer wait would overflow in the system's own functions.
_LONGEST_S = 1e6
_LARGEST = 2**62


@dataclass(frozen=True, kw_only=True)
class WorkspaceFile:
    """``workspace.json``: which workspace a folder is; the id stays when the folder is moved."""

    id: str
    name: str
    created_at: str = ""
    settings: dict[str, Any]


def read_workspace_file(folder: Path) -> WorkspaceFile | None:
    """The facts of a workspace's folder; None where there is no workspace.

    Raises
    ------
    WorkspaceError
        The file is damaged, cannot be read, or was written by a newer version.
    """
    path = folder / WORKSPACE_FILE
    try:
        facts = json.loads(path.read_bytes())
        version, identity, name = facts["format_version"], check_id(facts["id"]), str(facts["name"])
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise WorkspaceError(
            f"The workspace {folder} cannot be read ({error.strerror}).",
            hint="Open it as the user who owns it, or choose another one with MLWS_WORKSPACE.",
        ) from error
    except (ValueError, TypeError, KeyError, InvalidName) as error:
        raise WorkspaceError(
            f"{path} is damaged, so the workspace cannot be opened.",
            hint="Restore this small file from a backup; its runs and their files are untouched.",
        ) from error
    if version != FORMAT_VERSION:
        raise WorkspaceError(
            f"The workspace {folder} was made by a newer version (format {version}; this one knows {FORMAT_VERSION}).",
            hint="Upgrade jupyter-mlws here with pip install -U jupyter-mlws.",
        )
    settings = facts.get("settings")
    return WorkspaceFile(
        id=identity,
        name=name,
        created_at=str(facts.get("created_at", "")),
        settings=settings if isinstance(settings, dict) else {},
    )


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Times and limits of a dispatcher.

    Each is ``MLWS_<NAME>`` in the environment of whoever starts the dispatcher, else a key of `settings` in
    ``workspace.json``, else the default here.

    Attributes
    ----------
    dispatcher_idle_s : float
        The dispatcher exits after so long with nothing to do.
    poll_s, idle_poll_s : float
        Period of looking at a live run's folder; of looking for work that nobody announced.
    settle_s : float
        A file that has not changed for so long is collected while the run goes on.
    heartbeat_s, kill_grace_s, drain_s : float
        Given to the agent; see `jupyter_mlws.domain.job.Job`.
    system_metrics_s : float
        Period of measuring what a run uses; 0 measures nothing.
    silence_s : float
        A run whose agent has not beaten its heart for so long is NotResponding.
    lost_s : float
        After so long it is given up, where nobody can look whether the agent lives (another pid namespace).
    remote_lost_s : float
        The same for an interactive run that logs over HTTP, where a silence may be the network's.
    start_timeout_s : float
        An agent that was started has to say so within this time.
    busy_timeout_s : float
        How long to wait for another writer of the database before trying again later.
    max_output_bytes : int
        Larger files are left out, with a warning.
    local_slots : int
        Runs at a time on this machine; 0 leaves it to the target.
    keep_run_folder : bool
        Leave code, inputs and journals where they were, for looking at.
    trash_days : float
        What was deleted can be restored for so many days; a later garbage collection purges it.
    garbage_grace_s : float
        Stored bytes that no record names are kept for so long after they were stored or used last.
    index_retries : int
        So many times a run tries again where the index of packages does not answer.
    index_pause_s : float
        Before the first of them, and twice as long before each further one.
    pack_pause_s : float
        Period of looking for ended runs whose metric points can be packed.
    """

    dispatcher_idle_s: float = 600.0
    poll_s: float = 0.1
    idle_poll_s: float = 1.0
    settle_s: float = 1.0
    heartbeat_s: float = 1.0
    kill_grace_s: float = 10.0
    drain_s: float = 5.0
    system_metrics_s: float = 1.0
    silence_s: float = 15.0
    lost_s: float = 30.0
    remote_lost_s: float = 600.0
    start_timeout_s: float = 30.0
    busy_timeout_s: float = 10.0
    max_output_bytes: int = 1 << 30
    local_slots: int = 0
    keep_run_folder: bool = False
    trash_days: float = 7.0
    garbage_grace_s: float = 3600.0
    index_retries: int = 3
    index_pause_s: float = 5.0
    pack_pause_s: float = 30.0

    @classmethod
    def of(cls, workspace: WorkspaceFile, *, only: str | None = None) -> Settings:
        """The settings of this workspace in this process's environment; with `only`, just that one.

        Raises
        ------
        InvalidInput
            One of them is nonsense; the message says which, and where it stands.
        """
        found: dict[str, Any] = {}
        for name, default in vars(cls()).items():
            if only not in (None, name):
                continue
            variable = f"MLWS_{name.upper()}"
            given, where = os.environ.get(variable), f"The environment variable {variable}"
            if given is None:
                given, where = workspace.settings.get(name), f"The setting {name} in {WORKSPACE_FILE}"
            if given is not None and given != "":
                found[name] = _understand(where, given, type(default))
        return cls(**found)


def _understand(where: str, value: Any, kind: type) -> Any:
    if kind is bool:
        word = str(value).lower()
        if word in _TRUE or word in _FALSE:
            return word in _TRUE
        raise InvalidInput(f"{where} cannot be {value!r}.", hint="Use 1 or 0.")
    try:
        number = kind(value)
    except (TypeError, ValueError, OverflowError):
        number = -1
    # NaN, for which every comparison is false, is no time that anybody could wait for.
    if not 0 <= number <= (_LARGEST if kind is int else _LONGEST_S):
        what = "a whole number from 0" if kind is int else f"a number from 0 to {_LONGEST_S:,.0f}"
        raise InvalidInput(f"{where} cannot be {value!r}.", hint=f"Give {what}, or remove it.")
    return number
