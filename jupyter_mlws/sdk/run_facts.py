"""What is known of a run: its record, fetched again while the run lives."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from jupyter_mlws.domain import run as words

if TYPE_CHECKING:
    from jupyter_mlws.sdk.experiment import Experiment
    from jupyter_mlws.sdk.workspace import Workspace

__all__ = ["RunFacts"]

# A live record is fetched again when it is older than this.
_FRESH_S = 0.2


class RunFacts:
    """The record of a run, and what it says.

    Parameters
    ----------
    workspace : Workspace
    record : domain record of the run
    """

    def __init__(self, workspace: Workspace, record: words.Run) -> None:
        self.workspace = workspace
        self._record = record
        self._read_at = time.monotonic()

    @property
    def record(self) -> words.Run:
        """The whole record; fetched again while the run lives."""
        if not self._record.status.is_terminal and time.monotonic() - self._read_at > _FRESH_S:
            self.refresh()
        return self._record

    def refresh(self) -> words.Run:
        """Fetch the record now."""
        self._record = self.workspace.api.runs.get(self._record.id)
        self._read_at = time.monotonic()
        return self._record

    @property
    def id(self) -> str:
        """Opaque id, unique everywhere."""
        return self._record.id

    @property
    def number(self) -> int:
        """Small number, unique in the workspace."""
        return self._record.number

    @property
    def experiment(self) -> Experiment:
        """The experiment that groups this run."""
        from jupyter_mlws.sdk.experiment import Experiment

        return Experiment(self.workspace, self._record.experiment)

    @property
    def status(self) -> str:
        """State, such as 'Running' or 'Completed'."""
        return self.record.status.value

    @property
    def tags(self) -> dict[str, str]:
        """Tags."""
        return dict(self.record.tags)

    @property
    def params(self) -> dict[str, str]:
        """Parameters as text."""
        return dict(self._record.params)

    @property
    def display_name(self) -> str:
        """Name for people; may be empty."""
        return self.record.display_name

    def get_status(self) -> str:
        """The state as of now."""
        return self.refresh().status.value
