"""Runs and workspaces as one file, and back."""

from __future__ import annotations

from jupyter_mlws.api.interface import ArchivesApi
from jupyter_mlws.api.routes import Download, Upload
from jupyter_mlws.domain.archive import ImportReport
from jupyter_mlws.errors import InvalidInput
from jupyter_mlws.services.checking import implements
from jupyter_mlws.services.context import Context
from jupyter_mlws.services.filters import parse_filter

__all__ = ["Archives"]


@implements("archives", ArchivesApi)
class Archives:
    """`ArchivesApi` over store and blobs."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def export(self, run: str | None = None, filter: str | None = None, with_environment: bool = False) -> Download:
        # Imported at use, here and below: numpy would delay every first submit and the dispatcher's start.
        from jupyter_mlws.services.archives.writing import export

        if run is not None and filter is not None:
            raise InvalidInput("One run needs no filter.", hint="Name the run, or give a filter.")
        wanted = None if filter is None else parse_filter(filter)
        return export(self._context, run, wanted, with_environment=with_environment)

    def import_file(self, content: Upload) -> ImportReport:
        from jupyter_mlws.services.archives.importing import import_archive

        return import_archive(self._context, content.file)
