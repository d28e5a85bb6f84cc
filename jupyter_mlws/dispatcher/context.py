"""What the parts of a dispatcher share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from jupyter_mlws.blobs import BlobStore
from jupyter_mlws.dispatcher.gpus import GpuPool
from jupyter_mlws.dispatcher.registries import Registries
from jupyter_mlws.dispatcher.settings import Settings, WorkspaceFile
from jupyter_mlws.dispatcher.turn import Turn
from jupyter_mlws.store import Store

if TYPE_CHECKING:
    from jupyter_mlws.api.interface import Api
    from jupyter_mlws.runfolder.masking import Masker

__all__ = ["Context"]


@dataclass(frozen=True)
class Context:
    """A dispatcher's workspace and means.

    Attributes
    ----------
    api : Api
        The services of this workspace, for what scripts ask through the mailbox.
    ring : callable
        Tells the main loop that something has changed; safe from any thread.
    turn : Turn
        Whether we still are the one dispatcher.
    registries : Registries
        Of images.
    logging : set of str
        Ids of the runs whose points are coming just now.
    maskers : dict of str to Masker
        What masks the secrets of a run that was handed some by this dispatcher, by the run's id, until it has ended.
    """

    folder: Path
    workspace: WorkspaceFile
    settings: Settings
    store: Store
    blobs: BlobStore
    api: Api
    gpus: GpuPool
    user: str
    host: str
    ring: Callable[[], None]
    turn: Turn
    registries: Registries
    logging: set[str] = field(default_factory=set)
    maskers: dict[str, Masker] = field(default_factory=dict)

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A write transaction of the dispatcher. Whatever only the one dispatcher may do is done through this.

        Raises
        ------
        Superseded
            Another one has begun; nothing was written.
        """
        with self.store.write() as c:
            self.turn.check(c)
            yield c

    def check_turn(self) -> None:
        """Raise `Superseded` if another dispatcher has begun, before something that is no transaction."""
        with self.write():
            return

    def run_folder(self, run_id: str) -> Path:
        """Where a run's folder lies."""
        return self.folder / "runs" / run_id
