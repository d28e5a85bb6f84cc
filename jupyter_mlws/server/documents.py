"""The open documents of the frontend: a kernel asks, whichever page shows the notebook answers."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from jupyter_mlws.domain.document import Document, DocumentRequest
from jupyter_mlws.domain.names import check_id

__all__ = ["Documents"]

MAX_WAIT_S = 2.0


@dataclass
class _Question:
    answered: threading.Event = field(default_factory=threading.Event)
    document: Document = field(default_factory=Document)


class Documents:
    """Requests that wait for a frontend.

    Parameters
    ----------
    ask : callable
        Tells the frontends the id of a request and of its kernel; false when none listens.
    """

    def __init__(self, ask: Callable[[str, str], bool]) -> None:
        self._ask = ask
        self._lock = threading.Lock()
        self._waiting: dict[str, _Question] = {}

    def request(self, request: DocumentRequest) -> Document:
        check_id(request.kernel_id)
        # Not min(): NaN would pass through it.
        wait_s = request.timeout_s if 0 <= request.timeout_s <= MAX_WAIT_S else MAX_WAIT_S
        name, question = secrets.token_urlsafe(24), _Question()
        with self._lock:
            self._waiting[name] = question
        try:
            if self._ask(name, request.kernel_id):
                question.answered.wait(wait_s)
        finally:
            with self._lock:
                del self._waiting[name]
        return question.document

    def answer(self, request: str, document: Document) -> Document:
        """Take the first answer; a late or second one is told that it did not count (`answered` is false)."""
        with self._lock:
            question = self._waiting.get(request)
            taken = question is not None and document.answered and not question.answered.is_set()
            if question is not None and taken:
                question.document = document
                question.answered.set()
        # The text does not travel back.
        return replace(document, text="", answered=taken)
