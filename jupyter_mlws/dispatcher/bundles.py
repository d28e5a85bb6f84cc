"""Requests of one kind that are carried out as one: a loop that makes and ends children asks twice for each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection

from jupyter_mlws.api.codec import to_builtins
from jupyter_mlws.api.routes import Operation
from jupyter_mlws.dispatcher.context import Context
from jupyter_mlws.dispatcher.family import Family
from jupyter_mlws.dispatcher.part import Part
from jupyter_mlws.domain.child import NewChildren
from jupyter_mlws.domain.page import Page
from jupyter_mlws.domain.run import Run
from jupyter_mlws.runfolder.mailbox import Request
from jupyter_mlws.services.checking import check_storable
from jupyter_mlws.store.mailbox import are_answered, put_replies
from jupyter_mlws.store.run_children import end_children

__all__ = ["DONE", "Bundles", "Posted", "Understand"]

# Kept of an answer that can be had again: that its request was carried out.
DONE = {"done": True}
Understand = Callable[[Request], tuple[Operation, dict[str, Any]]]
Answers = list[dict[str, Any]]


class Posted(NamedTuple):
    """A request and whose mailbox it was found in."""

    part: Part
    request: Request


class Bundles:
    """Carries out requests of one kind in a few statements.

    Whatever is unusual about one of them raises or gives None, and nothing is changed. Then they are to be carried out
    one by one, which tells which of them it was.

    Parameters
    ----------
    context : Context
    family : Family
    understand : callable
        Checks a request.
    """

    def __init__(self, context: Context, family: Family, understand: Understand) -> None:
        self._context = context
        self._family = family
        self._understand = understand

    def kind(self, request: Request) -> object:
        """What requests have in common that can be bundled; None for what cannot."""
        if request.operation == "runs.end":
            part = self._family.find(request.arguments.get("run"))
            return None if part in (None, self._family.root) else "end"
        if request.operation == "runs.create_children":
            parent = request.arguments.get("run")
            return ("make", parent) if isinstance(parent, str) else None
        return None

    def carry_out(self, together: Sequence[Posted]) -> tuple[Answers, tuple[Run, ...]] | None:
        """The answers to requests of one kind, and the runs that were made; in the transaction of the caller."""
        asked = [self._understand(posted.request)[1] for posted in together]
        requests = [(posted.part.number, posted.request.id) for posted in together]
        with self._context.write() as c:
            if are_answered(c, requests):
                return None
            is_end = together[0].request.operation == "runs.end"
            found = (self._end(c, asked), ()) if is_end else self._make(asked)
            put_replies(c, requests, DONE)
        return found

    def _end(self, c: Connection, asked: Sequence[dict[str, Any]]) -> Answers:
        ends = []
        for arguments in asked:
            part = self._family.find(arguments["run"])
            assert part is not None
            check_storable(to_builtins(arguments["end"]), "end")
            ends.append((part.number, arguments["end"]))
        found = end_children(c, ends)
        return [{"ok": to_builtins(found[number])} for number, _ in ends]

    def _make(self, asked: Sequence[dict[str, Any]]) -> tuple[Answers, tuple[Run, ...]]:
        wanted = NewChildren(items=tuple(child for arguments in asked for child in arguments["children"].items))
        made = self._context.api.runs.create_children(asked[0]["run"], wanted).items
        rest = iter(made)
        pages = [Page(items=tuple(next(rest) for _ in arguments["children"].items)) for arguments in asked]
        return [{"ok": to_builtins(page)} for page in pages], made
