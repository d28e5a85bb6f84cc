"""The runs that a cell has already, as far as they go on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_mlws.domain.run import Run, RunSubmission
from jupyter_mlws.magics.document import Notebook

if TYPE_CHECKING:
    from jupyter_mlws.api.interface import Api

__all__ = ["is_same", "live_runs"]


def live_runs(api: Api, notebook: Notebook, source: str) -> list[Run]:
    """The runs of a notebook's cell, or of a submitted file, that have not ended."""
    if not notebook.shown:
        return []
    page = api.runs.list(document=notebook.document_id or notebook.shown, limit=20)
    live = [run for run in page.items if not run.status.is_terminal and _is_same_cell(run, notebook, source)]
    # A run of somebody else, who has the notebook too, neither stands for ours nor is it ours to end.
    user = api.workspace.info().user if live else ""
    return [run for run in live if run.user == user]


def _is_same_cell(run: Run, notebook: Notebook, source: str) -> bool:
    if notebook.cell_id and run.source.cell_id:
        return run.source.cell_id == notebook.cell_id
    return run.source.cell_source == source


def is_same(run: Run, wish: RunSubmission) -> bool:
    """Whether a run is what this submission would be again."""
    return (
        run.source.cell_source == wish.source.cell_source
        and run.params == wish.params
        and run.captured == wish.captured
        and run.snapshot_scope == wish.snapshot_scope
    )
