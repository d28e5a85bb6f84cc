"""Requests on their way into the mailbox: a full disk makes them wait, never the script, and never ends it."""

from __future__ import annotations

import atexit
import errno
import os
import threading
import time

from jupyter_mlws.runfolder import mailbox

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["send", "wait_empty"]

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_RETRY_S = 1.0


class _Outbox:
    """What this process could not post yet, in its order."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[tuple[mailbox.Folder, str, dict[str, Any], str]] = []
        self._wake = threading.Event()

    def send(self, folder: mailbox.Folder, operation_id: str, arguments: dict[str, Any]) -> str:
        request_id = mailbox.new_id()
        with self._lock:
            wish = (folder, operation_id, arguments, request_id)
            if not self._waiting and self._post(wish):
                return request_id
            self._waiting.append(wish)
            if len(self._waiting) == 1:
                _say(f"{operation_id} has to wait, for the disk is full; it is sent as soon as there is room")
                threading.Thread(target=self._retry, name="mlws-outbox", daemon=True).start()
        return request_id

    def _post(self, wish: tuple[mailbox.Folder, str, dict[str, Any], str]) -> bool:
        folder, operation_id, arguments, request_id = wish
        try:
            mailbox.post(folder, operation_id, arguments, request_id)
        except OSError as error:
            if error.errno not in _FULL:
                raise
            return False
        return True

    def _retry(self) -> None:
        while not self._wake.wait(_RETRY_S):
            with self._lock:
                self._flush()
                if not self._waiting:
                    return

    def _flush(self) -> None:
        while self._waiting:
            try:
                if not self._post(self._waiting[0]):
                    return
            except OSError as error:
                _say(f"{self._waiting[0][1]} was given up ({error.strerror})")
            del self._waiting[0]

    def wait_empty(self, timeout_s: float) -> bool:
        """Wait until all is posted; False when it is not by then."""
        deadline = time.monotonic() + timeout_s
        while True:
            with self._lock:
                self._flush()
                if not self._waiting:
                    return True
            if time.monotonic() >= deadline:
                return False
            time.sleep(min(_RETRY_S, timeout_s))

    def end(self) -> None:
        """Send what can be sent, and say what cannot."""
        with self._lock:
            self._flush()
            if self._waiting:
                _say(f"{len(self._waiting)} requests to the workspace were lost because the disk was full")


def _say(sentence: str) -> None:
    try:
        os.write(2, f"jupyter-mlws: {sentence}.\n".encode())
    except OSError:
        return


_outbox = _Outbox()


@atexit.register
def _at_exit() -> None:
    _outbox.end()


def _after_fork_in_child() -> None:
    global _outbox
    _outbox = _Outbox()  # what waits is the parent's to send


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)


def send(folder: mailbox.Folder, operation_id: str, arguments: dict[str, Any]) -> str:
    """Ask for an operation without waiting; returns the request's id. Where the disk is full it is posted later.

    Raises
    ------
    OSError
        The mailbox cannot be written for another reason.
    """
    return _outbox.send(folder, operation_id, arguments)


def wait_empty(timeout_s: float) -> bool:
    """Wait until everything that this process asked is in a mailbox; False when it is not by then."""
    return _outbox.wait_empty(timeout_s)
