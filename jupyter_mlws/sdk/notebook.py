"""`NotebookRunConfig`: a notebook that is run from its first cell to its last, with values for its parameters."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from jupyter_mlws.domain.names import experiment_name_of
from jupyter_mlws.domain.notebook_wish import make_wish
from jupyter_mlws.errors import InvalidInput, UsageError
from jupyter_mlws.sdk import script_words as words
from jupyter_mlws.sdk.file_job import FileJob, read_file, submission_of
from jupyter_mlws.sdk.labels import label_texts

if TYPE_CHECKING:
    from jupyter_mlws.api.interface import Api
    from jupyter_mlws.domain.run import RunSubmission
    from jupyter_mlws.sdk.environment import Environment
    from jupyter_mlws.sdk.script import ScriptRunConfig

__all__ = ["NotebookRunConfig"]


@dataclass(kw_only=False)
class NotebookRunConfig:
    """A notebook to run in a kernel of its own.

    It is left with its outputs among the outputs of the run, also where it failed or was canceled.

    Parameters
    ----------
    source_directory : path-like
        Folder to snapshot.
    notebook : str
        The notebook, relative to `source_directory`; it runs in the folder that it stands in.
    output_notebook : str, optional
        Name of the notebook that is left below ``outputs/``; default: its own.
    parameters : mapping, optional
        Values for the parameters that its cell tagged ``parameters`` declares, or else for the literals that its cells
        assign: numbers, texts, true or false, lists and dicts of these.
    run_config : ScriptRunConfig, optional
        Where compute target, environment, variables, secrets, time limit and what the job needs are taken from, as
        scripts for the classic workspace give them; its script is not run. What is given here as well counts.
    kernel_name : str, optional
        An installed kernel, instead of the one that the notebook names.
    compute_target, environment, environment_variables, max_run_duration_seconds, secrets, cpus, gpus, memory
        As in `ScriptRunConfig`. The environment has to have ``ipykernel``.

    Raises
    ------
    InvalidInput
        The notebook is not in the folder, or is none; it has no such parameter, or the value does not fit.
    """

    source_directory: str | os.PathLike[str]
    notebook: str = ""
    output_notebook: str | None = None
    parameters: Mapping[str, Any] | None = None
    run_config: ScriptRunConfig | None = field(default=None, repr=False)
    kernel_name: str | None = None
    compute_target: str | None = None
    environment: str | Environment | None = None
    environment_variables: Mapping[str, str] = field(default_factory=dict)
    max_run_duration_seconds: float | None = None
    secrets: Sequence[str] | Mapping[str, str | None] = field(default=(), repr=False)
    cpus: int | None = None
    gpus: int | None = None
    memory: str | int | None = None

    def __post_init__(self) -> None:
        if not os.path.isdir(self.source_directory):
            raise InvalidInput(
                f"There is no folder {os.fspath(self.source_directory)!r}.",
                hint="Give the one that holds the notebook.",
            )
        if not self.notebook:
            raise UsageError("The notebook is not named.", hint="Give its path: notebook='digits.ipynb'.")
        self.notebook = words.script_inside(self.notebook, self.source_directory)
        if not isinstance(self.parameters or {}, Mapping):
            raise UsageError("The parameters are no mapping.", hint="Give parameters={'lr': 0.1}.")
        self._take_over()
        words.check_environment(self.environment or "kernel")
        self.environment_variables = words.variables(self.environment_variables)
        self.secrets = words.secret_names(self.secrets)
        words.count("cpus", self.cpus)
        words.count("gpus", self.gpus, 0)
        words.memory_bytes(self.memory)
        file = os.path.join(self.source_directory, self.notebook)
        # What is wrong with it is said where it is written down, not at the submit.
        make_wish(read_file(file), self.notebook, self.parameters or {}, output=self.output_notebook or "")

    def _take_over(self) -> None:
        if self.run_config is None:
            return
        for name in ("compute_target", "environment", "max_run_duration_seconds", "cpus", "gpus", "memory"):
            if getattr(self, name) is None:
                setattr(self, name, getattr(self.run_config, name))
        self.environment_variables = {**self.run_config.environment_variables, **self.environment_variables}
        self.secrets = self.secrets or self.run_config.secrets

    # -- in files

    def save(self, name: str, path: str | os.PathLike[str] | None = None) -> str:
        """Save this configuration as ``.mlws/<name>.runconfig.json``; see `ScriptRunConfig.save`."""
        from jupyter_mlws.sdk import run_config

        return run_config.save(self, name, self.source_directory if path is None else path)

    @staticmethod
    def load(path: str | os.PathLike[str] = ".", name: str | None = None) -> NotebookRunConfig:
        """A saved configuration of a notebook; see `ScriptRunConfig.load`."""
        from jupyter_mlws.sdk import run_config

        found = run_config.load_any(path, name)
        if not isinstance(found, NotebookRunConfig):
            raise InvalidInput("This is the configuration of a script.", hint="Load it: ScriptRunConfig.load()")
        return found

    def typed(self, texts: Mapping[str, str]) -> dict[str, Any]:
        """Values that were written as text, each of the type that the notebook's own default has.

        Raises
        ------
        InvalidInput
            The notebook has no such parameter, or the text is no value of its type.
        """
        file = os.path.join(self.source_directory, self.notebook)
        found: dict[str, Any] = make_wish(read_file(file), self.notebook, texts, as_text=True).said["values"]
        return found

    def prepare(self, api: Api, experiment: str, tags: Mapping[str, object] | None = None) -> RunSubmission:
        """Snapshot the folder and spell out the whole submission; see `ScriptRunConfig.prepare`."""
        secrets, vault_secrets = words.secret_values(self.secrets)
        environment = self.environment or "kernel"
        job = FileJob(
            folder=os.path.realpath(self.source_directory),
            file=self.notebook,
            experiment=experiment or experiment_name_of(os.path.splitext(self.notebook)[0], "notebook"),
            compute=self.compute_target or "local",
            environment=environment if isinstance(environment, str) else environment.reference_in(api),
            parameters=self.parameters or {},
            kernel=self.kernel_name or "",
            output=self.output_notebook or "",
            rule="directory",
            tags=label_texts(tags or {}, "tags"),
            environment_variables=self.environment_variables,
            secrets=secrets,
            vault_secrets=vault_secrets,
            max_run_duration_s=self.max_run_duration_seconds,
            cpus=self.cpus,
            gpus=self.gpus,
            memory_bytes=words.memory_bytes(self.memory),
        )
        return submission_of(api, job)
