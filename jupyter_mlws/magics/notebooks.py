"""``%submit FILE.ipynb``: what its options mean for a whole notebook, and what means nothing for one."""

from __future__ import annotations

import os
from collections.abc import Iterable

from jupyter_mlws.domain.notebook_parameters import read_parameters
from jupyter_mlws.domain.notebook_wish import NotebookWish, check_values, make_wish
from jupyter_mlws.errors import UsageError, WrongState
from jupyter_mlws.magics.grammar import Options
from jupyter_mlws.runfolder.context import get_job_context
from jupyter_mlws.sdk.file_job import read_file
from jupyter_mlws.sdk.notebook_kernels import check_kernel

__all__ = ["check_options", "read_wish", "refuse_in_job"]


def refuse_in_job() -> None:
    """A job has no way to submit another: it would find some other workspace, and wait for a slot that it holds."""
    job = get_job_context()
    if job is not None and job.facts.get("run_number"):
        raise WrongState(
            f"This is run #{job.facts['run_number']} itself, and a job submits no other.",
            hint="Leave the magic out, or track the cell as a child with %%track.",
        )


def check_options(options: Options) -> None:
    """Refuse what means nothing for a notebook: its cells make what they need, as with Restart & Run All."""
    if options.arguments:
        raise UsageError(
            f"A notebook has no arguments such as {options.arguments[0][:80]!r}.",
            hint="Give values for its parameters before its name: -p lr=0.1",
        )
    is_default = any(default.startswith("capture=") for default in options.defaults)
    if options.capture not in ("auto", "none") and not is_default:
        raise UsageError(
            "A notebook takes nothing of this kernel, so --capture has no meaning for it.",
            hint="Give values for its parameters: -p lr=0.1",
        )


def read_wish(path: str, options: Options, swept: Iterable[str], *, has_kernel_here: bool) -> NotebookWish:
    """A notebook with the values that the options give to its parameters.

    Parameters
    ----------
    path : str
    options : Options
    swept : iterable of str
        Parameters that differ from run to run.
    has_kernel_here : bool
        Whether the run is on this machine, so that its kernel can be looked for.
    """
    wish = make_wish(
        read_file(path),
        os.path.basename(path),
        options.params,
        as_text=True,
        swept=swept,
        environment=options.environment,
        returns=_named(options.results),
    )
    known = read_parameters(wish.notebook) if options.sweep else ([], False)
    for child in options.sweep:  # before the first of many fails of it, or has recorded what nobody may
        check_values(wish.notebook, os.path.basename(path), child, *known)
    if has_kernel_here:
        check_kernel(wish, options.environment, options.compute)
    return wish


def _named(results: str) -> tuple[str, ...]:
    """The names that are to come back from a notebook: those that were asked for, and else none of its many."""
    return () if results in ("auto", "none") else tuple(name.strip() for name in results.split(",") if name.strip())
