"""What was submitted, as far as it is kept."""

from __future__ import annotations

from dataclasses import dataclass, replace

import msgspec
from sqlalchemy import Connection, select

from jupyter_mlws.domain.run import Run, RunSubmission
from jupyter_mlws.store.run_record import read_submission
from jupyter_mlws.store.tables import run_params, runs, submissions

__all__ = ["IMPORTED", "Submitted", "find_submitted"]

# Of a stored submission that came with an archive.
IMPORTED = "imported"


@dataclass(frozen=True, kw_only=True)
class Submitted:
    """The submission of a run: with the parameters of a sweep's runs, without secrets and inherited variables.

    Attributes
    ----------
    submission : RunSubmission
    secret_names : tuple of str or None
        Which secrets there were; None where that was not recorded yet.
    kernel : str
        The environment that says what was installed for its interpreter; '' where that was not recorded.
    machine : str
        What it was submitted on, see `jupyter_mlws.targets.machine.machine_text`; '' likewise.
    is_imported : bool
        Whether it came with an archive: then it is somebody else's.
    """

    submission: RunSubmission
    secret_names: tuple[str, ...] | None
    kernel: str = ""
    machine: str = ""
    is_imported: bool = False


def find_submitted(c: Connection, run: Run) -> Submitted:
    """What was submitted for a run that is a script, a cell or a sweep; one of a sweep's runs is by itself."""
    body: str = c.execute(
        select(submissions.c.body)
        .join_from(runs, submissions, runs.c.submission_id == submissions.c.id)
        .where(runs.c.number == run.number)
    ).scalar_one()
    submission = read_submission(body, kind=run.kind, params=dict(run.params))
    sweep = _params_of_children(c, run) if run.kind == "sweep" else ()
    facts = msgspec.json.decode(body)
    names = facts.get("secret_names")
    return Submitted(
        submission=replace(
            submission, sweep=sweep, parallel=submission.parallel if sweep else None, experiment=run.experiment
        ),
        secret_names=None if names is None else tuple(names),
        kernel=str(facts.get("kernel", "")),
        machine=str(facts.get("machine", "")),
        is_imported=bool(facts.get(IMPORTED)),
    )


def _params_of_children(c: Connection, parent: Run) -> tuple[dict[str, str], ...]:
    """For each run of a sweep, in order, what makes it differ from the parent."""
    children = select(runs.c.number).where(runs.c.parent_number == parent.number)
    found: dict[int, dict[str, str]] = {number: {} for number in c.scalars(children.order_by(runs.c.number))}
    rows = c.execute(
        select(run_params.c.run_number, run_params.c.name, run_params.c.value)
        .where(run_params.c.run_number.in_(children))
        .order_by(run_params.c.run_number, run_params.c.name)
    )
    for number, name, value in rows:
        if parent.params.get(name) != value:
            found[number][name] = value
    return tuple(found.values())
