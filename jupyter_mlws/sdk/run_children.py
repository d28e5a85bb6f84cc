"""A run's place among others: its children, and its parent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_mlws.sdk.run_facts import RunFacts

if TYPE_CHECKING:
    from jupyter_mlws.sdk.run import Run
    from jupyter_mlws.sdk.workspace import RunList

__all__ = ["RunChildren"]


class RunChildren(RunFacts):
    """Children and parent of a run."""

    def get_children(self) -> RunList:
        """Children of a sweep, in their order."""
        from jupyter_mlws.sdk.run import Run
        from jupyter_mlws.sdk.workspace import RunList

        found, cursor = RunList(), None
        while True:
            page = self.workspace.api.runs.list(parent=self.id, limit=500, cursor=cursor)
            found += [Run(self.workspace, record) for record in page.items]
            cursor = page.next_cursor
            if cursor is None:
                found.reverse()
                return found

    @property
    def parent(self) -> Run | None:
        """The sweep that this run belongs to."""
        from jupyter_mlws.sdk.run import Run

        parent = self._record.parent_id
        return Run.get(self.workspace, parent) if parent else None
