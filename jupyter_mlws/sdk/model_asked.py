"""A model on its way into the registry."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from jupyter_mlws.sdk.model import Model

if TYPE_CHECKING:
    from jupyter_mlws.domain import model as words
    from jupyter_mlws.sdk.workspace import Workspace

__all__ = ["AskedModel"]


class AskedModel(Model):
    """A version that a script has asked to register: its record is waited for when it is first looked at.

    Parameters
    ----------
    workspace : Workspace
    wait : callable
        Gives the record, or raises why there is none.
    """

    def __init__(self, workspace: Workspace, wait: Callable[[], words.Model]) -> None:
        self.workspace = workspace
        self._wait = wait

    def __getattr__(self, name: str) -> Any:
        if name != "record":
            raise AttributeError(name)
        self.record = self._wait()
        return self.record
