"""The whole API of a workspace: a Protocol per noun, and the table that names them.

All methods are synchronous and may be called from several threads at once. Each raises errors of `jupyter_mlws.errors`
only. A run is named by its id or by its number in the workspace, as text (``'12'``), wherever `run` is an argument.
Lists are newest first and paged by an opaque cursor.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, Protocol

from jupyter_mlws.api.routes import Download, Operation, Upload, operations, route
from jupyter_mlws.domain.archive import ImportReport
from jupyter_mlws.domain.child import NewChildren, RunEnd
from jupyter_mlws.domain.compute import Compute
from jupyter_mlws.domain.deletion import Deletion, GarbageReport, TrashItem
from jupyter_mlws.domain.document import Document, DocumentRequest
from jupyter_mlws.domain.experiment import Experiment, ExperimentUpdate
from jupyter_mlws.domain.file import LogPart, RunFile
from jupyter_mlws.domain.interactive import FolderImport, FolderPart, RunStart
from jupyter_mlws.domain.job import InputFile
from jupyter_mlws.domain.metric import MetricSummary, MetricValue, TypedMetric
from jupyter_mlws.domain.model import Model, ModelRegistration, ModelUpdate
from jupyter_mlws.domain.page import Page
from jupyter_mlws.domain.rerun import Rerun
from jupyter_mlws.domain.run import Run, RunSubmission, RunUpdate
from jupyter_mlws.domain.snapshot import Manifest, MissingBlobs, Snapshot, SnapshotReport, SnapshotRequest
from jupyter_mlws.domain.workspace import ChangePage, FarSide, WorkspaceInfo

__all__ = [
    "NOUNS",
    "SERVER_NOUNS",
    "Api",
    "ArchivesApi",
    "BlobsApi",
    "ComputeApi",
    "DocumentsApi",
    "ExperimentsApi",
    "FilesApi",
    "FoldersApi",
    "LogsApi",
    "MetricsApi",
    "ModelsApi",
    "RegistryApi",
    "RunsApi",
    "SnapshotsApi",
    "TrashApi",
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
    def list(self, limit: int = 50, cursor: str | None = None, include_archived: bool = False) -> Page[Experiment]:
        """Experiments, newest first; archived ones only when `include_archived` is set."""
        ...

    @route("GET", "/experiments/{name}", resource="experiments", from_job=True)
    def get(self, name: str) -> Experiment:
        """One experiment, or `NotFound`."""
        ...

    @route("PUT", "/experiments/{name}", resource="experiments", permission="write")
    def create(self, name: str) -> Experiment:
        """The experiment of this name, made if it is missing."""
        ...

    @route("PATCH", "/experiments/{name}", resource="experiments", permission="write")
    def update(self, name: str, update: ExperimentUpdate) -> Experiment:
        """Change description or tags, archive or reactivate."""
        ...

    @route("DELETE", "/experiments/{name}", resource="experiments", permission="write")
    def delete(self, name: str) -> Deletion:
        """Put the experiment and all its runs into the trash; its name is free at once. Asked again, the same answer.

        Raises
        ------
        WrongState
            A run of it has not ended; the message names it.
        """
        ...

    @route("POST", "/experiments/{name}/restore", resource="experiments", permission="write")
    def restore(self, name: str, new_name: str | None = None) -> Experiment:
        """Take the experiment that was deleted last under this name, and the runs that went with it, out of the trash.

        Raises
        ------
        AlreadyExists
            The name is taken by now: give a `new_name`.
        """
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

    @route("POST", "/runs/start", resource="runs", permission="write")
    def start(self, start: RunStart) -> Run:
        """Record a run that the calling process itself is; it is Running at once, and nothing is executed for it.

        What the process logs goes into the run's folder, where the dispatcher follows it: on the same disk, or by
        `folders.append`. Repeated with the same `key` it answers with the same run.

        Raises
        ------
        InvalidInput
            Unknown snapshot.
        """
        ...

    @route("POST", "/runs/{run}/rerun", resource="runs", permission="execute")
    def rerun(self, run: str, rerun: Rerun) -> Run:
        """A new run like an earlier one: the same snapshot, command, inputs and parameters, but for what `rerun` says.

        A sweep is done again as a whole, one of its runs by itself. The new run's property ``mlws.rerun_of`` names the
        earlier one. Repeated with the same `key` it answers with the same run.

        Raises
        ------
        WrongState
            Child and interactive runs happened inside another process, and cannot be started by themselves.
        InvalidInput
            A secret or a masked argument has to be given again; or a change does not fit the run.
        CorruptData
            The snapshot or an input of the earlier run is gone.
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

    @route("DELETE", "/runs/{run}", resource="runs", permission="write")
    def delete(self, run: str) -> Deletion:
        """Put a run and all its descendants into the trash: nobody sees them, until they are restored.

        Models that were registered from them stay. Asked again it gives the same answer.

        Raises
        ------
        WrongState
            It, or a descendant, or the sweep that it belongs to, has not ended; the message names it.
        """
        ...

    @route("POST", "/runs/{run}/restore", resource="runs", permission="write")
    def restore(self, run: str) -> Run:
        """Take a run and its descendants out of the trash; one that is not in it stays as it is.

        Raises
        ------
        NotFound
            There is none, or it has left the trash for good.
        WrongState
            It went into the trash with its parent or its experiment: restore that.
        """
        ...


class FoldersApi(Protocol):
    """Run folders that are written elsewhere: those of interactive runs, and of runs that were recorded offline."""

    @route("PUT", "/runs/{run}/folder", resource="runs", permission="write")
    def append(self, run: str, path: str, offset: int, content: Upload, total: int | None = None) -> FolderPart:
        """Write bytes into a file of an interactive run's folder; the same bytes again change nothing.

        Parameters
        ----------
        path : str
            One of the places where a process writes, such as ``journal/<file>``.
        offset : int
            At most the size that the file has.
        total : int, optional
            Size of the whole file. It is needed for what appears whole or not at all: requests, outputs, uploads. The
            file appears with its last piece.

        Raises
        ------
        Conflict
            `offset` lies behind the end of the file; `details` have its ``size_bytes``.
        WrongState
            The run has ended, or is none that logs from a process elsewhere.
        InvalidPath
            The path is none of these places, or a link is in the way.
        """
        ...

    @route("GET", "/runs/{run}/folder", resource="runs")
    def read(self, run: str, path: str, offset: int = 0) -> Download:
        """What the dispatcher tells the process of an interactive run: ``control.json``, ``mailbox/replies/<file>``.

        It is empty while there is nothing of this name.
        """
        ...

    @route("POST", "/offline", resource="runs", permission="write")
    def import_offline(self, content: Upload) -> FolderImport:
        """Import a run that was recorded offline: a zip of its folder.

        The dispatcher takes it in; `imported` tells when it is done. The run keeps its id, so imported again it brings
        what is new and nothing twice.

        Raises
        ------
        InvalidInput
            It is no folder of an offline run; nothing of it is kept.
        """
        ...

    @route("GET", "/runs/{run}/import", resource="runs")
    def imported(self, run: str) -> FolderImport:
        """How far the import of a run is, or `NotFound`."""
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

    @route("PUT", "/runs/{run}/file", resource="artifacts", permission="write")
    def upload(self, run: str, name: str, content: Upload) -> RunFile:
        """Keep a file with a run, beside its outputs; repeated with the same bytes it has no effect.

        Raises
        ------
        AlreadyExists
            The run has another file of this name.
        """
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

    @route("GET", "/metrics", resource="runs")
    def export(
        self,
        filter: str | None = None,
        experiment: str | None = None,
        names: str | None = None,
        latest: bool = False,
        include_children: bool = False,
    ) -> Download:
        """The points of all runs that a filter finds, as binary columns (see `jupyter_mlws.api.metric_table`).

        They come in blocks, the oldest run first, and a run's series by name. What is logged meanwhile is left out.

        Parameters
        ----------
        filter, experiment, include_children
            Which runs, as for `RunsApi.list`.
        names : str, optional
            Only these metrics: a JSON array of names.
        latest : bool
            Only the newest point of each series.

        Raises
        ------
        InvalidFilter
            `filter` cannot be understood; the message and `details` point at the word.
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

    @route("POST", "/blobs/missing", resource="artifacts", permission="write")
    def find_missing(self, manifest: Manifest) -> MissingBlobs:
        """Which files of a folder elsewhere have to be uploaded before its snapshot can be recorded."""
        ...

    @route("PUT", "/snapshots", resource="artifacts", permission="write")
    def record(self, manifest: Manifest) -> Snapshot:
        """Record the snapshot of a folder elsewhere, whose files are stored; the same list gives the same snapshot.

        Raises
        ------
        InvalidInput
            The bytes of a file are not stored, or the list is no tree of files.
        """
        ...


class BlobsApi(Protocol):
    """Bytes by digest, for what travels with a submission."""

    @route("POST", "/blobs", resource="artifacts", permission="write")
    def upload(self, name: str, content: Upload) -> InputFile:
        """Store bytes; the answer names their digest."""
        ...


class ModelsApi(Protocol):
    """The model registry.

    A version is named by its number; 0 is the latest one. What was deleted is found by nothing here but
    ``list(deleted=True)`` and `restore`.
    """

    @route("POST", "/models", resource="models", permission="write", from_job=True)
    def register(self, registration: ModelRegistration) -> Model:
        """A new version made of files that a run left, or of uploaded ones. The bytes are shared, not copied.

        Repeated with the same `key` it answers with the same version.

        Raises
        ------
        NotFound
            There is no such run, or it left no such file.
        InvalidInput
            The bytes of a file are not stored.
        """
        ...

    @route("GET", "/models", resource="models", from_job=True)
    def list(
        self,
        name: str | None = None,
        run: str | None = None,
        search: str | None = None,
        tags: str | None = None,
        properties: str | None = None,
        latest: bool = False,
        deleted: bool = False,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[Model]:
        """Model versions, newest first.

        Parameters
        ----------
        search : str, optional
            A piece of text found in name, description, tags or aliases, whatever its case.
        tags, properties : str, optional
            A JSON object of names and values that a version has, such as ``{"stage": "test"}``; a value of null is any.
        latest : bool
            Only the newest version of each name.
        deleted : bool
            Those in the trash, instead of those that are not.
        """
        ...

    @route("GET", "/models/{name}/versions/{version}", resource="models", from_job=True)
    def get(self, name: str, version: int) -> Model:
        """One version (0: the latest), or `NotFound`."""
        ...

    @route("GET", "/models/{name}/aliases/{alias}", resource="models", from_job=True)
    def get_by_alias(self, name: str, alias: str) -> Model:
        """The version that an alias names ('latest': the newest), or `NotFound`."""
        ...

    @route("PATCH", "/models/{name}/versions/{version}", resource="models", permission="write", from_job=True)
    def update(self, name: str, version: int, update: ModelUpdate) -> Model:
        """Change tags, description or framework of a version, or add properties to it.

        Raises
        ------
        Conflict
            A property has another value already.
        """
        ...

    @route("PUT", "/models/{name}/aliases/{alias}", resource="models", permission="write")
    def set_alias(self, name: str, alias: str, version: int) -> Model:
        """Give a version a name of its own, such as 'production'; another version that has it loses it in this step."""
        ...

    @route("DELETE", "/models/{name}/aliases/{alias}", resource="models", permission="write")
    def remove_alias(self, name: str, alias: str) -> Model:
        """Take an alias away; the version that had it."""
        ...

    @route("DELETE", "/models/{name}/versions/{version}", resource="models", permission="write")
    def delete(self, name: str, version: int) -> Deletion:
        """Put a version into the trash. Its number is never given again; `restore` brings it back with its aliases."""
        ...

    @route("POST", "/models/{name}/versions/{version}/restore", resource="models", permission="write")
    def restore(self, name: str, version: int) -> Model:
        """Take a version out of the trash; one that is not there stays as it is."""
        ...

    @route("GET", "/models/{name}/versions/{version}/fetch", resource="models", from_job=True)
    def fetch(self, name: str, version: int) -> Model:
        """A version that is about to be used: the bytes of all its files are there. A job gets them handed.

        Asked from inside a job, the files lie below ``inputs/models/<name>/<version>`` of the run folder when the
        answer comes; elsewhere they are downloaded one by one.

        Raises
        ------
        CorruptData
            The bytes of a file are gone.
        """
        ...

    @route("GET", "/models/{name}/versions/{version}/file", resource="models", from_job=True)
    def download(self, name: str, version: int, path: str) -> Download:
        """One file of a version."""
        ...


class TrashApi(Protocol):
    """What was deleted: it can come back until it is purged, and its bytes are freed then."""

    @route("GET", "/trash", resource="runs")
    def list(self, limit: int = 50, cursor: str | None = None) -> Page[TrashItem]:
        """What can be restored: runs, experiments and models, the last deleted first."""
        ...

    @route("POST", "/trash/collect", resource="workspaces", permission="write")
    def collect(self, dry_run: bool = False, everything: bool = False) -> GarbageReport:
        """Purge what has been in the trash for its days, then free all bytes that nothing uses any more.

        Safe beside whatever else goes on in the workspace, in this process or another.

        Parameters
        ----------
        dry_run : bool
            Only say what would go.
        everything : bool
            Purge all that is in the trash, however new.

        Raises
        ------
        Conflict
            Another collection began meanwhile, and goes on in this one's place.
        """
        ...


class ArchivesApi(Protocol):
    """Runs and workspaces as one file, and back."""

    @route("GET", "/archive", resource="artifacts")
    def export(self, run: str | None = None, filter: str | None = None) -> Download:
        """The whole workspace as one file, or one run, or the runs that a filter finds; each with its descendants.

        Metrics, files, snapshots and models are in it. Runs that have not ended are not, nor what is in the trash.

        Raises
        ------
        WrongState
            The one run has not ended.
        """
        ...

    @route("POST", "/archive", resource="runs", permission="write")
    def import_file(self, content: Upload) -> ImportReport:
        """Add what an archive holds and the workspace does not; ids stay, numbers that are taken give way.

        Repeated it adds nothing. Of a broken archive nothing is kept.

        Raises
        ------
        ArchiveError
            It is no archive, a damaged one, or one of a newer version.
        """
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
    def folders(self) -> FoldersApi: ...
    @property
    def metrics(self) -> MetricsApi: ...
    @property
    def snapshots(self) -> SnapshotsApi: ...
    @property
    def blobs(self) -> BlobsApi: ...
    @property
    def models(self) -> ModelsApi: ...
    @property
    def trash(self) -> TrashApi: ...
    @property
    def archives(self) -> ArchivesApi: ...
    @property
    def compute(self) -> ComputeApi: ...


# Below /workspaces/{workspace}.
NOUNS: dict[str, type] = {
    "workspace": WorkspaceApi,
    "experiments": ExperimentsApi,
    "runs": RunsApi,
    "logs": LogsApi,
    "files": FilesApi,
    "folders": FoldersApi,
    "metrics": MetricsApi,
    "snapshots": SnapshotsApi,
    "blobs": BlobsApi,
    "models": ModelsApi,
    "trash": TrashApi,
    "archives": ArchivesApi,
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
