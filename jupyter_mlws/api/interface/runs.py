"""The noun of runs."""

from __future__ import annotations

from typing import Protocol

from jupyter_mlws.api.routes import route
from jupyter_mlws.domain.card import StaticCard
from jupyter_mlws.domain.child import NewChildren, RunEnd
from jupyter_mlws.domain.deletion import Deletion
from jupyter_mlws.domain.interactive import RunStart
from jupyter_mlws.domain.page import Page
from jupyter_mlws.domain.reproducibility import Reproducibility
from jupyter_mlws.domain.rerun import Rerun
from jupyter_mlws.domain.run import Run, RunSubmission, RunUpdate
from jupyter_mlws.domain.run_line import RunLines

__all__ = ["RunsApi"]


class RunsApi(Protocol):
    """Runs: submit, look, cancel."""

    @route("POST", "/runs", resource="runs", permission="execute")
    def submit(self, submission: RunSubmission) -> Run:
        """Record the run (and a sweep's children), queue it, wake the dispatcher; return without waiting for it.

        All blobs that the submission names must be stored already. Repeated with the same `key` it answers with the
        same run.

        Raises
        ------
        InvalidInput
            Unknown compute target or environment (the message lists the known ones and the nearest), unknown snapshot
            or blob.
        """
        ...

    @route("POST", "/runs/start", resource="runs", permission="write")
    def start(self, start: RunStart) -> Run:
        """Record a run that the calling process itself is; it is Running at once, and nothing is executed for it.

        What the process logs goes into the run's folder, where the dispatcher follows it: on the same disk, or by
        `folders.append`. Repeated with the same `key` it answers with the same run.

        Raises
        ------
        InvalidInput
            Unknown snapshot.
        """
        ...

    @route("POST", "/runs/{run}/rerun", resource="runs", permission="execute")
    def rerun(self, run: str, rerun: Rerun) -> Run:
        """A new run like an earlier one: the same snapshot, command, inputs and parameters, but for what `rerun` says.

        A sweep is done again as a whole, one of its runs by itself. The new run's property ``mlws.rerun_of`` names the
        earlier one. Repeated with the same `key` it answers with the same run.

        Raises
        ------
        WrongState
            Child and interactive runs happened inside another process, and cannot be started by themselves.
        InvalidInput
            A secret or a masked argument has to be given again; or a change does not fit the run.
        CorruptData
            The snapshot or an input of the earlier run is gone.
        """
        ...

    @route("GET", "/runs/{run}/reproducibility", resource="runs")
    def reproducibility(self, run: str) -> Reproducibility:
        """Whether `rerun` starts the run again on the machine that answers, and what may come out otherwise.

        Nothing is started, resolved or fetched for it.
        """
        ...

    @route("GET", "/runs/{run}/card", resource="runs")
    def card(self, run: str) -> StaticCard:
        """The run as it stands in a notebook for places where nothing runs: text and static html, of this moment."""
        ...

    @route("GET", "/runs", resource="runs", from_job=True)
    def list(
        self,
        experiment: str | None = None,
        status: str | None = None,
        document: str | None = None,
        parent: str | None = None,
        search: str | None = None,
        filter: str | None = None,
        order_by: str | None = None,
        include_children: bool = False,
        recursive: bool = False,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[Run]:
        """Runs, newest first; children of a sweep only when `parent` names it or `include_children` is set.

        With `recursive` they are those below `parent` at any depth. `document` keeps the runs of one notebook (its
        `source.document` or `source.document_id`); `search` is a piece of text found in number, experiment, display
        name, tags or params; where children are not listed, theirs and their children's find the run above them.
        `filter` is a condition such as ``metrics.acc > 0.9 and params.lr = '0.1'``, `order_by` an order such as
        ``metrics.acc desc``; both are explained in ``docs/filters.md``.

        Raises
        ------
        InvalidFilter
            `filter` or `order_by` cannot be understood; the message and `details` point at the word.
        """
        ...

    @route("GET", "/run-lines", resource="runs")
    def lines(
        self,
        status: str | None = None,
        document: str | None = None,
        parent: str | None = None,
        search: str | None = None,
        filter: str | None = None,
        include_children: bool = False,
        ids: str | None = None,
        limit: int = 100,
        cursor: str | None = None,
    ) -> RunLines:
        """What `list` finds by the same arguments, of each run only what a line of a long list shows.

        Where children are not listed, `filter`, like `search`, also finds the run above one that fulfils it; the answer
        tells which are such runs. Of `ids`, with commas between them, only these are listed.

        Raises
        ------
        InvalidFilter
            `filter` cannot be understood; the message and `details` point at the word.
        InvalidInput
            More than 1,000 `ids`.
        """
        ...

    @route("GET", "/runs/{run}", resource="runs", from_job=True)
    def get(self, run: str) -> Run:
        """One run with its metrics' summaries, or `NotFound`."""
        ...

    @route("PATCH", "/runs/{run}", resource="runs", permission="write", from_job=True)
    def update(self, run: str, update: RunUpdate) -> Run:
        """Change tags, display name or description."""
        ...

    @route("POST", "/runs/{run}/children", resource="runs", permission="write", from_job=True)
    def create_children(self, run: str, children: NewChildren) -> Page[Run]:
        """Child runs that the process of `run` made of itself; all are made, or none. They are Running from now on.

        Repeated with the same ids it answers with the same runs.

        Raises
        ------
        AlreadyExists
            A run of this id exists, and it is no child of `run`.
        WrongState
            The run has ended, or does not log from a process that may make children.
        """
        ...

    @route("POST", "/runs/{run}/end", resource="runs", permission="write", from_job=True)
    def end(self, run: str, end: RunEnd) -> Run:
        """The end of a child or an interactive run, as its own process tells; an ended one stays as it is.

        A job's own run ends with its script: of it only a failure can be told, and it shows when the script has ended.

        Raises
        ------
        WrongState
            The run is one whose end its process does not tell: it waits, or is a sweep.
        """
        ...

    @route("POST", "/runs/{run}/cancel", resource="runs", permission="write")
    def cancel(self, run: str) -> Run:
        """Ask for the end of a run and of its children. A queued one is Canceled at once; an ended one stays.

        Raises
        ------
        Forbidden
            It is a run of another user of the workspace.
        """
        ...

    @route("DELETE", "/runs/{run}", resource="runs", permission="write")
    def delete(self, run: str) -> Deletion:
        """Put a run and all its descendants into the trash: nobody sees them, until they are restored.

        Models that were registered from them stay. Asked again it gives the same answer.

        Raises
        ------
        WrongState
            It, or a descendant, or the sweep that it belongs to, has not ended; the message names it.
        """
        ...

    @route("GET", "/runs/{run}/deletion", resource="runs")
    def weigh(self, run: str) -> Deletion:
        """What `delete` would answer at this moment: how many runs would go, and how many bytes that would free.

        Raises
        ------
        WrongState
            It cannot be deleted yet; the message names the run that has not ended.
        """
        ...

    @route("POST", "/runs/{run}/restore", resource="runs", permission="write")
    def restore(self, run: str) -> Run:
        """Take a run and its descendants out of the trash; one that is not in it stays as it is.

        Raises
        ------
        NotFound
            There is none, or it has left the trash for good.
        WrongState
            It went into the trash with its parent or its experiment: restore that.
        """
        ...
