"""How values that are more than numbers are logged; what each kind of run does about it is its own."""

from __future__ import annotations

from typing import Any

from jupyter_mlws.domain.names import MAX_DESCRIPTION, check_metric_name, check_text
from jupyter_mlws.errors import StorageFull, TooLarge
from jupyter_mlws.sdk.run_facts import RunFacts

__all__ = ["ValueLogging", "checked_name", "checked_step"]


class ValueLogging(RunFacts):
    """The steps of logging a value: its name, its file where it has one, and the value itself."""

    def _begin_value(self, name: object, kind: str, description: str) -> str:
        """The metric's name, before its value is looked at; refuses what belongs to another kind."""
        raise self._not_ours("log")

    def _record_value(self, name: str, kind: str, value: Any, step: int | None, description: str) -> None:
        """Keep a value that was checked."""
        raise self._not_ours("log")

    def _keep_bytes(self, name: str, data: bytes, suffix: str) -> str:
        """Keep the file of a value and give its name.

        Raises
        ------
        StorageFull
            The disk has no room for it.
        TooLarge
            The metric has as many as are kept.
        """
        raise self._not_ours("log")

    def _drop_value(self, reason: StorageFull | TooLarge) -> None:
        """Count a value that cannot be kept: the script goes on."""
        raise self._not_ours("log")

    def _log_checked(self, name: str, kind: str, value: Any, description: str, step: int | None = None) -> None:
        self._record_value(name, kind, value, step, description)

    def _log_file(
        self, name: str, kind: str, parts: dict[str, tuple[bytes, str]], value: Any, description: str, step: int | None
    ) -> None:
        """Log a value with files: `parts` are their bytes and suffixes by the key that gets the file's name.

        Where there is no room, or there are too many already, the value is left out and counted: a script that logs
        goes on.
        """
        try:
            files = {key: self._keep_bytes(name, data, suffix) for key, (data, suffix) in parts.items()}
        except (StorageFull, TooLarge) as error:
            self._drop_value(error)
            return
        self._log_checked(name, kind, {**files, **value}, description, step)


def checked_name(name: object, description: str) -> str:
    """A metric's name, with its description looked at."""
    check_text("description", description, MAX_DESCRIPTION)
    return check_metric_name(name)


def checked_step(step: int | None) -> int | None:
    """A step that a record can hold, or none."""
    from jupyter_mlws.runfolder.journal_value import whole_step

    return None if step is None else whole_step(step)
