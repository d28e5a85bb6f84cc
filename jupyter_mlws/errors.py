"""The error tree.

Every failure that a person can meet is a class here with a stable ``code`` and an HTTP ``status``. The same class is
raised in process, rebuilt from the JSON of an answer, and printed by the magics and the command line, so nobody writes
a second mapping. ``hint`` is the way out, one sentence.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from types import TracebackType

__all__ = [
    "AlreadyExists",
    "ArchiveError",
    "CaptureError",
    "Conflict",
    "CorruptData",
    "DispatcherUnavailable",
    "Forbidden",
    "IndexUnavailable",
    "InvalidFilter",
    "InvalidInput",
    "InvalidName",
    "InvalidPath",
    "MissingPart",
    "MlwsError",
    "NotFound",
    "NotTrusted",
    "RunFailed",
    "SnapshotError",
    "StorageFull",
    "TargetAway",
    "TooLarge",
    "Unavailable",
    "UsageError",
    "WorkspaceError",
    "WrongState",
    "from_payload",
]


class MlwsError(Exception):
    """Base of all errors of this package.

    Parameters
    ----------
    message : str
        One sentence that says what is wrong.
    hint : str, optional
        One sentence that says what to do about it.
    details : dict, optional
        JSON-ready facts for programs (names, sizes, nearest matches).
    """

    code: ClassVar[str] = "internal_error"
    status: ClassVar[int] = 500

    def __init__(self, message: str, *, hint: str = "", details: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.details = details or {}

    def __str__(self) -> str:
        # Words of other programs come without a full stop.
        stop = "." if self.hint and self.message[-1:] not in ("", *".:;,!?…") else ""
        return f"{self.message}{stop} {self.hint}".strip()

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.message, self.hint, self.details)

    def _render_traceback_(self) -> list[str]:
        """The lines that IPython shows: those of the person who called, and the sentence with the way out.

        The way through our own files says nothing to them; with ``MLWS_TRACEBACK=full`` it is shown all the same, and
        for an error that nobody has foreseen.
        """
        if os.environ.get("MLWS_TRACEBACK") == "full" or type(self) is MlwsError:
            import traceback

            return "".join(traceback.format_exception(type(self), self, self.__traceback__)).splitlines()
        words = [f"{type(self).__name__}: {self.message}", *([self.hint] if self.hint else [])]
        return [*_lines_of_the_caller(self.__traceback__), *words]

    def to_payload(self) -> dict[str, Any]:
        """The one JSON shape of a failure."""
        return {"code": self.code, "message": self.message, "hint": self.hint, "details": self.details}


class InvalidInput(MlwsError):
    """A value is of the wrong kind, out of range, or unknown."""

    code = "invalid_input"
    status = 400


class InvalidFilter(InvalidInput):
    """A filter or an order cannot be understood; `details` say where: `position` and `length`, in characters."""

    code = "invalid_filter"


class InvalidName(InvalidInput):
    """A name breaks the grammar of its kind."""

    code = "invalid_name"


class InvalidPath(InvalidInput):
    """A path is absolute, leaves its root, or has forbidden characters."""

    code = "invalid_path"


class UsageError(InvalidInput):
    """A magic or command line was not understood."""

    code = "usage_error"


class Forbidden(MlwsError):
    """The caller may not do this."""

    code = "forbidden"
    status = 403


class NotTrusted(Forbidden):
    """A configuration file points somewhere that the user has not trusted yet."""

    code = "not_trusted"


class NotFound(MlwsError):
    """The named thing does not exist."""

    code = "not_found"
    status = 404


class Conflict(MlwsError):
    """The request contradicts what is stored."""

    code = "conflict"
    status = 409


class AlreadyExists(Conflict):
    """A thing of that name exists already."""

    code = "already_exists"


class WrongState(Conflict):
    """The run is in a state that does not allow this."""

    code = "wrong_state"


class TooLarge(MlwsError):
    """A value, file or folder is above its limit."""

    code = "too_large"
    status = 413


class SnapshotError(MlwsError):
    """A folder cannot be snapshotted or restored as asked."""

    code = "snapshot_error"
    status = 422


class ArchiveError(MlwsError):
    """A file is no archive, is damaged, or holds what no archive may hold; nothing of it was imported."""

    code = "archive_error"
    status = 422


class CaptureError(MlwsError):
    """A variable of the notebook cannot travel with the cell."""

    code = "capture_error"
    status = 422


class CorruptData(MlwsError):
    """Stored bytes are not what their digest says."""

    code = "corrupt_data"
    status = 500


class StorageFull(MlwsError):
    """The disk or quota has no room left."""

    code = "storage_full"
    status = 507


class Unavailable(MlwsError):
    """A part is busy or not reachable at the moment; try again."""

    code = "unavailable"
    status = 503


class TargetAway(Unavailable):
    """A compute target does not answer at the moment: what was on its way there goes on once it does."""

    code = "target_away"


class IndexUnavailable(Unavailable):
    """The index of packages does not answer at the moment: nothing is wrong with the environment."""

    code = "index_unavailable"


class DispatcherUnavailable(Unavailable):
    """The dispatcher did not start or does not answer."""

    code = "dispatcher_unavailable"


class WorkspaceError(MlwsError):
    """A workspace cannot be opened (missing, newer, not writable)."""

    code = "workspace_error"
    status = 409


class RunFailed(MlwsError):
    """A run that was waited for ended as Failed or Canceled."""

    code = "run_failed"
    status = 409


class MissingPart(MlwsError, ImportError):
    """A name needs the full package, and only the standard-library part is here."""

    code = "missing_part"
    status = 501


def _lines_of_the_caller(trace: TracebackType | None) -> list[str]:
    """Where it happened in files that are neither ours nor IPython's, the outermost first."""
    import traceback

    found = []
    for frame in traceback.extract_tb(trace):
        if is_of_caller(frame.filename):
            inside = "" if frame.name.startswith("<") else f", in {frame.name}"
            found.append(f"{cell_name(frame.filename) or f'File {frame.filename}'}, line {frame.lineno}{inside}")
            found += [f"    {frame.line}"] if frame.line else []
    return [*found, ""] if found else []


def is_of_caller(filename: str) -> bool:
    """Whether a file is neither ours nor IPython's."""
    files = (getattr(sys.modules.get(each), "__file__", None) for each in (__package__, "IPython"))
    return not filename.startswith(tuple(os.path.dirname(file) + os.sep for file in files if file))


def cell_name(filename: str) -> str:
    """What a person calls the file that IPython keeps a cell in, such as ``Cell In[3]``; '' for any other file."""
    # What has the name need not be IPython, or not all of it yet.
    find = getattr(sys.modules.get("IPython"), "get_ipython", None)
    running = find() if find is not None else None
    name_of = getattr(getattr(running, "compile", None), "format_code_name", None)
    return " ".join(name_of(filename) or ()) if name_of is not None else ""


def _rebuild(cls: type[MlwsError], message: str, hint: str, details: dict[str, Any]) -> MlwsError:
    return cls(message, hint=hint, details=details)


def _tree(cls: type[MlwsError]) -> dict[str, type[MlwsError]]:
    found = {cls.code: cls}
    for child in cls.__subclasses__():
        found.update(_tree(child))
    return found


def from_payload(payload: dict[str, Any], status: int = 500) -> MlwsError:
    """The error that an answer describes, as the class that was raised.

    Parameters
    ----------
    payload : dict
        The JSON body of a failed answer; foreign shapes (a proxy's) are accepted.
    status : int, default 500
        HTTP status of the answer, named when the body says nothing.
    """
    cls = _tree(MlwsError).get(str(payload.get("code")), MlwsError)
    message = str(payload.get("message") or f"The server answered with status {status}.")
    details = payload.get("details")
    return cls(message, hint=str(payload.get("hint") or ""), details=details if isinstance(details, dict) else {})
