"""The OpenAPI 3.1 document of the API, made from its declarations."""

from __future__ import annotations

import inspect
import typing
from dataclasses import MISSING, fields
from datetime import datetime
from enum import Enum
from functools import lru_cache
from types import UnionType
from typing import Any

from jupyter_mlws import __version__
from jupyter_mlws.api.codec import fields_of, to_builtins
from jupyter_mlws.api.interface import all_operations
from jupyter_mlws.api.routes import Download, Operation, Upload
from jupyter_mlws.api.typescript import reachable

__all__ = ["openapi"]

_NUMBER: dict[str, Any] = {"oneOf": [{"type": "number"}, {"enum": ["NaN", "Infinity", "-Infinity"]}]}
_SCALARS: dict[Any, dict[str, Any]] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"$ref": "#/components/schemas/Number"},
    bool: {"type": "boolean"},
    datetime: {"type": "string", "format": "date-time"},
    type(None): {"type": "null"},
    Any: {},
}
_ERROR = {
    "type": "object",
    "required": ["code", "message", "hint", "details"],
    "properties": {
        "code": {"type": "string", "description": "Stable; for programs."},
        "message": {"type": "string", "description": "One sentence that says what is wrong."},
        "hint": {"type": "string", "description": "One sentence that says what to do about it, or ''."},
        "details": {"type": "object"},
    },
}
_FAILURE = {
    "description": "What went wrong.",
    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
}


@lru_cache(maxsize=1)
def openapi() -> dict[str, Any]:
    """The document as JSON-ready values; do not change it."""
    paths: dict[str, dict[str, Any]] = {}
    for scope, operation in all_operations():
        prefix = "/workspaces/{workspace}" if scope == "workspace" else ""
        described = _operation(operation, in_workspace=scope == "workspace")
        paths.setdefault(prefix + operation.path, {})[operation.method.lower()] = described
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "jupyter-mlws",
            "version": __version__,
            "description": "The machine-learning workspace of a Jupyter server.",
        },
        # Relative to the document itself, so that it is right below every base URL and proxy.
        "servers": [{"url": "."}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {"schemas": _schemas(), "securitySchemes": {"token": _TOKEN}},
    }


_TOKEN = {
    "type": "apiKey",
    "in": "header",
    "name": "Authorization",
    "description": "'token <the Jupyter server's token>', or the cookie of a logged-in browser with X-XSRFToken.",
}


def _operation(operation: Operation, *, in_workspace: bool) -> dict[str, Any]:
    parameters = [_parameter("workspace", str, "path")] if in_workspace else []
    parameters += [_parameter(name, operation.types[name], "path") for name in operation.path_arguments]
    parameters += [
        _parameter(name, operation.types[name], "query", parameter)
        for name, parameter in operation.query_arguments.items()
    ]
    summary, _, rest = operation.doc.partition("\n\n")
    described: dict[str, Any] = {
        "operationId": operation.id,
        "tags": [operation.noun],
        "summary": " ".join(summary.split()),
        "description": rest,
        "parameters": parameters,
        "responses": {"200": _answer(operation.returns), "default": _FAILURE},
        "x-resource": f"jupyter_mlws:{operation.resource}",
        "x-permission": operation.permission,
    }
    if operation.body_argument:
        kind = operation.types[operation.body_argument]
        described["requestBody"] = {"required": True, "content": _content(kind)}
    return described


def _parameter(name: str, hint: Any, place: str, declared: inspect.Parameter | None = None) -> dict[str, Any]:
    optional = declared is not None and declared.default is not inspect.Parameter.empty
    # Absence says null in a query.
    options = [option for option in typing.get_args(hint) if option is not type(None)]
    schema = dict(_schema(options[0] if options else hint))
    if optional and declared is not None and declared.default is not None:
        schema["default"] = declared.default
    return {"name": name, "in": place, "required": not optional, "schema": schema}


def _answer(kind: Any) -> dict[str, Any]:
    return {"description": "Done.", "content": _content(kind)}


def _content(kind: Any) -> dict[str, Any]:
    if kind in (Upload, Download):
        return {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
    return _json(_schema(kind))


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}


def _ref(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}


def _schemas() -> dict[str, Any]:
    kinds: list[Any] = []
    for _, operation in all_operations():
        kinds += [operation.returns, *operation.types.values()]
    schemas: dict[str, Any] = {"Number": _NUMBER, "Error": _ERROR}
    for cls in reachable(kinds):
        # A generic class stands inline where it is used, with its argument.
        if not getattr(cls, "__parameters__", ()):
            schemas[cls.__name__] = _enum(cls) if issubclass(cls, Enum) else _record(cls)
    return schemas


def _enum(cls: type[Enum]) -> dict[str, Any]:
    return {"type": "string", "enum": [member.value for member in cls], "description": _summary(cls)}


def _record(kind: Any) -> dict[str, Any]:
    cls, known = typing.get_origin(kind) or kind, fields_of(kind)
    properties = {}
    for field in fields(cls):
        schema = dict(_schema(known[field.name][0]))
        if field.default is not MISSING:
            schema["default"] = to_builtins(field.default)
        properties[field.name] = schema
    required = [name for name, (_, needed) in known.items() if needed]
    return {"type": "object", "description": _summary(cls), "required": required, "properties": properties}


def _schema(hint: Any) -> dict[str, Any]:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, UnionType):
        return {"anyOf": [_schema(option) for option in arguments]}
    if origin is tuple:
        return {"type": "array", "items": _schema(arguments[0])}
    if origin is dict:
        return {"type": "object", "additionalProperties": _schema(arguments[1])}
    if origin is not None:
        return _record(hint)
    return _SCALARS[hint] if hint in _SCALARS else _ref(hint.__name__)


def _summary(cls: type) -> str:
    return " ".join((inspect.getdoc(cls) or "").split("\n\n")[0].split())
