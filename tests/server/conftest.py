"""A running Jupyter server in this process, asked with the blocking client from threads."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TypeVar

import pytest
from tornado.httpclient import AsyncHTTPClient

from jupyter_mlws.api.http import ServerApi
from jupyter_mlws.server.backend import Backend

T = TypeVar("T")


@pytest.fixture
def jp_server_config() -> dict[str, Any]:
    return {
        "ServerApp": {
            "jpserver_extensions": {"jupyter_mlws": True, "jupyter_server_terminals": False},
            "allow_unauthenticated_access": False,
        }
    }


@pytest.fixture
def server(jp_serverapp: Any, http_server_client: AsyncHTTPClient, jp_base_url: str) -> ServerApi:
    """The server behind HTTP. Its methods wait, so call them with `in_thread`."""
    url = f"http://127.0.0.1:{jp_serverapp.port}{jp_base_url}"
    return ServerApi(url, jp_serverapp.identity_provider.token, root=str(jp_serverapp.root_dir))


@pytest.fixture
def backend(jp_serverapp: Any) -> Backend:
    """What the server's handlers ask."""
    found: Backend = jp_serverapp.web_app.settings["jupyter_mlws_backend"]
    return found


async def in_thread(function: Callable[..., T], /, *arguments: Any, **named: Any) -> T:
    """Call what waits for the server without stopping the server, which lives in this thread."""
    return await asyncio.wait_for(asyncio.to_thread(function, *arguments, **named), 20)


class OneWorkspace:
    """An opener that knows one workspace, 'here', whose services are what a test says: the edge behind the handlers."""

    def __init__(self, **nouns: dict[str, Callable[..., Any]]) -> None:
        self.id = "here"
        self.api: Any = SimpleNamespace(**{noun: SimpleNamespace(**methods) for noun, methods in nouns.items()})

    def locations(self) -> dict[str, str]:
        return {"here": "/nowhere"}

    def exists(self, location: str) -> bool:
        return True

    def find(self, document: Path) -> str:
        return "/nowhere"

    def open(self, location: str) -> Any:
        return self

    def data_version(self) -> int:
        return 0

    def is_there(self) -> bool:
        return True

    @property
    def commit_log(self) -> Path | None:
        return None

    def close(self) -> None:
        pass


@pytest.fixture
def answer_with(backend: Backend, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Put a test's own services behind the handlers."""

    def put(**nouns: dict[str, Callable[..., Any]]) -> None:
        monkeypatch.setattr(backend._workspaces, "_opener", OneWorkspace(**nouns))

    return put


Fetch = Callable[..., Awaitable[Any]]
