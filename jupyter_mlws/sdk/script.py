"""`ScriptRunConfig`: what to run, from which folder, where and in which environment."""

from __future__ import annotations

import builtins
import difflib
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from jupyter_mlws.domain.environment import interpreter_of
from jupyter_mlws.domain.run import RunSource, RunSubmission
from jupyter_mlws.domain.snapshot import SnapshotReport, SnapshotRequest, change_notes
from jupyter_mlws.errors import InvalidInput, UsageError
from jupyter_mlws.sdk import script_words as words
from jupyter_mlws.sdk.labels import label_texts
from jupyter_mlws.sdk.remote import far_server, take_snapshot

if TYPE_CHECKING:
    from jupyter_mlws.api.interface import Api
    from jupyter_mlws.sdk.environment import Environment

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
        Arguments of the script, passed byte for byte; numbers and paths are turned to text.
    command : sequence of str or str, optional
        A program with its arguments, passed byte for byte; or a line for ``/bin/sh``, which reads quotes and variables.
    compute_target : str, default 'local'
    environment : str or Environment, default 'kernel'
        'kernel' is the interpreter that submits; ``name``, ``name:3`` or ``name@label`` a registered or shipped one. An
        `Environment` is registered at the submit, as a new version only where it says something new.
    environment_variables : mapping, optional
        Recorded with the run. The value ``secret:NAME`` stands for the secret of that name, which is not.
    max_run_duration_seconds : float, optional
        The script is ended after so many seconds; default: no limit.
    secrets : sequence of str or mapping, optional
        Variables that the job gets and nobody records: names, whose values are taken at the submit from this process's
        environment, else from the workspace's vault (`Workspace.secrets`); or names with their values, where None is
        looked for like a name.
    cpus : int, optional
        Processors that the job needs.
    gpus : int, optional
        GPUs that the job needs.
    memory : str or int, optional
        Memory that the job needs, such as '4g'; a number is of bytes.

    Raises
    ------
    UsageError
        Script, command or arguments are missing, contradict each other, or cannot be words of a command line.
    InvalidInput
        The folder is not there, or the script is not inside it.
    """

    source_directory: str | os.PathLike[str]
    script: str | None = None
    arguments: Sequence[object] = ()
    command: Sequence[str] | str | None = None
    compute_target: str = "local"
    environment: str | Environment = "kernel"
    environment_variables: Mapping[str, str] = field(default_factory=dict)
    max_run_duration_seconds: float | None = None
    secrets: Sequence[str] | Mapping[str, str | None] = field(default=(), repr=False)
    cpus: int | None = None
    gpus: int | None = None
    memory: str | int | None = None

    def __post_init__(self) -> None:
        if (self.script is None) == (self.command is None):
            raise UsageError(
                "A run needs a script or a command, and not both.", hint="Give script='train.py' or command=[...]."
            )
        if not os.path.isdir(self.source_directory):
            raise InvalidInput(
                f"There is no folder {os.fspath(self.source_directory)!r}.", hint="Give the one that holds the script."
            )
        self.arguments = words.argument_list(self.arguments)
        self.command = words.command_words(self.command)
        if self.command is not None and self.arguments:
            raise UsageError("Arguments belong to a script.", hint="Put them into the command.")
        if self.script is not None:
            self.script = words.script_inside(self.script, self.source_directory)
        words.check_environment(self.environment)
        self.environment_variables = words.variables(self.environment_variables)
        self.secrets = words.secret_names(self.secrets)
        words.count("cpus", self.cpus)
        words.count("gpus", self.gpus, 0)
        words.memory_bytes(self.memory)
        limit = self.max_run_duration_seconds
        if limit is not None and (isinstance(limit, bool) or not isinstance(limit, (int, float))):
            raise InvalidInput(f"A time limit is a number of seconds, not {limit!r:.40}.", hint="Such as 3600.")

    # -- in files

    def save(self, name: str, path: str | os.PathLike[str] | None = None) -> str:
        """Save this configuration as ``.mlws/<name>.runconfig.json``, a file to look at and to edit; its path.

        Of secrets the names are saved. One of that name that is there is replaced.

        Parameters
        ----------
        name : str
            Such as 'train': letters, digits, ``_``, ``-`` and ``.``.
        path : path-like, optional
            Folder whose ``.mlws`` gets the file; default: `source_directory`.

        Raises
        ------
        UsageError
            An argument or a variable looks like a secret, which belongs into no file.
        """
        from jupyter_mlws.sdk import run_config

        return run_config.save(self, name, self.source_directory if path is None else path)

    @staticmethod
    def load(path: str | os.PathLike[str] = ".", name: str | None = None) -> ScriptRunConfig:
        """A saved configuration.

        Parameters
        ----------
        path : path-like
            The folder it was saved in, or the file itself.
        name : str, optional
            Not needed for the only one of a folder.

        Raises
        ------
        NotFound
            There is none of that name; those that there are, are listed.
        InvalidInput
            The file cannot be understood; the message names the file and the key.
        """
        from jupyter_mlws.sdk import run_config

        found = run_config.load_any(path, name)
        if not isinstance(found, ScriptRunConfig):
            raise InvalidInput(
                f"This is the configuration of the notebook {found.notebook}.", hint="Load it: NotebookRunConfig.load()"
            )
        return found

    @staticmethod
    def list(path: str | os.PathLike[str] = ".") -> builtins.list[str]:
        """Names of the configurations saved in a folder."""
        from jupyter_mlws.sdk import run_config

        return run_config.names(path)

    @staticmethod
    def delete(path: str | os.PathLike[str], name: str) -> None:
        """Delete a saved configuration, or `NotFound`."""
        from jupyter_mlws.sdk import run_config

        run_config.delete(path, name)

    # -- to be submitted

    def prepare(self, api: Api, experiment: str, tags: Mapping[str, object] | None = None) -> RunSubmission:
        """Snapshot the folder and spell out the whole submission.

        Where the workspace is on another machine the folder is sent there, the server's interpreter runs the script,
        and none of this process's variables are inherited.
        """
        secrets, vault_secrets = words.secret_values(self.secrets)
        directory = os.path.realpath(self.source_directory)
        far = far_server(api)
        report = take_snapshot(api, SnapshotRequest(directory=directory, rule="directory"), far)
        return RunSubmission(
            experiment=experiment,
            command=self._argv(report, sys.executable if far is None else far.interpreter),
            arguments=tuple(str(argument) for argument in self.arguments),
            tags=label_texts(tags or {}, "tags"),
            compute_target=self.compute_target,
            environment=self._reference(api),
            environment_variables=dict(self.environment_variables),
            inherited_environment=dict(os.environ) if far is None else None,
            secrets=secrets,
            vault_secrets=vault_secrets,
            max_run_duration_s=self.max_run_duration_seconds,
            cpus=self.cpus,
            gpus=self.gpus,
            memory_bytes=words.memory_bytes(self.memory),
            snapshot_id=report.snapshot.id if report.snapshot else None,
            snapshot_scope=report.scope,
            working_directory=report.working_directory,
            source_directory=directory if far is None else "",
            python_path=report.python_path,
            links=report.links,
            git=report.git,
            notes=(*report.warnings, *change_notes(report.changed_during_snapshot)),
            source=RunSource(document=self.script or ""),
        )

    def _argv(self, report: SnapshotReport, interpreter: str) -> tuple[str, ...]:
        if isinstance(self.command, str):
            return ("/bin/sh", "-c", self.command)
        if self.command is not None:
            return tuple(self.command)
        script = str(self.script)
        paths = [entry.path for entry in report.files]
        if report.files and script not in paths:
            near = difflib.get_close_matches(script, paths, 1)
            hint = f"Did you mean {near[0]}?" if near else "Is it named by an ignore file?"
            raise InvalidInput(f"The snapshot of {os.fspath(self.source_directory)!r} has no {script}.", hint=hint)
        return (self._interpreter(interpreter), script, *(str(argument) for argument in self.arguments))

    def _interpreter(self, own: str) -> str:
        return interpreter_of(self.environment if isinstance(self.environment, str) else self.environment.name, own)

    def _reference(self, api: Api) -> str:
        return self.environment if isinstance(self.environment, str) else self.environment.reference_in(api)
