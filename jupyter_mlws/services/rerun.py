"""A run done again: the submission of an earlier one, with what is to be different."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from dataclasses import replace

from jupyter_mlws.domain.environment import PYTHON, interpreter_of
from jupyter_mlws.domain.masking import masked_options, unmask
from jupyter_mlws.domain.rerun import RERUN_OF, Rerun
from jupyter_mlws.domain.run import Run, RunSubmission
from jupyter_mlws.domain.secret import as_options, references
from jupyter_mlws.errors import CorruptData, InvalidInput, NotFound, WrongState
from jupyter_mlws.runfolder.inherited import variables_of_a_notebook
from jupyter_mlws.services.context import Context
from jupyter_mlws.services.rerun_cells import CellWish
from jupyter_mlws.services.rerun_notebooks import NotebookAgain
from jupyter_mlws.services.secrets import environment_of, find_in_vault
from jupyter_mlws.store import runs as store_runs
from jupyter_mlws.store import snapshots as store_snapshots
from jupyter_mlws.store.submissions import Submitted, find_submitted

__all__ = ["check_bytes", "check_interpreter", "check_kind", "submission_again"]

_STARTED_BY_US = ("script", "cell", "notebook", "sweep")
_LOST_BYTES = "\ufffd"


def submission_again(context: Context, run: str, rerun: Rerun) -> RunSubmission:
    """The submission that does a run again.

    Raises
    ------
    NotFound
        There is no such run.
    WrongState
        The run was not started by the workspace.
    InvalidInput
        Something has to be given again, or does not fit the run; the message names it.
    CorruptData
        The snapshot or an input is gone.
    """
    with context.store.read() as c:
        earlier = store_runs.get_run(c, run, metrics=0)
        check_kind(earlier)
        submitted = find_submitted(c, earlier)
        known = earlier.snapshot_id is None or store_snapshots.find_snapshot(c, earlier.snapshot_id) is not None
    submission = submitted.submission
    rerun = replace(rerun, inherited_environment=_inherited(submission, submitted, earlier, rerun))
    check_bytes(context, earlier, submission, known=known)
    wish = CellWish.of(submission, context.blobs)
    if submitted.is_imported:
        _check_named(earlier, _asked_for(context, submitted, wish, rerun), rerun)
    secrets = _secrets(context, earlier, submitted, rerun, wish)
    command, arguments = _command(earlier, submission, rerun, wish)
    command = _in_environment(command, submission.environment, rerun.environment)
    check_interpreter(earlier, command)
    changed = _with_changes(submission, rerun)
    if wish is not None:
        changed = replace(changed, inputs=wish.inputs_with(rerun.params or {}, rerun.arguments, earlier))
    notebook = NotebookAgain.of(submission, context.blobs)
    if notebook is not None:
        changed = replace(changed, inputs=notebook.inputs_with(rerun.params or {}, rerun.environment))
    return replace(
        changed,
        command=command,
        arguments=arguments,
        secrets=secrets,
        vault_secrets=rerun.vault_secrets,
        inherited_environment=rerun.inherited_environment,
        properties={RERUN_OF: earlier.id},
        key=rerun.key,
    )


def check_kind(earlier: Run) -> None:
    """Raise `WrongState` unless the workspace started the run."""
    if earlier.kind in _STARTED_BY_US:
        return
    if earlier.parent_id is not None:
        raise WrongState(
            f"Run #{earlier.number} happened inside another run's script, and cannot be done again by itself.",
            hint=f"Run its parent again: mlws run rerun {earlier.parent_id}",
        )
    document, is_cell = earlier.source.document, bool(earlier.source.cell_id)
    if is_cell or document.endswith(".ipynb"):
        place = f"a cell of {document}" if document else "its cell"
        raise WrongState(
            f"Run #{earlier.number} happened in a kernel, which ran {place} where it stands: there is no job to start.",
            hint="Execute the cell again; with %%submit it is a job, which can be done again from anywhere.",
        )
    raise WrongState(
        f"Run #{earlier.number} was logged by a process that this workspace did not start: there is no job to start.",
        hint="Execute its code again; submitted (mlws submit FILE.py) it is a job, which can be done again.",
    )


# -- what must still be there


def check_bytes(context: Context, earlier: Run, submission: RunSubmission, *, known: bool) -> None:
    """Raise `CorruptData` where the snapshot (`known`: its record is there), a file of it, or an input is gone."""
    if submission.snapshot_id is not None:
        if not known:
            raise _gone(earlier, "Its snapshot")
        _check_snapshot(context, earlier, submission.snapshot_id)
    for item in submission.inputs:
        if not context.blobs.has(item.digest, item.size_bytes):
            raise _gone(earlier, f"Its input {item.name}")


def _check_snapshot(context: Context, earlier: Run, snapshot_id: str) -> None:
    from jupyter_mlws.snapshots import load_manifest

    try:
        manifest = load_manifest(snapshot_id, context.blobs)
    except NotFound:
        raise _gone(earlier, "Its snapshot") from None
    for entry in manifest.entries:
        if not context.blobs.has(entry.digest, entry.size_bytes):
            raise _gone(earlier, f"The file {entry.path[:80]} of its snapshot")


def _gone(earlier: Run, what: str) -> CorruptData:
    return CorruptData(
        f"Run #{earlier.number} cannot be done again: {what[0].lower()}{what[1:]} is gone from the workspace.",
        hint="Submit its code anew, or restore the workspace's blobs folder from a backup.",
        details={"run": earlier.id, "missing": what},
    )


def _in_environment(command: tuple[str, ...], before: str, wanted: str | None) -> tuple[str, ...]:
    """A command of Python as it is started in another environment; any other command stays."""
    if wanted is None or wanted == before:
        return command
    first = command[0]
    is_python = first == PYTHON or (os.path.isabs(first) and os.path.basename(first).startswith("python"))
    return (interpreter_of(wanted), *command[1:]) if is_python else command


def check_interpreter(earlier: Run, command: tuple[str, ...], environment: str = "") -> None:
    """Raise `InvalidInput` where the program of a run is not on this machine.

    `environment` is one that holds what was installed there, for the hint.
    """
    if earlier.compute_target == "local" and command and os.path.isabs(command[0]) and not os.path.exists(command[0]):
        raise InvalidInput(
            f"Run #{earlier.number} was run by {command[0]} of the machine {earlier.host}, which is not here.",
            hint=f"Name an environment instead: mlws run rerun {earlier.number} --env {environment or 'sklearn'}",
        )


# -- what was never stored


def _inherited(submission: RunSubmission, submitted: Submitted, earlier: Run, rerun: Rerun) -> dict[str, str] | None:
    """The variables for the job: the caller's; where a caller has none to give, as a browser, those of this process.

    A run that inherited none, for it was submitted from another machine, inherits none.
    """
    if rerun.inherited_environment is not None:
        return rerun.inherited_environment
    own = {*submission.environment_variables, *(submitted.secret_names or ())}
    return variables_of_a_notebook() if set(earlier.environment_variables) - own else None


def _secrets(
    context: Context, earlier: Run, submitted: Submitted, rerun: Rerun, wish: CellWish | None
) -> dict[str, str]:
    """The secrets by name, from what is given, from the caller's own variables, and from the vault."""
    given = {name: value for name, value in rerun.secrets.items() if not name.startswith("-")}
    names = _names(submitted, wish)
    inherited: Mapping[str, str] = rerun.inherited_environment or {}
    found = {name: given.get(name, inherited.get(name)) for name in names} | given
    found |= {name: find_in_vault(context, name) for name, value in found.items() if value is None}
    missing = [name for name, value in found.items() if value is None]
    if missing:
        raise _to_be_given(earlier, "secret", missing)
    return {name: value for name, value in found.items() if value is not None}


def _names(submitted: Submitted, wish: CellWish | None) -> tuple[str, ...]:
    """The secrets that a run was handed; an old record says them nowhere but in its cell."""
    if submitted.secret_names is None and wish is not None:
        return wish.secret_names
    return submitted.secret_names or ()


def _asked_for(context: Context, submitted: Submitted, wish: CellWish | None, rerun: Rerun) -> tuple[str, ...]:
    """The secrets that a run would be handed: by its record, its variables, and those of its environment."""
    environment = environment_of(context, rerun.environment or submitted.submission.environment)
    variables = {} if environment is None else dict(environment.spec.environment_variables)
    variables |= submitted.submission.environment_variables
    # What whoever asks has said himself is his own wish.
    theirs = {name: value for name, value in variables.items() if name not in (rerun.environment_variables or {})}
    return tuple(dict.fromkeys((*_names(submitted, wish), *references(theirs).values())))


def _check_named(earlier: Run, asked: tuple[str, ...], rerun: Rerun) -> None:
    """Raise `InvalidInput` unless whoever asks has named each secret that somebody else's run asks for."""
    missing = [name for name in asked if name not in rerun.secrets and name not in rerun.vault_secrets]
    if missing:
        shown, many = ", ".join(missing), len(missing) > 1
        raise InvalidInput(
            f"Run #{earlier.number} came with an archive, and asks for the secret{'s' if many else ''} {shown}.",
            hint="Look at its code first. Who trusts it names what it may have: "
            f"mlws run rerun {earlier.number} {as_options(missing[:10])}",
            details={"secrets": missing},
        )


def _to_be_given(earlier: Run, what: str, names: list[str]) -> InvalidInput:
    shown, many = ", ".join(names), len(names) > 1
    return InvalidInput(
        f"Run #{earlier.number} was given the {what}{'s' if many else ''} {shown}, and secrets are not stored.",
        hint=f"Give {'them' if many else 'it'} again: run.rerun(secrets={{{names[0]!r}: ...}}), "
        f"or mlws run rerun {earlier.number} {as_options(names[:1])}"
        + (f"; or store it: mlws secrets set {shlex.quote(names[0])}" if what == "secret" else "."),
        details={"secrets": names},
    )


def _command(
    earlier: Run, submission: RunSubmission, rerun: Rerun, wish: CellWish | None
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The command and its arguments, with what was masked put in again."""
    own = len(submission.arguments)
    head = submission.command[: len(submission.command) - own] if own else submission.command
    if wish is None and rerun.arguments is not None:
        if not _is_script(head):
            raise InvalidInput(
                f"Run #{earlier.number} was a command line, which has no arguments of its own.",
                hint="Submit the new command line as a run of its own.",
            )
        words = (*head, *rerun.arguments)
    else:
        words = submission.command
        _refuse_lost(earlier, words)
    if rerun.arguments is None:
        words = _unmasked(earlier, words, rerun)
    return words, words[len(head) :] if own or rerun.arguments is not None else ()


def _is_script(head: tuple[str, ...]) -> bool:
    """Whether a command is an interpreter and its script: what follows are arguments then."""
    return len(head) == 2 and head[1].endswith(".py")


def _refuse_lost(earlier: Run, words: tuple[str, ...]) -> None:
    for word in words:
        if _LOST_BYTES in word:
            raise InvalidInput(
                f"The argument {word[:80]!r} of run #{earlier.number} had bytes that are no text and were not stored.",
                hint="Give all arguments again: run.rerun(arguments=[...])",
            )


def _unmasked(earlier: Run, words: tuple[str, ...], rerun: Rerun) -> tuple[str, ...]:
    options = masked_options(words)
    missing = [option for option in options if option not in rerun.secrets]
    if missing:
        raise _to_be_given(earlier, "argument", missing)
    for option in rerun.secrets:
        if option.startswith("-") and option not in options:
            raise InvalidInput(
                f"Run #{earlier.number} has no masked argument {option[:80]}.",
                hint=f"Masked: {', '.join(options) or 'none'}. Change others with run.rerun(arguments=[...])",
            )
    return unmask(words, rerun.secrets)


# -- what is to be different


def _with_changes(submission: RunSubmission, rerun: Rerun) -> RunSubmission:
    swept = sorted({name for child in submission.sweep for name in child} & set(rerun.params or ()))
    if swept:
        raise InvalidInput(
            f"The parameter {swept[0]!r} differs between the runs of this sweep.",
            hint="Run one of them again, or submit a new sweep.",
        )
    variables: dict[str, str | None] = {**submission.environment_variables, **(rerun.environment_variables or {})}
    changed = replace(
        submission,
        params=submission.params | (rerun.params or {}),
        tags=submission.tags | (rerun.tags or {}),
        environment_variables={name: value for name, value in variables.items() if value is not None},
    )
    single = {
        name: value
        for name in ("display_name", "description", "experiment", "compute_target", "environment", "max_run_duration_s")
        if (value := getattr(rerun, name)) is not None
    }
    return replace(changed, **single)
