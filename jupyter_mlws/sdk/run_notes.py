"""What people write on a run: its tags."""

from __future__ import annotations

from jupyter_mlws.domain.run import RunUpdate
from jupyter_mlws.sdk.run_facts import RunFacts

__all__ = ["RunNotes"]


class RunNotes(RunFacts):
    """What may be changed of a run."""

    def tag(self, key: str, value: object = "") -> None:
        """Set a tag."""
        self._record = self.workspace.api.runs.update(self.id, RunUpdate(tags={key: str(value)}))
