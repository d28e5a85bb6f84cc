"""A run whose event files a test writes, read by what a dispatcher reads them with."""

from __future__ import annotations

from pretended import World

from jupyter_mlws.dispatcher.ingesting import Ingest, store_together
from jupyter_mlws.domain.run import RunSubmission
from jupyter_mlws.runfolder.paths import RunFolder

__all__ = ["EventRun"]


class EventRun:
    """The run, and who takes in what it leaves."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.run_id = world.api.runs.submit(RunSubmission(experiment="e", command=("true",))).id
        self.context = world.begin().context
        self.folder = RunFolder(self.context.run_folder(self.run_id)).create()
        self.begin()

    def begin(self) -> None:
        """Another dispatcher takes the run up."""
        self.ingest = Ingest(self.context, self.folder, self.run_id)

    def append(self, path: str, data: bytes) -> None:
        """Write on a file of the run."""
        target = self.folder.path / path
        target.parent.mkdir(parents=True, exist_ok=True)
        with open(target, "ab") as file:
            file.write(data)

    def take(self, *, final: bool = True) -> None:
        """Take in what there is."""
        while self.ingest.look(final=final):
            store_together(self.context, [self.ingest])
