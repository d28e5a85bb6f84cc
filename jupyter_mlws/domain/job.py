"""A job: one attempt of a run on a target, as `job.json` tells the agent."""

from __future__ import annotations

from dataclasses import dataclass, field

from jupyter_mlws.domain.snapshot import LinkedPath

__all__ = ["PROTOCOL_VERSION", "InputFile", "Job"]

# Version of the run folder and of everything in it.
PROTOCOL_VERSION = 1


@dataclass(frozen=True, kw_only=True)
class InputFile:
    """A file put into the run folder's inputs/ before the start."""

    name: str
    digest: str
    size_bytes: int


@dataclass(frozen=True, kw_only=True)
class Job:
    """What the agent runs.

    Attributes
    ----------
    command : tuple of str
        The argument vector, passed byte for byte; no shell.
    working_directory : str
        Relative to code/, '' for code/ itself.
    environment_variables : dict
        Recorded variables. Inherited ones and secrets come on the agent's stdin and are nowhere in the folder.
    python_path : tuple of str
        Folders put first on PYTHONPATH, relative to code/.
    params : dict of str to str
        Parameters as text; a cell's runner reads them as Python literals where it can.
    gpus : tuple of int
        Which GPUs of the target the run has; the dispatcher's note, not read by the agent.
    max_run_duration_s : float or None
        Time limit of the script; None for no limit.
    heartbeat_s, kill_grace_s, drain_s, sync_s : float
        Period of the heartbeat; time between SIGTERM and SIGKILL; how long to wait for a grandchild that keeps the pipe
        open; period of the journals' fdatasync.
    system_metrics_s : float
        Period of measuring what the run uses; 0 for not at all.
    """

    run_id: str
    run_number: int
    experiment: str
    workspace_id: str
    command: tuple[str, ...]
    attempt: int = 1
    protocol_version: int = PROTOCOL_VERSION
    kind: str = "script"
    working_directory: str = ""
    environment_variables: dict[str, str] = field(default_factory=dict)
    python_path: tuple[str, ...] = ()
    params: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    inputs: tuple[InputFile, ...] = ()
    links: tuple[LinkedPath, ...] = ()
    source_directory: str = ""
    gpus: tuple[int, ...] = ()
    max_run_duration_s: float | None = None
    heartbeat_s: float = 1.0
    kill_grace_s: float = 10.0
    drain_s: float = 5.0
    sync_s: float = 5.0
    system_metrics_s: float = 1.0
