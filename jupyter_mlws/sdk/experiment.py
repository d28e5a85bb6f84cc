"""`Experiment`: a named group of runs, and the way to submit one."""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING

from jupyter_mlws.domain.names import check_experiment_name

if TYPE_CHECKING:
    from jupyter_mlws.sdk.run import Run
    from jupyter_mlws.sdk.script import ScriptRunConfig
    from jupyter_mlws.sdk.workspace import RunList, Workspace

__all__ = ["Experiment"]


class Experiment:
    """A named group of runs, made at its first submit.

    Parameters
    ----------
    workspace : Workspace
    name : str
        Letters, digits, ``_`` and ``-``, at most 255 characters.
    """

    def __init__(self, workspace: Workspace, name: str) -> None:
        self.workspace = workspace
        self.name = check_experiment_name(name)

    @staticmethod
    def list(workspace: Workspace) -> builtins.list[Experiment]:
        """All experiments of a workspace, newest first."""
        found, cursor = [], None
        while True:
            page = workspace.api.experiments.list(limit=1000, cursor=cursor)
            found += [Experiment(workspace, item.name) for item in page.items]
            cursor = page.next_cursor
            if cursor is None:
                return found

    def submit(self, config: ScriptRunConfig, tags: dict[str, str] | None = None, *, show_output: bool = False) -> Run:
        """Snapshot the configuration's folder and queue its script as a tracked job.

        Returns without waiting for the job; with `show_output` it streams the log until the end.

        Raises
        ------
        InvalidInput
            The script is not in the folder, or the compute target or environment is unknown.
        SnapshotError, TooLarge
            The folder cannot be snapshotted; the message names the files and the ignore line to add.
        """
        from jupyter_mlws.sdk.current import set_last_run
        from jupyter_mlws.sdk.run import Run

        run = Run(self.workspace, self.workspace.api.runs.submit(config.prepare(self.workspace.api, self.name, tags)))
        set_last_run(run)
        if show_output:
            run.wait_for_completion(show_output=True)
        return run

    def get_runs(self, limit: int | None = None, *, include_children: bool = False) -> RunList:
        """Runs of this experiment, newest first."""
        return self.workspace.runs(limit, experiment=self.name, include_children=include_children)

    def __repr__(self) -> str:
        return f"Experiment({self.workspace!r}, {self.name!r})"

    def _repr_html_(self) -> str:
        return self.get_runs(20)._repr_html_()
