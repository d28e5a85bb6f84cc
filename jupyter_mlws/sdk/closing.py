"""Runs of this process whose folder takes nothing more once the run that began it all has ended."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, BinaryIO

from jupyter_mlws.errors import WrongState
from jupyter_mlws.sdk.job import ActiveRun
from jupyter_mlws.sdk.run import Run

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jupyter_mlws.domain.child import RunEnd
    from jupyter_mlws.domain.model import ModelRegistration
    from jupyter_mlws.domain.run import RunUpdate
    from jupyter_mlws.runfolder.paths import RunFolder
    from jupyter_mlws.sdk.model import Model

__all__ = ["ClosingRun"]


class ClosingRun(ActiveRun):
    """An interactive run, or one below it.

    What is told goes to the folder as long as that is taken up, and to the workspace itself afterwards. Logging is
    refused then, or taken without a word where the run was ended from outside and its process goes on.
    """

    @property
    def _is_quiet(self) -> bool:
        """Whether what comes after the end is taken without a word."""
        return isinstance(self._owner, ClosingRun) and self._owner._is_quiet

    def _child(self, folder: RunFolder, facts: Mapping[str, Any]) -> ActiveRun:
        return ClosingRun(folder, facts, followed=self._followed, parent=self)

    def _shut(self, *, quiet: bool) -> None:
        """Log nothing more, here and below."""
        self._log = self._log_many = self._ignore if quiet else self._refuse
        self._let_go()
        for child in self._made.values():
            if isinstance(child, ClosingRun):
                child._shut(quiet=quiet)

    def _end(self, end: RunEnd) -> None:
        if self._over:
            self._ended = True  # with the run above it
        else:
            super()._end(end)

    def _update(self, update: RunUpdate) -> None:
        if self._over:
            Run._update(self, update)
        else:
            super()._update(update)

    def _taken(self, names: Sequence[str]) -> set[str]:
        return Run._taken(self, names) if self._over else super()._taken(names)

    def _keep(self, name: str, file: BinaryIO) -> None:
        if self._over:
            Run._keep(self, name, file)
        else:
            super()._keep(name, file)

    def _register(self, wish: ModelRegistration) -> Model:
        return Run._register(self, wish) if self._over else super()._register(wish)

    def _tell(self, noun: str, operation: str, *arguments: Any) -> str:
        if self._over and not self._is_quiet:
            raise self._has_ended()
        return super()._tell(noun, operation, *arguments)

    def _record_value(self, name: str, kind: str, value: Any, step: int | None, description: str) -> None:
        if not self._over:
            super()._record_value(name, kind, value, step, description)
        elif not self._is_quiet:
            raise self._has_ended()

    def _keep_bytes(self, name: str, data: bytes, suffix: str) -> str:
        if not self._over:
            return super()._keep_bytes(name, data, suffix)
        if not self._is_quiet:
            raise self._has_ended()
        return f"{name}{suffix}"

    def _has_ended(self) -> WrongState:
        return WrongState(
            f"{self._name} has ended, so nothing more is logged to it.",
            hint="Start another one with Experiment.start_logging().",
        )

    def _refuse(self, *values: Any, **named: Any) -> None:
        raise self._has_ended()

    def _ignore(self, *values: Any, **named: Any) -> None:
        """Take what a training logs that goes on although its run was canceled."""
