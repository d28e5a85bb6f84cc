"""Which Jupyter server started this kernel: found by process id, confirmed by the server's own list of kernels.

The token is read from the server's file (0600) or the hub's variable and goes into one header, nowhere else.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jupyter_mlws.api.transport import Transport
from jupyter_mlws.errors import MlwsError

__all__ = ["ServerFacts", "discover"]

_TIMEOUT_S = 5.0


@dataclass(frozen=True)
class ServerFacts:
    """A running server: `document` is the path of this kernel's notebook, as the server knows it."""

    url: str
    token: str = field(repr=False)
    root: str = ""
    document: str = ""
    kernel_id: str = ""


def discover() -> ServerFacts | None:
    """The server that started this kernel; None when there is none, or it does not know this kernel."""
    kernel_id = own_kernel_id()
    found = _by_process() or _by_hub()
    if kernel_id is None or found is None:
        return None
    try:
        transport = Transport(found.url, found.token, timeout_s=_TIMEOUT_S)
        document = _document_of(transport, kernel_id)
    except MlwsError:
        return None
    if document is None:
        return None
    return ServerFacts(found.url, found.token, found.root, document, kernel_id)


def own_kernel_id() -> str | None:
    """Id of the kernel that this is, or None outside of kernels."""
    if "ipykernel" not in sys.modules:
        return None
    try:
        from ipykernel.connect import get_connection_file

        stem = Path(get_connection_file()).stem
    except (ImportError, RuntimeError):
        return None
    return stem.removeprefix("kernel-")


def _by_process() -> ServerFacts | None:
    pid = os.environ.get("JPY_PARENT_PID", "")
    if not pid.isdigit():
        return None
    try:
        facts = json.loads((runtime_dir() / f"jpserver-{pid}.json").read_text(encoding="utf-8"))
        token = facts["token"] or os.environ.get("JUPYTERHUB_API_TOKEN", "")
        return ServerFacts(facts["url"], token, facts.get("root_dir", ""))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _by_hub() -> ServerFacts | None:
    """A single-user server of JupyterHub, whose file may not be in sight of the kernel."""
    url, token = os.environ.get("JUPYTERHUB_SERVICE_URL", ""), os.environ.get("JUPYTERHUB_API_TOKEN", "")
    return ServerFacts(url, token) if url and token else None


def runtime_dir() -> Path:
    """Where Jupyter servers leave their files."""
    try:
        from jupyter_core.paths import jupyter_runtime_dir

        return Path(jupyter_runtime_dir())
    except ImportError:
        return _usual_runtime_dir()


def _usual_runtime_dir() -> Path:
    if "JUPYTER_RUNTIME_DIR" in os.environ:
        return Path(os.environ["JUPYTER_RUNTIME_DIR"])
    if "JUPYTER_DATA_DIR" in os.environ:
        return Path(os.environ["JUPYTER_DATA_DIR"]) / "runtime"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Jupyter" / "runtime"
    data = os.environ.get("APPDATA") or os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(data) / "jupyter" / "runtime"


def _document_of(transport: Transport, kernel_id: str) -> str | None:
    """Path of the kernel's notebook; '' for a kernel without one, None when the server does not know the kernel."""
    for session in _list(transport, "/api/sessions"):
        if session.get("kernel", {}).get("id") == kernel_id:
            return str(session.get("path", ""))
    kernels = {kernel.get("id") for kernel in _list(transport, "/api/kernels")}
    return "" if kernel_id in kernels else None


def _list(transport: Transport, path: str) -> list[dict[str, Any]]:
    try:
        found = transport.read_json(path)
    except ValueError:
        return []
    return [entry for entry in found if isinstance(entry, dict)] if isinstance(found, list) else []
