"""Use cases: one module per noun, each implementing its interface of `jupyter_mlws.api` over store and blobs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from jupyter_mlws.blobs import BlobStore
from jupyter_mlws.services.archives import Archives
from jupyter_mlws.services.attending import Attendant
from jupyter_mlws.services.blobs import Blobs
from jupyter_mlws.services.compute import ComputeTargets
from jupyter_mlws.services.context import Context, Keeping, Waker
from jupyter_mlws.services.environments import Environments
from jupyter_mlws.services.experiments import Experiments
from jupyter_mlws.services.files import Files
from jupyter_mlws.services.folders import Folders
from jupyter_mlws.services.logs import Logs
from jupyter_mlws.services.metrics import Metrics
from jupyter_mlws.services.models import Models
from jupyter_mlws.services.runs import Runs
from jupyter_mlws.services.secrets import Secrets
from jupyter_mlws.services.snapshots import Snapshots
from jupyter_mlws.services.trash import Trash
from jupyter_mlws.services.workspaces import WorkspaceService
from jupyter_mlws.store import Store

__all__ = ["Keeping", "Services", "Waker"]


class Services:
    """A workspace whose folder is on this machine: `jupyter_mlws.api.interface.Api` in process.

    May be shared by threads. Closing is the business of whoever opened the store.

    Parameters
    ----------
    folder : Path
        The workspace.
    store : Store
    blobs : BlobStore
    wake : Waker
        Called when there is work for the dispatcher; asked about it.
    user, host : str
        Recorded with what is submitted here.
    workspace_id, name : str
        What the workspace is called.
    named : callable, optional
        Asked for the name of the moment, which somebody may change; default: `name`.
    warnings : tuple of str
        What a person should know about the place; default: what the store says.
    keeping : callable
        Asked how long the trash and unused bytes are kept.
    """

    def __init__(
        self,
        folder: Path,
        store: Store,
        blobs: BlobStore,
        *,
        wake: Waker,
        user: str,
        host: str,
        workspace_id: str = "",
        name: str = "",
        named: Callable[[], str] | None = None,
        warnings: tuple[str, ...] = (),
        keeping: Callable[[], Keeping] = Keeping,
    ) -> None:
        context = Context(
            folder=folder,
            store=store,
            blobs=blobs,
            wake=wake,
            user=user,
            host=host,
            workspace_id=workspace_id,
            name=name or folder.name,
            named=named,
            warnings=warnings or store.warnings,
            keeping=keeping,
        )
        self.store = store
        attendant = Attendant(context)
        self.workspace = WorkspaceService(context, attendant)
        self.experiments = Experiments(context)
        self.runs = Runs(context, attendant)
        self.logs = Logs(context)
        self.files = Files(context)
        self.folders = Folders(context, attendant)
        self.metrics = Metrics(context)
        self.snapshots = Snapshots(context)
        self.blobs = Blobs(context)
        self.models = Models(context)
        self.trash = Trash(context)
        self.archives = Archives(context)
        self.environments = Environments(context)
        self.compute = ComputeTargets(context)
        self.secrets = Secrets(context)

    def data_version(self) -> int:
        """Changes whenever anybody has committed something; see `Store.data_version`."""
        return self.store.data_version()

    @property
    def commit_log(self) -> Path | None:
        """What is written to with every commit; see `Store.commit_log`."""
        return self.store.commit_log
