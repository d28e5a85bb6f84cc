"""The variables that a job inherits from whoever asks for it."""

from __future__ import annotations

import os
import re
import sys
from typing import TYPE_CHECKING

from jupyter_mlws.sdk.remote import far_server

if TYPE_CHECKING:
    from jupyter_mlws.sdk.workspace import Workspace

__all__ = ["inherited_variables", "variables_of_a_notebook"]

# What tells a program that it runs inside a kernel, which a job does not.
_KERNEL_VARIABLES = re.compile(r"JPY_|JUPYTER_TOKEN$|MPLBACKEND$|PYDEVD_|GIT_PAGER$|PAGER$|FORCE_COLOR$|CLICOLOR")


def variables_of_a_notebook() -> dict[str, str]:
    """The variables of a kernel, without those that belong to the kernel alone."""
    return {name: value for name, value in os.environ.items() if not _KERNEL_VARIABLES.match(name)}


def inherited_variables(workspace: Workspace) -> dict[str, str] | None:
    """What a job of this workspace inherits from this process; None where jobs run on another machine."""
    if far_server(workspace.api) is not None:
        return None
    in_kernel = "ipykernel" in sys.modules or "JPY_PARENT_PID" in os.environ
    return variables_of_a_notebook() if in_kernel else dict(os.environ)
