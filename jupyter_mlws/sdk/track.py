"""`mlws.track`: a block of this very process as a run, with its code, its parameters and the files around it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jupyter_mlws.domain.interactive import RunStart
from jupyter_mlws.domain.names import experiment_name_of
from jupyter_mlws.domain.run import RunSource
from jupyter_mlws.domain.snapshot import SnapshotRequest, change_notes
from jupyter_mlws.errors import InvalidInput
from jupyter_mlws.runfolder.context import get_job_context

if TYPE_CHECKING:
    from jupyter_mlws.sdk.job import ActiveRun
    from jupyter_mlws.sdk.workspace import Workspace

__all__ = ["Origin", "Plan", "begin_tracking", "set_origin", "track"]


@dataclass(frozen=True, kw_only=True)
class Origin:
    """What a tracked run comes from.

    Attributes
    ----------
    folder : str
        Absolute; the notebook's or the script's.
    path : str
        Absolute path of the notebook or script; '' where there is none.
    source : RunSource
        What is recorded of it.
    snapshot : SnapshotRequest
        What is kept of its files.
    """

    folder: str
    path: str
    source: RunSource
    snapshot: SnapshotRequest


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How a run is to be tracked: the arguments of `track`, and for ``%%track`` what it has read in the cell."""

    experiment: str | None = None
    params: Mapping[str, object] | None = None
    name: str = ""
    tags: Mapping[str, object] | None = None
    note: str = ""
    snapshot: str = "auto"
    outputs: str | os.PathLike[str] | bool | None = None
    notes: tuple[str, ...] = ()


_find_origin: Callable[[], Origin] | None = None


def set_origin(find: Callable[[], Origin]) -> None:
    """Ask `find` for the origin of tracked runs from now on: who knows the notebook on screen says so."""
    global _find_origin
    _find_origin = find


def track(
    experiment: str | None = None,
    params: Mapping[str, object] | None = None,
    /,
    *,
    name: str = "",
    tags: Mapping[str, object] | None = None,
    note: str = "",
    snapshot: str | os.PathLike[str] | None = "auto",
    outputs: str | os.PathLike[str] | bool | None = None,
    workspace: Workspace | None = None,
    **more: object,
) -> ActiveRun:
    """Track what this process does: ``with mlws.track("digits", lr=0.1) as run:``.

    The run is Running at once, and `mlws.log` means it until the block ends. An exception fails it, an interrupt
    cancels it. In a notebook the cell, the notebook as it is on screen and the project around it are recorded.

    Parameters
    ----------
    experiment : str, optional
        Default: the name of the notebook or script.
    params : mapping, optional
        Parameters whose names are no words, or are those of the arguments below.
    name, note : str, optional
        Name of the run, and a text kept with it.
    tags : mapping, optional
    snapshot : path-like or None
        'auto' keeps the project, or only the notebook where there is none; else a folder; None keeps nothing. Inside a
        job, whose own snapshot has the code, it has no meaning; nor has `workspace`.
    outputs : path-like or bool, optional
        Folder whose new and changed files are kept when the run ends; default: ``./outputs``, or inside a job, which
        keeps these itself, none. False: none.
    workspace : Workspace, optional
        Default: the one of the working directory.
    **more
        Parameters: ``lr=0.1``.

    Returns
    -------
    InteractiveRun
        Inside a job, whose process belongs to a run already, a child of that run.

    Examples
    --------
    >>> with mlws.track("digits", lr=0.1) as run:          # doctest: +SKIP
    ...     mlws.log(loss=0.3)
    """
    if experiment is not None and not isinstance(experiment, str):
        raise InvalidInput(
            f"The experiment's name must be text, not {type(experiment).__name__}.",
            hint='For example mlws.track("digits", lr=0.1).',
        )
    plan = Plan(
        experiment=experiment,
        params={**(params or {}), **more},
        name=name,
        tags=tags,
        note=note,
        snapshot="none" if snapshot is None else os.fspath(snapshot),
        outputs=outputs,
    )
    if get_job_context() is not None:
        return _below_job(plan)
    origin = _find_origin() if _find_origin is not None else _of_script()
    return begin_tracking(plan, origin, workspace)


def begin_tracking(plan: Plan, origin: Origin, workspace: Workspace | None = None) -> ActiveRun:
    """Begin a run of this process."""
    from jupyter_mlws.sdk.children import wish
    from jupyter_mlws.sdk.current import set_last_run
    from jupyter_mlws.sdk.remote import far_server, take_snapshot
    from jupyter_mlws.sdk.start_logging import begin
    from jupyter_mlws.sdk.watched_outputs import WatchedOutputs
    from jupyter_mlws.sdk.workspace import Workspace

    given = wish(plan.name, plan.params, plan.tags)
    watched = WatchedOutputs(plan.outputs)
    if workspace is None:
        from jupyter_mlws.sdk.connection import connect

        workspace = Workspace._of(connect(None, origin.path or origin.folder))
    report = take_snapshot(workspace.api, _request(plan, origin), far_server(workspace.api))
    stem = os.path.splitext(os.path.basename(origin.path or origin.folder))[0]
    run = begin(
        workspace,
        RunStart(
            experiment=plan.experiment or experiment_name_of(stem, "notebook"),
            display_name=given.display_name,
            description=plan.note,
            tags=given.tags,
            params=given.params,
            command=tuple(getattr(sys, "orig_argv", sys.argv)),
            snapshot_id=report.snapshot.id if report.snapshot else None,
            snapshot_scope=report.scope,
            links=report.links,
            git=report.git,
            notes=(*report.warnings, *change_notes(report.changed_during_snapshot), *plan.notes),
            source=origin.source,
        ),
        watched,
    )
    set_last_run(run)
    return run


def _request(plan: Plan, origin: Origin) -> SnapshotRequest:
    if plan.snapshot == "auto":
        return origin.snapshot
    if plan.snapshot == "none":
        return SnapshotRequest(directory=origin.folder, rule="none")
    folder = os.path.abspath(os.path.expanduser(plan.snapshot))
    if not os.path.isdir(folder):
        raise InvalidInput(f"There is no folder {plan.snapshot!r} to snapshot.", hint="Give snapshot=None for none.")
    return SnapshotRequest(directory=folder, rule="directory")


def _below_job(plan: Plan) -> ActiveRun:
    """In a job the block is a run below the job's own, so that a tracked notebook can be submitted as it is."""
    from jupyter_mlws.domain.run import RunUpdate
    from jupyter_mlws.sdk.active import active_run, make_active
    from jupyter_mlws.sdk.watched_outputs import WatchedOutputs

    note = RunUpdate(description=plan.note)  # checked, as the folder is, before anything begins
    # ./outputs are kept with the job itself, so twice only where somebody asks for it.
    watched = None if plan.outputs is None else WatchedOutputs(plan.outputs)
    run = make_active(active_run().child_run(plan.name or plan.experiment, params=plan.params, tags=plan.tags))
    if plan.note:
        run._update(note)
    if watched is not None:
        run._watch(watched)
    return run


def _of_script() -> Origin:
    script = os.path.abspath(sys.argv[0]) if sys.argv and os.path.isfile(sys.argv[0]) else ""
    folder = os.path.dirname(script) if script else os.getcwd()
    return Origin(
        folder=folder,
        path=script,
        source=RunSource(document=os.path.basename(script), origin="file" if script else ""),
        snapshot=SnapshotRequest(directory=folder, files=(os.path.basename(script),) if script else ()),
    )
