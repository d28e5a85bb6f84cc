"""The API over HTTP: the nouns and methods that services have in process, made from the declarations."""

from __future__ import annotations

import hashlib
import os
from base64 import b64decode
from collections.abc import Callable, Iterator
from enum import Enum
from functools import partial
from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit

from jupyter_mlws.api import codec
from jupyter_mlws.api.arguments import bind
from jupyter_mlws.api.discovery import discover
from jupyter_mlws.api.interface import (
    NOUNS,
    SERVER_NOUNS,
    ArchivesApi,
    BlobsApi,
    ComputeApi,
    CopiesApi,
    DocumentsApi,
    EnvironmentsApi,
    ExperimentsApi,
    FilesApi,
    FoldersApi,
    LogsApi,
    MetricsApi,
    ModelsApi,
    NotebooksApi,
    RegistryApi,
    RunsApi,
    SecretsApi,
    SnapshotsApi,
    TrashApi,
    WorkspaceApi,
)
from jupyter_mlws.api.routes import Download, Operation, Upload, operations
from jupyter_mlws.api.transport import Answer, Transport
from jupyter_mlws.domain.workspace import WorkspaceInfo
from jupyter_mlws.errors import Conflict, CorruptData, InvalidInput, InvalidName, NotFound, TooLarge, Unavailable

__all__ = ["HttpApi", "ServerApi", "connect", "find_server", "open_workspace"]

# Servers take a request's head of 64 KiB; the rest is for its other lines.
_MOST_ADDRESS = 60_000

_PREFIX = "/mlws/api/v1"
# Up to this size a download is read at once and its connection is kept.
_SMALL_BYTES = 2**20
# Snapshotting a folder or sending a file takes as long as it takes; a kernel that asks for its notebook waits no longer
# than a person would.
_LONG_TIMEOUT_S = 600.0
_SHORT_TIMEOUT_S = 15.0


class _Noun:
    """The operations of one noun as methods."""

    def __init__(self, noun: str, protocol: type, send: Callable[..., Any]) -> None:
        for operation in operations(noun, protocol):
            setattr(self, operation.name, partial(send, operation))


class _Client:
    """Sends operations below one address."""

    def __init__(self, transport: Transport, prefix: str, nouns: dict[str, type]) -> None:
        self._transport = transport
        self._prefix = prefix
        for noun, protocol in nouns.items():
            setattr(self, noun, _Noun(noun, protocol, self._send))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._transport.url + self._prefix!r})"

    def _send(self, operation: Operation, *values: Any, **named: Any) -> Any:
        arguments = bind(operation, values, named)
        answer = self._transport.send(
            operation.method,
            self._prefix + _target(operation, arguments),
            _body(operation, arguments),
            timeout_s=_timeout(operation),
        )
        if operation.returns is Download:
            return self._download(answer)
        data = answer.read()
        try:
            return codec.decode(operation.returns, data)
        except InvalidInput as error:
            raise Unavailable(
                f"What answers at {self._transport.url} is no workspace of this version.",
                hint="Give the base URL of a Jupyter server that has jupyter-mlws.",
            ) from error

    def _download(self, answer: Answer) -> Download:
        size_bytes, digest = answer.size_bytes, _digest(answer)
        if size_bytes is not None and size_bytes <= _SMALL_BYTES:
            pieces: Iterator[bytes] = iter([answer.read()])
        else:
            self._transport.keep_apart()
            pieces = answer.pieces()
        name = answer.headers.get_filename() or "download"
        media_type = answer.headers.get_content_type()
        checked = pieces if digest is None else _verified(pieces, digest)
        return Download(checked, name=name, media_type=media_type, size_bytes=size_bytes, digest=digest)


class HttpApi(_Client):
    """A workspace behind a Jupyter server; implements `jupyter_mlws.api.interface.Api`.

    Parameters
    ----------
    base_url : str
        Of the Jupyter server.
    workspace_id : str
        In the registry of the server's user.
    token : str
    """

    is_remote = True

    workspace: WorkspaceApi
    experiments: ExperimentsApi
    runs: RunsApi
    logs: LogsApi
    files: FilesApi
    folders: FoldersApi
    metrics: MetricsApi
    snapshots: SnapshotsApi
    trash: TrashApi
    blobs: BlobsApi
    models: ModelsApi
    archives: ArchivesApi
    environments: EnvironmentsApi
    compute: ComputeApi
    secrets: SecretsApi

    def __init__(
        self, base_url: str, workspace_id: str, token: str = "", *, transport: Transport | None = None
    ) -> None:
        prefix = f"{_PREFIX}/workspaces/{_segment('workspace', workspace_id)}"
        super().__init__(transport or Transport(base_url, token), prefix, NOUNS)


class ServerApi(_Client):
    """A Jupyter server with the extension: its workspaces and its documents.

    Parameters
    ----------
    url : str
    token : str
    root : str, optional
        The folder that the server shows, on this machine.
    document : str, optional
        Path of this kernel's notebook, as the server knows it.
    """

    registry: RegistryApi
    documents: DocumentsApi
    notebooks: NotebooksApi
    copies: CopiesApi

    def __init__(self, url: str, token: str = "", *, root: str = "", document: str = "", kernel_id: str = "") -> None:
        super().__init__(Transport(url, token), _PREFIX, SERVER_NOUNS)
        self.url = self._transport.url
        self.root = root
        self.document = document
        self.kernel_id = kernel_id

    def workspace(self, workspace_id: str) -> HttpApi:
        """The workspace of this id."""
        return HttpApi(self.url, workspace_id, transport=self._transport)

    def relative_path(self, document: str | os.PathLike[str]) -> str:
        """A document's path as the server shows it; that of this kernel's notebook when it lies outside the root."""
        if self.root:
            path = os.path.relpath(os.path.abspath(document), self.root)
            if path != os.pardir and not path.startswith(os.pardir + os.sep):
                return "" if path == os.curdir else path.replace(os.sep, "/")
        return self.document


def connect(url: str, token: str = "") -> ServerApi:
    """The Jupyter server at `url`.

    Parameters
    ----------
    url : str
    token : str, optional
        Without it that of the URL's query is sent, else that of the variable ``MLWS_TOKEN``, else, to a server of this
        machine only, that of ``JUPYTER_TOKEN``.
    """
    if not (token or parse_qs(urlsplit(url).query).get("token")):
        token = os.environ.get("MLWS_TOKEN") or _token_of_this_machine(url)
    return ServerApi(url, token)


def _token_of_this_machine(url: str) -> str:
    """The token that Jupyter servers of this machine were given: no other server is to see it."""
    here = urlsplit(url).hostname in ("localhost", "127.0.0.1", "::1")
    return os.environ.get("JUPYTER_TOKEN", "") if here else ""


def open_workspace(url: str, token: str = "", workspace: str = "") -> tuple[ServerApi, WorkspaceInfo]:
    """A workspace of the Jupyter server at `url`.

    Parameters
    ----------
    url : str
        Base URL of the server, such as ``https://host/user/ada/``; what follows ``#`` names the workspace.
    token : str, optional
        See `connect`.
    workspace : str, optional
        Name or id of one of the server's workspaces; default: that of the folder which the server shows.

    Raises
    ------
    NotFound
        There is no server with the extension at this address, or it has no such workspace; the hint lists those it has.
    Conflict
        Several of its workspaces have this name.
    Forbidden
        The server does not accept the token.
    Unavailable
        Nobody answers at this address.
    """
    address, _, named = url.partition("#")
    server = connect(address, token)
    wanted = workspace or named
    return server, _named(server, wanted) if wanted else server.registry.resolve("")


def _named(server: ServerApi, wanted: str) -> WorkspaceInfo:
    known = server.registry.list().items
    found = [info for info in known if info.id == wanted] or [info for info in known if info.name == wanted]
    if not found:
        names = ", ".join(sorted({info.name for info in known})) or "none"
        raise NotFound(f"The server at {server.url} has no workspace {wanted[:80]!r}.", hint=f"It has: {names}.")
    if len(found) > 1:
        ids = ", ".join(f"{info.id} ({info.location})" for info in found)
        raise Conflict(
            f"The server at {server.url} has {len(found)} workspaces {wanted!r}.", hint=f"Give an id: {ids}."
        )
    return found[0]


def find_server() -> ServerApi | None:
    """The Jupyter server that started this kernel, if it can be told for certain; never a guess among several."""
    facts = discover()
    if facts is None:
        return None
    return ServerApi(facts.url, facts.token, root=facts.root, document=facts.document, kernel_id=facts.kernel_id)


def _target(operation: Operation, arguments: dict[str, Any]) -> str:
    path = operation.path
    for name in operation.path_arguments:
        path = path.replace(f"{{{name}}}", _segment(name, arguments[name]))
    query = [(name, _text(arguments[name])) for name in operation.query_arguments if arguments.get(name) is not None]
    target = f"{path}?{urlencode(query, errors='surrogatepass')}" if query else path
    if len(target) > _MOST_ADDRESS:
        # A server hangs up on these without a word, which would read as if it were gone.
        raise TooLarge(f"The arguments of {operation.id} have {len(target):,} characters.", hint="Give shorter ones.")
    return target


def _segment(name: str, value: Any) -> str:
    text = str(value)
    if text in ("", ".", ".."):
        raise InvalidName(f"{text!r} cannot be a {name}.")
    return quote(text, safe="", errors="surrogatepass")


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value.value if isinstance(value, Enum) else value)


def _body(operation: Operation, arguments: dict[str, Any]) -> bytes | Upload | None:
    if operation.body_argument is None:
        return None
    body = arguments[operation.body_argument]
    if isinstance(body, Upload):
        return body
    try:
        return codec.dumps(body)
    except UnicodeEncodeError as error:
        hint = "Rename or leave out what is no valid Unicode."
        raise InvalidInput("A text has characters that cannot be sent.", hint=hint) from error


# Of the server, as long as what they read and write is large.
_SLOW = ("notebooks.submit", "copies.put_file", "copies.put_snapshot")


def _timeout(operation: Operation) -> float | None:
    if operation.noun in SERVER_NOUNS and operation.id not in _SLOW:
        return _SHORT_TIMEOUT_S
    is_long = operation.permission != "read" or operation.noun == "archives"
    return _LONG_TIMEOUT_S if is_long else None


def _digest(answer: Answer) -> str | None:
    """The sha256 of ``Repr-Digest`` in hex."""
    for part in answer.headers.get("Repr-Digest", "").split(","):
        name, _, value = part.strip().partition("=")
        if name == "sha-256":
            return b64decode(value.strip(":")).hex()
    return None


def _verified(pieces: Iterator[bytes], digest: str) -> Iterator[bytes]:
    found = hashlib.sha256()
    for piece in pieces:
        found.update(piece)
        yield piece
    if found.hexdigest() != digest:
        raise CorruptData("The bytes that arrived are not those that were sent.", hint="Try again.")
