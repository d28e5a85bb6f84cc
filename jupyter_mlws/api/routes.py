"""How an operation is declared: verb, path, resource and permission stand beside the method's signature.

Everything that carries an operation over a wire (tornado handlers, the HTTP client, the mailbox, the OpenAPI document,
the TypeScript types) reads these declarations; nothing is spelled a second time.
"""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Iterable
from dataclasses import dataclass, is_dataclass
from functools import cache
from io import BytesIO
from typing import Any, BinaryIO, Literal, TypeVar

__all__ = ["Download", "Operation", "Upload", "operations", "route"]

Permission = Literal["read", "write", "execute"]
Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
F = TypeVar("F", bound=Callable[..., Any])


class Upload:
    """Bytes on their way in, read once.

    Parameters
    ----------
    source : bytes or binary file
    size_bytes : int, optional
        Needed for a file that cannot seek.
    """

    def __init__(self, source: bytes | BinaryIO, size_bytes: int | None = None) -> None:
        if isinstance(source, bytes):
            size_bytes, source = len(source), BytesIO(source)
        self.file = source
        self.size_bytes = size_bytes


class Download:
    """Bytes on their way out.

    Parameters
    ----------
    chunks : iterable of bytes or memoryview
        Read once.
    name : str
        File name to suggest; never a path.
    media_type : str
    size_bytes : int, optional
    digest : str, optional
        sha256 of the whole, where it is known beforehand.
    """

    def __init__(
        self,
        chunks: Iterable[bytes | memoryview],
        *,
        name: str = "download",
        media_type: str = "application/octet-stream",
        size_bytes: int | None = None,
        digest: str | None = None,
    ) -> None:
        self.chunks = chunks
        self.name = name
        self.media_type = media_type
        self.size_bytes = size_bytes
        self.digest = digest

    def read(self) -> bytes:
        """The whole content in memory."""
        return b"".join(self.chunks)


@dataclass(frozen=True)
class _Declaration:
    method: Method
    path: str
    resource: str
    permission: Permission
    from_job: bool


def route(
    method: Method, path: str, *, resource: str, permission: Permission = "read", from_job: bool = False
) -> Callable[[F], F]:
    """Declare an operation of a Protocol.

    Parameters
    ----------
    method, path : str
        HTTP verb, and path below the workspace with ``{name}`` for arguments. Of the other arguments a dataclass or an
        `Upload` is the body, the rest are query parameters.
    resource : str
        Noun that the Authorizer is asked about, as ``jupyter_mlws:<resource>``.
    permission : {'read', 'write', 'execute'}
        'execute' is for what runs code.
    from_job : bool
        Whether a script may ask it through the mailbox, for its own run.
    """
    declaration = _Declaration(method, path, resource, permission, from_job)

    def mark(function: F) -> F:
        function.__mlws_route__ = declaration  # type: ignore[attr-defined]
        return function

    return mark


@dataclass(frozen=True)
class Operation:
    """One operation, read from its declaration and signature."""

    noun: str
    name: str
    method: Method
    path: str
    resource: str
    permission: Permission
    from_job: bool
    path_arguments: tuple[str, ...]
    query_arguments: dict[str, inspect.Parameter]
    body_argument: str | None
    types: dict[str, Any]
    returns: Any
    doc: str

    @property
    def id(self) -> str:
        """``noun.name``."""
        return f"{self.noun}.{self.name}"


def _read(noun: str, name: str, function: Any) -> Operation:
    declared: _Declaration = function.__mlws_route__
    types = typing.get_type_hints(function)
    returns = types.pop("return")
    parameters = dict(list(inspect.signature(function).parameters.items())[1:])
    in_path = tuple(part[1:-1] for part in declared.path.split("/") if part.startswith("{"))
    rest = {key: value for key, value in parameters.items() if key not in in_path}
    body = next((key for key in rest if types[key] is Upload or is_dataclass(types[key])), None)
    query = {key: value for key, value in rest.items() if key != body}
    return Operation(
        noun=noun,
        name=name,
        method=declared.method,
        path=declared.path,
        resource=declared.resource,
        permission=declared.permission,
        from_job=declared.from_job,
        path_arguments=in_path,
        query_arguments=query,
        body_argument=body,
        types=types,
        returns=returns,
        doc=inspect.getdoc(function) or "",
    )


@cache
def operations(noun: str, protocol: type) -> tuple[Operation, ...]:
    """The operations of a noun's Protocol, in the order of their declaration."""
    return tuple(
        _read(noun, name, function) for name, function in vars(protocol).items() if hasattr(function, "__mlws_route__")
    )
