"""`ScriptRunConfig`: what to run, from which folder, where and in which environment."""

from __future__ import annotations

import difflib
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from jupyter_mlws.domain.run import RunSource, RunSubmission
from jupyter_mlws.domain.snapshot import SnapshotReport, SnapshotRequest
from jupyter_mlws.errors import InvalidInput, UsageError

if TYPE_CHECKING:
    from jupyter_mlws.api.interface import Api

__all__ = ["ScriptRunConfig"]


@dataclass(kw_only=False)
class ScriptRunConfig:
    """What to run.

    Parameters
    ----------
    source_directory : path-like
        Folder to snapshot; the script's working directory.
    script : str, optional
        Python script, relative to `source_directory`. Either this or `command`.
    arguments : sequence, optional
        Arguments of the script, passed byte for byte; numbers are turned to text.
    command : sequence of str or str, optional
        A program with its arguments, or a line for ``/bin/sh``.
    compute_target : str, default 'local'
    environment : str, default 'kernel'
        'kernel' is the interpreter that submits.
    environment_variables : mapping, optional
    max_run_duration_seconds : float, optional
        The script is ended after so many seconds; default: no limit.
    """

    source_directory: str | os.PathLike[str]
    script: str | None = None
    arguments: Sequence[object] = ()
    command: Sequence[str] | str | None = None
    compute_target: str = "local"
    environment: str = "kernel"
    environment_variables: Mapping[str, str] = field(default_factory=dict)
    max_run_duration_seconds: float | None = None

    def __post_init__(self) -> None:
        if (self.script is None) == (self.command is None):
            raise UsageError("A run needs either a script or a command, not both.", hint="Give script='train.py'.")
        if self.command is not None and self.arguments:
            raise UsageError("Arguments belong to a script.", hint="Put them into the command.")
        if isinstance(self.arguments, str):
            raise UsageError("The arguments are one text.", hint="Give a list: arguments=['--lr', 0.1].")
        if not os.path.isdir(self.source_directory):
            raise InvalidInput(f"There is no folder {os.fspath(self.source_directory)!r}.")

    def prepare(self, api: Api, experiment: str, tags: Mapping[str, str] | None = None) -> RunSubmission:
        """Snapshot the folder and spell out the whole submission."""
        directory = os.path.realpath(self.source_directory)
        report = api.snapshots.create(SnapshotRequest(directory=directory, rule="directory"))
        return RunSubmission(
            experiment=experiment,
            command=self._argv(report),
            arguments=tuple(str(argument) for argument in self.arguments),
            tags=dict(tags or {}),
            compute_target=self.compute_target,
            environment=self.environment,
            environment_variables={key: str(value) for key, value in self.environment_variables.items()},
            inherited_environment=dict(os.environ),
            max_run_duration_s=self.max_run_duration_seconds,
            snapshot_id=report.snapshot.id if report.snapshot else None,
            snapshot_scope=report.scope,
            working_directory=report.working_directory,
            source_directory=directory,
            python_path=report.python_path,
            links=report.links,
            git=report.git,
            notes=report.warnings,
            source=RunSource(document=self.script or ""),
        )

    def _argv(self, report: SnapshotReport) -> tuple[str, ...]:
        if isinstance(self.command, str):
            return ("/bin/sh", "-c", self.command)
        if self.command is not None:
            return tuple(str(word) for word in self.command)
        script = os.path.normpath(str(self.script))
        paths = [entry.path for entry in report.files]
        if report.files and script not in paths:
            near = difflib.get_close_matches(script, paths, 1)
            hint = f"Did you mean {near[0]}?" if near else "Is it named by an ignore file?"
            raise InvalidInput(f"The snapshot of {os.fspath(self.source_directory)!r} has no {script}.", hint=hint)
        return (sys.executable, script, *(str(argument) for argument in self.arguments))
