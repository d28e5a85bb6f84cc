"""The variables that a job inherits from whoever asks for it."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from jupyter_mlws.runfolder.inherited import variables_of_a_notebook
from jupyter_mlws.sdk.remote import far_server

if TYPE_CHECKING:
    from jupyter_mlws.sdk.workspace import Workspace

__all__ = ["inherited_variables"]


def inherited_variables(workspace: Workspace) -> dict[str, str] | None:
    """What a job of this workspace inherits from this process; None where jobs run on another machine."""
    if far_server(workspace.api) is not None:
        return None
    in_kernel = "ipykernel" in sys.modules or "JPY_PARENT_PID" in os.environ
    return variables_of_a_notebook() if in_kernel else dict(os.environ)
