"""What is made from the declarations: TypeScript types, OpenAPI document, client. It is current and whole."""

from __future__ import annotations

import re
import typing
from pathlib import Path
from typing import Any

import pytest

from jupyter_mlws.api import typescript
from jupyter_mlws.api.http import HttpApi, ServerApi
from jupyter_mlws.api.interface import NOUNS, SERVER_NOUNS, Api, all_operations
from jupyter_mlws.api.openapi import openapi
from jupyter_mlws.api.routes import Operation
from jupyter_mlws.server import threats

ROOT = Path(__file__).parents[2]
ALL = list(all_operations())


def test_the_committed_types_are_current() -> None:
    committed = (ROOT / "src" / "api" / "types.ts").read_text(encoding="utf-8")
    assert committed == typescript.generate(), "run: python -m jupyter_mlws.api.typescript > src/api/types.ts"


def test_every_operation_has_a_typescript_signature() -> None:
    text = typescript.generate()
    for _, operation in ALL:
        assert len(re.findall(rf"^  '{re.escape(operation.id)}': \{{", text, re.M)) == 2, operation.id


@pytest.mark.parametrize(
    ("hint", "shown"),
    [
        (float | None, "Num | null"),
        (tuple[str, ...], "string[]"),
        (tuple[int | None, ...], "(number | null)[]"),
        (dict[str, tuple[float, ...]], "Record<string, Num[]>"),
    ],
)
def test_types_read_as_typescript_writes_them(hint: Any, shown: str) -> None:
    assert typescript.type_name(hint) == shown


def test_the_openapi_document_has_every_operation_and_every_reference_leads_somewhere() -> None:
    document = openapi()
    found = {entry["operationId"] for path in document["paths"].values() for entry in path.values()}
    assert found == {operation.id for _, operation in ALL}
    for reference in set(re.findall(r"'\$ref': '#/components/schemas/(\w+)'", str(document))):
        assert reference in document["components"]["schemas"], reference


@pytest.mark.parametrize(("scope", "operation"), ALL, ids=[operation.id for _, operation in ALL])
def test_a_path_has_its_parameters(scope: str, operation: Operation) -> None:
    prefix = "/workspaces/{workspace}" if scope == "workspace" else ""
    entry = openapi()["paths"][prefix + operation.path][operation.method.lower()]
    in_path = {parameter["name"] for parameter in entry["parameters"] if parameter["in"] == "path"}
    assert in_path == set(re.findall(r"\{(\w+)\}", prefix + operation.path))
    assert all(parameter["required"] for parameter in entry["parameters"] if parameter["in"] == "path")
    assert ("requestBody" in entry) == bool(operation.body_argument)


def test_no_two_operations_share_a_verb_and_path() -> None:
    addresses = [(scope, operation.method, operation.path) for scope, operation in ALL]
    assert len(set(addresses)) == len(addresses)


def test_what_changes_something_is_never_a_get() -> None:
    assert all(operation.method != "GET" for _, operation in ALL if operation.permission != "read")
    asked = [operation for _, operation in ALL if operation.permission == "read" and operation.method != "GET"]
    assert [operation.id for operation in asked] == ["metrics.read_many"], "only questions too long for an address"


@pytest.mark.parametrize(("client", "nouns"), [(HttpApi, NOUNS), (ServerApi, SERVER_NOUNS)])
def test_the_client_has_every_noun(client: type, nouns: dict[str, type]) -> None:
    assert typing.get_type_hints(client) == nouns


def test_the_api_names_every_noun() -> None:
    declared = {name: member.fget for name, member in vars(Api).items() if isinstance(member, property)}
    assert {name: typing.get_type_hints(get)["return"] for name, get in declared.items()} == NOUNS


def test_the_threat_model_has_a_current_row_for_every_operation() -> None:
    assert set(threats.GAINS) == {operation.id for _, operation in ALL}
    page = (ROOT / threats.PAGE).read_text(encoding="utf-8")
    assert page == threats.updated(page), "run: python -m jupyter_mlws.server.threats"
