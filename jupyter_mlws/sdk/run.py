"""`Run`: one tracked execution, seen from outside; inside a job `Run.get_context()` gives the run that logs.

What a run can do lies beside this file, a subject a file: `run_facts` (its record), `run_notes` (what people write on
it), `run_logging`, `run_metrics`, `run_files`, `run_children`, `run_results` (what a cell returned), `run_waiting` (for
its end), `run_environment`, `run_rerun`, `run_secrets` and `run_trash`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_mlws.sdk.run_environment import RunEnvironment
from jupyter_mlws.sdk.run_logging import RunLogging
from jupyter_mlws.sdk.run_metrics import RunMetrics
from jupyter_mlws.sdk.run_notes import RunNotes
from jupyter_mlws.sdk.run_rerun import RunRerun
from jupyter_mlws.sdk.run_results import RunResults
from jupyter_mlws.sdk.run_secrets import RunSecrets
from jupyter_mlws.sdk.run_trash import RunTrash
from jupyter_mlws.sdk.run_waiting import RunWaiting

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jupyter_mlws.sdk.experiment import Experiment
    from jupyter_mlws.sdk.job import ActiveRun
    from jupyter_mlws.sdk.run_list import RunList
    from jupyter_mlws.sdk.workspace import Workspace

__all__ = ["Run"]


class Run(RunWaiting, RunLogging, RunMetrics, RunNotes, RunResults, RunEnvironment, RunRerun, RunSecrets, RunTrash):
    """A run of a workspace.

    Parameters
    ----------
    workspace : Workspace or Experiment
    record : domain record of the run, or its id or number
    """

    @staticmethod
    def get(workspace: Workspace, run: str | int) -> Run:
        """The run of this id or number, or `NotFound`."""
        return Run(workspace, workspace.api.runs.get(str(run)))

    @staticmethod
    def list(
        experiment: Experiment,
        type: str | None = None,
        tags: str | Mapping[str, object] | None = None,
        properties: str | Mapping[str, object] | None = None,
        status: str | None = None,
        include_children: bool = False,
    ) -> RunList:
        """Runs of an experiment, newest first; see `Experiment.get_runs`."""
        return experiment.get_runs(
            type=type, tags=tags, properties=properties, status=status, include_children=include_children
        )

    @staticmethod
    def get_context(allow_offline: bool = True) -> ActiveRun:
        """The run that this process belongs to.

        Inside a job it logs to the job's run. Elsewhere it is an offline run, recorded in the user's data folder and
        announced by one printed line; with `allow_offline=False` it raises `WrongState` instead.
        """
        from jupyter_mlws.sdk.active import active_run

        return active_run(allow_offline)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Run) and other.id == self.id

    def __hash__(self) -> int:
        return hash(self.id)

    def _repr_html_(self) -> str:
        """What is shown by who draws html, such as marimo; where our magics are loaded, the card takes its place."""
        from jupyter_mlws.domain.card import card_html

        record = self.record
        has_outputs = record.kind == "cell" and record.status.is_terminal
        return card_html(record, self.get_outputs() if has_outputs else ())

    def __repr__(self) -> str:
        from jupyter_mlws.sdk.text import metric_text

        record = self.record
        return " ".join(
            word
            for word in (f"Run #{record.number}", record.experiment, record.status.value, metric_text(record))
            if word
        )
