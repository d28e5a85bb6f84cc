"""Filling a run folder: the snapshot, the inputs, the linked data, ``job.json``."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

from jupyter_mlws import faults
from jupyter_mlws.api.codec import from_builtins, to_builtins
from jupyter_mlws.dispatcher.collecting import Baseline, baseline_of
from jupyter_mlws.dispatcher.context import Context
from jupyter_mlws.dispatcher.links import place_links
from jupyter_mlws.domain.job import Job
from jupyter_mlws.domain.names import check_file_name
from jupyter_mlws.domain.run import Run, RunSubmission
from jupyter_mlws.errors import CorruptData
from jupyter_mlws.runfolder import wire
from jupyter_mlws.runfolder.files import read_plain, write_whole
from jupyter_mlws.runfolder.paths import RunFolder

__all__ = ["PLAN", "fill", "read_job", "read_plan"]

# The dispatcher's own notes, for whichever dispatcher goes on: the files before the start, and what to warn of.
PLAN = "plan.json"
# Of a file that the script may have put in the place of ours.
_MOST_BYTES = 1 << 28
_SPOILT = (errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ELOOP)


def _nothing() -> None:
    return


def fill(
    context: Context,
    folder: RunFolder,
    run: Run,
    submission: RunSubmission,
    variables: dict[str, str],
    gpus: tuple[int, ...] = (),
    check: Callable[[], None] = _nothing,
) -> Job:
    """Put everything that the script needs into its run folder; ``job.json`` comes last.

    Parameters
    ----------
    context : Context
    folder : RunFolder
        Made already, and empty.
    run : Run
    submission : RunSubmission
    variables : dict
        What the target adds to the recorded variables (GPUs).
    gpus : tuple of int
        The run's GPUs, noted for whichever dispatcher goes on.
    check : callable
        Asked before each file that may be large; raises where it is not wanted any more.
    """
    if submission.snapshot_id is not None:
        faults.point("preparing.code")
        _restore(context, submission.snapshot_id, folder.code)
    _make_working_directory(folder, submission.working_directory)
    for item in submission.inputs:
        target = folder.inputs / check_file_name(item.name)
        target.parent.mkdir(parents=True, exist_ok=True)
        faults.point("preparing.input")
        check()
        context.blobs.copy_to(item.digest, target, 0o600)
    warnings = place_links(folder, submission.links)
    plan = {"baseline": baseline_of(folder), "warnings": warnings}
    faults.point("preparing.plan")
    write_whole(folder.path / PLAN, wire.dumps(plan))
    job = _job(context, run, submission, variables, gpus)
    faults.point("preparing.job")
    write_whole(folder.job, wire.dumps(to_builtins(job)))
    return job


def _restore(context: Context, snapshot_id: str, target: Path) -> None:
    from jupyter_mlws.snapshots import load_manifest, restore

    restore(load_manifest(snapshot_id, context.blobs), context.blobs, target)


def _make_working_directory(folder: RunFolder, relative: str) -> None:
    """Make sure of the working directory, and lead its outputs/ and logs/ to those of the run."""
    here = folder.working_directory(relative)
    here.mkdir(parents=True, exist_ok=True)
    for name, target in (("outputs", folder.outputs), ("logs", folder.logs)):
        place = here / name
        if place.is_symlink() or place.is_file():
            continue  # the project has something else of this name; it keeps it
        if place.is_dir():
            _move_content(place, target)
        place.symlink_to(os.path.relpath(target, here))


def _move_content(source: Path, target: Path) -> None:
    """What the snapshot has in ``outputs/`` is where the script expects it, in the run's own folder."""
    for entry in list(source.iterdir()):
        faults.point("preparing.move_outputs")
        os.rename(entry, target / entry.name)
    source.rmdir()


def _job(
    context: Context, run: Run, submission: RunSubmission, variables: dict[str, str], gpus: tuple[int, ...]
) -> Job:
    settings = context.settings
    return Job(
        run_id=run.id,
        run_number=run.number,
        experiment=run.experiment,
        workspace_id=context.workspace.id,
        command=submission.command,
        kind=submission.kind,
        working_directory=submission.working_directory,
        environment_variables={**variables, **submission.environment_variables},
        python_path=submission.python_path,
        params=dict(run.params),
        tags=dict(run.tags),
        inputs=submission.inputs,
        links=submission.links,
        gpus=gpus,
        source_directory=submission.source_directory,
        max_run_duration_s=submission.max_run_duration_s,
        heartbeat_s=settings.heartbeat_s,
        kill_grace_s=settings.kill_grace_s,
        drain_s=settings.drain_s,
        system_metrics_s=settings.system_metrics_s,
    )


def _read_note(path: Path) -> bytes:
    faults.point("preparing.read_note")
    try:
        return read_plain(path, _MOST_BYTES)
    except OSError as error:
        if error.errno not in _SPOILT:
            raise
        raise CorruptData(f"The note {path.name} on {path.parent.name} is gone.") from error


def read_job(folder: RunFolder) -> Job:
    """``job.json``, or `CorruptData`; where the disk fails, its `OSError`."""
    try:
        job: Job = from_builtins(Job, wire.loads(_read_note(folder.job)))
    except ValueError as error:
        raise CorruptData(f"The job of {folder.path.name} cannot be read.") from error
    return job


def read_plan(folder: RunFolder) -> tuple[Baseline, list[str]]:
    """The files before the start, and the warnings of preparing."""
    try:
        plan = wire.loads(_read_note(folder.path / PLAN))
        baseline = {str(path): (int(size), int(at)) for path, (size, at) in plan["baseline"].items()}
        return baseline, [str(sentence) for sentence in plan["warnings"]]
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise CorruptData(f"The dispatcher's notes on {folder.path.name} cannot be read.") from error
