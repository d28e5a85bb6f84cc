"""The OpenAPI document, and a real server that is asked what the document allows, and what it does not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from openapi_spec_validator import validate
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import response_schema_conformance

from jupyter_mlws import workspace as room
from jupyter_mlws.api.http import HttpApi
from jupyter_mlws.api.interface import all_operations
from jupyter_mlws.api.openapi import openapi
from jupyter_mlws.server.handlers import PREFIX
from tests.support.jupyter_process import JupyterProcess

TOKEN = "only-for-this-test"
SCHEMA = schemathesis.openapi.from_dict(openapi())
CHECKS = [not_a_server_error, response_schema_conformance]


def test_the_document_is_valid_and_every_operation_says_how_it_fails():
    document = openapi()
    validate(document)
    found = {details["operationId"]: details for verbs in document["paths"].values() for _, details in verbs.items()}
    assert set(found) == {operation.id for _, operation in all_operations()}
    for name, details in found.items():
        assert {"200", "default"} <= set(details["responses"]), name
        failure = details["responses"]["default"]["content"]["application/json"]["schema"]
        assert failure == {"$ref": "#/components/schemas/Error"}, name


class Asked:
    """A server with a workspace that has a run, and what is put into a case so that it reaches something."""

    def __init__(self, server: JupyterProcess, root: Path, workspace: str) -> None:
        self.server = server
        self.workspace = workspace
        self.project = root / "project"
        self.project.mkdir()
        (self.project / "train.py").write_text("print(1)\n")
        self.api = HttpApi(server.url, workspace, TOKEN)
        self.api.experiments.create("digits")

    def harmless(self, case: Any, real: bool) -> None:
        """Let no random text name a program or a folder of this machine; lead it to what exists, now and then."""
        body = case.body
        if isinstance(body, dict):
            if isinstance(body.get("command"), list):
                body["command"] = ["true"]
            if isinstance(body.get("directory"), str):
                body["directory"] = str(self.project)
        known = {"workspace": self.workspace} | ({"run": "1", "name": "digits", "version": 1} if real else {})
        for name in known.keys() & (case.path_parameters or {}).keys():
            case.path_parameters[name] = known[name]

    def ask(self, operation: Any, mode: GenerationMode, examples: int) -> None:
        @settings(
            max_examples=examples,
            deadline=None,
            database=None,
            derandomize=True,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode), real=st.booleans())
        def ask(case: Any, real: bool) -> None:
            self.harmless(case, real)
            answer = case.call(
                base_url=self.server.url + PREFIX, headers={"Authorization": f"token {TOKEN}"}, timeout=20
            )
            case.validate_response(answer, checks=CHECKS)

        ask()


@pytest.fixture
def asked(database: str, database_kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Asked]:
    monkeypatch.setenv("MLWS_DISPATCHER_IDLE_S", "5")
    root = tmp_path / "root"
    root.mkdir()
    folder = room.create(root, "lab", database=database if database_kind == "postgresql" else None)
    with JupyterProcess(root, tmp_path / "server.log", alone=True) as server:
        workspace = server.ask(f"{PREFIX}/resolve")["id"]
        yield Asked(server, root, workspace)
        assert server.ask(f"{PREFIX}/workspaces/{workspace}/info")["id"] == workspace
    room.stop_dispatcher(folder)
    assert "Traceback" not in (tmp_path / "server.log").read_text()


def _ask_everything(asked: Asked, examples: int) -> None:
    for result in SCHEMA.get_all_operations():
        operation = result.ok()
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            if mode is GenerationMode.NEGATIVE and not (operation.body or operation.query or operation.path_parameters):
                continue
            asked.ask(operation, mode, examples)


def test_no_request_is_answered_with_a_failure_of_ours_and_every_answer_is_as_declared(asked: Asked) -> None:
    _ask_everything(asked, 3)


@pytest.mark.soak
@pytest.mark.timeout(400)
def test_no_request_at_length_is_answered_with_a_failure_of_ours(asked: Asked) -> None:
    _ask_everything(asked, 40)
