"""Starting an interactive run: a folder and a record, in which the calling process logs from now on."""

from __future__ import annotations

import shutil

from jupyter_mlws import faults
from jupyter_mlws.blobs.local import full_disk_named
from jupyter_mlws.domain.interactive import INTERACTIVE, LOGGED_FROM, RunStart
from jupyter_mlws.domain.masking import mask
from jupyter_mlws.domain.names import new_run_id
from jupyter_mlws.domain.run import Run, RunSubmission
from jupyter_mlws.errors import InvalidInput, MlwsError
from jupyter_mlws.runfolder.paths import RunFolder
from jupyter_mlws.services.context import Context
from jupyter_mlws.services.submission import check_record
from jupyter_mlws.store import runs as store_runs
from jupyter_mlws.store import snapshots as store_snapshots
from jupyter_mlws.store.interactive import start_run

__all__ = ["start_interactive"]


def start_interactive(context: Context, start: RunStart) -> Run:
    """The run of this wish: recorded as Running, with a folder to log into; the one of its key where that is known."""
    submission = RunSubmission(
        experiment=start.experiment,
        kind=INTERACTIVE,
        command=mask(start.command),
        display_name=start.display_name,
        description=start.description,
        tags=start.tags,
        params=start.params,
        snapshot_id=start.snapshot_id,
        snapshot_scope=start.snapshot_scope,
        links=start.links,
        git=start.git,
        notes=start.notes,
        source=start.source,
        key=start.key,
    )
    check_record(submission)
    properties = {LOGGED_FROM: start.logged_from} if start.logged_from else {}
    # The folder first: a run that is recorded can be logged into.
    folder = RunFolder(context.folder / "runs" / new_run_id(start.experiment))
    try:
        with full_disk_named(context.folder):
            faults.point("interactive.folder")
            folder.create()
        run = _record(context, submission, folder.path.name, properties)
    except (MlwsError, OSError):
        shutil.rmtree(folder.path, ignore_errors=True)
        raise
    if run.id != folder.path.name:
        # The same key again; the first time may have lost its answer, and with it the folder.
        shutil.rmtree(folder.path, ignore_errors=True)
        if not run.status.is_terminal:
            RunFolder(context.folder / "runs" / run.id).create()
    return run


def _record(context: Context, submission: RunSubmission, run_id: str, properties: dict[str, str]) -> Run:
    with context.store.write() as c:
        known = store_runs.find_by_key(c, submission.key) if submission.key else None
        if known is not None:
            return known
        if submission.snapshot_id is not None and store_snapshots.find_snapshot(c, submission.snapshot_id) is None:
            raise InvalidInput(
                f"There is no snapshot {submission.snapshot_id[:80]!r}.", hint="Create the snapshot first."
            )
        faults.point("interactive.record")
        return start_run(c, submission, run_id=run_id, user=context.user, host=context.host, properties=properties)
