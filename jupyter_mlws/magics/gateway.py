"""Kernels behind a kernel gateway: their files are not those of the server that shows the notebook."""

from __future__ import annotations

import os
from collections.abc import Mapping

from jupyter_mlws.errors import UsageError

__all__ = ["gateway_words", "refuse_hidden_runs"]


def gateway_words(variables: Mapping[str, str] | None = None) -> str:
    """What to tell a person whose runs would stay on the gateway's machine, out of sight; '' where all is well.

    Parameters
    ----------
    variables : mapping, optional
        The environment of the kernel; both kernel gateways mark theirs with ``KERNEL_GATEWAY``.
    """
    found = os.environ if variables is None else variables
    if not found.get("KERNEL_GATEWAY") or found.get("MLWS_WORKSPACE"):
        return ""
    return (
        "This kernel runs behind a kernel gateway: its runs would be kept on that machine, where JupyterLab does not "
        "see them. Set MLWS_WORKSPACE to the URL of your Jupyter server, and MLWS_TOKEN to a token of it, in the "
        "kernel's environment or before %load_ext jupyter_mlws."
    )


def refuse_hidden_runs() -> None:
    """Raise what `gateway_words` says; JupyterLab asks before it submits a cell, whose card would stay empty.

    Raises
    ------
    UsageError
    """
    words = gateway_words()
    if words:
        raise UsageError(words)
