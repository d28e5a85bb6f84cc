"""The open document of the frontend, handed over for a snapshot without being saved."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Document", "DocumentRequest"]


@dataclass(frozen=True, kw_only=True)
class DocumentRequest:
    """A kernel asks for its notebook as it is on screen; `timeout_s` is how long it waits, at most 2 s."""

    kernel_id: str
    timeout_s: float = 0.3


@dataclass(frozen=True, kw_only=True)
class Document:
    """A notebook as the frontend shows it: `path` relative to the server's root, `text` its JSON or ''."""

    path: str = ""
    text: str = ""
    document_id: str = ""
    cell_id: str = ""
    answered: bool = False
