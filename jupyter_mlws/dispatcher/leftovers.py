"""What a dispatcher that died did not finish: folders of ended runs, and variables for runs that never came to be."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Container

from jupyter_mlws.dispatcher.collecting import LEFT, Collector
from jupyter_mlws.dispatcher.context import Context
from jupyter_mlws.dispatcher.intake import Intake
from jupyter_mlws.dispatcher.leaving import NOT_TAKEN_IN, tidy
from jupyter_mlws.domain.run import Run
from jupyter_mlws.domain.status import LIVE
from jupyter_mlws.errors import CorruptData, NotFound
from jupyter_mlws.runfolder import names
from jupyter_mlws.runfolder.paths import RunFolder
from jupyter_mlws.services import handover
from jupyter_mlws.store import Store, integrity
from jupyter_mlws.store.runs import get_run

__all__ = ["clear_up", "look_for_damage"]

_log = logging.getLogger(__name__)
_STAYS = {names.JOB, names.STATE, LEFT}


def clear_up(context: Context, followed: Container[str]) -> None:
    """Empty the folders of ended runs, and remove variables that no run will take; `followed` are in other hands."""
    for run_id in handover.left_long_ago(context.workspace.id):
        run = _find(context, run_id)
        if run is None or run.status not in LIVE:
            handover.discard((run_id,))
    if context.settings.keep_run_folder:
        return
    for run_id in _not_tidy(context):
        run = None if run_id in followed else _find(context, run_id)
        if run is not None and run.status not in LIVE:
            _empty(context, run)


def _empty(context: Context, run: Run) -> None:
    """Empty a folder. Where that fails it stays as it is: it may hold the only copy of a file, and nobody waits."""
    folder = RunFolder(context.run_folder(run.id))
    try:
        tidy(folder, collectors=_too_large(context, folder, run))
    except Exception as error:  # noqa: BLE001 - what a script has left must not keep a dispatcher from beginning
        _log.warning("The folder of run #%d stays for now (%s: %s).", run.number, type(error).__name__, error)


def look_for_damage(store: Store) -> None:
    """Have the database checked beside all else; if it is damaged nobody writes to it any more."""

    def look() -> None:
        problem = integrity.examine(store.path)
        if problem:
            _log.error("The database %s is damaged: %s", store.path, problem)

    if store.is_embedded:
        threading.Thread(target=look, name="quick check", daemon=True).start()


def _not_tidy(context: Context) -> list[str]:
    try:
        with os.scandir(context.folder / "runs") as entries:
            folders = [entry for entry in entries if entry.is_dir(follow_symlinks=False)]
    except FileNotFoundError:
        return []
    return [folder.name for folder in folders if _is_to_be_emptied(set(_names_in(folder.path)))]


def _is_to_be_emptied(names_in: set[str]) -> bool:
    return not _STAYS.issuperset(names_in) and NOT_TAKEN_IN not in names_in


def _names_in(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:  # removed meanwhile, or closed by its script: nothing that we could tidy
        return []


def _find(context: Context, run_id: str) -> Run | None:
    try:
        with context.store.read() as c:
            return get_run(c, run_id)
    except NotFound:
        return None


def _too_large(context: Context, folder: RunFolder, run: Run) -> list[Collector]:
    """Know the files that were too large to store, which its run was promised to keep; none once that is done.

    The dispatcher's notes on the folder go when the folder is emptied, and that begins when they are put aside.
    """
    try:
        collectors = Intake(context, folder, run).all_collectors()
        for collector in collectors:
            collector.everything()
    except CorruptData as error:
        _log.info("Nothing is left to keep of run #%d: %s", run.number, error)
        return []
    return collectors
