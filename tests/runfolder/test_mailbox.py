"""Requests of a script and the answers to them."""

from __future__ import annotations

import os
import threading

import pytest

from jupyter_mlws.api.mailbox import MailboxApi
from jupyter_mlws.domain.model import ModelRegistration
from jupyter_mlws.domain.run import RunUpdate
from jupyter_mlws.errors import Forbidden, InvalidInput, NotFound, Unavailable
from jupyter_mlws.runfolder import mailbox


def test_requests_are_found_in_the_order_of_posting_until_they_are_answered(tmp_path):
    ids = [mailbox.post(tmp_path, "runs.update", {"n": n}) for n in range(5)]
    assert [request.id for request in mailbox.pending(tmp_path)] == ids
    assert [request.arguments["n"] for request in mailbox.pending(tmp_path)] == list(range(5))
    mailbox.reply(tmp_path, ids[0], ok={"done": True})
    mailbox.remove(tmp_path, ids[1])
    assert [request.id for request in mailbox.pending(tmp_path)] == ids[2:]
    mailbox.remove(tmp_path, ids[1])  # a dispatcher that died in between does it again


def test_an_answer_is_waited_for_and_an_error_is_raised_as_itself(tmp_path):
    first, second = (mailbox.post(tmp_path, "x.y", {}) for _ in range(2))
    waiting = threading.Timer(0.05, mailbox.reply, (tmp_path, first), {"ok": [1]})
    waiting.start()
    assert mailbox.wait_reply(tmp_path, first, timeout_s=20) == [1]
    waiting.join()
    mailbox.reply(tmp_path, second, err=NotFound("There is no such thing.").to_payload())
    with pytest.raises(NotFound, match="no such thing"):
        mailbox.wait_reply(tmp_path, second, timeout_s=20)
    with pytest.raises(Unavailable, match="did not answer"):
        mailbox.wait_reply(tmp_path, "none", timeout_s=0)


def test_what_cannot_be_understood_is_answered_not_obeyed(tmp_path):
    requests = tmp_path / "mailbox" / "requests"
    requests.mkdir(parents=True)
    assert mailbox.pending(tmp_path) == []

    def place(n: int):
        return requests / f"{n:016x}-00000000.json"

    place(1).write_text("{not json")
    place(2).write_text('{"operation": 5, "arguments": {}}')
    place(3).write_text('{"operation": "x.y", "arguments": []}')
    place(4).write_text("[" * 100_000)
    place(5).write_text(" " * (mailbox.MAX_REQUEST_BYTES + 1))
    place(6).symlink_to("/etc/passwd")
    os.mkfifo(place(7))
    place(8).mkdir()
    (requests / "../../escape.json").write_text("{}")
    (requests / "anything.json").write_text("{}")
    (requests / f"{9:016x}-00000000.json.1.tmp").write_text("{}")
    found = mailbox.pending(tmp_path)
    assert len(found) == 8
    assert all(request.problem and not request.operation for request in found)


def test_the_client_in_a_job_tells_what_the_declarations_allow(tmp_path):
    api = MailboxApi(tmp_path)
    api.runs.update("12", RunUpdate(tags={"a": "b"}))
    api.models.register(registration=ModelRegistration(name="m", run_id="r", path="outputs/m.pkl"))
    update, register = mailbox.pending(tmp_path)
    assert update.operation == "runs.update"
    assert update.arguments == {"run": "12", "update": {"display_name": None, "description": None, "tags": {"a": "b"}}}
    assert register.operation == "models.register"
    assert len(register.arguments["registration"]["key"]) == 32
    with pytest.raises(Forbidden, match=r"runs\.cancel cannot be asked from inside a job"):
        api.runs.cancel("12")
    with pytest.raises(InvalidInput, match="update must be a RunUpdate"):
        api.runs.update("12", {"tags": {}})
    for wrong in (lambda: api.runs.update("12"), lambda: api.runs.update(1, 2, 3), lambda: api.runs.update(x=1)):
        with pytest.raises((TypeError, InvalidInput)):
            wrong()
    with pytest.raises(AttributeError):
        api.nothing
    with pytest.raises(AttributeError):
        api.runs.nothing
