"""A machine-learning workspace inside JupyterLab.

Importing this package loads the standard library only; each public name is loaded when it is first used.
"""

from __future__ import annotations

from importlib import import_module

TYPE_CHECKING = False  # what `typing` calls so, without the 9 ms of importing it
if TYPE_CHECKING:
    from typing import Any

    from jupyter_mlws.errors import MlwsError
    from jupyter_mlws.sdk.current import last_run as last_run
    from jupyter_mlws.sdk.current import log, run
    from jupyter_mlws.sdk.environment import Environment
    from jupyter_mlws.sdk.experiment import Experiment
    from jupyter_mlws.sdk.model import Model
    from jupyter_mlws.sdk.notebook import NotebookRunConfig
    from jupyter_mlws.sdk.run import Run
    from jupyter_mlws.sdk.script import ScriptRunConfig
    from jupyter_mlws.sdk.track import track
    from jupyter_mlws.sdk.workspace import Workspace
    from jupyter_mlws.widgets import widget as widget

__version__ = "0.1.0"

_PUBLIC = {
    "Environment": "jupyter_mlws.sdk.environment",
    "Experiment": "jupyter_mlws.sdk.experiment",
    "MlwsError": "jupyter_mlws.errors",
    "Model": "jupyter_mlws.sdk.model",
    "NotebookRunConfig": "jupyter_mlws.sdk.notebook",
    "Run": "jupyter_mlws.sdk.run",
    "ScriptRunConfig": "jupyter_mlws.sdk.script",
    "Workspace": "jupyter_mlws.sdk.workspace",
    "log": "jupyter_mlws.sdk.current",
    "run": "jupyter_mlws.sdk.current",
    "track": "jupyter_mlws.sdk.track",
    "widget": "jupyter_mlws.widgets",
}

# Without `last_run`, which looks into the workspace, and `widget`, which is only where the whole package is:
# ``import *`` is to do nothing.
__all__ = [
    "Environment",
    "Experiment",
    "MlwsError",
    "Model",
    "NotebookRunConfig",
    "Run",
    "ScriptRunConfig",
    "Workspace",
    "__version__",
    "log",
    "run",
    "track",
]


def __getattr__(name: str) -> Any:
    if name == "last_run":  # changes with every submit: never cached
        return import_module("jupyter_mlws.sdk.current").last_run
    if name not in _PUBLIC:
        raise _NoName(name)
    try:
        value = getattr(import_module(_PUBLIC[name]), name)
    except ModuleNotFoundError as error:
        if error.name != _PUBLIC[name]:
            raise
        from jupyter_mlws.errors import MissingPart

        raise MissingPart(
            f"mlws.{name} needs the whole package, of which there is only a part here.",
            hint="Install it with: %pip install jupyter-mlws, and restart the kernel.",
        ) from None
    globals()[name] = value
    return value


class _NoName(AttributeError):
    """Says what to type instead, when somebody reads it: imports ask for many names that are modules."""

    def __str__(self) -> str:
        name = str(self.args[0])
        said = f"module {__name__!r} has no attribute {name!r}"
        if name.startswith("_"):  # asked by tools, of every module
            return said
        methods = dir(import_module("jupyter_mlws.sdk.run").Run)
        hint = import_module("jupyter_mlws.sdk.habits").way_out(name, __all__, methods)
        return f"{said}. {hint}" if hint else said


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, "last_run", "widget"})


def load_ipython_extension(shell: Any) -> None:
    """``%load_ext jupyter_mlws``: register the magics."""
    from jupyter_mlws.magics.extension import load

    load(shell)


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    return [{"src": "labextension", "dest": "jupyter-mlws"}]


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    from jupyter_mlws.server.extension import MlwsExtension

    return [{"module": "jupyter_mlws", "app": MlwsExtension}]
