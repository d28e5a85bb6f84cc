"""Waiting for a run, and stopping it."""

from __future__ import annotations

import os
import sys
import time
from typing import Any

from jupyter_mlws.domain.environment import KERNEL
from jupyter_mlws.domain.status import RunStatus
from jupyter_mlws.errors import RunFailed
from jupyter_mlws.sdk.run_children import RunChildren
from jupyter_mlws.sdk.run_files import RunFiles

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["RunWaiting"]

_FIRST_PAUSE_S, _LAST_PAUSE_S = 0.05, 1.0


class RunWaiting(RunChildren, RunFiles):
    """What is asked of a run that goes on."""

    def get_details(self) -> dict[str, Any]:
        """Facts of the run under the classic workspace's keys.

        ``error`` is None or a dict with ``code``, ``message``, ``exit_code``, ``signal`` and ``traceback``.
        """
        record = self.refresh()
        return {
            "runId": record.id,
            "runNumber": record.number,
            "experiment": record.experiment,
            "target": record.compute_target,
            "status": record.status.value,
            "startTimeUtc": record.started_at,
            "endTimeUtc": record.ended_at,
            "error": None if record.error is None else dict(vars(record.error)),
            "warnings": list(record.warnings),
            "tags": dict(record.tags),
            "params": dict(record.params),
            "properties": dict(record.properties),
            "snapshotId": record.snapshot_id,
            "runDefinition": {
                "command": list(record.command),
                "arguments": list(record.arguments),
                "environment": record.environment,
                "workingDirectory": record.working_directory,
            },
            "logFiles": [file.name for file in self._files("log")],
            "submittedBy": record.user,
        }

    def get_details_with_logs(self) -> dict[str, Any]:
        """`get_details()` with the texts of the logs instead of their names: ``{"logFiles": {name: text}}``."""
        details = self.get_details()
        return {**details, "logFiles": {name: self.get_log(name) for name in details["logFiles"]}}

    def get_all_logs(self, destination: str | os.PathLike[str] | None = None) -> list[str]:
        """Save all logs into a folder (default: the working directory) and return their paths."""
        folder = os.fspath(destination) if destination is not None else "."
        names = [file.name for file in self._files("log")]
        return [self.download_file(f"logs/{name}", os.path.join(folder, "logs", name)) for name in names]

    def wait_for_completion(
        self, show_output: bool = False, wait_post_processing: bool = False, raise_on_error: bool = True
    ) -> dict[str, Any]:
        """Wait for the end and return `get_details()`.

        Parameters
        ----------
        show_output : bool
            Print the log as it grows.
        wait_post_processing : bool
            Taken for the sake of older scripts: a run has ended only when all that it left is kept.
        raise_on_error : bool
            Raise `RunFailed` if the run ends as Failed.

        Notes
        -----
        An interrupt stops the waiting, not the run, and says how to cancel it.
        """
        try:
            self._wait(show_output)
        except KeyboardInterrupt:
            print(f"\nRun #{self.number} goes on. Cancel it with mlws.run({self.number}).cancel().", file=sys.stderr)
            raise
        if raise_on_error and self.record.status is RunStatus.FAILED:
            raise self._failure()
        return self.get_details()

    def _failure(self) -> RunFailed:
        """Why the run failed; for a sweep, why the first of its runs that failed did."""
        failed = self
        said = f"Run #{self.number} failed"
        if self._record.child_count:
            ended = [child for child in self.get_children() if child._record.status is RunStatus.FAILED]
            failed = ended[0] if ended else self
            said = (
                f"{len(ended)} of the {self._record.child_count} runs of #{self.number} failed, first #{failed.number}"
            )
        cause = failed._record.error
        return RunFailed(
            f"{said}: {cause.message if cause else 'no reason was recorded.'}",
            hint=f"Its log: mlws.run({failed.number}).get_log({failed._telling_log()})",
            details={"run": failed.id, "traceback": cause.traceback if cause else ""},
        )

    def _telling_log(self) -> str:
        """The argument that names the log which tells of a failure: before a script began it has said nothing."""
        if self._record.started_at is not None or self._record.environment == KERNEL:
            return ""
        return repr("environment.log")

    def _wait(self, show_output: bool, sleep: Callable[[float], object] = time.sleep) -> None:
        offset, pause, told = 0, _FIRST_PAUSE_S, ""
        while True:
            ended = self.refresh().status.is_terminal
            before = offset
            waiting = "" if ended else self._record.waiting_for
            if show_output and waiting and waiting != told:
                told = waiting
                print(f"Run #{self.number} is {self._record.status}, {waiting.rstrip('.')}.", file=sys.stderr)
            if show_output:
                offset = self._print_log(offset)
            if ended:
                return
            pause = _FIRST_PAUSE_S if offset > before else min(pause * 1.3, _LAST_PAUSE_S)
            sleep(pause)

    def _print_log(self, offset: int) -> int:
        while True:
            part = self._api.logs.read(self.id, offset=offset)
            sys.stdout.write(part.text)
            if part.next_offset == offset:
                sys.stdout.flush()
                return offset
            offset = part.next_offset

    def cancel(self) -> None:
        """Ask for the end of the run and of its children; an ended run stays as it is."""
        self._record = self._api.runs.cancel(self.id)
        self._read_at = time.monotonic()

    def flush(self, timeout_seconds: float = 300) -> None:
        """Wait until the workspace has taken up what this process logged: of a run that it does not log, nothing."""

    def start(self) -> None:
        """Begin a run that this process logs; it has begun already."""
        raise self._not_ours("be started")

    def complete(self) -> None:
        """End a run that this process logs as Completed."""
        raise self._not_ours("be completed")

    def fail(self, error_details: object = None, error_code: str | None = None, _set_status: bool = True) -> None:
        """End a run that this process logs as Failed, with what went wrong."""
        raise self._not_ours("be failed")

    def get_log(self, name: str = "std.log") -> str:
        """A whole log as text."""
        parts, offset = [], 0
        while True:
            part = self._api.logs.read(self.id, name=name, offset=offset)
            parts.append(part.text)
            if part.next_offset == offset:
                return "".join(parts)
            offset = part.next_offset
