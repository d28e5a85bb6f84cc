"""A script or notebook of this machine, as the whole submission of a run."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from jupyter_mlws.api.routes import Upload
from jupyter_mlws.domain.environment import KERNEL, interpreter_of
from jupyter_mlws.domain.names import experiment_name_of
from jupyter_mlws.domain.notebook_wish import NotebookWish, make_wish
from jupyter_mlws.domain.run import RunSource, RunSubmission
from jupyter_mlws.domain.snapshot import SnapshotReport, SnapshotRequest, change_notes
from jupyter_mlws.errors import InvalidInput
from jupyter_mlws.runfolder.inherited import variables_of_a_notebook
from jupyter_mlws.sdk.notebook_files import named_by
from jupyter_mlws.sdk.notebook_kernels import check_kernel, interpreter_for
from jupyter_mlws.sdk.remote import far_server, take_snapshot

if TYPE_CHECKING:
    from jupyter_mlws.api.interface import Api
    from jupyter_mlws.domain.job import InputFile

__all__ = ["NOTEBOOK_COMMAND", "FileJob", "notebook_inputs", "read_file", "submission_of"]

# After the interpreter.
NOTEBOOK_COMMAND = ("-m", "jupyter_mlws.agent.notebook_job")


@dataclass(frozen=True, kw_only=True)
class FileJob:
    """A file to run.

    Attributes
    ----------
    folder : str
        Absolute; the working directory of the run.
    file : str
        The script or notebook, relative to it.
    parameters : mapping or None
        Of a notebook, as JSON values (texts of a command line with `as_text`); None for a script.
    text : str or None
        The notebook's JSON; None for what the file holds.
    is_on_screen : bool
        Whether `text` is what a page shows, and the file may differ from it.
    rule : str
        Of the snapshot: 'auto' or 'directory'.
    document : str
        The file as lists of runs show it; '' for `file`.
    """

    folder: str
    file: str
    experiment: str = ""
    compute: str = "local"
    environment: str = KERNEL
    arguments: tuple[str, ...] = ()
    parameters: Mapping[str, Any] | None = None
    as_text: bool = False
    kernel: str = ""
    output: str = ""
    text: str | None = None
    is_on_screen: bool = False
    rule: str = "auto"
    document: str = ""
    document_id: str = ""
    display_name: str = ""
    description: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    environment_variables: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    vault_secrets: tuple[str, ...] = ()
    max_run_duration_s: float | None = None
    cpus: int | None = None
    gpus: int | None = None
    memory_bytes: int | None = None
    key: str = ""


def read_file(path: str) -> bytes:
    """A notebook's file, or the error that says why it cannot be read."""
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as error:
        raise InvalidInput(
            f"The notebook {os.path.basename(path)} cannot be read ({error.strerror}).", hint="Check the path."
        ) from error


def submission_of(api: Api, job: FileJob) -> RunSubmission:
    """Snapshot the file's folder and spell out the whole submission.

    Where the workspace is on another machine the folder is sent there, the server's interpreter runs the file, and none
    of this process's variables are inherited.

    Raises
    ------
    InvalidInput
        The notebook cannot be run so; the message says why.
    SnapshotError, TooLarge
        The folder cannot be snapshotted.
    """
    name = os.path.basename(job.file)
    far = far_server(api)
    wish = None
    if job.parameters is not None:
        text: str | bytes = job.text if job.text is not None else read_file(os.path.join(job.folder, job.file))
        wish = make_wish(
            text,
            name,
            job.parameters,
            as_text=job.as_text,
            kernel=job.kernel,
            output=job.output,
            environment=job.environment,
        )
        if far is None:
            check_kernel(wish, job.environment, job.compute)
    report = take_snapshot(api, _snapshot(job, wish), far)
    own = sys.executable if far is None else far.interpreter
    interpreter = interpreter_of(job.environment, own)
    if wish is not None and far is None:
        interpreter = interpreter_for(wish, job.environment, interpreter)
    command = (interpreter, job.file, *job.arguments) if wish is None else (interpreter, *NOTEBOOK_COMMAND)
    return RunSubmission(
        experiment=job.experiment or experiment_name_of(os.path.splitext(name)[0], "notebook"),
        command=command,
        kind="script" if wish is None else "notebook",
        arguments=job.arguments,
        display_name=job.display_name,
        description=job.description,
        tags=dict(job.tags),
        params={} if wish is None else wish.params,
        compute_target=job.compute,
        environment=job.environment,
        environment_variables=dict(job.environment_variables),
        inherited_environment=variables_of_a_notebook() if far is None else None,
        secrets=dict(job.secrets),
        vault_secrets=job.vault_secrets,
        max_run_duration_s=job.max_run_duration_s,
        cpus=job.cpus,
        gpus=job.gpus,
        memory_bytes=job.memory_bytes,
        snapshot_id=report.snapshot.id if report.snapshot else None,
        snapshot_scope=report.scope,
        working_directory=_working_directory(report, job),
        source_directory=job.folder if far is None else "",
        python_path=report.python_path,
        links=report.links,
        git=report.git,
        inputs=() if wish is None else notebook_inputs(api, wish),
        notes=(*report.warnings, *change_notes(report.changed_during_snapshot)),
        source=RunSource(
            document=job.document or job.file,
            document_id=job.document_id,
            origin="" if wish is None else "screen" if job.is_on_screen else "file",
        ),
        key=job.key,
    )


def notebook_inputs(api: Api, wish: NotebookWish) -> tuple[InputFile, ...]:
    """What the runner of a notebook reads, stored."""
    return tuple(api.blobs.upload(name, Upload(data)) for name, data in wish.files().items())


def _snapshot(job: FileJob, wish: NotebookWish | None) -> SnapshotRequest:
    if wish is None:
        modules, files = named_by((), job.folder, [os.path.join(job.folder, job.file)])
        return SnapshotRequest(directory=job.folder, rule=job.rule, files=(job.file, *files), modules=modules)
    beside = os.path.dirname(os.path.join(job.folder, job.file))
    modules, files = named_by(wish.sources(), beside)
    on_disk = os.path.exists(os.path.join(job.folder, job.file))
    known = job.is_on_screen or on_disk
    return SnapshotRequest(
        directory=job.folder,
        rule=job.rule,
        document=job.file if known else None,
        document_text=job.text if job.is_on_screen else None,
        files=files,
        modules=modules,
    )


def _working_directory(report: SnapshotReport, job: FileJob) -> str:
    """A notebook runs in its own folder, as its kernel does in Lab; a script where it was named from."""
    inner = os.path.dirname(job.file) if job.parameters is not None else ""
    return "/".join(part for part in (report.working_directory, inner) if part)
