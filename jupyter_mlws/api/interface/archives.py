"""The noun of archives."""

from __future__ import annotations

from typing import Protocol

from jupyter_mlws.api.routes import Download, Upload, route
from jupyter_mlws.domain.archive import ImportReport

__all__ = ["ArchivesApi"]


class ArchivesApi(Protocol):
    """Runs and workspaces as one file, and back."""

    @route("GET", "/archive", resource="artifacts")
    def export(self, run: str | None = None, filter: str | None = None, with_environment: bool = False) -> Download:
        """The whole workspace as one file, or one run, or the runs that a filter finds; each with its descendants.

        Metrics, files, snapshots, models and environments are in it. Runs that have not ended are not, nor what is in
        the trash. `with_environment` puts the packages of the environments in, too, for this kind of machine: those
        that are not here yet are fetched, which takes its time.

        Raises
        ------
        WrongState
            The one run has not ended.
        IndexUnavailable
            Packages were to come along, and the index that has them cannot be reached.
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
