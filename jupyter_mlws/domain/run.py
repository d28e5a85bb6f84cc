"""Runs: the record of one execution, and the wish for one."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from jupyter_mlws.domain.job import InputFile
from jupyter_mlws.domain.metric import MetricSummary
from jupyter_mlws.domain.names import (
    MAX_DESCRIPTION,
    MAX_DISPLAY_NAME,
    MAX_PARAMS,
    check_experiment_name,
    check_file_name,
    check_tags,
    check_text,
)
from jupyter_mlws.domain.progress import Progress
from jupyter_mlws.domain.snapshot import GitInfo, LinkedPath
from jupyter_mlws.domain.status import RunStatus
from jupyter_mlws.errors import InvalidInput, TooLarge

__all__ = ["AFTER", "Captured", "Run", "RunError", "RunSource", "RunSubmission", "RunUpdate"]

MAX_SWEEP = 10_000
MAX_AFTER = 20
# The property of a run with the numbers of those that must have completed before it begins.
AFTER = "mlws.after"
MAX_DURATION_S = 2_592_000.0
# Their process is there already, or was.
NOT_SUBMITTED = ("interactive", "offline")
_KINDS = ("script", "cell", "notebook", "sweep", *NOT_SUBMITTED)
_RESERVED_VARIABLES = ("MLWS_",)


@dataclass(frozen=True, kw_only=True)
class RunSource:
    """Where a run came from.

    Attributes
    ----------
    document : str
        Path of the notebook or script, as the server shows it (relative to its root or to the home folder).
    document_id : str
        Identity of the notebook that survives a rename ('' when unknown).
    cell_id, cell_source : str
        The cell's id, and its text with the magic line, as it was typed.
    execution_count : int or None
    origin : str
        What the snapshot holds of the document: 'screen', 'file', 'inputs' (the kernel's input history) or ''.
    """

    document: str = ""
    document_id: str = ""
    cell_id: str = ""
    cell_source: str = ""
    execution_count: int | None = None
    origin: str = ""


@dataclass(frozen=True, kw_only=True)
class Captured:
    """A name of the kernel that travelled: `how` is 'data', 'source', 'import', 'random' or 'table'."""

    name: str
    how: str
    type: str = ""
    size_bytes: int = 0
    text: str = ""


@dataclass(frozen=True, kw_only=True)
class RunError:
    """Why a run failed. `message` is one sentence for people; `traceback` points at notebook or script lines."""

    code: str
    message: str
    exit_code: int | None = None
    signal: str | None = None
    traceback: str = ""


@dataclass(frozen=True, kw_only=True)
class Run:
    """The record of a run. Its `progress` is that of a running one whose output ends with a progress bar."""

    id: str
    number: int
    experiment: str
    kind: str
    status: RunStatus
    status_sequence: int
    created_at: datetime
    started_at: datetime | None = None
    ended_at: datetime | None = None
    display_name: str = ""
    description: str = ""
    user: str = ""
    host: str = ""
    compute_target: str = "local"
    environment: str = "kernel"
    command: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()
    working_directory: str = ""
    tags: dict[str, str] = field(default_factory=dict)
    params: dict[str, str] = field(default_factory=dict)
    properties: dict[str, str] = field(default_factory=dict)
    parent_id: str | None = None
    child_count: int = 0
    children_ended: int = 0
    snapshot_id: str | None = None
    snapshot_scope: str = ""
    git: GitInfo | None = None
    source: RunSource = field(default_factory=RunSource)
    captured: tuple[Captured, ...] = ()
    links: tuple[LinkedPath, ...] = ()
    notes: tuple[str, ...] = ()
    environment_variables: tuple[str, ...] = ()
    error: RunError | None = None
    warnings: tuple[str, ...] = ()
    waiting_for: str = ""
    metrics: tuple[MetricSummary, ...] = ()
    progress: Progress | None = None

    @property
    def duration_s(self) -> float | None:
        """Seconds from start to end; None while either is missing."""
        if self.started_at is None or self.ended_at is None:
            return None
        return (self.ended_at - self.started_at).total_seconds()


@dataclass(frozen=True, kw_only=True)
class RunSubmission:
    """The wish for a run, complete: nothing else is asked from the submitter later.

    Attributes
    ----------
    command : tuple of str
        Argument vector. Its first item is an absolute interpreter or a program found on the job's PATH.
    kind : str
        'script', 'cell', 'notebook', or 'sweep' (then `sweep` has the children's parameters and the parent runs
        nothing);
        'interactive' or 'offline' for the record of a run that nobody starts, which cannot be submitted.
    inherited_environment : dict or None
        The submitter's current variables, handed to the job once. Names are recorded, values never stored.
    secrets : dict
        Named secrets, handed over like `inherited_environment`.
    vault_secrets : tuple of str
        Names of further ones, whose values the vault of the workspace gives when the run is recorded.
    sweep : tuple of dict
        One mapping of parameters for each child run.
    parallel : int or None
        At most so many children at a time.
    properties : dict
        Facts for good, such as the run that this one repeats.
    after : tuple of str
        Numbers or ids of runs that must have completed before this one begins; it ends as the first of them that does
        not complete.
    key : str
        Makes a repeated request harmless: the same key gives the same run.
    """

    experiment: str
    command: tuple[str, ...]
    kind: str = "script"
    arguments: tuple[str, ...] = ()
    display_name: str = ""
    description: str = ""
    tags: dict[str, str] = field(default_factory=dict)
    params: dict[str, str] = field(default_factory=dict)
    compute_target: str = "local"
    environment: str = "kernel"
    environment_variables: dict[str, str] = field(default_factory=dict)
    inherited_environment: dict[str, str] | None = None
    secrets: dict[str, str] = field(default_factory=dict)
    vault_secrets: tuple[str, ...] = ()
    max_run_duration_s: float | None = None
    cpus: int | None = None
    gpus: int | None = None
    memory_bytes: int | None = None
    snapshot_id: str | None = None
    snapshot_scope: str = ""
    working_directory: str = ""
    source_directory: str = ""
    python_path: tuple[str, ...] = ()
    links: tuple[LinkedPath, ...] = ()
    git: GitInfo | None = None
    inputs: tuple[InputFile, ...] = ()
    captured: tuple[Captured, ...] = ()
    notes: tuple[str, ...] = ()
    source: RunSource = field(default_factory=RunSource)
    sweep: tuple[dict[str, str], ...] = ()
    parallel: int | None = None
    properties: dict[str, str] = field(default_factory=dict)
    after: tuple[str, ...] = ()
    key: str = ""

    def __post_init__(self) -> None:
        check_experiment_name(self.experiment)
        check_text("display name", self.display_name, MAX_DISPLAY_NAME)
        check_text("description", self.description, MAX_DESCRIPTION)
        check_tags(self.tags)
        check_tags(self.params, "parameter", MAX_PARAMS)
        check_tags(self.properties, "property")
        for params in self.sweep:
            check_tags(params, "parameter", MAX_PARAMS)
        if self.working_directory:
            check_file_name(self.working_directory)
        self._check_command()
        self._check_limits()

    def _check_command(self) -> None:
        if self.kind not in _KINDS:
            raise InvalidInput(f"There is no kind of run {self.kind!r}.")
        if not self.command and self.kind not in NOT_SUBMITTED:
            raise InvalidInput("The command is empty.", hint="Give a script or a command.")
        if any("\0" in word for word in self.command):
            raise InvalidInput("An argument contains a NUL character, which no program can be given.")
        for name in self.environment_variables:
            if not name or "=" in name or "\0" in name:
                raise InvalidInput(f"{name!r} cannot be the name of an environment variable.")
            if name.startswith(_RESERVED_VARIABLES):
                raise InvalidInput(f"{name} is set by the workspace.", hint="Use a name without the prefix MLWS_.")

    def _check_limits(self) -> None:
        limit = self.max_run_duration_s
        if limit is not None and not 0 < limit <= MAX_DURATION_S:
            raise InvalidInput(f"A time limit of {limit} seconds is out of range.", hint="Use 1 second to 30 days.")
        if len(self.sweep) > MAX_SWEEP:
            raise TooLarge(f"The sweep has {len(self.sweep):,} runs.", hint=f"At most {MAX_SWEEP:,} in one sweep.")
        if len(self.after) > MAX_AFTER:
            raise TooLarge(f"The run is to follow {len(self.after):,} others.", hint=f"At most {MAX_AFTER}.")
        for name, count in (("cpus", self.cpus), ("gpus", self.gpus), ("parallel", self.parallel)):
            if count is not None and count < (0 if name == "gpus" else 1):
                raise InvalidInput(f"{name} cannot be {count}.")
        if self.memory_bytes is not None and self.memory_bytes < 1:
            raise InvalidInput(f"A memory of {self.memory_bytes} bytes is none.", hint="Give a size such as 4g.")


@dataclass(frozen=True, kw_only=True)
class RunUpdate:
    """A change of what a person may change; None leaves a field as it is, a tag of None removes it.

    Properties are only ever added: another value for one that is there is a `Conflict`.
    """

    display_name: str | None = None
    description: str | None = None
    tags: dict[str, str | None] | None = None
    properties: dict[str, str] | None = None

    def __post_init__(self) -> None:
        if self.display_name is not None:
            check_text("display name", self.display_name, MAX_DISPLAY_NAME)
        if self.description is not None:
            check_text("description", self.description, MAX_DESCRIPTION)
        if self.tags is not None:
            check_tags(self.tags)
        if self.properties is not None:
            check_tags(self.properties, "property")
