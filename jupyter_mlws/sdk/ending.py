"""How a run's own process tells its end."""

from __future__ import annotations

import traceback
from datetime import datetime, timezone

from jupyter_mlws.domain.child import RunEnd
from jupyter_mlws.domain.names import MAX_ERROR_MESSAGE
from jupyter_mlws.domain.run import RunError
from jupyter_mlws.domain.status import RunStatus
from jupyter_mlws.errors import cell_name, is_of_caller
from jupyter_mlws.runfolder import clock
from jupyter_mlws.runfolder.own_secrets import masked_text

__all__ = ["canceled", "completed", "exited", "failed"]

_MAX_TRACEBACK = 20_000
_MAX_CODE = 100


def _end(status: RunStatus, error: RunError | None = None) -> RunEnd:
    return RunEnd(status=status, error=error, ended_at=datetime.fromtimestamp(clock.now(), timezone.utc))


def completed() -> RunEnd:
    """The run did what it should."""
    return _end(RunStatus.COMPLETED)


def canceled() -> RunEnd:
    """Its own process gave it up."""
    return _end(RunStatus.CANCELED)


def exited(status: object) -> RunEnd:
    """Its process left with this, which is an exit code, a sentence or None."""
    if status is None or (isinstance(status, int) and status == 0):
        return completed()
    code = int(status) if isinstance(status, int) else 1
    said = "" if isinstance(status, int) else _plain(str(status), MAX_ERROR_MESSAGE)
    message = said.strip() or f"The script ended with exit code {code}."
    return _end(RunStatus.FAILED, RunError(code="script_failed", message=message, exit_code=code))


def failed(details: object = None, code: str | None = None) -> RunEnd:
    """It did not, for this reason: a sentence, or an exception."""
    text, name, lines = "The run was ended as failed.", "failed", ""
    if isinstance(details, BaseException):
        name = type(details).__name__
        said = _text_of(details)
        text = f"{name}: {said}" if said else name
        lines = masked_text(_traceback_of(details))[-_MAX_TRACEBACK:]  # before it is cut: half a secret is not found
    elif details is not None and (said := _text_of(details)).strip():
        text = said
    error = RunError(code=_plain(str(code or name), _MAX_CODE), message=_plain(text, MAX_ERROR_MESSAGE),
                     traceback=_plain(lines, _MAX_TRACEBACK))  # fmt: skip
    return _end(RunStatus.FAILED, error)


def _text_of(details: object) -> str:
    """What somebody else's object says of itself: how a run ended is told even where that goes wrong."""
    try:
        return str(details)
    except Exception as error:  # noqa: BLE001 - whatever it does
        return f"its text cannot be made ({type(error).__name__})"


def _traceback_of(error: BaseException) -> str:
    """As Python tells it, by the lines of who called: the way through files of ours says nothing to them."""
    told = traceback.TracebackException.from_exception(error)
    links = [told]
    for link in links:
        links += [other for other in (link.__cause__, link.__context__) if other is not None]
        link.stack[:] = [frame for frame in link.stack if is_of_caller(frame.filename)] or link.stack
        for frame in link.stack:
            frame.filename = cell_name(frame.filename) or frame.filename
    return "".join(told.format())


def _plain(text: str, limit: int) -> str:
    """Text that every database keeps, cut where it is too long."""
    clean = masked_text(text).replace("\0", "\ufffd").encode("utf-8", "replace").decode()
    return clean if len(clean) <= limit else clean[: limit - 1] + "…"
