"""Stands in for ``jupyter_mlws`` on a script's module path, and gives way to an installed one.

The far side (see `jupyter_mlws.runfolder.farside`) carries this file as ``script/jupyter_mlws/__init__.py`` and
the agent puts ``script`` at the end of PYTHONPATH. PYTHONPATH goes before what is installed, and only the script's
own interpreter knows what that is: so the question is asked here, at ``import jupyter_mlws``, and costs nothing to
scripts that do not. An installed package is taken if it speaks the run folder's protocol of the agent, else the
far side's own.
"""

from __future__ import annotations

import sys
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import module_from_spec
from os.path import abspath, dirname, join

_NAME = "jupyter_mlws"
_HERE = dirname(dirname(abspath(__file__)))
_LINE = b"PROTOCOL_VERSION = "


def _protocol(spec: ModuleSpec) -> bytes:
    """The protocol version that a package's source states; b'' if it states none."""
    if not spec.origin:
        return b""
    path = join(dirname(spec.origin), "domain", "job.py")
    try:
        lines = spec.loader.get_data(path).splitlines()  # type: ignore[union-attr]
    except (OSError, AttributeError):
        return b""
    return next((line[len(_LINE) :].strip() for line in lines if line.startswith(_LINE)), b"")


def _installed() -> ModuleSpec | None:
    """The package as this interpreter has it, were it not for us."""
    elsewhere = [entry for entry in sys.path if abspath(entry or ".") != _HERE]
    for finder in sys.meta_path:
        spec = finder.find_spec(_NAME, elsewhere)
        if spec is not None and spec.loader is not None:
            return spec
    return None


def _chosen() -> ModuleSpec:
    own = PathFinder.find_spec(_NAME, [dirname(_HERE)])
    if own is None:
        raise ImportError("The far side of jupyter_mlws is incomplete; the run's folder for it was removed.")
    installed = _installed()
    return installed if installed is not None and _protocol(installed) == _protocol(own) else own


if __name__ == _NAME:
    _spec = _chosen()
    _module = module_from_spec(_spec)
    sys.modules[_NAME] = _module
    _spec.loader.exec_module(_module)  # type: ignore[union-attr]
