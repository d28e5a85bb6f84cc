"""Requests that scripts made: each is carried out once, and its answer kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from jupyter_mlws.api.codec import from_builtins, to_builtins
from jupyter_mlws.domain.child import RunEnd
from jupyter_mlws.domain.clock import now
from jupyter_mlws.store.runs import run_number
from jupyter_mlws.store.tables import mailbox_requests

__all__ = ["are_answered", "find_reply", "put_replies", "put_reply", "put_told_end", "told_end"]

# In the place of a request's id, which is a time and a number.
_TOLD_END = "end"


def find_reply(c: Connection, run_id: str, request_id: str) -> dict[str, Any] | None:
    """The answer that was given to a request; None when it was not carried out yet."""
    table = mailbox_requests.c
    query = select(table.reply).where(table.run_number == run_number(c, run_id), table.request_id == request_id)
    reply: dict[str, Any] | None = c.scalar(query)
    return reply


def put_reply(c: Connection, run_id: str, request_id: str, reply: dict[str, Any]) -> None:
    """Keep the answer, in the same transaction as what the request changed: neither is there without the other."""
    c.execute(
        insert(mailbox_requests).values(
            run_number=run_number(c, run_id), request_id=request_id, reply=reply, handled_at=now()
        )
    )


def are_answered(c: Connection, requests: Sequence[tuple[int, str]]) -> bool:
    """Whether any of these requests, each by the number of its run and its own id, was answered."""
    table = mailbox_requests.c
    numbers, ids = {number for number, _ in requests}, {request for _, request in requests}
    query = select(table.run_number).where(table.run_number.in_(numbers), table.request_id.in_(ids)).limit(1)
    return c.execute(query).first() is not None


def put_replies(c: Connection, requests: Sequence[tuple[int, str]], reply: dict[str, Any]) -> None:
    """Keep the same answer of several requests; see `put_reply`."""
    at = now()
    rows = [
        {"run_number": number, "request_id": request, "reply": reply, "handled_at": at} for number, request in requests
    ]
    c.execute(insert(mailbox_requests), rows)


def put_told_end(c: Connection, run_id: str, end: RunEnd) -> None:
    """Keep what a job says of its own end, for when it ends; what was said last counts."""
    table = mailbox_requests.c
    c.execute(delete(mailbox_requests).where(table.run_number == run_number(c, run_id), table.request_id == _TOLD_END))
    put_reply(c, run_id, _TOLD_END, to_builtins(end))


def told_end(c: Connection, run_id: str) -> RunEnd | None:
    """What a job has said of its own end; None when it said nothing."""
    said = find_reply(c, run_id, _TOLD_END)
    return None if said is None else from_builtins(RunEnd, said)
