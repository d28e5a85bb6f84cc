"""A run in the trash and out of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_mlws.sdk.run_facts import RunFacts

if TYPE_CHECKING:
    from jupyter_mlws.domain.deletion import Deletion

__all__ = ["RunTrash"]


class RunTrash(RunFacts):
    """What deletes a run and brings it back."""

    def delete(self) -> Deletion:
        """Put the run and its children into the trash, from where `restore` brings them back.

        Nobody sees them any more: no list, no filter, no count. Models that were registered from them stay.

        Returns
        -------
        Deletion
            ``run_count`` runs went, ``size_bytes`` will be free when they leave the trash for good, not before
            ``until`` unless somebody empties it.

        Raises
        ------
        WrongState
            A run that has not ended is not deleted: cancel it first.
        """
        return self.workspace.api.runs.delete(self.id)

    def restore(self) -> None:
        """Take the run, and the children that went with it, out of the trash.

        Raises
        ------
        NotFound
            It has left the trash for good.
        WrongState
            It went with its parent or its experiment: restore that.
        """
        self._record = self.workspace.api.runs.restore(self.id)
