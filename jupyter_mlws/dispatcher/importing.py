"""Taking in the folder of a run that was recorded offline: as at the end of any run, and only once.

The folder lies in ``imports/`` of the workspace (see `jupyter_mlws.services.offline`) until everything in it is stored.
Whoever dies in between leaves it there, and the next dispatcher goes on: what is stored already is known by its
offsets and ids.
"""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from jupyter_mlws import faults
from jupyter_mlws.dispatcher.collecting import LEFT
from jupyter_mlws.dispatcher.context import Context
from jupyter_mlws.dispatcher.interactive import Bystander, InteractiveFollower, end_of, make_notes
from jupyter_mlws.dispatcher.watching import Agent
from jupyter_mlws.domain.names import check_run_id
from jupyter_mlws.domain.run import RunError
from jupyter_mlws.domain.status import RunStatus
from jupyter_mlws.errors import MlwsError, StorageFull, Unavailable
from jupyter_mlws.runfolder import state
from jupyter_mlws.runfolder.paths import RunFolder
from jupyter_mlws.runfolder.processes import Identity, is_alive
from jupyter_mlws.services.offline import PUT_AWAY, imports_folder, record_offline
from jupyter_mlws.store.run_states import add_warnings
from jupyter_mlws.store.runs import get_run, move_run

__all__ = ["ImportFollower", "follow_import", "put_away", "waiting_imports"]

_log = logging.getLogger(__name__)
_GOES_ON = "The run was still going on when it was imported; import it again for what it has logged since."


def waiting_imports(context: Context) -> Iterator[tuple[str, Path]]:
    """Id and folder of each run that waits to be taken in."""
    try:
        with os.scandir(imports_folder(context.folder, context.host)) as entries:
            found = [entry for entry in entries if entry.is_dir(follow_symlinks=False)]
    except OSError:
        return
    for entry in found:
        if not entry.name.startswith("."):  # a draft
            yield entry.name, Path(entry.path)


class _Recorded(Agent):
    """What a folder says of its process, which is not waited for."""

    def __init__(self, folder: RunFolder, context: Context) -> None:
        super().__init__(Bystander(), folder, context.settings, None)
        self.over = True
        self.may_go_on = False
        for event in _events(folder):
            self._read_event(event)
        if self.ended is None:
            self.may_go_on = self.identity is None or is_alive(self.identity) is not False

    def _read_event(self, event: dict[str, Any]) -> None:
        if event["event"] == "started":
            try:
                self.identity = Identity.from_dict(event["identity"])
            except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
                self.identity = None
        elif event["event"] == "ended":
            self._take(event)


def _events(folder: RunFolder) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    offset = 0
    while True:
        events, after = state.read(folder, offset)
        found += events
        if after == offset:
            return found
        offset = after


class ImportFollower(InteractiveFollower):
    """Takes in one folder.

    Parameters
    ----------
    context : Context
    run_id : str
        The name of the folder.
    folder : Path
    """

    def __init__(self, context: Context, run_id: str, folder: Path) -> None:
        check_run_id(run_id)
        run = record_offline(context.store, None, run_id, folder, context.user, context.host)
        super().__init__(context, run)
        self._folder = RunFolder(folder)

    def _start(self) -> Agent | None:
        if not self._until_done(lambda: make_notes(self._context, self._folder, self.run_record)):
            return None
        return _Recorded(self._folder, self._context)

    def _outcome(self, agent: Agent, killed: list[int]) -> tuple[RunStatus, RunError | None]:
        if agent.ended is not None:
            return end_of(agent.ended)
        if isinstance(agent, _Recorded) and agent.may_go_on:
            return RunStatus.NOT_RESPONDING, None
        return RunStatus.FAILED, RunError(
            code="process_lost", message="The process that logged this run ended without completing it."
        )

    def _move_to_end(
        self, c: Connection, status: RunStatus, error: RunError | None, warnings: list[str], at: datetime | None
    ) -> None:
        run = get_run(c, self.run_record.id, metrics=0)
        if run.status.is_terminal or run.status is status:
            # It got what was missing, and stays what it is.
            if warnings:
                add_warnings(c, run.id, warnings)
            return
        if status is RunStatus.NOT_RESPONDING:
            move_run(c, run.id, status, at=at, warnings=[*warnings, _GOES_ON])
        else:
            super()._move_to_end(c, status, error, warnings, at)

    def _give_up(self, error: RunError) -> None:
        super()._give_up(error)
        put_away(self._folder.path)

    def _tidy(self) -> None:
        """Remove the folder, but for what was too large to store: that is kept where a run keeps it."""
        faults.point("importing.remove")
        moved = [collector.keep_left() for collector in self._opened().all_collectors()]
        if not all(moved):
            return  # the next dispatcher tries again
        left = self._folder.path / LEFT
        if left.is_dir():
            kept = self._context.run_folder(self.run_record.id)
            kept.mkdir(mode=0o700, parents=True, exist_ok=True)
            _move_into(left, kept / LEFT)
        shutil.rmtree(self._folder.path, ignore_errors=True)


def follow_import(context: Context, run_id: str, folder: Path) -> ImportFollower | None:
    """A follower for a folder that waits; None for one that nobody can understand, which is put away."""
    try:
        return ImportFollower(context, run_id, folder)
    except (Unavailable, StorageFull, OSError):
        raise
    except (MlwsError, ValueError) as error:
        _log.warning("The import %s cannot be taken in: %s", run_id, error)
    except Exception:  # noqa: BLE001 - one folder must not keep the dispatcher from everything else
        _log.exception("The import %s cannot be taken in.", run_id)
    put_away(folder)
    return None


def _move_into(source: Path, target: Path) -> None:
    """Move a folder to where an earlier import may have put one: each file in the place of one of its name."""
    if not os.path.lexists(target):
        os.rename(source, target)
        return
    for entry in list(os.scandir(source)):
        there = target / entry.name
        if entry.is_dir(follow_symlinks=False) and there.is_dir():
            _move_into(Path(entry.path), there)
        else:
            is_other = os.path.lexists(there) and entry.is_dir(follow_symlinks=False) != there.is_dir()
            os.replace(entry.path, there.with_name(f"{entry.name}-{os.urandom(4).hex()}") if is_other else there)


def put_away(folder: Path) -> None:
    """Keep a folder that cannot be taken in as long as the trash is kept, and do not try again."""
    with suppress(OSError):
        os.rename(folder, folder.with_name(f"{PUT_AWAY}{folder.name}-{os.urandom(4).hex()}"))
