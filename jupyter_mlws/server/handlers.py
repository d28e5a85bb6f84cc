"""The handlers, made from the declarations of the API: an address is a class, a declared verb a method of it.

Every verb of every address, declared or not, first asks who is there and whether they may. A body is read only after
that, up to a limit that its operation sets; the services run in threads.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Awaitable, Callable, Iterator
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, ClassVar, cast

from jupyter_core.utils import ensure_async
from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler
from jupyter_server.extension.handler import ExtensionHandlerMixin
from tornado import web

from jupyter_mlws.api import codec
from jupyter_mlws.api.interface import all_operations
from jupyter_mlws.api.openapi import openapi
from jupyter_mlws.api.routes import Download, Operation, Upload
from jupyter_mlws.errors import Forbidden, InvalidInput, MlwsError, Unavailable
from jupyter_mlws.server.body import Body
from jupyter_mlws.server.failures import describe
from jupyter_mlws.server.requests import body_limit, read_body, read_path, read_query
from jupyter_mlws.server.stream import stream

if TYPE_CHECKING:
    from jupyter_mlws.server.backend import Backend

__all__ = ["PREFIX", "MlwsHandler", "make_handlers"]

PREFIX = "/mlws/api/v1"
_VERBS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_READING = ("GET", "HEAD", "OPTIONS")
_JSON = "application/json"
_BYTES = "application/octet-stream"
_RETRY_S = (1, 3)
# A refused body up to this size is read and dropped, so that the answer arrives; above it the connection ends.
_DROPPED_BYTES = 256 * 2**20


@web.stream_request_body
class MlwsHandler(ExtensionHandlerMixin, APIHandler):
    """What all our addresses share: who may, what is read, how it fails."""

    auth_resource = "jupyter_mlws:workspaces"
    operations: ClassVar[dict[str, Operation]] = {}
    in_workspace: ClassVar[bool] = False

    body: Body
    refusal: web.HTTPError | MlwsError | None = None
    answering = False

    @property
    def backend(self) -> Backend:
        """What answers."""
        return cast("Backend", self.settings["jupyter_mlws_backend"])

    @property
    def content_security_policy(self) -> str:
        """Foreign bytes that a browser shows after all can do nothing there."""
        return super().content_security_policy + "; sandbox"

    def set_default_headers(self) -> None:
        super().set_default_headers()
        self.set_header("Cache-Control", "no-store")

    def compute_etag(self) -> None:
        """Nothing is cached, so there is nothing to compare."""

    def decode_argument(self, value: bytes, name: str | None = None) -> str:
        """Leave what is no UTF-8 to the reader of the request, who answers when the caller is known."""
        return value.decode("utf-8", "surrogateescape")

    async def prepare(self) -> None:  # type: ignore[override]
        """Find out who is there and what may be read; a refusal waits until a body of bearable size has passed."""
        self.body = Body()
        # Looking is no activity: an open panel must not keep an idle server alive.
        self._track_activity = self.request.method not in _READING
        try:
            await super().prepare()
            if self.current_user is None:
                raise web.HTTPError(HTTPStatus.FORBIDDEN)
            await self._prepare_body()
        except (web.HTTPError, MlwsError) as error:
            # An identity provider that fails has left nobody to go on with.
            known = hasattr(self, "_jupyter_current_user")
            if not known or self._announced_bytes() > _DROPPED_BYTES:
                raise
            self.refusal = error

    async def _prepare_body(self) -> None:
        operation = self.operations.get(self.request.method or "")
        if operation is None or self.request.method in _READING:
            return
        if _takes_bytes(operation):
            self._check_media_type(_BYTES)
            # Nobody fills the disk who may not do it; @authorized speaks only after the body has come.
            await self._ask_authorizer(operation)
            limit = self.backend.max_upload_bytes
            # Beyond this tornado itself hangs up, without a word.
            cast(Any, self.request.connection).set_max_body_size(max(limit, _DROPPED_BYTES))
            self.body = Body(limit, to_file=True)
        else:
            self._check_media_type(_JSON)
            self.body = Body(body_limit(operation))
        self.body.expect(self._announced_bytes())
        if self.body.refusal is not None:
            raise self.body.refusal

    async def _ask_authorizer(self, operation: Operation) -> None:
        resource = f"jupyter_mlws:{operation.resource}"
        answer = self.authorizer.is_authorized(self, self.current_user, operation.permission, resource)
        if not await ensure_async(answer):
            raise Forbidden(f"You may not {operation.permission} {operation.resource} here.")

    def _check_media_type(self, wanted: str) -> None:
        given = self.request.headers.get("Content-Type")
        if given is None and not self._announced_bytes() and "Transfer-Encoding" not in self.request.headers:
            return
        if (given or "").split(";")[0].strip().lower() != wanted:
            raise web.HTTPError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"The body must be {wanted}.")

    def _announced_bytes(self) -> int:
        length = self.request.headers.get("Content-Length", "0")
        return int(length) if length.isascii() and length.isdigit() else 0

    def data_received(self, chunk: bytes) -> None:
        """Keep or drop a piece of the body."""
        if self.refusal is None:
            self.body.add(chunk)

    def on_connection_close(self) -> None:
        """Drop a body that will never be whole; one that a thread reads is closed when that thread is done."""
        if hasattr(self, "body") and not self.answering:
            self.body.close()
        super().on_connection_close()

    def on_finish(self) -> None:
        if hasattr(self, "body"):
            self.body.close()

    async def answer(self, operation: Operation, values: tuple[str, ...]) -> None:
        """Do what an operation declares, and send what it returns."""
        self._raise_refusal()
        first = 1 if self.in_workspace else 0
        arguments = read_path(operation, values[first:]) | read_query(operation, self.request.arguments)
        workspace = values[0] if self.in_workspace else None
        pool = self.backend.pool_of(operation)
        self.answering = True
        result = await pool.run(self._call, workspace, operation, arguments)
        if isinstance(result, Download):
            await stream(self, result, pool)
        else:
            self.finish(result)

    def _raise_refusal(self) -> None:
        refusal = self.refusal or self.body.refusal
        if refusal is not None:
            raise refusal

    def _call(self, workspace: str | None, operation: Operation, arguments: dict[str, Any]) -> Download | bytes:
        if operation.body_argument:
            arguments |= {operation.body_argument: self._read_body(operation)}
        elif self.body.read().strip() not in (b"", b"{}"):
            raise InvalidInput("This request takes no body.")
        nouns = self.backend if workspace is None else self.backend.api(workspace)
        result = getattr(getattr(nouns, operation.noun), operation.name)(**arguments)
        return result if isinstance(result, Download) else _encode(result)

    def _read_body(self, operation: Operation) -> Any:
        if _takes_bytes(operation):
            self.body.file.seek(0)
            return Upload(self.body.file, self.body.size_bytes)  # type: ignore[arg-type]
        return read_body(operation.types[cast(str, operation.body_argument)], self.body.read())

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Tell of a failure in the one shape that all have."""
        error = kwargs.get("exc_info", (None, None))[1]
        if status_code == HTTPStatus.FORBIDDEN and getattr(self, "_jupyter_current_user", None) is None:
            error = Forbidden(
                "The server does not accept the token, or none was given.",
                hint="Give its token: Workspace(url, token=...), or the variable MLWS_TOKEN.",
            )
        status, body = describe(error, status_code)
        self.set_status(status)
        if isinstance(error, Unavailable):
            # Not the same for all, or they would all be back at once.
            self.set_header("Retry-After", str(random.randint(*_RETRY_S)))
        if status == HTTPStatus.METHOD_NOT_ALLOWED:
            self.set_header("Allow", ", ".join(self.operations))
        self.finish(body)

    def log_exception(self, typ: Any, value: BaseException | None, tb: Any) -> None:
        """Log what is nobody's mistake but ours; never the address, which may carry a token."""
        if isinstance(value, (MlwsError, web.HTTPError)):
            self.log.debug("%s refused: %s", type(self).__name__, typ.__name__)
        else:
            self.log.error("%s %s failed", self.request.method, type(self).__name__, exc_info=value)


def _encode(answer: Any) -> bytes:
    try:
        return codec.dumps(answer)
    except UnicodeEncodeError:
        # A log or a file's name with bytes that are no text: shown as far as it can be.
        return json.dumps(codec.to_builtins(answer), ensure_ascii=False).encode("utf-8", "replace")


def _takes_bytes(operation: Operation) -> bool:
    return operation.body_argument is not None and operation.types[operation.body_argument] is Upload


Method = Callable[..., Awaitable[None]]


def _guarded(action: str, resource: str, function: Method) -> Method:
    return cast(Method, web.authenticated(authorized(action, f"jupyter_mlws:{resource}")(function)))


def _declared(operation: Operation) -> Method:
    async def answer(self: MlwsHandler, *values: str) -> None:
        await self.answer(operation, values)

    return _guarded(operation.permission, operation.resource, answer)


def _undeclared(verb: str, resource: str, status: HTTPStatus) -> Method:
    async def refuse(self: MlwsHandler, *values: str) -> None:
        self._raise_refusal()
        if verb == "OPTIONS" and self.operations:
            self.set_header("Allow", ", ".join(self.operations))
            self.set_status(HTTPStatus.NO_CONTENT)
            self.finish()
        else:
            raise web.HTTPError(status)

    return _guarded("read" if verb in _READING else "write", resource, refuse)


def _make_class(name: str, by_verb: dict[str, Operation], *, in_workspace: bool) -> type[MlwsHandler]:
    resource = next(iter(by_verb.values())).resource
    methods = {verb.lower(): _undeclared(verb, resource, HTTPStatus.METHOD_NOT_ALLOWED) for verb in _VERBS}
    methods |= {verb.lower(): _declared(operation) for verb, operation in by_verb.items()}
    facts = {
        "__module__": __name__,
        "__doc__": f"Answers {', '.join(operation.id for operation in by_verb.values())}.",
        "auth_resource": f"jupyter_mlws:{resource}",
        "operations": by_verb,
        "in_workspace": in_workspace,
    }
    return type(name, (MlwsHandler,), {**facts, **methods})


async def _describe_api(self: MlwsHandler, *values: str) -> None:
    self._raise_refusal()
    self.finish(codec.dumps(openapi()))


_REST = {verb.lower(): _undeclared(verb, "workspaces", HTTPStatus.NOT_FOUND) for verb in _VERBS}
_NOT_GET = {verb.lower(): _undeclared(verb, "workspaces", HTTPStatus.METHOD_NOT_ALLOWED) for verb in _VERBS}
OpenApiHandler = type(
    "OpenApiHandler", (MlwsHandler,), {**_NOT_GET, "get": _guarded("read", "workspaces", _describe_api)}
)
# Below our prefix nothing is left to pages that speak HTML, or to anybody without credentials.
NowhereHandler = type("NowhereHandler", (MlwsHandler,), _REST)


def make_handlers() -> Iterator[tuple[str, type[MlwsHandler]]]:
    """Pattern and class of every address, the last one for all that is no address."""
    by_path: dict[tuple[bool, str], dict[str, Operation]] = {}
    for scope, operation in all_operations():
        by_path.setdefault((scope == "workspace", operation.path), {})[operation.method] = operation
    # What the server answers by itself of a workspace stands before what only looks like its address.
    for (in_workspace, path), by_verb in sorted(by_path.items(), key=lambda item: item[0][0]):
        pattern = PREFIX + (r"/workspaces/([^/]+)" if in_workspace else "") + re.sub(r"\{\w+\}", "([^/]+)", path)
        name = "".join(part.strip("{}").title() for part in re.split(r"[/_]", path)) + "Handler"
        yield pattern, _make_class(name, by_verb, in_workspace=in_workspace)
    yield f"{PREFIX}/openapi.json", OpenApiHandler
    yield r"/mlws(?:/.*)?", NowhereHandler
