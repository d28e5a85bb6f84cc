"""The variables of a process that a job inherits from it."""

from __future__ import annotations

import os
import re

__all__ = ["variables_of_a_notebook"]

# What tells a program that it runs inside a kernel or a Jupyter server, which a job does not.
_KERNEL_VARIABLES = re.compile(r"JPY_|JUPYTER_TOKEN$|MPLBACKEND$|PYDEVD_|GIT_PAGER$|PAGER$|FORCE_COLOR$|CLICOLOR")


def variables_of_a_notebook() -> dict[str, str]:
    """The variables of a kernel or a Jupyter server, without those that belong to it alone."""
    return {name: value for name, value in os.environ.items() if not _KERNEL_VARIABLES.match(name)}
