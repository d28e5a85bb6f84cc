"""The whole API of a workspace: a Protocol per noun, and the table that names them.

All methods are synchronous and may be called from several threads at once. Each raises errors of `jupyter_mlws.errors`
only. A run is named by its id or by its number in the workspace, as text (``'12'``), wherever `run` is an argument.
Lists are newest first and paged by an opaque cursor.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, Protocol

from jupyter_mlws.api.routes import Download, Operation, Upload, operations, route
from jupyter_mlws.domain.child import NewChildren, RunEnd
from jupyter_mlws.domain.compute import Compute
from jupyter_mlws.domain.document import Document, DocumentRequest
from jupyter_mlws.domain.experiment import Experiment
from jupyter_mlws.domain.file import LogPart, RunFile
from jupyter_mlws.domain.job import InputFile
from jupyter_mlws.domain.metric import MetricSummary, MetricValue, TypedMetric
from jupyter_mlws.domain.model import Model, ModelRegistration
from jupyter_mlws.domain.page import Page
from jupyter_mlws.domain.run import Run, RunSubmission, RunUpdate
from jupyter_mlws.domain.snapshot import Manifest, SnapshotReport, SnapshotRequest
from jupyter_mlws.domain.workspace import ChangePage, FarSide, WorkspaceInfo

__all__ = [
    "NOUNS",
    "SERVER_NOUNS",
    "Api",
    "BlobsApi",
    "ComputeApi",
    "DocumentsApi",
    "ExperimentsApi",
    "FilesApi",
    "LogsApi",
    "MetricsApi",
    "ModelsApi",
    "RegistryApi",
    "RunsApi",
    "SnapshotsApi",
    "WorkspaceApi",
    "all_operations",
]


class WorkspaceApi(Protocol):
    """The workspace itself."""

    @route("GET", "/info", resource="workspaces", from_job=True)
    def info(self) -> WorkspaceInfo:
        """What the workspace holds, how large it is, and whether its dispatcher lives."""
        ...

    @route("GET", "/changes", resource="workspaces")
    def changes(self, since: int, limit: int = 500) -> ChangePage:
        """What changed after the cursor `since`; each subject once, with its newest cursor. 0 is the beginning."""
        ...

    @route("POST", "/wake", resource="runs", permission="execute")
    def wake(self) -> WorkspaceInfo:
        """Start the dispatcher if none lives, or wake it; wait until it does, at most 5 s.

        Raises
        ------
        DispatcherUnavailable
            It did not come up; the message holds its last log lines.
        """
        ...


class ExperimentsApi(Protocol):
    """Named groups of runs."""

    @route("GET", "/experiments", resource="experiments")
    def list(self, limit: int = 50, cursor: str | None = None) -> Page[Experiment]:
        """Experiments, newest first."""
        ...

    @route("GET", "/experiments/{name}", resource="experiments", from_job=True)
    def get(self, name: str) -> Experiment:
        """One experiment, or `NotFound`."""
        ...

    @route("PUT", "/experiments/{name}", resource="experiments", permission="write")
    def create(self, name: str) -> Experiment:
        """The experiment of this name, made if it is missing."""
        ...


class RunsApi(Protocol):
    """Runs: submit, look, cancel."""

    @route("POST", "/runs", resource="runs", permission="execute")
    def submit(self, submission: RunSubmission) -> Run:
        """Record the run (and a sweep's children), queue it, wake the dispatcher; return without waiting for it.

        All blobs that the submission names must be stored already. Repeated with the same `key` it answers with the
        same run.

        Raises
        ------
        InvalidInput
            Unknown compute target or environment (the message lists the known ones and the nearest), unknown snapshot
            or blob.
        """
        ...

    @route("GET", "/runs", resource="runs", from_job=True)
    def list(
        self,
        experiment: str | None = None,
        status: str | None = None,
        document: str | None = None,
        parent: str | None = None,
        search: str | None = None,
        filter: str | None = None,
        order_by: str | None = None,
        include_children: bool = False,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[Run]:
        """Runs, newest first; children of a sweep only when `parent` names it or `include_children` is set.

        `document` keeps the runs of one notebook (its `source.document` or `source.document_id`); `search` is a
        piece of text found in number, experiment, display name, tags or params. `filter` is a condition such as
        ``metrics.acc > 0.9 and params.lr = '0.1'``, `order_by` an order such as ``metrics.acc desc``; both are
        explained in ``docs/filters.md``.

        Raises
        ------
        InvalidFilter
            `filter` or `order_by` cannot be understood; the message and `details` point at the word.
        """
        ...

    @route("GET", "/runs/{run}", resource="runs", from_job=True)
    def get(self, run: str) -> Run:
        """One run with its metrics' summaries, or `NotFound`."""
        ...

    @route("PATCH", "/runs/{run}", resource="runs", permission="write", from_job=True)
    def update(self, run: str, update: RunUpdate) -> Run:
        """Change tags, display name or description."""
        ...

    @route("POST", "/runs/{run}/children", resource="runs", permission="write", from_job=True)
    def create_children(self, run: str, children: NewChildren) -> Page[Run]:
        """Child runs that the process of `run` made of itself; all are made, or none. They are Running from now on.

        Repeated with the same ids it answers with the same runs.

        Raises
        ------
        AlreadyExists
            A run of this id exists, and it is no child of `run`.
        WrongState
            The run has ended, or does not log from a process that may make children.
        """
        ...

    @route("POST", "/runs/{run}/end", resource="runs", permission="write", from_job=True)
    def end(self, run: str, end: RunEnd) -> Run:
        """The end of a child or an interactive run, as its own process tells; an ended one stays as it is.

        A job's own run ends with its script: of it only a failure can be told, and it shows when the script has ended.

        Raises
        ------
        WrongState
            The run is one whose end its process does not tell: it waits, or is a sweep.
        """
        ...

    @route("POST", "/runs/{run}/cancel", resource="runs", permission="write")
    def cancel(self, run: str) -> Run:
        """Ask for the end of a run and of its children. A queued one is Canceled at once; an ended one stays."""
        ...


class LogsApi(Protocol):
    """Logs, readable while they grow."""

    @route("GET", "/runs/{run}/logs", resource="runs", from_job=True)
    def read(self, run: str, name: str = "std.log", offset: int = 0, limit: int = 262144) -> LogPart:
        """At most `limit` bytes of ``std.log`` or ``agent.log`` from a byte offset; a negative one is from the end."""
        ...


class FilesApi(Protocol):
    """Outputs, logs and results of a run."""

    @route("GET", "/runs/{run}/files", resource="artifacts", from_job=True)
    def list(self, run: str, kind: str | None = None, limit: int = 1000, cursor: str | None = None) -> Page[RunFile]:
        """Files of a run, by name."""
        ...

    @route("GET", "/runs/{run}/file", resource="artifacts", from_job=True)
    def download(self, run: str, name: str, kind: str = "output") -> Download:
        """The bytes of one file, or `NotFound`."""
        ...


class MetricsApi(Protocol):
    """Series of numbers, and values that are more than numbers."""

    @route("GET", "/runs/{run}/metrics", resource="runs", from_job=True)
    def list(self, run: str, limit: int = 1000, cursor: str | None = None) -> Page[MetricSummary]:
        """The series of a run, by name, each with its latest value."""
        ...

    @route("GET", "/runs/{run}/metric", resource="runs", from_job=True)
    def read(self, run: str, name: str, after: int = 0, points: int | None = None) -> Download:
        """A series as binary columns (see `jupyter_mlws.api.series`).

        Parameters
        ----------
        after : int
            Skip so many points: a live chart passes the `count` it has and receives only what is new.
        points : int, optional
            At most about so many points: buckets with minimum, maximum and mean instead of single values.
        """
        ...

    @route("GET", "/runs/{run}/typed", resource="runs", from_job=True)
    def typed(self, run: str, limit: int = 1000, cursor: str | None = None) -> Page[TypedMetric]:
        """The metrics of a run that are more than numbers, by name."""
        ...

    @route("GET", "/runs/{run}/values", resource="runs", from_job=True)
    def values(self, run: str, name: str, after: int = 0, limit: int = 1000) -> Page[MetricValue]:
        """The values of one typed metric, in the order of their logging, or `NotFound`.

        A page ends early where the values are large; its `next_cursor` is the next `after`, as text.

        Parameters
        ----------
        after : int
            Skip so many values.
        """
        ...


class SnapshotsApi(Protocol):
    """Snapshots of folders."""

    @route("POST", "/snapshots", resource="runs", permission="execute")
    def create(self, request: SnapshotRequest) -> SnapshotReport:
        """Snapshot a folder of the machine that answers. Reading any folder is as much as running code: 'execute'."""
        ...

    @route("GET", "/snapshots/{snapshot}", resource="artifacts", from_job=True)
    def get(self, snapshot: str) -> Manifest:
        """The files of a snapshot, or `NotFound`."""
        ...

    @route("GET", "/snapshots/{snapshot}/zip", resource="artifacts")
    def download(self, snapshot: str) -> Download:
        """The snapshot as a zip, streamed."""
        ...

    @route("GET", "/snapshots/{snapshot}/file", resource="artifacts")
    def download_file(self, snapshot: str, path: str) -> Download:
        """One file of a snapshot."""
        ...


class BlobsApi(Protocol):
    """Bytes by digest, for what travels with a submission."""

    @route("POST", "/blobs", resource="artifacts", permission="write")
    def upload(self, name: str, content: Upload) -> InputFile:
        """Store bytes; the answer names their digest."""
        ...


class ModelsApi(Protocol):
    """The model registry."""

    @route("POST", "/models", resource="models", permission="write", from_job=True)
    def register(self, registration: ModelRegistration) -> Model:
        """A new version made of files that the run left. The bytes are shared with the run's files, not copied."""
        ...

    @route("GET", "/models", resource="models", from_job=True)
    def list(
        self, name: str | None = None, run: str | None = None, limit: int = 50, cursor: str | None = None
    ) -> Page[Model]:
        """Model versions, newest first."""
        ...

    @route("GET", "/models/{name}/versions/{version}", resource="models", from_job=True)
    def get(self, name: str, version: int) -> Model:
        """One version (0: the latest), or `NotFound`."""
        ...

    @route("GET", "/models/{name}/versions/{version}/file", resource="models", from_job=True)
    def download(self, name: str, version: int, path: str) -> Download:
        """One file of a version."""
        ...


class ComputeApi(Protocol):
    """Compute targets."""

    @route("GET", "/compute", resource="compute")
    def list(self) -> Page[Compute]:
        """All targets with their slots and queue."""
        ...


class RegistryApi(Protocol):
    """The workspaces that this server's user has opened. Routes of the server, not of one workspace."""

    @route("GET", "/workspaces", resource="workspaces")
    def list(self) -> Page[WorkspaceInfo]:
        """Every registered workspace that can be opened."""
        ...

    @route("GET", "/farside", resource="workspaces")
    def far_side(self) -> FarSide:
        """The zip of the standard-library part, for kernels whose environment lacks the package."""
        ...

    @route("GET", "/resolve", resource="workspaces")
    def resolve(self, document: str = "") -> WorkspaceInfo:
        """The workspace of a document (path as the server shows it), found by the same rule as in a kernel.

        The user's default workspace is made when it is missing.
        """
        ...


class DocumentsApi(Protocol):
    """The open documents of the frontend. Routes of the server, not of one workspace."""

    @route("POST", "/documents", resource="runs", permission="execute")
    def request(self, request: DocumentRequest) -> Document:
        """Ask the frontend for a kernel's notebook as it is on screen; `answered` is false when none did in time."""
        ...

    @route("PUT", "/documents/{request}", resource="runs", permission="execute")
    def answer(self, request: str, document: Document) -> Document:
        """The frontend's answer to the request of this id."""
        ...


class Api(Protocol):
    """A workspace, whether its services run in this process or behind HTTP."""

    @property
    def workspace(self) -> WorkspaceApi: ...
    @property
    def experiments(self) -> ExperimentsApi: ...
    @property
    def runs(self) -> RunsApi: ...
    @property
    def logs(self) -> LogsApi: ...
    @property
    def files(self) -> FilesApi: ...
    @property
    def metrics(self) -> MetricsApi: ...
    @property
    def snapshots(self) -> SnapshotsApi: ...
    @property
    def blobs(self) -> BlobsApi: ...
    @property
    def models(self) -> ModelsApi: ...
    @property
    def compute(self) -> ComputeApi: ...


# Below /workspaces/{workspace}.
NOUNS: dict[str, type] = {
    "workspace": WorkspaceApi,
    "experiments": ExperimentsApi,
    "runs": RunsApi,
    "logs": LogsApi,
    "files": FilesApi,
    "metrics": MetricsApi,
    "snapshots": SnapshotsApi,
    "blobs": BlobsApi,
    "models": ModelsApi,
    "compute": ComputeApi,
}
# Below the root of the extension.
SERVER_NOUNS: dict[str, type] = {"registry": RegistryApi, "documents": DocumentsApi}


def all_operations() -> Iterator[tuple[Literal["workspace", "server"], Operation]]:
    """Every operation, after the place where its path begins."""
    for noun, protocol in NOUNS.items():
        yield from (("workspace", operation) for operation in operations(noun, protocol))
    for noun, protocol in SERVER_NOUNS.items():
        yield from (("server", operation) for operation in operations(noun, protocol))
