"""A running Jupyter server, and ways to ask it as somebody, or as nobody."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from jupyter_server.auth.authorizer import Authorizer
from tornado.httpclient import AsyncHTTPClient, HTTPResponse

Ask = Callable[..., Awaitable[HTTPResponse]]


class Recorder(Authorizer):
    """Lets everybody do everything unless told otherwise, and remembers what it was asked."""

    asked: list[tuple[str, str]] = []
    allows = True

    def is_authorized(self, handler: Any, user: Any, action: str, resource: str) -> bool:
        type(self).asked.append((action, resource))
        return type(self).allows or not resource.startswith("jupyter_mlws:")


@pytest.fixture
def authorizer() -> type[Recorder]:
    Recorder.asked, Recorder.allows = [], True
    return Recorder


@pytest.fixture(params=[False, True], ids=["strict server", "lenient server"])
def lenient(request: pytest.FixtureRequest) -> bool:
    """Whether the server lets handlers without a decorator answer anybody, as Jupyter still does by default."""
    return bool(request.param)


@pytest.fixture
def jp_server_config(lenient: bool, authorizer: type[Recorder]) -> dict[str, Any]:
    return {
        "ServerApp": {
            "jpserver_extensions": {"jupyter_mlws": True, "jupyter_server_terminals": False},
            "allow_unauthenticated_access": lenient,
            "authorizer_class": authorizer,
        }
    }


@pytest.fixture
def ask(jp_serverapp: Any, http_server_client: AsyncHTTPClient, jp_base_url: str) -> Ask:
    """Ask the server without any credentials but those given."""

    async def send(method: str, path: str, *, body: bytes | None = None, **headers: str) -> HTTPResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await http_server_client.fetch(
            jp_base_url.rstrip("/") + path,
            method=method,
            body=body,
            headers=named,
            allow_nonstandard_methods=True,
            follow_redirects=False,
            raise_error=False,
        )

    return send


@pytest.fixture
def token(jp_serverapp: Any) -> dict[str, str]:
    """Headers of somebody with the token."""
    return {"Authorization": f"token {jp_serverapp.identity_provider.token}"}


@pytest.fixture
def log_in(ask: Ask, token: dict[str, str]) -> Callable[[], Awaitable[dict[str, str]]]:
    """Headers of a browser that is logged in, without the XSRF token."""

    async def cookies() -> dict[str, str]:
        answer = await ask("GET", "/api/status", **token)
        pairs = [value.split(";")[0] for value in answer.headers.get_list("Set-Cookie")]
        return {"Cookie": "; ".join(pair for pair in pairs if not pair.startswith("_xsrf"))}

    return cookies


def failure(answer: HTTPResponse) -> dict[str, Any]:
    """The body of a failure, which has one shape."""
    payload: dict[str, Any] = json.loads(answer.body)
    assert set(payload) == {"code", "message", "hint", "details"}, payload
    assert payload["message"], payload
    assert answer.headers["Content-Type"].startswith("application/json")
    return payload
