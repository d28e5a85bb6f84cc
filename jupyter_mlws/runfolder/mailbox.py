"""The mailbox: what a script asks of the workspace, one JSON file for each request and each answer.

A request names an operation of the API (``runs.update``) and its arguments; its id is a time and a random part, so
that names sort in the order of posting. Files appear whole (written beside, renamed into place). A request stays
until its answer is written; whoever answers twice because it died in between writes the same answer.
"""

from __future__ import annotations

import json
import os
import re
import time
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, Union

from jupyter_mlws import faults
from jupyter_mlws.errors import MlwsError, TooLarge, Unavailable, from_payload
from jupyter_mlws.runfolder import clock
from jupyter_mlws.runfolder.files import open_inside, read_plain, write_whole
from jupyter_mlws.runfolder.names import REPLIES, REQUESTS
from jupyter_mlws.runfolder.own_secrets import masked

__all__ = [
    "BYTES_SUFFIX",
    "MAX_REQUEST_BYTES",
    "Folder",
    "Request",
    "new_id",
    "pending",
    "post",
    "remove",
    "reply",
    "take_bytes",
    "wait_reply",
]

Folder = Union[str, "os.PathLike[str]"]

# A script may write anything here: what is larger is answered without being read.
MAX_REQUEST_BYTES = 1_000_000
_SUFFIX = ".json"
# Of the bytes that belong to an answer; whole before the answer appears.
BYTES_SUFFIX = ".bin"
_FIRST_PAUSE_S, _LAST_PAUSE_S = 0.005, 0.05
_REQUEST = re.compile(r"[0-9a-f]{16}-[0-9a-f]{8}\.json")


class Request(NamedTuple):
    """A request as it was found. `operation` is '' and `problem` a sentence when it cannot be understood."""

    id: str
    operation: str
    arguments: dict[str, Any]
    problem: str = ""


def new_id() -> str:
    """An id for a request; those of one process sort in the order of their making."""
    return f"{clock.now_ns():016x}-{os.urandom(4).hex()}"


def post(folder: Folder, operation_id: str, arguments: dict[str, Any], request_id: str = "") -> str:
    """Ask for an operation; returns the request's id without waiting.

    Raises
    ------
    TooLarge
        Nobody would read the request: it is above `MAX_REQUEST_BYTES`.
    """
    requests = Path(folder) / REQUESTS
    requests.mkdir(parents=True, exist_ok=True)
    request_id = request_id or new_id()
    body = json.dumps({"operation": operation_id, "arguments": masked(arguments)}).encode()
    if len(body) > MAX_REQUEST_BYTES:
        raise TooLarge(
            f"The request {operation_id} takes {len(body):,} bytes.",
            hint=f"At most {MAX_REQUEST_BYTES:,} can be asked at once.",
        )
    faults.point("mailbox.request")
    write_whole(requests / f"{request_id}{_SUFFIX}", body)
    faults.point("mailbox.requested")
    return request_id


def pending(folder: Folder, limit: int | None = None) -> list[Request]:
    """Requests without an answer, oldest first, at most `limit` of them; none where a script spoilt its mailbox."""
    try:
        requests = open_inside(folder, REQUESTS)
    except OSError:
        return []
    try:
        found = sorted(name for name in os.listdir(requests) if _REQUEST.fullmatch(name))
        if not found:
            return []
        answered = _answered(folder)
        open_ones = [name for name in found if name not in answered]
        return [_read(name, requests) for name in open_ones[:limit]]
    finally:
        os.close(requests)


def _answered(folder: Folder) -> set[str]:
    try:
        replies = open_inside(folder, REPLIES)
    except OSError:
        return set()
    try:
        return set(os.listdir(replies))
    finally:
        os.close(replies)


def _read(name: str, dir_fd: int) -> Request:
    request_id = name[: -len(_SUFFIX)]
    try:
        data = read_plain(name, MAX_REQUEST_BYTES + 1, dir_fd=dir_fd)
        if len(data) > MAX_REQUEST_BYTES:
            return Request(request_id, "", {}, f"The request is larger than {MAX_REQUEST_BYTES:,} bytes.")
        body = json.loads(data)
        return Request(request_id, _text(body["operation"]), _mapping(body["arguments"]))
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        return Request(request_id, "", {}, f"The request cannot be read ({type(error).__name__}).")


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("an operation is named by text")
    return value


def _mapping(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TypeError("arguments are an object")
    return value


def reply(folder: Folder, request_id: str, *, ok: Any = None, err: dict[str, Any] | None = None) -> None:
    """Answer a request: with a JSON-ready value, or with an error's payload.

    Raises
    ------
    OSError
        The disk is full, or the script has put something else in the place of its mailbox: a link is never followed.
    """
    body = {"ok": ok} if err is None else {"err": err}
    replies = open_inside(folder, REPLIES, make=True)
    try:
        faults.point("mailbox.reply")
        write_whole(f"{request_id}{_SUFFIX}", json.dumps(body).encode(), dir_fd=replies)
        faults.point("mailbox.replied")
    finally:
        os.close(replies)


def remove(folder: Folder, request_id: str) -> None:
    """Forget a request that was answered and carried out; its answer stays. `OSError` as with `reply`."""
    faults.point("mailbox.remove")
    requests = open_inside(folder, REQUESTS)
    try:
        os.unlink(f"{request_id}{_SUFFIX}", dir_fd=requests)
    except FileNotFoundError:
        pass  # a dispatcher that died in between had done it
    finally:
        os.close(requests)


def wait_reply(folder: Folder, request_id: str, timeout_s: float = 60.0, *, keep: bool = True) -> Any:
    """Wait for an answer: its value is returned, its error raised. With `keep` false its file is removed.

    Raises
    ------
    Unavailable
        Nobody answered in time; the message says how far the request got.
    MlwsError
        The error that the workspace answered with, as its own class.
    """
    deadline = time.monotonic() + timeout_s
    pause_s = _FIRST_PAUSE_S
    while True:
        answer = _answer(folder, request_id, keep)
        if answer is not None:
            return _value(answer)
        left = deadline - time.monotonic()
        if left <= 0:
            raise _no_answer(folder, request_id, timeout_s)
        time.sleep(min(pause_s, left))
        pause_s = min(pause_s * 1.2, _LAST_PAUSE_S)


def _no_answer(folder: Folder, request_id: str, timeout_s: float) -> Unavailable:
    if not os.path.isdir(folder):
        return Unavailable("The run folder is gone, so the workspace cannot answer.", hint="The run has been ended.")
    waits = os.path.exists(Path(folder, REQUESTS, f"{request_id}{_SUFFIX}"))
    return Unavailable(
        f"The workspace did not answer within {timeout_s:g} s"
        + ("; its dispatcher has not taken the request up." if waits else "."),
        hint="Its dispatcher may have stopped; `mlws doctor` on the submitting machine tells.",
    )


def take_bytes(folder: Folder, request_id: str) -> BinaryIO:
    """The bytes that belong to an answer, for reading; their file is gone when this one is closed.

    Raises
    ------
    Unavailable
        They are not there.
    """
    path = Path(folder, REPLIES, f"{request_id}{BYTES_SUFFIX}")
    try:
        file = path.open("rb")
        path.unlink()
    except OSError as error:
        raise Unavailable(f"The workspace's answer cannot be read ({error.strerror}).", hint="Ask again.") from error
    return file


def _answer(folder: Folder, request_id: str, keep: bool) -> dict[str, Any] | None:
    path = Path(folder, REPLIES, f"{request_id}{_SUFFIX}")
    try:
        body = json.loads(path.read_bytes())
        if not keep:
            path.unlink(missing_ok=True)
    except FileNotFoundError:
        return None
    if not isinstance(body, dict):
        raise MlwsError("The workspace's answer cannot be read.")
    return body


def _value(answer: dict[str, Any]) -> Any:
    if "err" in answer:
        raise from_payload(answer["err"])
    return answer.get("ok")
