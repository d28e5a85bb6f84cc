"""Whether a run fits the environment that it was given, and what of that environment its record keeps."""

from __future__ import annotations

from pathlib import Path

from jupyter_mlws.dispatcher.context import Context
from jupyter_mlws.domain.reproducibility import LOCK_DIGEST
from jupyter_mlws.domain.run import Run, RunSubmission, RunUpdate
from jupyter_mlws.environments.imports import Finds, Missing, find_missing, imported
from jupyter_mlws.environments.locking import Lock
from jupyter_mlws.errors import InvalidInput
from jupyter_mlws.runfolder.paths import RunFolder
from jupyter_mlws.store.runs import get_run, update_run

__all__ = ["PYTHON", "check_imports", "note"]

PYTHON = "mlws.environment_python"
_MOST_TOLD = 5


def note(context: Context, run: Run, lock: Lock) -> None:
    """Write what the environment is made of into the run's properties; what is there stays."""
    facts = {LOCK_DIGEST: lock.digest, PYTHON: lock.python}
    with context.write() as c:
        there = get_run(c, run.id).properties
        new = {name: value for name, value in facts.items() if name not in there}
        if new:
            update_run(c, run.id, RunUpdate(properties=new))


def check_imports(
    run: Run, finds: Finds, folder: RunFolder, submission: RunSubmission, *, is_fixed: bool = False
) -> None:
    """Say what the script imports and the environment lacks, before the script is started.

    Parameters
    ----------
    run : Run
    finds : callable
        Says what the environment has.
    folder : RunFolder
        Filled already.
    submission : RunSubmission
    is_fixed : bool
        The environment is taken as it is, and no package can be added to it.

    Raises
    ------
    InvalidInput
        A module that is imported for certain is neither in the environment nor beside the script.
    """
    here = folder.working_directory(submission.working_directory)
    found = _source(run, here, submission)
    if found is None:
        return
    name, text, beside = found
    folders = [beside, here, *(folder.code / path for path in submission.python_path)]
    python_path = submission.environment_variables.get("PYTHONPATH", "")
    missing = find_missing(finds, text, name, folders, python_path)
    if missing:
        raise _refusal(missing, submission.environment, is_fixed)
    # What a cell takes from the notebook is imported before it begins.
    names = {name for each in submission.captured if each.how == "import" for name in imported(each.text)}
    taken = "\n".join(f"import {name}" for name in sorted(names))
    missing = find_missing(finds, taken, "The cell", folders, python_path) if taken else ()
    if missing:
        raise _refusal(missing, submission.environment, is_fixed, uses=True)


def _source(run: Run, here: Path, submission: RunSubmission) -> tuple[str, str, Path] | None:
    """Name and text of what is run, and the folder that it is found in; None where it is no Python that we can read."""
    if run.source.cell_source:
        return "The cell", run.source.cell_source, here
    words = submission.command[1:2]
    if not words or not words[0].endswith(".py"):
        return None
    script = here / words[0]
    try:
        return words[0], script.read_text(encoding="utf-8"), script.parent
    except (OSError, UnicodeDecodeError):
        return None


def _refusal(missing: tuple[Missing, ...], environment: str, is_fixed: bool, *, uses: bool = False) -> InvalidInput:
    first, *others = missing
    more = f"; {', '.join(each.module for each in others[:_MOST_TOLD])} are missing, too" if others else ""
    if len(others) == 1:
        more = f"; {others[0].module} is missing, too"
    packages = ", ".join(repr(each.package) for each in missing[: _MOST_TOLD + 1])
    does = f"uses {first.module} of the notebook" if uses else f"imports {first.module} (line {first.line})"
    way = "Take one that has it, or one with packages" if is_fixed else "Add the package to the environment"
    more_of_it = packages if is_fixed else f"..., {packages}"
    return InvalidInput(
        f"{first.file} {does}, and environment {environment} has no {first.module}{more}.",
        hint=f"{way}: packages=[{more_of_it}]",
        details={"modules": [each.module for each in missing]},
    )
