"""Runs: submit, look, cancel."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from jupyter_mlws import faults
from jupyter_mlws.api.codec import to_builtins
from jupyter_mlws.api.interface import RunsApi
from jupyter_mlws.domain.card import StaticCard
from jupyter_mlws.domain.child import NewChildren, RunEnd
from jupyter_mlws.domain.deletion import Deletion
from jupyter_mlws.domain.filters import Filter
from jupyter_mlws.domain.interactive import RunStart
from jupyter_mlws.domain.masking import mask
from jupyter_mlws.domain.names import check_experiment_name, check_id, check_text, new_run_id
from jupyter_mlws.domain.nearest import meant
from jupyter_mlws.domain.page import MAX_LIMIT, MAX_OWN_LIMIT, Page
from jupyter_mlws.domain.reproducibility import Reproducibility
from jupyter_mlws.domain.rerun import Rerun
from jupyter_mlws.domain.run import Run, RunSubmission, RunUpdate
from jupyter_mlws.domain.run_line import RunLines, line_of
from jupyter_mlws.domain.status import ON_TARGET, RunStatus
from jupyter_mlws.errors import Forbidden, InvalidInput, MlwsError, NotFound, Unavailable, WrongState
from jupyter_mlws.services import handover
from jupyter_mlws.services.around import around
from jupyter_mlws.services.attending import Attendant
from jupyter_mlws.services.checking import check_storable, implements
from jupyter_mlws.services.context import Context
from jupyter_mlws.services.deleting import delete_run, foresee_run
from jupyter_mlws.services.durability import make_durable
from jupyter_mlws.services.environments import resolve
from jupyter_mlws.services.filters import parse_filter, parse_order
from jupyter_mlws.services.held_up import HeldUp
from jupyter_mlws.services.holding import Hold
from jupyter_mlws.services.interactive import start_interactive
from jupyter_mlws.services.notebook_needs import check_notebook_needs
from jupyter_mlws.services.progress import tell_progress
from jupyter_mlws.services.rerun import submission_again
from jupyter_mlws.services.secrets import referenced, with_secrets
from jupyter_mlws.services.submission import check_environment, check_submission, in_sequence
from jupyter_mlws.store import deletion, run_children
from jupyter_mlws.store import runs as store_runs
from jupyter_mlws.store import snapshots as store_snapshots
from jupyter_mlws.store.mailbox import put_told_end
from jupyter_mlws.store.paging import clamp_limit

__all__ = ["Runs"]

# A longer pattern is refused by the database itself, in words that nobody understands.
MAX_SEARCH = 1000

_log = logging.getLogger(__name__)


@implements("runs", RunsApi)
class Runs:
    """`RunsApi` over the store."""

    def __init__(self, context: Context, attendant: Attendant) -> None:
        self._context = context
        self._attendant = attendant
        self._held_up = HeldUp(context)

    def submit(self, submission: RunSubmission) -> Run:
        hold = Hold(self._context.store, self._context.blobs)
        check_submission(submission, self._context.blobs)
        known = self._known(submission.key)
        if known is not None:
            return known
        submission = replace(submission, environment=resolve(self._context, submission.environment))
        check_environment(self._context, submission)
        check_notebook_needs(self._context, submission)
        submission = with_secrets(self._context, submission)
        submission = in_sequence(self._context, submission)
        given = referenced(self._context, submission)
        ids = _fresh_ids(submission.experiment, 1 + len(submission.sweep))
        recorded = replace(submission, command=mask(submission.command), arguments=mask(submission.arguments))
        place = self._where_it_looks()
        handover.write(ids[1:] or ids, _handed(submission, recorded, given), self._context.workspace_id, place)
        try:
            faults.point("submit.record")
            run = self._record(recorded, ids, hold)
        except BaseException as error:
            if not (isinstance(error, Unavailable) and self._may_be_recorded(ids[0])):
                handover.discard(ids, place)
            raise
        if run.id != ids[0]:  # somebody else submitted the same key at this moment
            handover.discard(ids, place)
            return run
        faults.point("submit.recorded")
        return self._woken(run)

    def start(self, start: RunStart) -> Run:
        return self._woken(start_interactive(self._context, start))

    def rerun(self, run: str, rerun: Rerun) -> Run:
        known = self._known(rerun.key)
        return known if known is not None else self.submit(submission_again(self._context, run, rerun))

    def reproducibility(self, run: str) -> Reproducibility:
        # Imported at use: a submit needs nothing of it.
        from jupyter_mlws.services.reproducibility import reproducibility

        return reproducibility(self._context, run)

    def card(self, run: str) -> StaticCard:
        from jupyter_mlws.services.cards import card_of

        return card_of(self._context, run)

    def _may_be_recorded(self, run_id: str) -> bool:
        """Whether only the answer to the commit got lost: then the launch needs what was handed over."""
        try:
            with self._context.store.read() as c:
                store_runs.get_run(c, run_id)
        except NotFound:
            return False
        except Unavailable:
            return True  # if not, the dispatcher removes it after a while
        return True

    def _where_it_looks(self) -> Path | None:
        return handover.where_it_looks(self._context.folder, self._context.host)

    def _known(self, key: str) -> Run | None:
        if not key:
            return None
        with self._context.store.read() as c:
            return store_runs.find_by_key(c, key)

    def _record(self, submission: RunSubmission, ids: list[str], hold: Hold) -> Run:
        context = self._context
        # Before the record that names them: after a power loss either both are there, or neither.
        make_durable(context.blobs, [item.digest for item in submission.inputs])
        with context.store.write() as c:
            known = store_runs.find_by_key(c, submission.key) if submission.key else None
            if known is not None:
                return known
            hold.check(c, ((item.digest, item.size_bytes) for item in submission.inputs))
            if submission.snapshot_id is not None and store_snapshots.find_snapshot(c, submission.snapshot_id) is None:
                raise InvalidInput(
                    f"There is no snapshot {submission.snapshot_id[:80]!r}.", hint="Create the snapshot first."
                )
            return store_runs.create_run(
                c,
                submission,
                run_id=ids[0],
                user=context.user,
                host=context.host,
                children=ids[1:],
                around=around(context, c, submission),
            )

    def _woken(self, run: Run) -> Run:
        self._attendant.rest()
        try:
            self._context.wake()
        except (MlwsError, OSError) as error:
            # The run is queued for good; the next submit, or `mlws doctor`, wakes the dispatcher.
            _log.warning("The dispatcher was not woken: %s", error)
            return replace(
                run, warnings=(*run.warnings, f"The run is recorded, but its dispatcher did not start: {error}")
            )
        return run

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
        if experiment is not None:
            check_experiment_name(experiment)
        limit = clamp_limit(limit, MAX_OWN_LIMIT)
        return self._page(
            **_asked(status, document, parent, search, filter, include_children),
            experiment=experiment,
            order=() if order_by is None else parse_order(order_by),
            recursive=recursive,
            limit=limit,
            cursor=cursor,
            # A page that may leave this process is whole.
            later=self._context.store.read if limit > MAX_LIMIT else None,
        )

    def _page(self, **asked: Any) -> Page[Run]:
        self._attendant.look()
        with self._context.store.read() as c:
            page = store_runs.page_runs(c, **asked)
        return replace(page, items=tell_progress(self._context.folder, self._held_up.tell(page.items)))

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
        asked = _asked(status, document, parent, search, filter, include_children)
        asked |= {"for_those_below": not include_children, "ids": _ids(ids)}
        page = self._page(**asked, limit=clamp_limit(limit), cursor=cursor)
        total = len(page.items) if cursor is None else None
        above: tuple[str, ...] = ()
        with self._context.store.read() as c:
            if cursor is None and page.next_cursor is not None:
                total = store_runs.count_runs(c, **asked)
            if not include_children and (search or filter):
                above = _above(c, page.items, search=search, wanted=asked["wanted"])
        return RunLines(
            items=tuple(map(line_of, page.items)), next_cursor=page.next_cursor, total=total, for_those_below=above
        )

    def get(self, run: str) -> Run:
        self._attendant.look()
        with self._context.store.read() as c:
            found = store_runs.get_run(c, run)
        return tell_progress(self._context.folder, self._held_up.tell((found,)))[0]

    def update(self, run: str, update: RunUpdate) -> Run:
        check_storable(to_builtins(update), "update")
        with self._context.store.write() as c:
            return store_runs.update_run(c, run, update)

    def create_children(self, run: str, children: NewChildren) -> Page[Run]:
        check_storable(to_builtins(children), "child runs")
        with self._context.store.write() as c:
            return Page(items=run_children.create_children(c, run, children.items))

    def end(self, run: str, end: RunEnd) -> Run:
        check_storable(to_builtins(end), "end")
        with self._context.store.write() as c:
            found = store_runs.get_run(c, run)
            if found.status.is_terminal:
                return found
            self._check_own(found)
            if found.kind == run_children.CHILD:
                return run_children.end_children(c, [(found.number, end)])[found.number]
            _check_it_tells_its_end(found)
            if end.status is RunStatus.FAILED:
                put_told_end(c, found.id, end)
        # Whoever says of a running job that it is canceled wants that it ends, which its agent has to see to.
        return self.cancel(run) if end.status is RunStatus.CANCELED else found

    def cancel(self, run: str) -> Run:
        with self._context.store.write() as c:
            before = store_runs.get_run(c, run, metrics=0)
            if not before.status.is_terminal:
                self._check_own(before)
            ended = store_runs.cancel_run(c, before.number)
            after = store_runs.get_run(c, run)
        faults.point("cancel.recorded")
        handover.discard(ended, self._where_it_looks())
        return after if after.status.is_terminal else self._woken(after)

    def _check_own(self, run: Run) -> None:
        """Raise `Forbidden` for a run of somebody else, whose dispatcher and processes are not ours, too."""
        if run.user and run.user != self._context.user:
            raise Forbidden(
                f"Run #{run.number} is of {run.user}, who can cancel it.",
                hint=f"Ask {run.user}: mlws run cancel {run.number}",
                details={"run": run.id, "user": run.user},
            )

    def delete(self, run: str) -> Deletion:
        return delete_run(self._context, run)

    def weigh(self, run: str) -> Deletion:
        return foresee_run(self._context, run)

    def restore(self, run: str) -> Run:
        with self._context.store.write() as c:
            return deletion.restore_run(c, run)


def _check_it_tells_its_end(run: Run) -> None:
    if run.kind == "sweep":
        raise WrongState(f"Run #{run.number} is a sweep: it ends with its children.", hint="Cancel it to end it now.")
    if run.status not in ON_TARGET:
        raise WrongState(f"Run #{run.number} is {run.status}: nothing of it runs.", hint="Cancel it to end it now.")


def _handed(submission: RunSubmission, recorded: RunSubmission, referenced: dict[str, str]) -> handover.Handover:
    return handover.Handover(
        environment=submission.inherited_environment,
        secrets={**referenced, **submission.secrets},
        command=submission.command if submission.command != recorded.command else None,
    )


def _fresh_ids(experiment: str, count: int) -> list[str]:
    """Ids that differ from each other: within one second, eight random digits alone would not do for a large sweep."""
    ids: dict[str, None] = {}
    while len(ids) < count:
        ids[new_run_id(experiment)] = None
    return list(ids)


def _asked(
    status: str | None,
    document: str | None,
    parent: str | None,
    search: str | None,
    filter: str | None,
    include_children: bool,
) -> dict[str, Any]:
    """What every list can be asked for, as the store wants it."""
    if search is not None:
        check_text("search text", search, MAX_SEARCH)
    return {
        "statuses": _statuses(status),
        "document": document,
        "parent": parent,
        "search": search,
        "wanted": None if filter is None else parse_filter(filter),
        "include_children": include_children,
    }


def _ids(text: str | None) -> tuple[str, ...] | None:
    if text is None:
        return None
    ids = text.split(",")
    if len(ids) > MAX_LIMIT:
        raise InvalidInput(f"{len(ids):,} ids are too many to ask for.", hint=f"Ask for {MAX_LIMIT:,} at a time.")
    return tuple(map(check_id, ids))


def _above(c: Connection, page: Sequence[Run], *, search: str | None, wanted: Filter | None) -> tuple[str, ...]:
    """The ids of the runs that are listed for what lies below them alone."""
    parents = {run.number: run.id for run in page if run.child_count > 0}
    found = store_runs.fitting(c, tuple(parents), search=search, wanted=wanted) if parents else ()
    return tuple(run_id for number, run_id in parents.items() if number not in found)


def _statuses(text: str | None) -> tuple[RunStatus, ...]:
    if text is None:
        return ()
    words = {status.value.lower(): status for status in RunStatus}
    try:
        return tuple(words[word.strip().lower()] for word in text.split(","))
    except KeyError:
        known = ", ".join(status.value for status in RunStatus)
        wrong = next(word for word in text.split(",") if word.strip().lower() not in words).strip()
        near = meant(wrong, [status.value for status in RunStatus])
        raise InvalidInput(f"There is no status {wrong[:80]!r}.", hint=f"Known: {known}. {near}".rstrip()) from None
