"""The installation: versions of both sides, settings in the environment."""

from __future__ import annotations

import difflib
import json
import os
import platform
from collections.abc import Iterator
from dataclasses import fields
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import jupyter_mlws
from jupyter_mlws.cli.doctor.finding import Finding
from jupyter_mlws.dispatcher.settings import Settings, WorkspaceFile
from jupyter_mlws.errors import MlwsError

__all__ = ["examine"]

_PLACES = {"MLWS_DATA_DIR", "MLWS_CACHE_DIR", "MLWS_RUNTIME_DIR"}
_OTHERS = {"MLWS_HOST", "MLWS_WORKSPACE", "MLWS_DATABASE_URL", "MLWS_TOKEN", "MLWS_LOG_WARNING_BYTES", "MLWS_VAULT",
           "MLWS_TRACEBACK", "MLWS_REGISTRY", "MLWS_DOCKER_BASE", "MLWS_DOCKER_CPUS", "MLWS_DOCKER_MEMORY",
           "MLWS_DOCKER_NETWORK", "MLWS_DOCKER_PIDS", "MLWS_DOCKER_SHM", "MLWS_DOCKER_SLOTS"}  # fmt: skip
# Set for a script inside a job, for one command (what a rerun is given again), or by whoever tests us.
_OURS = ("MLWS_RUN_", "MLWS_EXPERIMENT", "MLWS_INPUTS", "MLWS_SECRET", "MLWS_SOURCE_DIR", "MLWS_WORKSPACE_ID",
         "MLWS_LOGGED_RUN", "MLWS_FAULT")  # fmt: skip


def examine() -> Iterator[Finding]:
    """Findings on the package, JupyterLab and the settings."""
    package = f"jupyter-mlws {jupyter_mlws.__version__} on Python {platform.python_version()}, {platform.system()}."
    yield Finding("ok", "Package", package)
    yield from _lab()
    yield from _settings()


def _lab() -> Iterator[Finding]:
    try:
        lab = version("jupyterlab")
    except PackageNotFoundError:
        way_out = "The panel needs it: pip install jupyterlab"
        yield Finding("warning", "JupyterLab", "is not installed in this environment.", way_out)
        return
    panel = _panel_version()
    ours = jupyter_mlws.__version__
    if panel and _plain(panel) != _plain(ours):
        yield Finding(
            "warning",
            "JupyterLab",
            f"version {lab}; its panel is of version {panel}, and the package of version {ours}.",
            "Install jupyter-mlws anew and reload the page.",
        )
    else:
        yield Finding("ok", "JupyterLab", f"version {lab}.")


def _panel_version() -> str:
    facts = Path(jupyter_mlws.__file__).parent / "labextension" / "package.json"
    try:
        return str(json.loads(facts.read_bytes())["version"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def _plain(text: str) -> str:
    # npm writes 0.2.0-rc.1 where Python writes 0.2.0rc1.
    return "".join(character for character in text if character.isalnum())


def _settings() -> Iterator[Finding]:
    known = {f"MLWS_{field.name.upper()}" for field in fields(Settings)}
    wrong = False
    for name in sorted(name for name in os.environ if name.startswith("MLWS_")):
        if name in known:
            problem = _problem(name)
            if problem is not None:
                wrong = True
                yield Finding.of(problem, "Settings")
        elif name not in _PLACES | _OTHERS and not name.startswith(_OURS):
            near = difflib.get_close_matches(name, known | _PLACES | _OTHERS, 1)
            hint = f"Did you mean {near[0]}?" if near else "Remove it."
            yield Finding("warning", "Settings", f"{name} is no setting of ours and does nothing.", hint)
    if not wrong:
        changed = sorted(known & set(os.environ))
        yield Finding("ok", "Settings", f"{', '.join(changed)} set." if changed else "all have their defaults.")


def _problem(name: str) -> MlwsError | None:
    nothing = WorkspaceFile(id="x", name="x", settings={})
    field = name.removeprefix("MLWS_").lower()
    try:
        Settings.of(nothing, only=field)
    except MlwsError as error:
        return error
    return None
