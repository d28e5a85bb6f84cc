"""What a script asks of the workspace: carried out once, limited to its own run."""

from __future__ import annotations

import errno
import logging
import time
from collections.abc import Callable
from functools import cache
from typing import Any

from jupyter_mlws import faults
from jupyter_mlws.api.codec import from_builtins, to_builtins
from jupyter_mlws.api.interface import NOUNS
from jupyter_mlws.api.routes import Operation, operations
from jupyter_mlws.dispatcher.context import Context
from jupyter_mlws.domain.model import ModelRegistration
from jupyter_mlws.domain.run import Run
from jupyter_mlws.errors import Forbidden, InvalidInput, MlwsError, StorageFull, TooLarge, Unavailable
from jupyter_mlws.runfolder import mailbox
from jupyter_mlws.runfolder.mailbox import Request
from jupyter_mlws.runfolder.paths import RunFolder
from jupyter_mlws.store.mailbox import find_reply, put_reply

__all__ = ["MAX_REQUESTS", "Requests"]

_log = logging.getLogger(__name__)
# What may share a transaction, and how many of them.
_SMALL = "runs.update"
_AT_ONCE = 50
# Of one run, as counted by one dispatcher.
MAX_REQUESTS = 5_000
_TURN_REQUESTS = 100
_TURN_S = 0.2
_MAX_WARNINGS = 20
_MAX_WARNING = 500
_FULL = (errno.ENOSPC, errno.EDQUOT)


@cache
def _allowed() -> dict[str, Operation]:
    """Operations that a job may ask for, by id."""
    every = (operation for noun, protocol in NOUNS.items() for operation in operations(noun, protocol))
    return {operation.id: operation for operation in every if operation.from_job}


class Requests:
    """The mailbox of one run.

    Parameters
    ----------
    context : Context
    folder : RunFolder
    run : Run
    collect : callable
        Given an output's name, stores and records it now: a model is registered of files that are stored.
    """

    def __init__(self, context: Context, folder: RunFolder, run: Run, collect: Callable[[str], None]) -> None:
        self.warnings: list[str] = []
        self._context = context
        self._folder = folder
        self._run = run
        self._collect = collect
        self._count = 0
        self._stuck: set[str] = set()

    def step(self) -> None:
        """Carry out and answer what is pending, for a while: a flood of requests must not hold up the rest."""
        found = mailbox.pending(self._folder, _TURN_REQUESTS + len(self._stuck))
        wanted = [request for request in found if request.id not in self._stuck]
        # From here on: to list a flood takes longer than a turn, and some of it has to be carried out in each.
        until = time.monotonic() + _TURN_S
        while wanted and time.monotonic() <= until:
            together = _together(wanted)
            self._deal_with(together)
            wanted = wanted[len(together) :]

    def finish(self) -> None:
        """Carry out all that is left: the script has ended. What is beyond the limit is told of, not answered."""
        while self._count < MAX_REQUESTS:
            before = self._count
            self.step()
            if self._count == before:
                return
        if mailbox.pending(self._folder, 1):
            self._too_many()

    def _deal_with(self, requests: list[Request]) -> None:
        """Carry out requests in one transaction, which waits for the disk once, and then tell their answers."""
        faults.point("requests.answer")
        before = self._count
        try:
            if len(requests) == 1:
                answers = [self._answer_one(requests[0])]
            else:
                with self._context.write():
                    answers = [self._answer_one(request) for request in requests]
        except BaseException:
            self._count = before  # none of them was carried out
            raise
        faults.point("requests.answered")
        for request, answer in zip(requests, answers, strict=True):
            self._tell(request, answer)

    def _answer_one(self, request: Request) -> dict[str, Any]:
        answer = self._answer(request) if self._count < MAX_REQUESTS else self._too_many()
        self._count += 1
        return answer

    def _tell(self, request: Request, answer: dict[str, Any]) -> None:
        try:
            mailbox.reply(self._folder, request.id, **answer)
            mailbox.remove(self._folder, request.id)
        except OSError as error:
            if error.errno in _FULL:
                raise
            # The script has spoilt its own mailbox: what it asked is done, and nobody is there to be told.
            self._stuck.add(request.id)

    def _too_many(self) -> dict[str, Any]:
        sentence = f"The script made more than {MAX_REQUESTS:,} requests; those beyond were not carried out."
        self._warn(sentence)
        return {"err": TooLarge(sentence, hint="Log numbers as metrics, and tag now and then.").to_payload()}

    def _answer(self, request: Request) -> dict[str, Any]:
        with self._context.store.read() as c:
            given = find_reply(c, self._run.id, request.id)
        if given is not None:
            return given
        try:
            return self._carry_out(request)
        except (Unavailable, StorageFull):
            raise  # asked again as soon as the workspace can answer
        except MlwsError as error:
            return self._refuse(request, error)
        except (ValueError, TypeError, KeyError) as error:
            _log.exception("A request of %s was not understood.", self._run.id)
            return self._refuse(request, InvalidInput(f"The request was not understood ({type(error).__name__})."))

    def _carry_out(self, request: Request) -> dict[str, Any]:
        operation, arguments = self._understand(request)
        for value in arguments.values():
            if isinstance(value, ModelRegistration):
                self._collect(value.path)
        # One transaction: what was done and that it was done are there together, or not at all.
        with self._context.write() as c:
            result = getattr(getattr(self._context.api, operation.noun), operation.name)(**arguments)
            answer = {"ok": to_builtins(result)}
            put_reply(c, self._run.id, request.id, answer)
        return answer

    def _understand(self, request: Request) -> tuple[Operation, dict[str, Any]]:
        if request.problem:
            raise InvalidInput(request.problem)
        operation = _allowed().get(request.operation)
        if operation is None:
            raise Forbidden(f"A job may not ask for {request.operation[:80]!r}.")
        unknown = set(request.arguments) - set(operation.types)
        if unknown:
            raise InvalidInput(f"{operation.id} has no argument {sorted(unknown)[0]!r}.")
        arguments = {
            name: from_builtins(operation.types[name], value, strict=True, at=name)
            for name, value in request.arguments.items()
        }
        self._limit_to_own(arguments)
        return operation, arguments

    def _limit_to_own(self, arguments: dict[str, Any]) -> None:
        own = {self._run.id, str(self._run.number), f"#{self._run.number}"}
        named = [value for name, value in arguments.items() if name == "run"]
        named += [value.run_id for value in arguments.values() if isinstance(value, ModelRegistration)]
        if any(run not in own for run in named):
            raise Forbidden("A job may change its own run only.")

    def _refuse(self, request: Request, error: MlwsError) -> dict[str, Any]:
        self._warn(f"The script's request {request.operation[:80] or '?'} was refused: {error}")
        answer = {"err": error.to_payload()}
        with self._context.write() as c:
            put_reply(c, self._run.id, request.id, answer)
        return answer

    def _warn(self, sentence: str) -> None:
        """Note what a person should know: few sentences and short ones, for the script chooses what they quote."""
        sentence = sentence if len(sentence) <= _MAX_WARNING else sentence[: _MAX_WARNING - 1] + "…"
        if len(self.warnings) < _MAX_WARNINGS and sentence not in self.warnings:
            self.warnings.append(sentence)


def _together(wanted: list[Request]) -> list[Request]:
    """The first requests that can share a transaction: small changes of the record, and nothing that stores files."""
    small = [request.operation == _SMALL for request in wanted[:_AT_ONCE]]
    return wanted[: max(1, (*small, False).index(False))]
