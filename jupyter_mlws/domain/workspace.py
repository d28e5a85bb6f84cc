"""The workspace as a top-level resource, and the feed of what changed in it."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["Change", "ChangePage", "DispatcherState", "FarSide", "WorkspaceInfo", "is_url"]

_NOISE = ("Traceback (most recent call last):", "The above exception was the direct cause of the following exception:")


def is_url(location: str) -> bool:
    """Whether a workspace's location is reached over HTTP."""
    return location.startswith(("http://", "https://"))


@dataclass(frozen=True, kw_only=True)
class DispatcherState:
    """Whether the dispatcher of this workspace, host and user lives.

    `message` has its last words if it failed; '' if it rests. `troubles` says, by the id of a run, what holds a living
    dispatcher up: a full disk, for example.
    """

    alive: bool
    pid: int | None = None
    version: str | None = None
    message: str = ""
    troubles: dict[str, str] = field(default_factory=dict)

    @property
    def sentence(self) -> str:
        """The line of `message` that says what it was: of a traceback the last, of other words the first."""
        lines = [line for line in self.message.splitlines() if line.strip()]
        if not lines:
            return ""
        is_traceback = lines[0].startswith(" ") or lines[0] in _NOISE
        return lines[-1 if is_traceback else 0].strip()


@dataclass(frozen=True, kw_only=True)
class WorkspaceInfo:
    """What a workspace is and holds.

    `location` is for people, never used as a key; `database` says where the records are when they are not there;
    `disk_used_percent` is that of the disk on which it lies, 0 where nobody can tell; `warnings` are sentences about
    the place. `machine` is opaque and equal for processes that share a machine, its files and an account; `interpreter`
    is the Python that runs what is submitted from elsewhere, `user` the one in whose name that is done.
    """

    id: str
    name: str
    location: str
    schema_version: str
    run_count: int
    active_count: int
    model_count: int
    size_bytes: int
    last_change: int
    dispatcher: DispatcherState
    database: str = ""
    warnings: tuple[str, ...] = ()
    machine: str = ""
    interpreter: str = ""
    disk_used_percent: int = 0
    user: str = ""


@dataclass(frozen=True, kw_only=True)
class Change:
    """Something changed.

    `kind` is a noun ('run', 'metric', 'log', 'file', 'model', 'experiment', 'compute'), `subject` its id.
    """

    cursor: int
    kind: str
    subject: str


@dataclass(frozen=True, kw_only=True)
class ChangePage:
    """Changes after a cursor, each subject once with its newest cursor; `cursor` is where to go on."""

    changes: tuple[Change, ...]
    cursor: int


@dataclass(frozen=True, kw_only=True)
class FarSide:
    """Where the zip of the standard-library part lies on the server's machine, and its version."""

    path: str
    version: str
