"""What a script asks of the workspace: each change is carried out once, each question answered, in their order."""

from __future__ import annotations

import errno
import logging
import time
from collections.abc import Sequence
from typing import Any, Protocol

from jupyter_mlws import faults
from jupyter_mlws.api.arguments import bind
from jupyter_mlws.api.codec import from_builtins, to_builtins
from jupyter_mlws.api.mailbox import forbidden
from jupyter_mlws.api.routes import Download, Operation
from jupyter_mlws.dispatcher import handing
from jupyter_mlws.dispatcher.bundles import DONE, Bundles, Posted
from jupyter_mlws.dispatcher.context import Context
from jupyter_mlws.dispatcher.family import Family
from jupyter_mlws.dispatcher.part import Part
from jupyter_mlws.dispatcher.permits import Permits, allowed_operations
from jupyter_mlws.domain.model import ModelRegistration
from jupyter_mlws.domain.run import Run
from jupyter_mlws.errors import InvalidInput, MlwsError, StorageFull, TooLarge, Unavailable
from jupyter_mlws.runfolder import mailbox
from jupyter_mlws.runfolder.mailbox import Request
from jupyter_mlws.runfolder.paths import RunFolder
from jupyter_mlws.store.mailbox import find_reply, put_reply

__all__ = ["MAX_REQUESTS", "House", "Requests"]

_log = logging.getLogger(__name__)
# What may share a transaction, and how many of them.
_SMALL = ("runs.update", "runs.create_children", "runs.end")
_AT_ONCE = 50
# Changes of one run, as counted by one dispatcher; its children are counted by themselves (see `Permits`).
MAX_REQUESTS = 5_000
_TURN_REQUESTS = 100
# Held in memory at a time, from however many mailboxes.
_MOST_AT_ONCE = 500
_TURN_S = 0.2
# After a question another one is expected for so long.
_TALK_LASTS_S = 0.3
# A question that the workspace cannot answer is tried again for so long; then its script is told.
_PATIENCE_S = 15.0
_FULL = (errno.ENOSPC, errno.EDQUOT)
# Whatever is wrong with a request, or with us: it must not hold up all that comes after it.
_FAULTS = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError, AssertionError)


class House(Protocol):
    """What a mailbox needs of the rest of the intake."""

    def take_in(self, parts: Sequence[Part], *, points: bool, files: bool) -> None:
        """Store what these runs have written so far."""
        ...

    def collect(self, part: Part, path: str) -> None:
        """Store the output of this name, or all outputs below it, and record them."""
        ...

    def breathe(self) -> None:
        """Do what must not wait for a long answer."""
        ...


class Requests:
    """The mailboxes of a run folder: the root's and those of its children.

    Parameters
    ----------
    context : Context
    run : Run
        The root.
    folder : RunFolder
    family : Family
    house : House
    """

    def __init__(self, context: Context, run: Run, folder: RunFolder, family: Family, house: House) -> None:
        self._context = context
        self._folder = folder
        self._family = family
        self._house = house
        self._permits = Permits(context, run, family)
        self._bundles = Bundles(context, family, self._understand)
        self._made: list[tuple[str, int, bool]] = []
        self._ended: list[Part] = []
        self._asked_at: dict[str, float] = {}
        self._talked_at = -_TALK_LASTS_S
        self._is_behind = False
        self._ending = False
        self._unanswered = 0

    @property
    def in_talk(self) -> bool:
        """Whether the script may be waiting: it has just asked something, or has told more than was carried out."""
        return self._is_behind or time.monotonic() - self._talked_at < _TALK_LASTS_S

    def step(self) -> int:
        """Carry out and answer what is pending, for a while: a flood of requests must not hold up the rest.

        Returns
        -------
        int
            How many were.
        """
        wanted = self._gather()
        count = 0
        # From here on: to list a flood takes longer than a turn, and some of it has to be carried out in each.
        until = time.monotonic() + _TURN_S
        try:
            while wanted and time.monotonic() <= until:
                together = self._together(wanted)
                self._deal_with(together)
                count += len(together)
                wanted = wanted[len(together) :]
                if self._made and any(_is_question(posted.request) for posted in wanted):
                    # What the new children have told, with children of their own, was told before a question as well.
                    wanted = self._gather_again(wanted)
        finally:
            self._is_behind = bool(wanted)
            # Nothing else says that there is something left in these, a failure in between included.
            for posted in wanted:
                posted.part.more = True
        return count

    def finish(self) -> None:
        """Carry out all that is left: the script has ended.

        What is beyond the limit is told of, and what only asks is left: nobody is there to be answered.
        """
        self._ending = True
        for part in self._family:
            part.more = True  # whatever was seen of its mailbox before
        before = -1
        while self.step() or self._unanswered > before:
            before = self._unanswered
        for part in self._family:
            if self._has_enough(part) and mailbox.pending(part.folder, 1):
                self._too_many(part)

    # -- finding them

    def _gather(self) -> list[Posted]:
        """What is pending in all mailboxes, in the order of posting."""
        found = self._read(self._family.with_mail(whole=self._ending))
        if any(_is_question(posted.request) for posted in found.values()):
            # An answer counts on all that was told before, whichever mailbox it was put into.
            found |= self._read(self._family.with_mail(whole=True))
        return [found[request_id] for request_id in sorted(found)]

    def _gather_again(self, left: Sequence[Posted]) -> list[Posted]:
        for posted in left:
            posted.part.more = True  # nothing else says that there is something in these
        return self._gather()

    def _read(self, parts: Sequence[Part]) -> dict[str, Posted]:
        found: dict[str, Posted] = {}
        for part in parts:
            if len(found) < _MOST_AT_ONCE:
                found.update({posted.request.id: posted for posted in self._pending(part)})
            else:
                part.more = True
        return found

    def _pending(self, part: Part) -> list[Posted]:
        if self._ending and self._has_enough(part):
            return []  # nobody is there to be told
        limit = _TURN_REQUESTS + len(part.stuck)
        found = mailbox.pending(part.folder, limit)
        part.more = len(found) >= limit
        if self._ending:
            found = self._without_questions(part, found)
        return [Posted(part, request) for request in found if request.id not in part.stuck]

    def _without_questions(self, part: Part, found: Sequence[Request]) -> list[Request]:
        """What is to be carried out all the same; the others are removed, so that what lies behind them is found."""
        for request in found:
            if _is_question(request) and request.id not in part.stuck:
                part.count += 1
                self._unanswered += 1
                self._forget(part, request)
        return [request for request in found if not _is_question(request)]

    def _forget(self, part: Part, request: Request) -> None:
        try:
            mailbox.remove(part.folder, request.id)
        except OSError:
            part.stuck.add(request.id)

    def _together(self, wanted: list[Posted]) -> list[Posted]:
        """The first requests that can share a transaction: small changes of the record, nothing that stores files."""
        kind = self._bundles.kind(wanted[0].request)
        if kind is not None:
            alike = [self._bundles.kind(posted.request) == kind for posted in wanted[:_AT_ONCE]]
            return wanted[: (*alike, False).index(False)]
        small = [self._is_small(posted.request) for posted in wanted[:_AT_ONCE]]
        return wanted[: max(1, (*small, False).index(False))]

    def _is_small(self, request: Request) -> bool:
        if request.operation != "runs.end":
            return request.operation in _SMALL
        # What a child has logged is taken in before its end, and one that is only just being made is not known yet.
        return self._family.find(request.arguments.get("run")) is not None

    # -- dealing with them

    def _deal_with(self, together: list[Posted]) -> None:
        """Carry out requests in one transaction, which waits for the disk once, and then tell their answers."""
        self._take_in_before_end(together)
        faults.point("requests.answer")
        before = [posted.part.count for posted in together]
        self._made, self._ended = [], []
        try:
            answers = self._answer_all(together)
        except BaseException:
            for posted, count in zip(together, before, strict=True):
                posted.part.count = min(posted.part.count, count)  # none of them was carried out
            raise
        faults.point("requests.answered")
        self._family.add(self._made)
        for part in self._ended:
            self._family.end(part)
        for posted, answer in zip(together, answers, strict=True):
            self._tell(posted, answer)

    def _answer_all(self, together: list[Posted]) -> list[dict[str, Any]]:
        if len(together) == 1:
            return [self._answer_one(together[0])]
        with self._context.write():
            bundled = self._answer_bundle(together)
            return [self._answer_one(posted) for posted in together] if bundled is None else bundled

    def _answer_bundle(self, together: list[Posted]) -> list[dict[str, Any]] | None:
        """The answers to requests that are carried out as one; None where that cannot be done."""
        if self._bundles.kind(together[0].request) is None or any(self._has_enough(p.part) for p in together):
            return None
        try:
            found = self._bundles.carry_out(together)
        except (Unavailable, StorageFull):
            raise
        except (MlwsError, *_FAULTS):
            return None  # one by one shows which of them it was
        if found is None:
            return None
        answers, made = found
        before = len(self._made)
        self._made += [(run.id, run.number, not run.status.is_terminal) for run in made]
        if not made:
            ended = [self._family.find(posted.request.arguments["run"]) for posted in together]
            self._ended += [part for part in ended if part is not None]
        for posted in together:
            posted.part.count += not self._has_made(before)
        return answers

    def _take_in_before_end(self, together: list[Posted]) -> None:
        """A child that has ended has all its points and files, for whoever looks at it from then on."""
        ending = [posted.request for posted in together if posted.request.operation == "runs.end"]
        parts = [part for request in ending if (part := self._family.find(request.arguments.get("run"))) is not None]
        children = [part for part in parts if part is not self._family.root]
        if children:
            self._house.take_in(children, points=True, files=True)

    def _answer_one(self, posted: Posted) -> dict[str, Any]:
        part, request = posted
        if _is_question(request):
            return self._answer_question(part, request)
        before = len(self._made)
        answer = self._too_many(part) if self._has_enough(part) else self._answer(part, request)
        part.count += not self._has_made(before)
        return answer

    def _has_made(self, since: int) -> bool:
        """Whether there are new children among those that were answered with since then."""
        return any(self._family.find(run_id) is None for run_id, _, _ in self._made[since:])

    def _tell(self, posted: Posted, answer: dict[str, Any]) -> None:
        part, request = posted
        self._asked_at.pop(request.id, None)
        try:
            mailbox.reply(part.folder, request.id, **answer)
            mailbox.remove(part.folder, request.id)
        except OSError as error:
            if error.errno in _FULL:
                raise
            # The script has spoilt its own mailbox: what it asked is done, and nobody is there to be told.
            part.stuck.add(request.id)

    def _has_enough(self, part: Part) -> bool:
        """Whether a run has told so much that no more is carried out; each child may be made and ended besides."""
        return part.count >= MAX_REQUESTS + 2 * (len(self._family) - 1)

    def _too_many(self, part: Part) -> dict[str, Any]:
        sentence = f"The script made more than {MAX_REQUESTS:,} requests; those beyond were not carried out."
        part.warn(sentence)
        return {"err": TooLarge(sentence, hint="Log numbers as metrics, and tag now and then.").to_payload()}

    # -- changes

    def _answer(self, part: Part, request: Request) -> dict[str, Any]:
        with self._context.store.read() as c:
            given = find_reply(c, part.id, request.id)
        try:
            if given is not None:
                return self._say_again(request) if given == DONE else given
            return self._carry_out(part, request)
        except (Unavailable, StorageFull):
            raise  # asked again as soon as the workspace can answer
        except MlwsError as error:
            return self._refuse(part, request, error)
        except _FAULTS as error:
            _log.exception("A request of %s was not understood.", part.id)
            return self._refuse(part, request, _not_understood(error))

    def _carry_out(self, part: Part, request: Request) -> dict[str, Any]:
        operation, arguments = self._understand(request)
        self._collect_of(arguments)
        # One transaction: what was done and that it was done are there together, or not at all.
        with self._context.write() as c:
            result = self._call(operation, arguments)
            answer = {"ok": to_builtins(result)}
            put_reply(c, part.id, request.id, DONE if operation.id in _SMALL else answer)
        self._note(operation, arguments, result)
        return answer

    def _collect_of(self, arguments: dict[str, Any]) -> None:
        for value in arguments.values():
            if isinstance(value, ModelRegistration) and (part := self._family.find(value.run_id)) is not None:
                self._house.collect(part, value.path)

    def _call(self, operation: Operation, arguments: dict[str, Any]) -> Any:
        return getattr(getattr(self._context.api, operation.noun), operation.name)(**arguments)

    def _note(self, operation: Operation, arguments: dict[str, Any], result: Any) -> None:
        """Remember what the change means for us, once its transaction is committed."""
        if operation.id == "runs.create_children":
            self._made += [(run.id, run.number, not run.status.is_terminal) for run in result.items]
        elif operation.id == "runs.end" and (part := self._family.find(arguments["run"])) is not self._family.root:
            assert part is not None
            self._ended.append(part)

    def _say_again(self, request: Request) -> dict[str, Any]:
        """The answer to a change that was carried out: whoever was to tell it died before."""
        operation, arguments = self._understand(request)
        if operation.id == "runs.create_children":  # carried out twice it makes nothing new
            return {"ok": to_builtins(self._call(operation, arguments))}
        return {"ok": to_builtins(self._context.api.runs.get(arguments["run"]))}

    def _understand(self, request: Request) -> tuple[Operation, dict[str, Any]]:
        if request.problem:
            raise InvalidInput(request.problem)
        operation = allowed_operations().get(request.operation)
        if operation is None:
            raise forbidden(request.operation)
        given = {
            name: from_builtins(operation.types[name], value, strict=True, at=name)
            for name, value in request.arguments.items()
            if name in operation.types
        }
        unknown = {name: None for name in request.arguments if name not in operation.types}
        return operation, self._permits.limit(operation, bind(operation, (), given | unknown))

    def _refuse(self, part: Part, request: Request, error: MlwsError) -> dict[str, Any]:
        part.refuse(request, error)
        answer = {"err": error.to_payload()}
        with self._context.write() as c:
            put_reply(c, part.id, request.id, answer)
        return answer

    # -- questions

    def _answer_question(self, part: Part, request: Request) -> dict[str, Any]:
        """The answer to what changes nothing: nobody has to remember it."""
        self._talked_at = time.monotonic()
        try:
            operation, arguments = self._understand(request)
            self._take_in_before_answer(operation, arguments)
            return {"ok": self._result(operation, arguments, part.folder, request.id)}
        except Unavailable as error:
            asked_at = self._asked_at.setdefault(request.id, time.monotonic())
            if time.monotonic() - asked_at < _PATIENCE_S:
                raise  # asked again as soon as the workspace can answer
            return {"err": error.to_payload()}
        except MlwsError as error:
            return {"err": error.to_payload()}
        except _FAULTS as error:
            _log.exception("A question of %s was not understood.", part.id)
            return {"err": _not_understood(error).to_payload()}

    def _take_in_before_answer(self, operation: Operation, arguments: dict[str, Any]) -> None:
        """An answer holds all that its script had written before it asked."""
        if operation.id == "runs.list":
            self._house.take_in(self._family.open_ones, points=True, files=False)
            return
        part = self._family.find(arguments.get("run"))
        if part is not None:
            self._house.take_in([part], points=operation.noun in ("runs", "metrics"), files=operation.noun == "files")

    def _result(self, operation: Operation, arguments: dict[str, Any], mail: RunFolder, request_id: str) -> Any:
        result = self._call(operation, arguments)
        if operation.id == "models.fetch":
            handing.hand_model(self._folder, self._context.blobs, result, self._house.breathe)
        if isinstance(result, Download):
            return handing.hand_download(mail, request_id, result, self._house.breathe)
        return to_builtins(result)


def _is_question(request: Request) -> bool:
    operation = allowed_operations().get(request.operation)
    return operation is not None and operation.method == "GET"


def _not_understood(error: Exception) -> InvalidInput:
    return InvalidInput(f"The request was not understood ({type(error).__name__}).")
