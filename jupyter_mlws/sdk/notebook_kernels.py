"""Whether this machine can give a notebook the kernel that it needs: asked before the run, not found out in it."""

from __future__ import annotations

import importlib.util
import os
from typing import TYPE_CHECKING

from jupyter_mlws.domain.environment import KERNEL
from jupyter_mlws.errors import InvalidInput

if TYPE_CHECKING:
    from jupyter_mlws.domain.notebook_wish import NotebookWish

__all__ = ["check_kernel", "interpreter_for"]

_NATIVE = "python3"
_IPYKERNEL = "ipykernel_launcher"


def check_kernel(wish: NotebookWish, environment: str, compute: str) -> None:
    """Raise the error that says what to add, where a run with this interpreter's own environment could not begin.

    Of another environment its own runner says so, as its first word.

    Raises
    ------
    InvalidInput
        A package is missing, or the kernel is not installed.
    """
    if environment != KERNEL or compute != "local":
        return
    wanted = ("jupyter_client", "ipykernel") if wish.language == "python" else ("jupyter_client",)
    missing = [name for name in wanted if importlib.util.find_spec(name) is None]
    if missing:
        raise InvalidInput(
            f"A notebook needs {' and '.join(missing)} to run, which this environment does not have.",
            hint="Install it: %pip install ipykernel. Or name an environment that has it.",
            details={"missing": missing},
        )
    if wish.language != "python" or wish.said["kernel"]:
        _check_installed(wish.kernel, asked=bool(wish.said["kernel"]))


def interpreter_for(wish: NotebookWish, environment: str, own: str) -> str:
    """The interpreter of a notebook's job: that of the kernel which the notebook names, where it is a Python here.

    So the run is recorded with the packages that its cells see, and finds in it what it needs.

    Parameters
    ----------
    wish : NotebookWish
    environment : str
    own : str
        What stands for the environment without a look at the notebook.
    """
    if environment != KERNEL or wish.language != "python" or wish.kernel in ("", _NATIVE):
        return own
    try:
        from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel
    except ImportError:  # of which `check_kernel` tells
        return own
    try:
        words = KernelSpecManager().get_kernel_spec(wish.kernel).argv
    except NoSuchKernel:
        return own
    is_python = bool(words) and os.path.isabs(words[0]) and os.access(words[0], os.X_OK) and _IPYKERNEL in words
    return words[0] if is_python else own


def _check_installed(name: str, *, asked: bool) -> None:
    from jupyter_client.kernelspec import KernelSpecManager

    known = sorted(KernelSpecManager().find_kernel_specs())
    if name not in known:
        whose = "There is no" if asked else "The notebook needs the"
        rest = "" if asked else ", which is not installed here"
        raise InvalidInput(
            f"{whose} kernel {name[:80]!r}{rest}.",
            hint=f"Installed: {', '.join(known[:20]) or 'none'}. See them with: jupyter kernelspec list",
            details={"known": known[:50]},
        )
