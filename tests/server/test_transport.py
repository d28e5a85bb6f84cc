"""The client among servers that hang up, send elsewhere, or are none of ours."""

from __future__ import annotations

import multiprocessing
import os
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPSConnection

import pytest

from jupyter_mlws.api.http import ServerApi, connect
from jupyter_mlws.api.routes import Upload
from jupyter_mlws.api.transport import Transport
from jupyter_mlws.errors import Forbidden, InvalidInput, MlwsError, NotFound, Unavailable

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
Answer = Callable[[int, bytes], bytes | None]


@contextmanager
def raw_server(answer: Answer) -> Iterator[tuple[str, list[bytes]]]:
    """A server that answers request n of a connection with bytes, or hangs up for None; and the requests it saw."""
    listener = socket.create_server(("127.0.0.1", 0))
    seen: list[bytes] = []

    def serve(connection: socket.socket) -> None:
        with connection:
            for n in range(100):
                request = b""
                while b"\r\n\r\n" not in request:
                    piece = connection.recv(65536)
                    if not piece:
                        return
                    request += piece
                seen.append(request)
                reply = answer(n, request)
                if reply is None:
                    return
                connection.sendall(reply)
                if b"Connection: close" in reply:
                    return

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/base/", seen
    finally:
        listener.close()


def test_a_connection_is_kept_and_a_dead_one_replaced() -> None:
    with raw_server(lambda n, request: OK if n < 3 else None) as (url, seen):
        transport = Transport(url)
        for _ in range(10):
            assert transport.read_json("/x") == {}
        assert len(seen) >= 10


def test_what_must_not_happen_twice_is_not_sent_twice() -> None:
    with raw_server(lambda n, request: OK if n < 1 else None) as (url, seen):
        transport = Transport(url)
        transport.read_json("/x")
        with pytest.raises(Unavailable):
            transport.send("POST", "/x", b"{}")
        assert sum(request.startswith(b"POST") for request in seen) == 1


def test_a_connection_that_the_server_closed_meanwhile_is_noticed_before_a_post() -> None:
    closing = OK.replace(b"\r\n\r\n", b"\r\nX: y\r\n\r\n", 1)
    with raw_server(lambda n, request: closing if n == 0 else None) as (url, seen):
        transport = Transport(url)
        transport.read_json("/x")
        kept = transport._local.kept.connection.sock
        kept.shutdown(socket.SHUT_WR)  # the server sees the end and hangs up
        assert kept.recv(1, socket.MSG_PEEK) == b""
        transport.send("POST", "/x", b"{}").read()
        assert len(seen) == 2


def test_the_token_travels_in_the_header_alone() -> None:
    with raw_server(lambda n, request: OK) as (url, seen):
        api = connect(url.rstrip("/") + "/?token=s3cret")
        api._transport.read_json("/x")
        assert b"Authorization: token s3cret\r\n" in seen[0]
        assert b"s3cret" not in seen[0].split(b"\r\n")[0]
        assert "s3cret" not in api.url + repr(api) + repr(api._transport) + repr(api.workspace("a"))


def test_a_redirect_is_not_followed_and_the_token_not_sent_elsewhere() -> None:
    with raw_server(lambda n, request: OK) as (elsewhere, asked):
        moved = f"HTTP/1.1 302 Found\r\nLocation: {elsewhere}\r\nContent-Length: 0\r\n\r\n".encode()
        with raw_server(lambda n, request: moved) as (url, _):
            with pytest.raises(Unavailable, match="sends elsewhere"):
                ServerApi(url, "s3cret").registry.list()
        assert asked == []


@pytest.mark.parametrize(
    ("status", "error"),
    [("403 x", Forbidden), ("404 x", NotFound), ("502 Bad Gateway", Unavailable), ("500 x", Unavailable)],
)
def test_a_failure_that_no_handler_of_ours_wrote_is_told_in_our_words(status: str, error: type[MlwsError]) -> None:
    page = b"<html>nginx</html>"
    reply = f"HTTP/1.1 {status}\r\nContent-Length: {len(page)}\r\n\r\n".encode() + page
    with raw_server(lambda n, request: reply) as (url, _):
        with pytest.raises(error) as caught:
            ServerApi(url).registry.list()
        assert "nginx" not in str(caught.value)


def test_a_server_that_is_not_there_is_named_with_a_way_out() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(Unavailable, match=f"127.0.0.1:{port}.*cannot be reached") as caught:
        ServerApi(f"http://127.0.0.1:{port}").registry.list()
    assert caught.value.hint


def test_a_server_that_does_not_answer_is_not_waited_for_longer_than_said() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        transport = Transport(f"http://127.0.0.1:{listener.getsockname()[1]}", timeout_s=0.1)
        with pytest.raises(Unavailable, match="in time"):
            transport.send("GET", "/x")


def test_an_untrusted_certificate_is_told_with_a_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    refused = ssl.SSLCertVerificationError(1, "certificate verify failed")
    refused.verify_message = "self-signed certificate"

    def connect_tls(connection: HTTPSConnection) -> None:
        raise refused  # what the handshake raises

    monkeypatch.setattr(HTTPSConnection, "connect", connect_tls)
    with pytest.raises(Unavailable, match="not trusted: self-signed") as caught:
        ServerApi("https://localhost").registry.list()
    assert "SSL_CERT_FILE" in caught.value.hint


@pytest.mark.parametrize("url", ["", "localhost:8888", "ftp://host", "file:///etc", "http://"])
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(InvalidInput):
        ServerApi(url)


def test_an_answer_that_breaks_off_is_no_answer() -> None:
    cut = OK.replace(b"Content-Length: 2", b"Content-Length: 2000")
    with raw_server(lambda n, request: cut) as (url, _):
        with pytest.raises(Unavailable, match="broke off"):
            Transport(url, timeout_s=0.2).read_json("/x")


def test_a_refusal_before_the_whole_upload_is_read_still_arrives() -> None:
    refusal = b'{"code": "too_large", "message": "Too large.", "hint": "", "details": {}}'
    reply = b"HTTP/1.1 413 x\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(refusal) + refusal
    with raw_server(lambda n, request: reply) as (url, _):
        with pytest.raises(MlwsError):
            ServerApi(url).workspace("w").blobs.upload("x", Upload(bytes(64 * 2**20)))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_fork_takes_a_connection_of_its_own() -> None:
    with raw_server(lambda n, request: OK) as (url, _):
        transport = Transport(url)
        transport.read_json("/x")
        before = transport._local.kept.connection.sock.getsockname()
        context = multiprocessing.get_context("fork")
        answers = context.SimpleQueue()

        def child() -> None:
            transport.read_json("/x")
            answers.put(transport._local.kept.connection.sock.getsockname())

        process = context.Process(target=child)
        process.start()
        assert answers.get() != before
        process.join()
        transport.read_json("/x")
        assert transport._local.kept.connection.sock.getsockname() == before


def test_the_client_stands_on_the_standard_library_alone() -> None:
    code = "import sys, jupyter_mlws.api.http; print(*sorted({name.split('.')[0] for name in sys.modules}))"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    foreign = set(shown) - set(sys.stdlib_module_names) - {"jupyter_mlws", "__main__"}
    assert not {name for name in foreign if not name.startswith(("_", "sitecustomize"))}, foreign
