"""Taking in what was recorded offline: checked as a whole, put aside, and told to the dispatcher.

A folder that waits lies in ``imports/<host>/<run id>`` of the workspace. It appears there complete, under its name, or
not at all; the dispatcher of that machine takes up its points, values, requests, files and children exactly as it does
those of a run folder, and removes it. Everything in it carries an id or an offset, so a second import of the same run
adds what is new and nothing twice.
"""

from __future__ import annotations

import logging
import os
import re
import shutil
import tempfile
import time
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from jupyter_mlws import faults
from jupyter_mlws.api.routes import Upload
from jupyter_mlws.blobs.local import full_disk_named
from jupyter_mlws.domain.interactive import INTERACTIVE, LOGGED_FROM, MAX_HOST, OFFLINE, FolderImport
from jupyter_mlws.domain.masking import mask
from jupyter_mlws.domain.names import check_run_id
from jupyter_mlws.domain.run import Run, RunSource, RunSubmission
from jupyter_mlws.errors import AlreadyExists, InvalidInput, MlwsError, NotFound, StorageFull, Unavailable, WrongState
from jupyter_mlws.runfolder import names, state, wire
from jupyter_mlws.runfolder.files import read_plain, remove_stale
from jupyter_mlws.runfolder.protocol import misfit
from jupyter_mlws.services.checking import check_storable
from jupyter_mlws.services.context import Context
from jupyter_mlws.services.places import check_writable
from jupyter_mlws.services.submission import check_record
from jupyter_mlws.store import Store
from jupyter_mlws.store import runs as store_runs
from jupyter_mlws.store.interactive import start_run
from jupyter_mlws.store.references import known_runs

__all__ = ["PUT_AWAY", "Imports", "imports_folder", "record_offline"]

MAX_FILES = 100_000
# What `jupyter_mlws.sdk.offline_packing` packs shrinks to 1/230 at most; what is left over is for small folders.
_MOST_RATIO = 250
_ROOM_BYTES = 1 << 30
_MAX_JOB_BYTES = 16 << 20
_DRAFT = ".draft-"
# How the name of a folder begins which nobody could take in; it is kept as long as what is in the trash.
PUT_AWAY = ".failed-"
# While somebody waits for an import a dispatcher is looked after so often.
_WAKE_S = 3.0
_log = logging.getLogger(__name__)
_HINT = "Import the whole folder that a run made when it was recorded offline: mlws runs --offline lists them."


def imports_folder(workspace: Path, host: str) -> Path:
    """Where imported folders wait for the dispatcher of this machine."""
    return workspace / "imports" / re.sub(r"[^A-Za-z0-9.-]", "_", host)


class Imports:
    """The imports of one workspace.

    Parameters
    ----------
    context : Context
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._place = imports_folder(context.folder, context.host)
        self._woken_at = 0.0

    def take(self, content: Upload) -> FolderImport:
        """Put a run's folder aside for the dispatcher; see `FoldersApi.import_offline`."""
        context = self._context
        with full_disk_named(context.folder):
            self._place.mkdir(mode=0o700, parents=True, exist_ok=True)
            remove_stale(self._place, _DRAFT, "")
            draft = Path(tempfile.mkdtemp(prefix=f"{_DRAFT}{os.getpid()}-", dir=self._place))
            try:
                faults.point("offline.unpack")
                _unpack(content, draft / "run")
                submission, run_id = _read(draft / "run")
                _check_known(context.store, run_id)
                _put(draft / "run", self._place / run_id)
            finally:
                shutil.rmtree(draft, ignore_errors=True)
        faults.point("offline.put")
        run = self._record(submission, run_id)
        self._wake()
        return FolderImport(run_id=run.id, number=run.number, pending=True)

    def _record(self, submission: RunSubmission, run_id: str) -> Run:
        context, folder = self._context, self._place / run_id
        try:
            return record_offline(context.store, submission, run_id, folder, context.user, context.host)
        except (Unavailable, StorageFull):
            raise  # the dispatcher records it, as soon as that can be done
        except MlwsError:
            shutil.rmtree(folder, ignore_errors=True)
            raise

    def state(self, run: str) -> FolderImport:
        """How far it is."""
        with self._context.store.read() as c:
            found = store_runs.get_run(c, run, metrics=0)
        pending = (self._place / found.id).is_dir()
        if pending and time.monotonic() - self._woken_at > _WAKE_S:
            self._wake()
        return FolderImport(run_id=found.id, number=found.number, pending=pending)

    def _wake(self) -> None:
        self._woken_at = time.monotonic()
        try:
            self._context.wake()
        except (MlwsError, OSError) as error:
            _log.warning("The dispatcher was not woken: %s", error)  # it is tried again while somebody asks


def _unpack(content: Upload, draft: Path) -> None:
    from jupyter_mlws.snapshots import unpack_zip

    most = content.file.seek(0, os.SEEK_END) * _MOST_RATIO + _ROOM_BYTES
    for name in unpack_zip(content.file, draft, max_files=MAX_FILES, max_bytes=most):
        if name != names.JOB:
            check_writable(name)


def _put(draft: Path, target: Path) -> None:
    try:
        faults.point("offline.rename")
        os.rename(draft, target)
    except OSError as error:
        if not target.is_dir():
            raise
        raise Unavailable(
            "An earlier import of this run is still being taken in.",
            hint="Try again in a moment.",
            details={"retry_after_s": 0.5},
        ) from error


def _check_known(store: Store, run_id: str) -> None:
    """A run of this id is one that was imported before, or the one that its own folder now completes."""
    with store.read() as c:
        found = _find(c, run_id)
    if found is None:
        return
    own = found.kind == OFFLINE or (found.kind == INTERACTIVE and LOGGED_FROM in found.properties)
    if not own:
        raise AlreadyExists(
            f"Run #{found.number} has the id {run_id} already, and was not recorded offline.", hint=_HINT
        )
    if found.kind == INTERACTIVE and not found.status.is_terminal:
        raise WrongState(
            f"Run #{found.number} is still {found.status}: its own process brings what it logs.",
            hint="Import its folder when that process has ended.",
        )


def _find(c: Connection, run_id: str) -> Run | None:
    """The run of this id, None where there is none; one that was deleted is `NotFound`, and not made again."""
    try:
        return store_runs.get_run(c, run_id)
    except NotFound as error:
        if error.details.get("deleted"):
            raise
        if known_runs(c, [run_id]):
            raise WrongState(
                f"The run {run_id} is being removed for good.", hint="Have that finished first: mlws gc."
            ) from error
        return None


# -- what a folder says of its run


def _read(folder: Path) -> tuple[RunSubmission, str]:
    """The record that a folder stands for, and its run's id; `InvalidInput` for what is no offline run."""
    job = read_offline_job(folder)
    return _submission(job), check_run_id(job["run_id"])


def read_offline_job(folder: Path) -> dict[str, Any]:
    """``job.json`` of an offline run, as far as it can be believed."""
    try:
        job = wire.loads(read_plain(folder / names.JOB, _MAX_JOB_BYTES))
    except (OSError, ValueError) as error:
        raise InvalidInput("This is no folder of an offline run: its job.json cannot be read.", hint=_HINT) from error
    if not isinstance(job, dict) or not job.get("run_id"):
        raise InvalidInput("This is no folder of an offline run: its job.json names no run.", hint=_HINT)
    if misfit(job.get("protocol_version", 1)) == "newer":
        raise InvalidInput(
            "The run was recorded by a newer version of jupyter-mlws.", hint="Upgrade it where the workspace is."
        )
    check_storable(job, names.JOB)
    return job


def _submission(job: dict[str, Any]) -> RunSubmission:
    try:
        submission = RunSubmission(
            experiment=_text(job, "experiment") or OFFLINE,
            kind=OFFLINE,
            command=mask(tuple(str(word) for word in job.get("command") or ())),
            display_name=_text(job, "display_name"),
            description=_text(job, "description"),
            tags=_labels(job, "tags"),
            params=_labels(job, "params"),
            source=RunSource(document=_text(job, "document")),
        )
    except (TypeError, ValueError, AttributeError) as error:
        raise InvalidInput(f"The job.json of this offline run is not as it should be ({error}).", hint=_HINT) from error
    check_record(submission)
    return submission


def _text(job: dict[str, Any], name: str) -> str:
    value = job.get(name, "")
    if not isinstance(value, str):
        raise TypeError(f"{name} is no text")
    return value


def _labels(job: dict[str, Any], name: str) -> dict[str, str]:
    return {str(key): str(value) for key, value in dict(job.get(name) or {}).items()}


def record_offline(
    store: Store, submission: RunSubmission | None, run_id: str, folder: Path, user: str, host: str
) -> Run:
    """The record of an imported run, made if it is not there yet; its folder may be taken in already."""
    with store.write() as c:
        known = _find(c, run_id)
        if known is not None:
            return known
        if submission is None:
            submission = _read(folder)[0]
        job = read_offline_job(folder)
        recorded_on = str(job.get("host", ""))[:MAX_HOST]
        faults.point("offline.record")
        return start_run(
            c,
            submission,
            run_id=run_id,
            user=user,
            host=recorded_on or host,
            properties={LOGGED_FROM: recorded_on} if recorded_on else None,
            started_at=_began(folder),
        )


def _began(folder: Path) -> datetime | None:
    """When its process began, as it says."""
    events, _ = state.read(folder)
    at = next((event.get("at") for event in events if event["event"] == "started"), None)
    try:
        return None if at is None else datetime.fromtimestamp(at, timezone.utc)
    except (TypeError, ValueError, OverflowError, OSError):
        return None
