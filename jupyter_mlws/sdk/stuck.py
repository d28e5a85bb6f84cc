"""A run that waits for a dispatcher which does not start: what is said of it, soon and without holding up."""

from __future__ import annotations

import sys
import threading
import time
from typing import TYPE_CHECKING

from jupyter_mlws.domain.card import WAY_OUT
from jupyter_mlws.domain.status import RunStatus
from jupyter_mlws.errors import MlwsError
from jupyter_mlws.sdk.text import visible

if TYPE_CHECKING:
    from jupyter_mlws.sdk.run import Run
    from jupyter_mlws.sdk.workspace import Workspace

__all__ = ["last_words", "retry", "tell_later", "watch"]

_STARTS_WITHIN_S = 6.0
# Nobody waits for what is said later, and a machine with much to do takes its time even to fail.
_LATER_S = 30.0
_PAUSE_S = 0.25
_STANDS_S = 1.0


def last_words(run: Run) -> str:
    """What a dispatcher that does not start said last, when this run waits for it; else ''."""
    record = run.record
    if record.status is not RunStatus.QUEUED or not record.waiting_for:
        return ""
    try:
        state = run.workspace.info().dispatcher
    except MlwsError:
        return ""
    return "" if state.alive else "\n".join(visible(line) for line in state.message.splitlines())


def tell_later(run: Run) -> None:
    """Watch a run that was just queued; if its dispatcher turns out not to start, say so below the cell."""
    record = run.record
    if record.status is RunStatus.QUEUED and not record.waiting_for:
        threading.Thread(target=watch, args=(run, _LATER_S), name="mlws-start", daemon=True).start()


def watch(run: Run, within_s: float = _STARTS_WITHIN_S) -> None:
    """Return when a queued run is taken up by a living dispatcher, or say on standard error why none starts."""
    until, since = time.monotonic() + within_s, None
    while time.monotonic() < until:
        try:
            record, state = run.refresh(), run.workspace.info().dispatcher
            words = last_words(run)
        except MlwsError:
            return  # whoever looks at the run next is told
        if record.status is not RunStatus.QUEUED or state.alive:
            return
        if words and since is not None and time.monotonic() - since >= _STANDS_S:
            print(f"Run #{record.number} stays queued. {WAY_OUT}\n{words}", file=sys.stderr)
            return
        # A failure of a moment ago may be past: it has to stand for a while.
        since = None if not words else since or time.monotonic()
        time.sleep(_PAUSE_S)


def retry(workspace: Workspace) -> None:
    """Start the dispatcher again where runs are queued and none lives; why it does not is one sentence."""
    try:
        info = workspace.info()
        if info.active_count and not info.dispatcher.alive:
            workspace.api.workspace.wake()
    except MlwsError as error:
        print(f"{error}", file=sys.stderr)
