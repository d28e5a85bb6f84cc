"""How a run's own process tells its end."""

from __future__ import annotations

import traceback
from datetime import datetime, timezone

from jupyter_mlws.domain.child import RunEnd
from jupyter_mlws.domain.names import MAX_ERROR_MESSAGE
from jupyter_mlws.domain.run import RunError
from jupyter_mlws.domain.status import RunStatus
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
        text = f"{name}: {details}" if str(details) else name
        whole = "".join(traceback.format_exception(type(details), details, details.__traceback__))
        lines = masked_text(whole)[-_MAX_TRACEBACK:]  # before it is cut: half a secret is not found
    elif details is not None and str(details).strip():
        text = str(details)
    error = RunError(code=_plain(str(code or name), _MAX_CODE), message=_plain(text, MAX_ERROR_MESSAGE),
                     traceback=_plain(lines, _MAX_TRACEBACK))  # fmt: skip
    return _end(RunStatus.FAILED, error)


def _plain(text: str, limit: int) -> str:
    """Text that every database keeps, cut where it is too long."""
    clean = masked_text(text).replace("\0", "\ufffd").encode("utf-8", "replace").decode()
    return clean if len(clean) <= limit else clean[: limit - 1] + "…"
