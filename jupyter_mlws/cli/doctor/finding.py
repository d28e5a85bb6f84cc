"""One answer of the doctor."""

from __future__ import annotations

from dataclasses import dataclass

from jupyter_mlws.errors import MlwsError

__all__ = ["Finding"]


@dataclass(frozen=True)
class Finding:
    """`level` is 'ok', 'warning' or 'error'; `message` one sentence; `hint` the way out."""

    level: str
    subject: str
    message: str
    hint: str = ""

    @classmethod
    def of(cls, error: MlwsError | OSError, subject: str, hint: str = "") -> Finding:
        """An error as a finding."""
        if isinstance(error, MlwsError):
            return cls("error", subject, error.message, error.hint or hint)
        where = f": {error.filename}" if error.filename else ""
        return cls("error", subject, f"{error.strerror or error}{where}.", hint)
