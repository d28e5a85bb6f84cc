"""What is known of a run: its record, fetched again while the run lives."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from jupyter_mlws.errors import WrongState

if TYPE_CHECKING:
    from typing import Any

    from jupyter_mlws.api.interface import Api
    from jupyter_mlws.domain import run as words
    from jupyter_mlws.sdk.experiment import Experiment
    from jupyter_mlws.sdk.workspace import Workspace

__all__ = ["RunFacts"]

# A live record is fetched again when it is older than this.
_FRESH_S = 0.2


class RunFacts:
    """The record of a run, and what it says.

    Parameters
    ----------
    workspace : Workspace or Experiment
    record : domain record of the run, or its id or number
    """

    def __init__(self, workspace: Workspace | Experiment, record: words.Run | str | int) -> None:
        place: Any = workspace
        self._workspace: Workspace = getattr(place, "workspace", place)
        self._record = self._workspace.api.runs.get(str(record)) if isinstance(record, (str, int)) else record

    @property
    def workspace(self) -> Workspace:
        """The workspace that keeps the run."""
        return self._workspace

    @property
    def _api(self) -> Api:
        """Where questions about this run are asked."""
        return self.workspace.api

    @property
    def _record(self) -> words.Run:
        """The record as it was seen last; nothing of it that can change is to be read from here."""
        seen = self._seen  # another thread may forget it
        return self.refresh() if seen is None else seen

    @_record.setter
    def _record(self, record: words.Run) -> None:
        self._seen: words.Run | None = record
        self._read_at = time.monotonic()

    @property
    def record(self) -> words.Run:
        """The whole record; fetched again while the run lives."""
        if not self._record.status.is_terminal and time.monotonic() - self._read_at > _FRESH_S:
            self.refresh()
        return self._record

    def refresh(self) -> words.Run:
        """Fetch the record now."""
        self._record = found = self._api.runs.get(self.id)
        return found

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
    def type(self) -> str:
        """What kind of run it is: 'script', 'cell', 'sweep', 'child', 'interactive' or 'offline'."""
        return self._record.kind

    @property
    def params(self) -> dict[str, str]:
        """Parameters as text."""
        return dict(self._record.params)

    def get_status(self) -> str:
        """The state as of now."""
        return self.refresh().status.value

    @property
    def _name(self) -> str:
        """What messages call the run."""
        return f"Run #{self.number}"

    def _not_ours(self, wish: str) -> WrongState:
        """The refusal of what only a run's own process can do, with the way to do it."""
        return WrongState(
            f"{self._name} is not logged from this process, so it cannot {wish} here.",
            hint="Inside its job use Run.get_context(); to log from here start a run of your own: "
            "Experiment(ws, name).start_logging().",
        )
