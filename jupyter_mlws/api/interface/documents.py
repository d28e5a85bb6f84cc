"""The noun of the frontend's documents."""

from __future__ import annotations

from typing import Protocol

from jupyter_mlws.api.routes import route
from jupyter_mlws.domain.document import Document, DocumentRequest

__all__ = ["DocumentsApi"]


class DocumentsApi(Protocol):
    """The open documents of the frontend. Routes of the server, not of one workspace."""

    @route("POST", "/documents", resource="runs", permission="execute")
    def request(self, request: DocumentRequest) -> Document:
        """Ask the frontend for a kernel's notebook as it is on screen; `answered` is false when none did in time."""
        ...

    @route("PUT", "/documents/{request}", resource="runs", permission="execute")
    def answer(self, request: str, document: Document) -> Document:
        """The frontend's answer to the request of this id."""
        ...
