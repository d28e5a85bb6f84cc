"""How requests, answers, files and failures travel, whatever the services behind do."""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import os
import re
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from jupyter_mlws.api.http import ServerApi
from jupyter_mlws.api.routes import Download, Upload
from jupyter_mlws.domain.file import LogPart
from jupyter_mlws.domain.job import InputFile
from jupyter_mlws.domain.page import Page
from jupyter_mlws.errors import (
    CorruptData,
    InvalidInput,
    MlwsError,
    NotFound,
    RunFailed,
    StorageFull,
    TooLarge,
    Unavailable,
)

from .conftest import in_thread

Put = Callable[..., None]
PREFIX = ("mlws", "api", "v1")


def keep(content: Upload) -> tuple[int, str]:
    digest, size = hashlib.sha256(), 0
    while piece := content.file.read(2**20):
        digest.update(piece)
        size += len(piece)
    return size, digest.hexdigest()


def upload(name: str, content: Upload) -> InputFile:
    size, digest = keep(content)
    assert content.size_bytes == size
    return InputFile(name=name, digest=digest, size_bytes=size)


@pytest.mark.parametrize("size", [0, 1, 2**20, 20 * 2**20 + 7])
async def test_a_file_of_any_size_arrives_as_it_was(server: ServerApi, answer_with: Put, size: int) -> None:
    answer_with(blobs={"upload": upload})
    content = os.urandom(size)
    api = server.workspace("here")
    kept = await in_thread(api.blobs.upload, "x", Upload(content))
    assert (kept.size_bytes, kept.digest) == (size, hashlib.sha256(content).hexdigest())


async def test_a_stream_of_unknown_size_arrives_as_it_was(server: ServerApi, answer_with: Put) -> None:
    answer_with(blobs={"upload": upload})
    read, write = os.pipe()
    content = os.urandom(3_000_000)

    def feed() -> None:
        with open(write, "wb") as file:
            file.write(content)

    threading.Thread(target=feed, daemon=True).start()
    with os.fdopen(read, "rb") as source:
        kept = await in_thread(server.workspace("here").blobs.upload, "x", Upload(source))
    assert kept.digest == hashlib.sha256(content).hexdigest()


async def test_an_upload_beyond_the_limit_is_refused_with_a_reason(
    server: ServerApi, answer_with: Put, backend: Any
) -> None:
    answer_with(blobs={"upload": upload})
    backend.max_upload_bytes = 1_000_000
    with pytest.raises(TooLarge):
        await in_thread(server.workspace("here").blobs.upload, "x", Upload(bytes(1_000_001)))
    kept = await in_thread(server.workspace("here").blobs.upload, "x", Upload(bytes(1_000_000)))
    assert kept.size_bytes == 1_000_000

    class Stream(io.BytesIO):
        def seekable(self) -> bool:
            return False

    # Nobody says beforehand how much it will be.
    with pytest.raises(TooLarge):
        await in_thread(server.workspace("here").blobs.upload, "x", Upload(Stream(bytes(3_000_000))))


@pytest.mark.parametrize("what", ["application/json", "application/octet-stream"])
async def test_what_is_announced_as_endless_is_refused_before_any_of_it_comes(
    what: str, server: ServerApi, jp_serverapp: Any, answer_with: Put
) -> None:
    answer_with(blobs={"upload": upload})
    path = "runs" if what == "application/json" else "blobs?name=x"
    head = (
        f"POST /a%40b/mlws/api/v1/workspaces/here/{path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {what}\r\n"
        f"Authorization: token {server._transport._token}\r\nContent-Length: {10**13}\r\n\r\n"
    )
    reader, writer = await asyncio.open_connection("127.0.0.1", jp_serverapp.port)
    writer.write(head.encode())
    answer = await asyncio.wait_for(reader.read(), 10)
    writer.close()
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b'"code":"too_large"' in answer


async def test_an_upload_that_the_disk_has_no_room_for_is_refused(
    server: ServerApi, answer_with: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full(io.BytesIO):
        def write(self, piece: Any) -> int:
            raise OSError(28, "No space left on device")

    answer_with(blobs={"upload": upload})
    monkeypatch.setattr("jupyter_mlws.server.body._spooled", Full)
    with pytest.raises(StorageFull):
        await in_thread(server.workspace("here").blobs.upload, "x", Upload(b"x"))


@pytest.mark.parametrize("known_size", [True, False])
async def test_a_download_arrives_as_it_was(server: ServerApi, answer_with: Put, known_size: bool) -> None:
    pieces = [os.urandom(300_000) for _ in range(20)]
    content = b"".join(pieces)

    def download(run: str, name: str, kind: str = "output") -> Download:
        digest = hashlib.sha256(content).hexdigest()
        return Download(iter(pieces), name="ä b.bin", size_bytes=len(content) if known_size else None, digest=digest)

    answer_with(files={"download": download})
    found = await in_thread(server.workspace("here").files.download, "1", "ä b.bin")
    assert found.name == "ä b.bin"
    assert await in_thread(found.read) == content


async def test_the_next_piece_is_made_when_the_last_has_left(server: ServerApi, answer_with: Put) -> None:
    made = 0

    def pieces() -> Iterator[bytes]:
        nonlocal made
        for _ in range(200):
            made += 1
            yield bytes(1_000_000)

    answer_with(files={"download": lambda run, name, kind="output": Download(pieces())})
    found = await in_thread(server.workspace("here").files.download, "1", "big")
    first = await in_thread(next, iter(found.chunks))
    assert first
    # What the sockets hold may be ahead of the reader, the rest is not even made.
    assert made < 50


async def test_a_download_that_breaks_off_is_never_taken_for_the_whole(server: ServerApi, answer_with: Put) -> None:
    def pieces() -> Iterator[bytes]:
        yield bytes(2_000_000)
        raise CorruptData("A blob is damaged.")

    for size in (None, 4_000_000):
        answer_with(files={"download": lambda run, name, kind="output", size=size: Download(pieces(), size_bytes=size)})
        found = await in_thread(server.workspace("here").files.download, "1", "x")
        with pytest.raises(Unavailable):
            await in_thread(found.read)


async def test_bytes_that_are_not_those_that_were_sent_are_noticed(server: ServerApi, answer_with: Put) -> None:
    digest = hashlib.sha256(b"other").hexdigest()
    answer_with(files={"download": lambda run, name, kind="output": Download([b"bytes"], digest=digest)})
    found = await in_thread(server.workspace("here").files.download, "1", "x")
    with pytest.raises(CorruptData):
        await in_thread(found.read)


async def test_a_missing_file_is_answered_before_any_byte(server: ServerApi, answer_with: Put) -> None:
    def pieces() -> Iterator[bytes]:
        raise NotFound("There is no such file.")
        yield b""

    answer_with(files={"download": lambda run, name, kind="output": Download(pieces())})
    with pytest.raises(NotFound):
        await in_thread(server.workspace("here").files.download, "1", "x")


NAMES = {
    "../../etc/passwd": "passwd",
    "..\\..\\x.exe": "x.exe",
    'a"; filename="b.html': "a%22%3B%20filename%3D%22b.html",
    "a\r\nX: y": "aX%3A%20y",
    "..": "download",
    "": "download",
}


async def test_P22_a_downloaded_file_has_a_plain_name(jp_fetch: Any, answer_with: Put) -> None:
    # The services look a name up; here they give back whatever was asked for.
    answer_with(files={"download": lambda run, name, kind="output": Download([b"<script>"], name=names[int(run)])})
    names = list(NAMES)
    for number, name in enumerate(names):
        answer = await jp_fetch(*PREFIX, "workspaces", "here", "runs", str(number), "file", params={"name": "x"})
        assert answer.headers["Content-Disposition"] == f"attachment; filename*=UTF-8''{NAMES[name]}"
        assert answer.headers["Content-Type"] == "application/octet-stream"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in answer.headers["Content-Security-Policy"]
        assert answer.headers["Cache-Control"] == "no-store"


async def test_a_failure_crosses_http_and_remains_itself(server: ServerApi, answer_with: Put) -> None:
    def fail(run: str) -> None:
        raise RunFailed("Run #1 failed \ud800.", hint="Look at its log.", details={"number": 1, "loss": float("nan")})

    answer_with(runs={"get": fail})
    with pytest.raises(RunFailed) as caught:
        await in_thread(server.workspace("here").runs.get, "1")
    assert caught.value.hint == "Look at its log."
    assert caught.value.details == {"number": 1, "loss": "NaN"}


async def test_what_is_our_own_mistake_is_not_told_in_detail(
    server: ServerApi, jp_fetch: Any, answer_with: Put, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(run: str) -> None:
        raise ZeroDivisionError("a secret detail")

    answer_with(runs={"get": fail})
    token = {"token": server._transport._token}
    caplog.clear()
    answer = await jp_fetch(*PREFIX, "workspaces", "here", "runs", "1", raise_error=False, params=token)
    assert answer.code == 500
    assert json.loads(answer.body)["code"] == "internal_error"
    assert b"secret" not in answer.body
    assert "a secret detail" in caplog.text  # in the log, for the operator
    assert token["token"] not in caplog.text
    with pytest.raises(MlwsError, match="failed to answer"):
        await in_thread(server.workspace("here").runs.get, "1")


async def test_a_busy_server_says_when_to_come_back(jp_fetch: Any, answer_with: Put) -> None:
    def busy() -> None:
        raise Unavailable("The database is busy.")

    answer_with(compute={"list": busy})
    answer = await jp_fetch(*PREFIX, "workspaces", "here", "compute", raise_error=False)
    assert answer.code == 503
    assert answer.headers["Retry-After"] in {"1", "2", "3"}


async def test_more_requests_than_the_server_bears_are_refused_not_queued(
    server: ServerApi, jp_fetch: Any, answer_with: Put, backend: Any
) -> None:
    go_on, pool = threading.Event(), backend._pools["read"]
    pool._limit = 1
    answer_with(compute={"list": lambda: go_on.wait(10) and Page(items=())})
    first = jp_fetch(*PREFIX, "workspaces", "here", "compute")
    answer = await jp_fetch(*PREFIX, "workspaces", "here", "compute", raise_error=False)
    # Whichever came first waits; the other one is told at once.
    assert answer.code == 503
    go_on.set()
    assert (await first).code == 200


async def test_what_takes_long_holds_up_no_cancel(jp_fetch: Any, answer_with: Put) -> None:
    go_on = threading.Event()
    answer_with(
        trash={"collect": lambda: go_on.wait(20) and Page(items=())},
        archives={"import_file": lambda content: go_on.wait(20) and Page(items=())},
        runs={"cancel": lambda run: Page(items=())},
    )
    place = (*PREFIX, "workspaces", "here")
    as_json, as_bytes = ({"Content-Type": f"application/{kind}"} for kind in ("json", "octet-stream"))
    long = [
        asyncio.ensure_future(jp_fetch(*place, *path, method="POST", body="{}", headers=headers))
        for path, headers in ((("trash", "collect"), as_json), (("archive",), as_bytes))
        for _ in range(4)
    ]
    try:
        cancel = jp_fetch(*place, "runs", "1", "cancel", method="POST", body="{}", headers=as_json)
        assert (await asyncio.wait_for(cancel, 10)).code == 200
        assert not any(request.done() for request in long)
    finally:
        go_on.set()
        answers = await asyncio.gather(*long)
    assert {answer.code for answer in answers} == {200}


async def test_text_that_is_no_unicode_does_not_break_an_answer(server: ServerApi, answer_with: Put) -> None:
    part = LogPart(text="caf\udce9", next_offset=4, size_bytes=4, ended=True)
    answer_with(logs={"read": lambda run, name="std.log", offset=0, limit=1: part})
    found = await in_thread(server.workspace("here").logs.read, "1")
    assert found.text == "caf?"


async def test_arguments_travel_with_their_types(server: ServerApi, answer_with: Put) -> None:
    seen: list[dict[str, Any]] = []

    def list_runs(**arguments: Any) -> Page[Any]:
        seen.append(arguments)
        return Page(items=())

    answer_with(runs={"list": list_runs})
    api = server.workspace("here")
    await in_thread(api.runs.list, "a b/ä&=?#", include_children=True, limit=7)
    await in_thread(api.runs.list, search="")
    assert seen == [{"experiment": "a b/ä&=?#", "include_children": True, "limit": 7}, {"search": ""}]


async def test_the_client_refuses_what_the_declaration_does_not_have(server: ServerApi) -> None:
    api = server.workspace("here")
    with pytest.raises(InvalidInput, match=r"runs\.get takes run"):
        api.runs.get("1", colour="red")
    with pytest.raises(InvalidInput):
        api.runs.get()
    with pytest.raises(InvalidInput):
        api.runs.get("..")


async def test_a_segment_is_never_a_path(server: ServerApi, answer_with: Put) -> None:
    answer_with(runs={"get": lambda run: (_ for _ in ()).throw(NotFound(f"no run {run}"))})
    with pytest.raises(NotFound, match=re.escape("no run a/../b c")):
        await in_thread(server.workspace("here").runs.get, "a/../b c")
