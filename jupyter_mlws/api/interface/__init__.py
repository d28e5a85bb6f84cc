"""The whole API of a workspace: a Protocol per noun, and the table that names them.

All methods are synchronous and may be called from several threads at once. Each raises errors of `jupyter_mlws.errors`
only. A run is named by its id or by its number in the workspace, as text (``'12'``), wherever `run` is an argument.
Lists are newest first and paged by an opaque cursor.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, Protocol

from jupyter_mlws.api.interface.archives import ArchivesApi
from jupyter_mlws.api.interface.blobs import BlobsApi
from jupyter_mlws.api.interface.compute import ComputeApi
from jupyter_mlws.api.interface.copies import CopiesApi
from jupyter_mlws.api.interface.documents import DocumentsApi
from jupyter_mlws.api.interface.environments import EnvironmentsApi
from jupyter_mlws.api.interface.experiments import ExperimentsApi
from jupyter_mlws.api.interface.files import FilesApi
from jupyter_mlws.api.interface.folders import FoldersApi
from jupyter_mlws.api.interface.logs import LogsApi
from jupyter_mlws.api.interface.metrics import MetricsApi
from jupyter_mlws.api.interface.models import ModelsApi
from jupyter_mlws.api.interface.notebooks import NotebooksApi
from jupyter_mlws.api.interface.registry import RegistryApi
from jupyter_mlws.api.interface.runs import RunsApi
from jupyter_mlws.api.interface.secrets import SecretsApi
from jupyter_mlws.api.interface.snapshots import SnapshotsApi
from jupyter_mlws.api.interface.trash import TrashApi
from jupyter_mlws.api.interface.workspace import WorkspaceApi
from jupyter_mlws.api.routes import Operation, operations

__all__ = [
    "NOUNS",
    "SERVER_NOUNS",
    "Api",
    "ArchivesApi",
    "BlobsApi",
    "ComputeApi",
    "CopiesApi",
    "DocumentsApi",
    "EnvironmentsApi",
    "ExperimentsApi",
    "FilesApi",
    "FoldersApi",
    "LogsApi",
    "MetricsApi",
    "ModelsApi",
    "NotebooksApi",
    "RegistryApi",
    "RunsApi",
    "SecretsApi",
    "SnapshotsApi",
    "TrashApi",
    "WorkspaceApi",
    "all_operations",
]


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
    def environments(self) -> EnvironmentsApi: ...
    @property
    def archives(self) -> ArchivesApi: ...
    @property
    def compute(self) -> ComputeApi: ...
    @property
    def secrets(self) -> SecretsApi: ...


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
    "environments": EnvironmentsApi,
    "compute": ComputeApi,
    "secrets": SecretsApi,
}
# Below the root of the extension.
SERVER_NOUNS: dict[str, type] = {
    "registry": RegistryApi,
    "documents": DocumentsApi,
    "notebooks": NotebooksApi,
    "copies": CopiesApi,
}


def all_operations() -> Iterator[tuple[Literal["workspace", "server"], Operation]]:
    """Every operation, after the place where its path begins."""
    for noun, protocol in NOUNS.items():
        yield from (("workspace", operation) for operation in operations(noun, protocol))
    for noun, protocol in SERVER_NOUNS.items():
        yield from (("server", operation) for operation in operations(noun, protocol))
