"""A server that asks for no token still takes requests that change something, from who is no page of another origin."""

from __future__ import annotations

from typing import Any

from tornado.httpclient import AsyncHTTPClient

from jupyter_mlws.api.http import ServerApi
from tests.server.conftest import in_thread


async def test_a_kernel_writes_to_a_server_without_a_token(
    jp_serverapp: Any, http_server_client: AsyncHTTPClient, jp_base_url: str
) -> None:
    jp_serverapp.identity_provider.token = ""
    url = f"http://127.0.0.1:{jp_serverapp.port}{jp_base_url}"

    def create() -> str:
        server = ServerApi(url)
        return server.workspace(server.registry.resolve("").id).experiments.create("open").name

    assert await in_thread(create) == "open"
