"""What must be true of a submission beyond what its record checks itself."""

from __future__ import annotations

from dataclasses import replace

from jupyter_mlws.api.codec import to_builtins
from jupyter_mlws.blobs import BlobStore
from jupyter_mlws.domain.names import check_digest, check_file_name
from jupyter_mlws.domain.run import AFTER, NOT_SUBMITTED, RunSubmission
from jupyter_mlws.domain.secret import references
from jupyter_mlws.errors import InvalidInput, TooLarge
from jupyter_mlws.services.checking import check_storable
from jupyter_mlws.services.context import Context
from jupyter_mlws.services.secrets import environment_of
from jupyter_mlws.store import runs as store_runs
from jupyter_mlws.targets import registry

__all__ = ["check_environment", "check_record", "check_submission", "in_sequence"]

MAX_KEY = 200
# Of the recorded text: code of the cell, names and types of what was captured, links.
MAX_RECORD_CHARACTERS = 8_000_000
# Handed to the job byte for byte, and recorded by name only or masked.
_NOT_TEXT = ("inherited_environment", "secrets", "command", "arguments")


def check_submission(submission: RunSubmission, blobs: BlobStore) -> None:
    """Raise the error that says what is wrong with a submission."""
    if submission.kind in NOT_SUBMITTED:
        raise InvalidInput(
            f"A run of the kind {submission.kind!r} is not submitted.", hint="Start it with Experiment.start_logging()."
        )
    registry.check_name(submission.compute_target)
    registry.check_ready(submission.compute_target, submission.environment)
    _check_gpus(submission)
    _check_sweep(submission)
    _check_variables(submission)
    check_record(submission)
    _check_inputs(submission, blobs)


def check_environment(context: Context, submission: RunSubmission) -> None:
    """Raise `InvalidInput` where the environment is of a kind that the compute target has no use for."""
    found = environment_of(context, submission.environment)
    if found is not None:
        registry.check_takes(submission.compute_target, found)


def in_sequence(context: Context, submission: RunSubmission) -> RunSubmission:
    """The submission with the numbers of the runs that it is to follow among its properties.

    Raises
    ------
    NotFound
        There is no such run.
    """
    if not submission.after:
        return submission
    with context.store.read() as c:
        numbers = dict.fromkeys(store_runs.run_number(c, run) for run in submission.after)
    return replace(submission, properties={**submission.properties, AFTER: " ".join(map(str, numbers))})


def _check_gpus(submission: RunSubmission) -> None:
    wanted = submission.gpus or 0
    if not wanted:
        return
    has = registry.get(submission.compute_target).describe().gpus
    if wanted > has:
        gpus = "no GPU" if has == 0 else f"{has} GPU{'s' if has > 1 else ''}"
        raise InvalidInput(
            f"The run asks for {wanted} GPU{'s' if wanted > 1 else ''}, and {submission.compute_target} has {gpus}.",
            hint="Ask for fewer, or choose another compute target.",
        )


def _check_sweep(submission: RunSubmission) -> None:
    if (submission.kind == "sweep") != bool(submission.sweep):
        raise InvalidInput("A sweep needs parameters for its runs, and only a sweep has them.")


def _check_variables(submission: RunSubmission) -> None:
    given = (submission.environment_variables, submission.inherited_environment or {}, submission.secrets)
    for name, value in ((name, value) for variables in given for name, value in variables.items()):
        if not name or "=" in name or "\0" in name or "\0" in value:
            raise InvalidInput(f"{name[:80]!r} cannot be an environment variable: no '=' and no NUL in it.")
    references(submission.environment_variables)  # which are names


def check_record(submission: RunSubmission) -> None:
    """Raise the error that says why a database could not keep a submission."""
    if len(submission.key) > MAX_KEY:
        raise TooLarge(f"The key has {len(submission.key):,} characters.", hint=f"At most {MAX_KEY}.")
    body = {name: value for name, value in to_builtins(submission).items() if name not in _NOT_TEXT}
    check_storable(body, "submission")
    size = _characters(body) + sum(map(len, submission.command))
    if size > MAX_RECORD_CHARACTERS:
        raise TooLarge(
            f"The record of the run would have {size:,} characters.", hint="Keep large text in a file, not in the cell."
        )


def _characters(value: object) -> int:
    if isinstance(value, str):
        return len(value)
    if isinstance(value, dict):
        return sum(len(key) + _characters(item) for key, item in value.items())
    return sum(map(_characters, value)) if isinstance(value, list) else 0


def _check_inputs(submission: RunSubmission, blobs: BlobStore) -> None:
    if submission.snapshot_id is not None:
        check_digest(submission.snapshot_id)
    for item in submission.inputs:
        check_file_name(item.name)
        if not blobs.has(check_digest(item.digest), item.size_bytes):
            raise InvalidInput(f"The bytes of the input {item.name} are not stored.", hint="Upload them first.")
