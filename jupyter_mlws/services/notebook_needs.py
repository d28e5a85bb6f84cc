"""Whether the environment of a run can give a notebook its kernel, as far as that is known before it begins."""

from __future__ import annotations

import json

from jupyter_mlws.domain.environment import (
    CURATED,
    KERNEL,
    Environment,
    locked_versions,
    package_name,
    split_reference,
)
from jupyter_mlws.domain.notebook_wish import WISH
from jupyter_mlws.domain.run import RunSubmission
from jupyter_mlws.environments.installed import installed
from jupyter_mlws.errors import InvalidInput
from jupyter_mlws.services.context import Context
from jupyter_mlws.services.environments import Environments

__all__ = ["check_notebook_needs"]


def check_notebook_needs(context: Context, submission: RunSubmission) -> None:
    """Refuse a notebook whose environment is known to lack what runs it.

    What is not known yet, as of packages that were never resolved or of an image, the notebook's runner finds out.

    Parameters
    ----------
    context : Context
    submission : RunSubmission
        With the version of its environment.

    Raises
    ------
    InvalidInput
        A package is missing; the message says which, and what to do.
    """
    wish = next((item for item in submission.inputs if item.name == WISH), None)
    if wish is None or submission.environment == KERNEL:
        return
    name, version = split_reference(submission.environment)
    environment = Environments(context).get(name, version if isinstance(version, int) else 0)
    has = _packages(context, environment)
    if not has:
        return
    needed = "ipykernel" if _is_python(context.blobs.read(wish.digest)) else "jupyter-client"
    if needed not in has and not (needed == "jupyter-client" and "ipykernel" in has):
        raise InvalidInput(
            f"The environment {environment.id} has no {needed}, which a notebook needs to run.",
            hint=f"Register one of your own with its packages and {needed}."
            if name in CURATED
            else f"Register a version of it with {needed} among its packages.",
            details={"missing": [needed]},
        )


def _packages(context: Context, environment: Environment) -> set[str]:
    """Normal names of what is in it; none where that is not known."""
    spec = environment.spec
    if spec.kind == "user_managed":
        found = installed(spec.python) if spec.python else None
        return set() if found is None else {package_name(each) for each in (*found.spec.packages, *found.left_out)}
    from jupyter_mlws.environments.locking import system

    locks = Environments(context).locks(environment.name, environment.version).items
    text = next((lock.text for lock in locks if lock.system == system()), "")
    # What the shipped ones ask for is all that they have of use here, resolved or not.
    wanted = spec.packages if environment.name in CURATED else ()
    return {package_name(each) for each in (*locked_versions(text), *wanted)}


def _is_python(wish: bytes) -> bool:
    try:
        said = json.loads(wish)
        return bool(said["language"] == "python")
    except (ValueError, TypeError, KeyError, RecursionError):
        return False  # its runner says what is wrong with it
