"""Whether a run can be done again here, and what may come out otherwise: looked at, and nothing started."""

from __future__ import annotations

from collections.abc import Iterator

from jupyter_mlws.domain.environment import KERNEL
from jupyter_mlws.domain.masking import masked_options
from jupyter_mlws.domain.reproducibility import Reason, Reproducibility
from jupyter_mlws.domain.run import Run
from jupyter_mlws.domain.secret import as_options, references
from jupyter_mlws.errors import MlwsError
from jupyter_mlws.services.context import Context
from jupyter_mlws.services.reproducibility.code import reasons_of_code
from jupyter_mlws.services.reproducibility.data import reasons_of_data
from jupyter_mlws.services.reproducibility.packages import Packages, find_environment
from jupyter_mlws.services.reproducibility.words import blocked, listed
from jupyter_mlws.services.rerun import check_bytes, check_interpreter, check_kind
from jupyter_mlws.services.rerun_cells import CellWish
from jupyter_mlws.services.secrets import names_in_vault
from jupyter_mlws.store import runs as store_runs
from jupyter_mlws.store import snapshots as store_snapshots
from jupyter_mlws.store.submissions import Submitted, find_submitted
from jupyter_mlws.targets.machine import machine_text

__all__ = ["reproducibility"]


def reproducibility(context: Context, run: str) -> Reproducibility:
    """What stands between a run and the same run again, on this machine and now.

    Raises
    ------
    NotFound
        There is no such run.
    """
    with context.store.read() as c:
        earlier = store_runs.get_run(c, run, metrics=0)
    try:
        check_kind(earlier)
    except MlwsError as error:
        return Reproducibility(can=False, reasons=(blocked("not_submitted", error),))
    with context.store.read() as c:
        submitted = find_submitted(c, earlier)
        known = earlier.snapshot_id is None or store_snapshots.find_snapshot(c, earlier.snapshot_id) is not None
    packages = Packages(context, earlier, submitted)
    named = _secrets(context, earlier, submitted)
    kept = names_in_vault(context) if named else frozenset()
    inside = tuple(name for name in named if name in kept)
    outside = tuple(name for name in named if name not in kept)
    found = (
        *_of_bytes(context, earlier, submitted, known=known),
        *packages.reasons(),
        *_of_interpreter(earlier, submitted, packages.environment),
        *reasons_of_code(context, earlier, submitted),
        *reasons_of_data(context, earlier, submitted),
        *_of_machine(submitted),
        *_of_secrets(earlier, outside),
        *_of_vault(earlier, inside, is_imported=submitted.is_imported),
    )
    reasons = tuple(sorted(found, key=lambda each: not each.blocks))
    return Reproducibility(
        can=not any(each.blocks for each in reasons),
        reasons=reasons,
        secrets=named if submitted.is_imported else outside,
        environment=packages.environment,
        lock_digest=packages.lock_digest,
    )


def _of_bytes(context: Context, earlier: Run, submitted: Submitted, *, known: bool) -> Iterator[Reason]:
    try:
        check_bytes(context, earlier, submitted.submission, known=known)
    except MlwsError as error:
        yield blocked("bytes_gone", error)


def _of_interpreter(earlier: Run, submitted: Submitted, environment: str) -> Iterator[Reason]:
    try:
        check_interpreter(earlier, submitted.submission.command, environment)
    except MlwsError as error:
        yield blocked("interpreter_gone", error)


def _of_machine(submitted: Submitted) -> Iterator[Reason]:
    here = machine_text()
    if submitted.machine and submitted.machine != here:
        yield Reason(
            code="machine_differs",
            sentence=f"It was submitted on another kind of machine ({submitted.machine[:200]}; here it is {here}): "
            "the last digits of numbers may differ.",
        )


def _secrets(context: Context, earlier: Run, submitted: Submitted) -> tuple[str, ...]:
    """The names of all that it was handed and nobody recorded: secrets, and masked arguments."""
    names = submitted.secret_names
    if names is None:  # an old record says it nowhere but in the cell
        try:
            wish = CellWish.of(submitted.submission, context.blobs)
        except MlwsError:
            wish = None  # what is gone or damaged is told by itself
        names = wish.secret_names if wish is not None else ()
    named = _referenced(context, submitted)
    return tuple(dict.fromkeys((*names, *named, *masked_options(earlier.command))))


def _referenced(context: Context, submitted: Submitted) -> tuple[str, ...]:
    """The secrets that variables of the run, or of its environment, refer to."""
    variables = dict(submitted.submission.environment_variables)
    try:
        if submitted.submission.environment != KERNEL:
            found = find_environment(context, submitted.submission.environment)
            variables = found.spec.environment_variables | variables
        return tuple(references(variables).values())
    except MlwsError:  # an environment that is not here is told by itself, a wrong name by the submit
        return ()


def _of_secrets(earlier: Run, missing: tuple[str, ...]) -> Iterator[Reason]:
    if missing:
        yield Reason(
            code="secrets",
            sentence=f"It was given {listed(missing)}, and secrets are not stored.",
            hint=f"Give them again: {_naming(earlier, missing)}",
        )


def _of_vault(earlier: Run, kept: tuple[str, ...], *, is_imported: bool) -> Iterator[Reason]:
    if kept and is_imported:
        yield Reason(
            code="vault_secrets",
            sentence=f"It came with an archive and asks for {listed(kept)}, of your vault: it gets what you name.",
            hint=f"Look at its code first. If you trust it: {_naming(earlier, kept)}",
        )
    elif kept:
        yield Reason(code="vault_secrets", sentence=f"It will be handed {listed(kept)} from your vault.")


def _naming(earlier: Run, names: tuple[str, ...]) -> str:
    return f"mlws run rerun {earlier.number} {as_options(names[:10])}"
