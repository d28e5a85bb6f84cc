"""The agent's view of ``job.json`` and of what it is handed on stdin, and the variables of the script.

The keys are the fields of `jupyter_mlws.domain.job.Job`; importing that class would double the agent's start, so
this module is the one that spells them again (a test compares the two).
"""

from __future__ import annotations

import os

from jupyter_mlws.runfolder import wire
from jupyter_mlws.runfolder.names import (
    CODE,
    INPUTS,
    JOB,
    RUN_FOLDER_VARIABLE,
    RUN_ID_VARIABLE,
    SECRETS_VARIABLE,
)
from jupyter_mlws.runfolder.protocol import PROTOCOL_VERSION, misfit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["DEFAULTS", "PROTOCOL_VERSION", "AgentJob", "script_environment"]

# What the agent reads, and what stands for a field that an older dispatcher left out.
DEFAULTS: dict[str, Any] = {
    "protocol_version": PROTOCOL_VERSION,
    "run_id": None,
    "run_number": 0,
    "experiment": "",
    "workspace_id": "",
    "command": None,
    "working_directory": "",
    "environment_variables": {},
    "python_path": [],
    "source_directory": "",
    "max_run_duration_s": None,
    "heartbeat_s": 1.0,
    "kill_grace_s": 10.0,
    "drain_s": 5.0,
    "sync_s": 5.0,
    "system_metrics_s": 1.0,
}
# Of a variable whose value is a secret's name (see `jupyter_mlws.domain.secret`).
_REFERENCE = "secret:"
# Variables of a notebook's kernel that would lead a script astray: it is no kernel and has no frontend.
_KERNEL_ONLY = (b"JPY_", b"MLWS_", b"AZUREML_")


class AgentJob:
    """What to run, as ``job.json`` says.

    Raises
    ------
    ValueError
        The file is no job, or one of a protocol that this agent does not speak.
    """

    def __init__(self, folder: str) -> None:
        with open(os.path.join(folder, JOB), "rb") as file:
            said = wire.loads(file.read())
        if not isinstance(said, dict) or not said.get("run_id") or not said.get("command"):
            raise ValueError("job.json does not say what to run.")
        facts = {**DEFAULTS, **said}
        if misfit(facts["protocol_version"]):
            raise ValueError(_misfit(facts["protocol_version"]))
        self.folder = folder
        self.run_id: str = facts["run_id"]
        self.run_number: int = facts["run_number"]
        self.experiment: str = facts["experiment"]
        self.workspace_id: str = facts["workspace_id"]
        self.command = [_encode(word) for word in facts["command"]]
        self.working_directory = os.path.join(folder, CODE, facts["working_directory"]).rstrip("/")
        self.environment_variables: dict[str, str] = facts["environment_variables"]
        self.python_path = [os.path.normpath(os.path.join(folder, CODE, path)) for path in facts["python_path"]]
        self.source_directory: str = facts["source_directory"]
        self.time_limit_s: float | None = facts["max_run_duration_s"]
        self.heartbeat_s: float = facts["heartbeat_s"]
        self.kill_grace_s: float = facts["kill_grace_s"]
        self.drain_s: float = facts["drain_s"]
        self.sync_s: float = facts["sync_s"]
        self.system_metrics_s: float = facts["system_metrics_s"]

    def real_command(self, handed: list[str] | None) -> list[bytes]:
        """The words to execute: those that were handed over, where ``job.json`` has masked ones."""
        return self.command if handed is None else [_encode(word) for word in handed]


def _misfit(version: object) -> str:
    where = "the agent comes from" if misfit(version) == "newer" else "the run was submitted"
    return (
        f"The job speaks version {version!r} of the run folder and this agent version {PROTOCOL_VERSION}; "
        f"update jupyter-mlws where {where}."
    )


def _encode(text: str) -> bytes:
    """Text of JSON as the bytes it stands for, whatever this machine's locale says."""
    return text.encode("utf-8", "surrogateescape")


def script_environment(
    job: AgentJob,
    inherited: dict[str, str] | None,
    secrets: dict[str, str],
    own: dict[bytes, bytes],
    far_side: str | None,
) -> dict[bytes, bytes]:
    """The variables of the script.

    Parameters
    ----------
    job : AgentJob
    inherited : dict or None
        The submitter's variables; None takes the agent's own, as the target has set them.
    secrets : dict
        Known to the script alone.
    own : dict
        The agent's own variables.
    far_side : str or None
        Folder for the end of PYTHONPATH that gives `jupyter_mlws` to an environment that lacks it.
    """
    base = own if inherited is None else _encoded(inherited)
    variables = {name: value for name, value in base.items() if not name.startswith(_KERNEL_ONLY)}
    if variables.get(b"MPLBACKEND", b"module://").startswith(b"module://"):
        variables[b"MPLBACKEND"] = b"Agg"  # a backend of the notebook has nowhere to draw
    variables[b"PYTHONUNBUFFERED"] = b"1"
    variables.update(_encoded(job.environment_variables))
    variables.update(_encoded(secrets))
    if secrets:
        variables[SECRETS_VARIABLE.encode()] = wire.dumps(_names(job, secrets))
    variables[b"PWD"] = _encode(job.working_directory)
    variables.update(_encoded(_told(job)))
    path = [_encode(entry) for entry in job.python_path]
    if variables.get(b"PYTHONPATH"):
        path.append(variables[b"PYTHONPATH"])
    if far_side:
        path.append(_encode(far_side))
    if path:
        variables[b"PYTHONPATH"] = b":".join(path)
    return variables


def _names(job: AgentJob, secrets: dict[str, str]) -> dict[str, str]:
    """Under which name each secret is asked for: its variable's, and the one that the variable refers to."""
    referred = {
        value[len(_REFERENCE) :]: variable
        for variable, value in job.environment_variables.items()
        if variable in secrets and value.startswith(_REFERENCE)
    }
    return {**referred, **{name: name for name in secrets}}


def _encoded(variables: dict[str, str]) -> dict[bytes, bytes]:
    return {_encode(name): _encode(value) for name, value in variables.items()}


def _told(job: AgentJob) -> dict[str, str]:
    """What the script is told about its run; the older names are for scripts written for the classic workspace."""
    told = {
        RUN_ID_VARIABLE: job.run_id,
        RUN_FOLDER_VARIABLE: job.folder,
        "MLWS_RUN_NUMBER": str(job.run_number),
        "MLWS_EXPERIMENT_NAME": job.experiment,
        "MLWS_WORKSPACE_ID": job.workspace_id,
        "MLWS_INPUTS": os.path.join(job.folder, INPUTS),
        "AZUREML_RUN_ID": job.run_id,
        "AZUREML_EXPERIMENT_ID": job.experiment,
        "AZUREML_ARM_PROJECT_NAME": job.experiment,
        "AZUREML_WORKSPACE_ID": job.workspace_id,
        "AZUREML_ARM_WORKSPACE_NAME": job.workspace_id,
    }
    if job.source_directory:
        told["MLWS_SOURCE_DIR"] = job.source_directory
    return told
