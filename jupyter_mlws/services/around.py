"""What stands around a run when it is submitted: the machine, and what its interpreter has installed."""

from __future__ import annotations

from sqlalchemy import Connection

from jupyter_mlws.domain.environment import KERNEL
from jupyter_mlws.domain.run import RunSubmission
from jupyter_mlws.environments.installed import Installed, installed
from jupyter_mlws.services.context import Context
from jupyter_mlws.store import environments
from jupyter_mlws.targets.machine import machine_text

__all__ = ["around"]

_LONGEST = 1_000


def around(context: Context, c: Connection, submission: RunSubmission) -> dict[str, object]:
    """The facts to keep with a submission. What a kernel had is an environment (``kernel:3``): others can build it."""
    found: dict[str, object] = {"machine": machine_text()}
    packages = installed(submission.command[0]) if submission.environment == KERNEL else None
    if packages is not None:
        found["kernel"] = environments.remember(
            c, KERNEL, packages.spec, user=context.user, description=_description(context, submission, packages)
        )
    return found


def _description(context: Context, submission: RunSubmission, packages: Installed) -> str:
    text = f"What was installed for {submission.command[0]} on {context.host}"
    if packages.left_out:
        text += f", but for {', '.join(packages.left_out)}, which came from a folder or an address"
    return f"{text[:_LONGEST]}."
