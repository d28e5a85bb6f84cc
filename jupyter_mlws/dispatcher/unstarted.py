"""What is kept of a run that ends before its script began: what was told while its environment was made."""

from __future__ import annotations

import logging

from sqlalchemy import Connection

from jupyter_mlws.dispatcher.context import Context
from jupyter_mlws.dispatcher.part import Part
from jupyter_mlws.domain.run import Run
from jupyter_mlws.errors import MlwsError
from jupyter_mlws.runfolder.paths import RunFolder

__all__ = ["Told"]

_log = logging.getLogger(__name__)


class Told:
    """The logs of ours in the folder of a run that never started; a run ends without them rather than not at all."""

    def __init__(self, context: Context, run: Run, folder: RunFolder) -> None:
        self._context = context
        self._there = folder.environment_log.exists()
        self._part = Part(context, run.id, run.number, folder)

    def store(self) -> None:
        """Have their bytes on the disk, before the record that names them."""
        if not self._there:
            return
        collector = self._part.collector
        try:
            collector.logs()
            self._context.blobs.sync(file.digest for file in collector.pending)
        except (MlwsError, OSError) as error:
            collector.not_kept()
            _log.warning("The logs of run #%d are not kept: %s", self._part.number, error)

    def record(self, c: Connection) -> None:
        """Record them in a transaction."""
        self._part.record_files(c)
