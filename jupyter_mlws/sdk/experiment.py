"""`Experiment`: a named group of runs, and the way to submit one."""

from __future__ import annotations

import builtins
import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from jupyter_mlws.domain import experiment as words
from jupyter_mlws.domain.experiment import ExperimentUpdate
from jupyter_mlws.domain.names import check_experiment_name
from jupyter_mlws.errors import InvalidInput, NotFound
from jupyter_mlws.sdk.labels import label_texts, names_to_remove

if TYPE_CHECKING:
    from datetime import datetime

    from jupyter_mlws.domain.deletion import Deletion
    from jupyter_mlws.sdk.interactive import InteractiveRun
    from jupyter_mlws.sdk.notebook import NotebookRunConfig
    from jupyter_mlws.sdk.run import Run
    from jupyter_mlws.sdk.run_list import RunList
    from jupyter_mlws.sdk.script import ScriptRunConfig
    from jupyter_mlws.sdk.workspace import Workspace

__all__ = ["Experiment"]

_VIEWS = ("All", "ArchivedOnly", "ActiveOnly")


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
        self._record: words.Experiment | None = None

    # -- facts

    @property
    def record(self) -> words.Experiment:
        """The whole record, as it was seen last; `NotFound` for an experiment that has had no run yet."""
        return self._record or self.refresh()

    def refresh(self) -> words.Experiment:
        """Fetch the record now."""
        self._record = found = self.workspace.api.experiments.get(self.name)
        return found

    @property
    def tags(self) -> dict[str, str]:
        """Tags."""
        return dict(self.refresh().tags)

    @property
    def description(self) -> str:
        """Text for people; may be empty, and may be set."""
        return self.refresh().description

    @description.setter
    def description(self, text: str) -> None:
        self._update(ExperimentUpdate(description=text))

    @property
    def archived_at(self) -> datetime | None:
        """When it was archived; None for one that is not."""
        return self.refresh().archived_at

    # -- changing

    def _update(self, update: ExperimentUpdate) -> None:
        api = self.workspace.api.experiments
        try:
            self._record = api.update(self.name, update)
        except NotFound as error:
            if error.details.get("deleted"):
                raise
            # Like a submit, the first word about it makes it.
            api.create(self.name)
            self._record = api.update(self.name, update)

    def tag(self, key: str, value: object = "") -> None:
        """Set a tag."""
        self.set_tags({key: value})

    def set_tags(self, tags: Mapping[str, object]) -> None:
        """Set several tags; others stay. None stands for a bare tag."""
        self._update(ExperimentUpdate(tags={**label_texts(tags, "tags")}))

    def remove_tags(self, tags: Iterable[str]) -> None:
        """Remove tags by name; of a dict only those that have that value."""
        names = names_to_remove(tags, self.refresh().tags if isinstance(tags, Mapping) else {})
        if names:
            self._update(ExperimentUpdate(tags=dict.fromkeys(names)))

    def archive(self) -> None:
        """Leave the experiment out of lists. It takes no new runs; those that it has can still be used."""
        self._update(ExperimentUpdate(archived=True))

    def reactivate(self) -> None:
        """Take the experiment out of the archive."""
        self._update(ExperimentUpdate(archived=False))

    def delete(self: Experiment | Workspace, name: str | None = None) -> Deletion:
        """Put the experiment and all its runs into the trash; as ``Experiment.delete(workspace, name)`` as well.

        Nobody sees them any more, and the name is free at once. `restore` brings them back. Models that were
        registered from its runs stay.

        Returns
        -------
        Deletion
            ``run_count`` runs went, ``size_bytes`` will be free when they leave the trash for good, not before
            ``until`` unless somebody empties it.

        Raises
        ------
        WrongState
            A run of it has not ended; the message names it.
        """
        if isinstance(self, Experiment):
            return self.workspace.api.experiments.delete(self.name)
        return self.api.experiments.delete(check_experiment_name(name))

    def restore(self: Experiment | Workspace, name: str | None = None, new_name: str | None = None) -> Experiment:
        """Take the experiment that was deleted last under this name, and its runs, out of the trash.

        As ``Experiment.restore(workspace, name)`` as well.

        Raises
        ------
        AlreadyExists
            The name is taken by now: give a `new_name`.
        """
        workspace, name = (self.workspace, self.name) if isinstance(self, Experiment) else (self, name)
        record = workspace.api.experiments.restore(check_experiment_name(name), new_name=new_name)
        return Experiment._of(workspace, record)

    # -- runs

    @staticmethod
    def list(
        workspace: Workspace,
        experiment_name: str | None = None,
        view_type: str = "ActiveOnly",
        tags: Mapping[str, str | None] | None = None,
        *,
        include_archived: bool = False,
    ) -> builtins.list[Experiment]:
        """Experiments of a workspace, newest first.

        Parameters
        ----------
        workspace : Workspace
        experiment_name : str, optional
            Only the one of this name.
        view_type : {'ActiveOnly', 'ArchivedOnly', 'All'}
            Those that are not archived, those that are, or both.
        tags : dict, optional
            Only those with all of these tags; a value of None stands for any.
        include_archived : bool
            The same as ``view_type='All'``.
        """
        if view_type not in _VIEWS:
            raise InvalidInput(f"There is no view {str(view_type)[:80]!r}.", hint=f"Use one of {', '.join(_VIEWS)}.")
        archived = (None, True, False)[_VIEWS.index("All" if include_archived else view_type)]
        found, cursor = [], None
        while True:
            page = workspace.api.experiments.list(include_archived=archived is not False, limit=1000, cursor=cursor)
            found += [
                item
                for item in page.items
                if archived in (None, item.archived_at is not None) and _is_wanted(item, experiment_name, tags or {})
            ]
            cursor = page.next_cursor
            if cursor is None:
                return [Experiment._of(workspace, item) for item in found]

    @classmethod
    def _of(cls, workspace: Workspace, record: words.Experiment) -> Experiment:
        self = cls(workspace, record.name)
        self._record = record
        return self

    def submit(
        self,
        config: ScriptRunConfig | NotebookRunConfig,
        tags: Mapping[str, object] | None = None,
        *,
        show_output: bool = False,
        display_name: str = "",
        description: str = "",
    ) -> Run:
        """Snapshot the configuration's folder and queue its script or notebook as a tracked job.

        Returns without waiting for the job; with `show_output` it streams the log until the end. `display_name` and
        `description` are for people: the name that lists show, and a note.

        Raises
        ------
        InvalidInput
            The script or notebook is not in the folder, or the compute target or environment is unknown.
        SnapshotError, TooLarge
            The folder cannot be snapshotted; the message names the files and the ignore line to add.
        """
        from jupyter_mlws.sdk.current import set_last_run
        from jupyter_mlws.sdk.notebook import NotebookRunConfig
        from jupyter_mlws.sdk.run import Run
        from jupyter_mlws.sdk.script import ScriptRunConfig

        if not isinstance(config, (ScriptRunConfig, NotebookRunConfig)):
            raise InvalidInput(
                "What is submitted is a ScriptRunConfig or a NotebookRunConfig.",
                hint="Such as ScriptRunConfig('folder', 'train.py').",
            )
        submission = config.prepare(self.workspace.api, self.name, tags)
        submission = replace(submission, display_name=display_name, description=description)
        run = Run(self.workspace, self.workspace.api.runs.submit(submission))
        set_last_run(run)
        if show_output:
            run.wait_for_completion(show_output=True)
        return run

    def start_logging(
        self,
        display_name: str | None = None,
        outputs: str | os.PathLike[str] | bool | None = None,
        snapshot_directory: str | os.PathLike[str] | None = ".",
        params: Mapping[str, object] | None = None,
        tags: Mapping[str, object] | None = None,
    ) -> InteractiveRun:
        """Begin a run that this very process logs: a notebook's kernel, or a script that nobody submitted.

        It is Running at once. It is also what `Run.get_context()` and `mlws.log` mean until it ends; where several are
        begun, the newest that has not ended.

        Parameters
        ----------
        display_name : str, optional
            Name for people.
        outputs : path-like or bool, optional
            Folder whose new and changed files are kept when the run ends; default: ``./outputs``. False: none.
        snapshot_directory : path-like, optional
            Folder to snapshot; default: the working directory. None: no snapshot.
        params, tags : mapping, optional

        Raises
        ------
        WrongState
            This process belongs to a job: there child runs are begun, with `Run.child_run`.
        SnapshotError, TooLarge
            The folder cannot be snapshotted; the message names the files and the ignore line to add.

        Examples
        --------
        >>> with exp.start_logging(params={"lr": 0.1}) as run:          # doctest: +SKIP
        ...     run.log("loss", 0.3)
        """
        from jupyter_mlws.sdk.start_logging import start_logging

        return start_logging(self, display_name, outputs, snapshot_directory, params, tags)

    def get_runs(
        self,
        limit: int | None = None,
        *,
        type: str | None = None,
        tags: str | Mapping[str, object] | None = None,
        properties: str | Mapping[str, object] | None = None,
        status: str | None = None,
        include_children: bool = False,
    ) -> RunList:
        """Runs of this experiment, newest first.

        Parameters
        ----------
        limit : int, optional
            At most so many; default: all.
        type : str, optional
            Keep those of one kind ('script', 'cell', 'interactive').
        tags, properties : str or dict, optional
            Keep those that have this name, or all these values.
        status : str, optional
            Keep those in one state.
        include_children : bool
            Also list the children of runs.
        """
        if type is None and tags is None and properties is None:
            return self.workspace.runs(limit, experiment=self.name, status=status, include_children=include_children)
        from jupyter_mlws.sdk.run_children import is_wanted
        from jupyter_mlws.sdk.run_list import RunList

        found = self.workspace.runs(None, experiment=self.name, status=status, include_children=include_children)
        wanted = [run for run in found if is_wanted(run._record, tags, properties, type, None)]
        return RunList(wanted[:limit], nothing="No run is like that.")

    def __repr__(self) -> str:
        return f"Experiment({self.workspace!r}, {self.name!r})"

    def _repr_html_(self) -> str:
        return self.get_runs(20)._repr_html_()


def _is_wanted(item: words.Experiment, name: str | None, tags: Mapping[str, str | None]) -> bool:
    return name in (None, item.name) and all(
        key in item.tags and value in (None, item.tags[key]) for key, value in tags.items()
    )
