"""The one composition root: find a workspace, open it, get its API; start and stop its dispatcher."""

from __future__ import annotations

from jupyter_mlws.workspace import registry
from jupyter_mlws.workspace.config import trust
from jupyter_mlws.workspace.connection import Opened, connect
from jupyter_mlws.workspace.finding import find
from jupyter_mlws.workspace.folder import create
from jupyter_mlws.workspace.waking import Wake, stop_dispatcher, wake

__all__ = ["Opened", "Wake", "connect", "create", "find", "registry", "stop_dispatcher", "trust", "wake"]
