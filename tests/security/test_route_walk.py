"""Every address of the extension, with every verb, asked by those who may not.

The walk is made from the declarations: an operation that is added is walked too.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
from jupyter_server.base.handlers import APIHandler
from jupyter_server.serverapp import JupyterServerAuthWarning
from tornado.httpclient import HTTPResponse
from tornado.web import HTTPError

from jupyter_mlws.api.interface import all_operations
from jupyter_mlws.api.routes import Operation, Upload
from jupyter_mlws.server.handlers import PREFIX, make_handlers

from .conftest import Ask, Recorder, failure

VERBS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
CHANGING = ("POST", "PUT", "PATCH", "DELETE")


def address(scope: str, operation: Operation) -> str:
    path = operation.path
    for name in operation.path_arguments:
        path = path.replace(f"{{{name}}}", "1")
    return PREFIX + ("/workspaces/here" if scope == "workspace" else "") + path


def walk() -> Iterator[tuple[str, str]]:
    """Every verb of every address, declared or not, and of some that are none."""
    paths = {address(scope, operation) for scope, operation in all_operations()}
    paths |= {f"{PREFIX}/openapi.json", f"{PREFIX}/nowhere", "/mlws", "/mlws/api/v2/runs"}
    for path in sorted(paths):
        yield from ((verb, path) for verb in VERBS)


def declared() -> Iterator[tuple[Operation, str]]:
    yield from ((operation, address(scope, operation)) for scope, operation in all_operations())


def body_of(operation: Operation) -> tuple[bytes | None, dict[str, str]]:
    if operation.body_argument is None:
        return None, {}
    if operation.types[operation.body_argument] is Upload:
        return b"bytes", {"Content-Type": "application/octet-stream"}
    return b"{}", {"Content-Type": "application/json"}


def assert_refused(answer: HTTPResponse, where: tuple[str, str], *statuses: int) -> None:
    assert answer.code in statuses, (*where, answer.code, answer.body)
    if where[0] != "HEAD":
        failure(answer)


async def test_N01_nobody_without_credentials_gets_through_any_address(ask: Ask, authorizer: type[Recorder]) -> None:
    for where in walk():
        assert_refused(await ask(*where, body=b"{}" if where[0] in CHANGING else None), where, 403)
    assert not authorizer.asked


async def test_N02_what_the_authorizer_denies_is_refused_at_every_address(
    ask: Ask, token: dict[str, str], authorizer: type[Recorder]
) -> None:
    authorizer.allows = False
    for where in walk():
        assert_refused(await ask(*where, **token), where, 403)
    for operation, path in declared():
        body, headers = body_of(operation)
        answer = await ask(operation.method, path, body=body, **token, **headers)
        assert_refused(answer, (operation.method, path), 403)


async def test_N02_the_authorizer_is_asked_what_the_declaration_says(
    ask: Ask, token: dict[str, str], authorizer: type[Recorder]
) -> None:
    for operation, path in declared():
        authorizer.asked.clear()
        body, headers = body_of(operation)
        await ask(operation.method, path, body=body, **token, **headers)
        assert set(authorizer.asked) == {(operation.permission, f"jupyter_mlws:{operation.resource}")}, operation.id


@pytest.mark.parametrize("lenient", [False], indirect=True)
def test_every_resource_is_named_after_the_extension(lenient: bool) -> None:
    for pattern, handler in make_handlers():
        assert handler.auth_resource.startswith("jupyter_mlws:"), pattern


async def test_C01_C04_a_cookie_without_the_xsrf_token_changes_nothing(
    ask: Ask, log_in: Callable[[], Awaitable[dict[str, str]]]
) -> None:
    cookie = await log_in()
    assert (await ask("GET", f"{PREFIX}/openapi.json", **cookie)).code == 200
    for verb, path in walk():
        if verb in CHANGING:
            answer = await ask(verb, path, body=b"{}", **cookie, Content_Type="application/json")
            assert_refused(answer, (verb, path), 403)


async def test_C02_a_simple_request_of_another_origin_changes_nothing(
    ask: Ask, token: dict[str, str], log_in: Callable[[], Awaitable[dict[str, str]]]
) -> None:
    cookie = await log_in()
    for operation, path in declared():
        if operation.method in CHANGING:
            where = (operation.method, path)
            foreign = {"Origin": "http://evil.example", "Content_Type": "text/plain"}
            assert_refused(await ask(*where, body=b"{}", **cookie, **foreign), where, 403, 404)
            assert_refused(await ask(*where, body=b"{}", **token, Content_Type="text/plain"), where, 415)


async def test_C05_a_page_without_an_origin_gets_nothing(
    ask: Ask, log_in: Callable[[], Awaitable[dict[str, str]]]
) -> None:
    cookie = await log_in()
    for where in walk():
        if where[0] != "OPTIONS":
            answer = await ask(*where, **cookie, Origin="null")
            assert_refused(answer, where, 403, 404)
            assert "Access-Control-Allow-Origin" not in answer.headers


async def test_C07_another_host_name_gets_nothing(ask: Ask, token: dict[str, str]) -> None:
    for where in walk():
        assert_refused(await ask(*where, **token, Host="evil.example"), where, 403)


async def test_an_identity_provider_that_fails_lets_nobody_through(
    ask: Ask, token: dict[str, str], jp_serverapp: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(handler: Any) -> None:
        raise HTTPError(502, "the hub does not answer")

    monkeypatch.setattr(jp_serverapp.identity_provider, "get_user", fail)
    for where in walk():
        assert_refused(await ask(*where, body=b"{}" if where[0] in CHANGING else None, **token), where, 502)


async def test_C10_a_header_does_not_override_the_verb(
    ask: Ask, token: dict[str, str], authorizer: type[Recorder]
) -> None:
    path = f"{PREFIX}/workspaces/here/runs"
    authorizer.asked.clear()
    await ask("GET", path, **token, X_HTTP_Method_Override="POST")
    assert authorizer.asked == [("read", "jupyter_mlws:runs")]


async def test_looking_changes_nothing_and_other_verbs_are_named(ask: Ask, token: dict[str, str]) -> None:
    path = f"{PREFIX}/workspaces/here/runs"
    answer = await ask("OPTIONS", path, **token)
    assert (answer.code, answer.headers["Allow"]) == (204, "POST, GET")
    answer = await ask("DELETE", path, **token)
    assert (answer.code, answer.headers["Allow"]) == (405, "POST, GET")
    assert failure(answer)["code"] == "method_not_allowed"
    assert (await ask("HEAD", path, **token)).code == 405


async def test_answers_are_neither_cached_nor_run(ask: Ask, token: dict[str, str]) -> None:
    answer = await ask("GET", f"{PREFIX}/openapi.json", **token)
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "sandbox" in policy
    assert "Etag" not in answer.headers


async def test_looking_is_no_activity(ask: Ask, token: dict[str, str], jp_serverapp: Any) -> None:
    settings = jp_serverapp.web_app.settings
    settings.pop("api_last_activity", None)
    await ask("GET", f"{PREFIX}/workspaces/here/runs", **token)
    assert "api_last_activity" not in settings
    await ask("POST", f"{PREFIX}/workspaces/here/runs/1/cancel", **token)
    assert "api_last_activity" in settings


@pytest.mark.parametrize("lenient", [False], indirect=True)
def test_an_address_without_a_guard_would_stop_the_start(jp_serverapp: Any) -> None:
    """The suite turns warnings into errors: show that Jupyter's warning would be one."""

    class Open(APIHandler):
        auth_resource = "jupyter_mlws:runs"

        def get(self) -> None:
            self.finish("{}")

    with pytest.warns(JupyterServerAuthWarning, match="Open"):
        jp_serverapp.web_app.add_handlers(".*$", [("/mlws/open", Open)])
