"""A kernel finds the server that started it, for certain or not at all, and never shows the token."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from jupyter_client.asynchronous.client import AsyncKernelClient

from jupyter_mlws.api import discovery
from jupyter_mlws.api.discovery import discover
from jupyter_mlws.api.http import ServerApi, find_server

from .conftest import in_thread

ASK = """
import json, os, sys
sys.path.insert(0, {checkout!r})
from jupyter_mlws.api.http import find_server
from jupyter_mlws.errors import MlwsError
server = find_server()
try:
    answer = [entry.id for entry in server.registry.list().items]
except MlwsError as error:
    answer = error.code
print(json.dumps({{
    "url": server.url, "document": server.document, "relative": server.relative_path(os.getcwd() + "/x/y.py"),
    "outside": server.relative_path("/elsewhere/z.py"), "workspaces": answer, "shown": repr(vars(server)),
    "environment": dict(os.environ), "argv": sys.argv,
}}))
"""


async def run_in_kernel(connection_file: str, code: str) -> str:
    client = AsyncKernelClient(connection_file=connection_file)
    client.load_connection_file()
    # Without a heartbeat: on a busy machine a late beat would pass for a dead kernel.
    client.start_channels(hb=False)
    told: list[str] = []
    try:
        await client.wait_for_ready(timeout=60)
        reply = await client.execute_interactive(
            code, timeout=60, output_hook=lambda message: told.append(message["content"].get("text", ""))
        )
    finally:
        client.stop_channels()
    assert reply["content"]["status"] == "ok", reply
    return "".join(told)


async def test_a_kernel_finds_the_server_that_started_it(
    server: ServerApi, jp_serverapp: Any, jp_fetch: Any, jp_root_dir: Path
) -> None:
    (jp_root_dir / "folder").mkdir()
    wish = {"path": "folder/a.ipynb", "type": "notebook", "name": "a", "kernel": {"name": "python3"}}
    session = json.loads((await jp_fetch("api", "sessions", method="POST", body=json.dumps(wish))).body)
    kernel_id = session["kernel"]["id"]
    try:
        kernel = jp_serverapp.kernel_manager.get_kernel(kernel_id)
        code = ASK.format(checkout=str(Path(__file__).parents[2]))
        told = json.loads((await run_in_kernel(kernel.connection_file, code)).splitlines()[-1])
    finally:
        await jp_fetch("api", "sessions", session["id"], method="DELETE")
    assert told["url"].rpartition(":")[2] == server.url.rpartition(":")[2]
    assert told["document"] == "folder/a.ipynb"
    assert told["relative"] == "folder/x/y.py"
    assert told["outside"] == "folder/a.ipynb"
    assert told["workspaces"] == []
    token = jp_serverapp.identity_provider.token
    for place in ("url", "shown", "environment", "argv"):
        assert token not in str(told[place]), place


@pytest.fixture
def in_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    """This process as a kernel of the id 'mine'."""
    connect = ModuleType("ipykernel.connect")
    connect.get_connection_file = lambda: "/somewhere/kernel-mine.json"
    monkeypatch.setitem(sys.modules, "ipykernel", ModuleType("ipykernel"))
    monkeypatch.setitem(sys.modules, "ipykernel.connect", connect)
    for name in ("JPY_PARENT_PID", "JUPYTERHUB_SERVICE_URL", "JUPYTERHUB_API_TOKEN"):
        monkeypatch.delenv(name, raising=False)


def test_outside_of_a_kernel_there_is_no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "ipykernel", raising=False)
    monkeypatch.setenv("JPY_PARENT_PID", str(os.getpid()))
    assert find_server() is None


@pytest.mark.usefixtures("in_kernel")
@pytest.mark.parametrize("content", [None, "", "[]", '{"url": 1}', "{}", '{"url": "gopher://x", "token": ""}'])
def test_a_file_that_says_nothing_is_no_server(
    content: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(discovery, "runtime_dir", lambda: tmp_path)
    monkeypatch.setenv("JPY_PARENT_PID", "77")
    if content is not None:
        (tmp_path / "jpserver-77.json").write_text(content)
    assert discover() is None


@pytest.mark.usefixtures("in_kernel")
async def test_a_server_that_does_not_know_the_kernel_is_not_ours(
    server: ServerApi, jp_serverapp: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    facts = {"url": server.url, "token": jp_serverapp.identity_provider.token, "root_dir": "/"}
    (tmp_path / "jpserver-77.json").write_text(json.dumps(facts))
    monkeypatch.setattr(discovery, "runtime_dir", lambda: tmp_path)
    monkeypatch.setenv("JPY_PARENT_PID", "77")
    assert await in_thread(discover) is None


@pytest.mark.usefixtures("in_kernel")
@pytest.mark.parametrize("by_file", [True, False])
async def test_a_server_of_a_hub_is_asked_with_the_hubs_token(
    by_file: bool, server: ServerApi, jp_serverapp: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(jp_serverapp.kernel_manager, "list_kernels", lambda: [{"id": "mine"}])
    monkeypatch.setattr(discovery, "runtime_dir", lambda: tmp_path)
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", jp_serverapp.identity_provider.token)
    if by_file:
        (tmp_path / "jpserver-77.json").write_text(json.dumps({"url": server.url, "token": ""}))
        monkeypatch.setenv("JPY_PARENT_PID", "77")
    else:
        monkeypatch.setenv("JUPYTERHUB_SERVICE_URL", server.url)
    found = await in_thread(discover)
    assert found is not None
    assert (found.kernel_id, found.document) == ("mine", "")
    assert jp_serverapp.identity_provider.token not in repr(found)


def test_the_usual_places_are_known_without_jupyter(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("JUPYTER_RUNTIME_DIR", "JUPYTER_DATA_DIR", "APPDATA", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(discovery, "sys", SimpleNamespace(platform="linux"))
    monkeypatch.setenv("HOME", str(tmp_path))
    assert discovery._usual_runtime_dir() == tmp_path / ".local/share/jupyter/runtime"
    monkeypatch.setenv("XDG_DATA_HOME", "/data")
    assert discovery._usual_runtime_dir() == Path("/data/jupyter/runtime")
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", "/run/x")
    assert discovery._usual_runtime_dir() == Path("/run/x")
