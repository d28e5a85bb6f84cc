"""Requests of a script and the answers to them."""

from __future__ import annotations

import os
import threading
import time

import pytest

from jupyter_mlws.api.mailbox import MailboxApi
from jupyter_mlws.domain.model import ModelRegistration
from jupyter_mlws.domain.run import RunUpdate
from jupyter_mlws.errors import Forbidden, InvalidInput, NotFound, TooLarge, Unavailable
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


def answering(folder, *answers):
    """A thread that answers one request after another, as a dispatcher does."""

    def answer():
        for given in answers:
            while not (found := mailbox.pending(folder)):
                time.sleep(0.005)
            (request,) = found
            if isinstance(given, bytes):
                (folder / "mailbox" / "replies").mkdir(exist_ok=True)
                (folder / "mailbox" / "replies" / f"{request.id}.bin").write_bytes(given)
                given = {"ok": {"name": "a.txt", "media_type": "text/plain", "size_bytes": len(given), "digest": None}}
            mailbox.reply(folder, request.id, **given)
            mailbox.remove(folder, request.id)

    thread = threading.Thread(target=answer, daemon=True)
    thread.start()
    return thread


def test_a_question_is_answered_with_the_record_or_the_error_or_the_bytes(tmp_path):
    info = {"id": "w", "name": "lab", "location": "/lab", "schema": 2, "database": "x"}
    page = {"items": [{"name": "a", "count": 2, "last": "NaN", "last_step": 1, "minimum": 0, "maximum": 1,
                       "updated_at": "2026-01-31T12:00:00Z", "newer": 1}], "next_cursor": None}  # fmt: skip
    refused = NotFound("No such run.", hint="Look again.").to_payload()
    thread = answering(tmp_path, {"ok": page}, {"err": refused}, b"bytes" * 1000, {"ok": info | {"size_bytes": "x"}})
    api = MailboxApi(tmp_path)
    (summary,) = api.metrics.list("1").items
    assert (summary.name, summary.count, summary.last != summary.last) == ("a", 2, True)
    with pytest.raises(NotFound) as caught:
        api.runs.get("7")
    assert caught.value.to_payload() == refused
    download = api.files.download("1", name="a.txt")
    assert (download.name, download.media_type, download.size_bytes) == ("a.txt", "text/plain", 5000)
    assert download.read() == b"bytes" * 1000
    with pytest.raises(InvalidInput):
        api.workspace.info()
    thread.join()
    assert [path for path in (tmp_path / "mailbox").rglob("*") if path.is_file()] == []


def test_a_question_outside_of_any_workspace_is_refused_at_once_and_what_is_told_is_kept(tmp_path):
    api = MailboxApi(tmp_path, wait=True, followed=False)
    with pytest.raises(Unavailable, match="offline"):
        api.runs.get("1")
    api.runs.update("1", RunUpdate(tags={"a": "b"}))
    assert [request.operation for request in mailbox.pending(tmp_path)] == ["runs.update"]


def test_a_request_that_nobody_would_read_is_refused_where_it_is_made(tmp_path):
    with pytest.raises(TooLarge):
        mailbox.post(tmp_path, "runs.update", {"x": "y" * mailbox.MAX_REQUEST_BYTES})
    assert mailbox.pending(tmp_path) == []


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
    assert update.arguments["run"] == "12"
    assert {key: value for key, value in update.arguments["update"].items() if value is not None} == {
        "tags": {"a": "b"}
    }
    assert register.operation == "models.register"
    assert len(register.arguments["registration"]["key"]) == 32
    with pytest.raises(Forbidden, match=r"runs\.cancel cannot be asked from inside a job"):
        api.runs.cancel("12")
    with pytest.raises(InvalidInput, match="update must be RunUpdate"):
        api.runs.update("12", {"tags": {}})
    for wrong in (lambda: api.runs.update("12"), lambda: api.runs.update(1, 2, 3), lambda: api.runs.update(x=1)):
        with pytest.raises(InvalidInput):
            wrong()
    with pytest.raises(AttributeError):
        api.nothing
    with pytest.raises(AttributeError):
        api.runs.nothing
