"""Hostile inputs, by id, sent into everything that takes text: the answer is a refusal, at once, and nothing leaks.

The inputs are those that broke other products of this kind; each row says what it tries.
"""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from tornado.httpclient import HTTPResponse

from jupyter_mlws.api.interface import all_operations
from jupyter_mlws.api.routes import Operation, Upload
from jupyter_mlws.server.handlers import PREFIX

from .conftest import Ask, Place, failure

pytestmark = pytest.mark.parametrize("lenient", [False], indirect=True, ids=["strict server"])

PATHS: dict[str, tuple[str, ...]] = {
    "P01 climbs out": ("../../../../../../etc/passwd", "outputs/../../../../etc/passwd", ".."),
    "P02 is absolute": ("/etc/passwd",),
    "P04 is encoded twice and thrice": (
        "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
        "%252e%252e%252f%252e%252e%252fetc%252fpasswd",
        "%25252e%25252e%25252fetc",
    ),
    "P05 climbs with backslashes": ("..\\..\\..\\etc\\passwd",),
    "P07 is a URI": ("file:///etc/passwd", "http://127.0.0.1/x"),
    "P08 is of another system": ("C:\\Windows\\win.ini", "C:/Windows/win.ini", "\\\\host\\share\\x", "//host/share/x"),
    "P10 is a sibling that begins alike": ("../root_dirtest/secret.txt",),
    "P13 hides behind a question mark": ("x?/../../../../etc/passwd",),
    "P14 survives one removal": ("....//....//....//etc/passwd",),
    "P16 differs in case": ("/ETC/passwd", ".Env", "SECRETS.json"),
    "P17 is hidden": (".git/config", ".ssh/id_rsa", ".env"),
    "P20 is no log": ("../../../../../etc%2fpasswd",),
    "P27 is a device": ("/dev/urandom", "/proc/self/environ"),
    "P29 is no format": ("../../../../victim",),
    "P30 is longer than any path": ("a/" * 2000 + "b", "a" * 256, "ä" * 128),
    "P32 is a path where a name belongs": ("../../../../tmp/pwned",),
    "V04 is no Unicode": ("a\ud800",),
    "V05 has a NUL": ("a\0b", "outputs/m.pkl\0.txt"),
    "V07 is no name": ("   ", ".", "\n", "%", "_", "\U0001f600" * 300, "*"),
    "V09 is SQL": ("metrics.`x'; DROP TABLE runs;--`", "1 OR 1=1", "' UNION SELECT * FROM runs --"),
    "D08 is code": ("run.name.__class__.__base__.__subclasses__()", "{{7*7}}", "${7*7}"),
    "O01 is long": ("now" + " " * 50_000 + "x",),
    "X01 is a page": ('<img src=x onerror="window.__xss=1">',),
    "C11 leads elsewhere": ("//evil.example", "/\\evil.example", "https:evil.example"),
}
# Text that is looked for, not looked up: anything may stand there, and finds nothing (or sorts by what no run has).
SOUGHT = {"search", "document", "status", "cursor", "kind", "run", "parent", "order_by"}
TOO_LONG_FOR_A_LINE = 60_000
AT_ONCE_S = 1


async def asked(
    ask: Ask, token: dict[str, str], place: Place, verb: str, path: str, body: bytes | None = None, **headers: str
) -> HTTPResponse:
    """Ask, and see to what holds for every hostile input."""
    answer, worked_s = await timed(lambda: ask(verb, path, body=body, **token, **headers))
    if worked_s >= AT_ONCE_S:
        # Whatever else this process did counts as well, as a collection of garbage; what is slow by itself is so again.
        worked_s = min([(await timed(lambda: ask(verb, path, body=body, **token, **headers)))[1] for _ in range(2)])
    assert worked_s < AT_ONCE_S, (verb, path[:200])
    assert answer.code < 500, (verb, path[:200], answer.body[:500])
    assert place.canary.encode() not in answer.body
    assert b"root:" not in answer.body
    if answer.code >= 400:
        failure(answer)
    return answer


async def timed(ask: Callable[[], Awaitable[HTTPResponse]]) -> tuple[HTTPResponse, float]:
    """The answer, and how long this process worked meanwhile; when others use the machine does not count."""
    start = time.process_time()
    return await ask(), time.process_time() - start


def inputs(operation: Operation) -> Iterator[str]:
    """The arguments of an operation that take text."""
    for name in (*operation.path_arguments, *operation.query_arguments):
        if str in (operation.types[name], *getattr(operation.types[name], "__args__", ())):
            yield name


def address(scope: str, operation: Operation, place: Place, **hostile: str) -> str:
    values = {"run": "1", "name": "digits", "version": "1", "snapshot": place.snapshot, "path": "train.py"}
    values |= {
        "document": "project/a.ipynb",
        "since": "0",
        "workspace": place.id,
        "request": "x",
        "alias": "live",
        "label": "live",
        "offset": "0",
    }
    values |= hostile
    path = operation.path
    for name in operation.path_arguments:
        path = path.replace(f"{{{name}}}", quote(values[name], safe="", errors="surrogatepass"))
    needed = {n for n, p in operation.query_arguments.items() if p.default is p.empty} | set(hostile)
    query = {name: values[name] for name in sorted(needed - set(operation.path_arguments))}
    prefix = PREFIX + (f"/workspaces/{place.id}" if scope == "workspace" else "")
    return prefix + path + ("?" + urlencode(query, errors="surrogatepass") if query else "")


GROUPS = {
    "P01 to P32 paths": [row for row in PATHS if row.startswith("P")],
    "V04 to V09 values": [row for row in PATHS if row.startswith("V")],
    "D08 O01 X01 C11 the rest": [row for row in PATHS if row[0] not in "PV"],
}


@pytest.mark.parametrize("group", GROUPS)
async def test_hostile_text_in_every_argument(
    group: str, ask: Ask, token: dict[str, str], place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    before = place.outside_digest()
    for row in GROUPS[group]:
        for text in PATHS[row]:
            await send_everywhere(row, text, ask, token, place)
    assert place.outside_digest() == before
    assert place.canary not in caplog.text


async def send_everywhere(row: str, text: str, ask: Ask, token: dict[str, str], place: Place) -> None:
    for scope, operation in all_operations():
        if operation.method != "GET" or operation.id == "registry.list":
            continue
        for name in inputs(operation):
            path = address(scope, operation, place, **{name: text})
            if len(path) > TOO_LONG_FOR_A_LINE:
                continue
            answer = await asked(ask, token, place, "GET", path)
            where = (row, operation.id, name, text[:50], answer.body[:300])
            if answer.code == 200 and name not in SOUGHT:
                assert json.loads(answer.body)["items"] == [], where
            elif name not in SOUGHT:
                assert answer.code in (400, 404, 413), where


# Of what changes something one text of each row will do; the whole list is for what only looks.
ONE_EACH = [texts[0] for texts in PATHS.values()] + ["\U0001f600" * 300, ".env", "//evil.example"]
# A file may be called what no experiment may be: the name is kept as text.
KEPT_AS_NAMES = ("blobs.upload", "files.upload")


def body_of(operation: Operation) -> tuple[bytes, dict[str, str]]:
    if operation.body_argument is None:
        return b"{}", JSON
    if operation.types[operation.body_argument] is Upload:
        return b"bytes", {"Content_Type": "application/octet-stream"}
    return as_json(BODIES[operation.id]), JSON


async def test_hostile_text_in_every_argument_of_what_changes(
    ask: Ask, token: dict[str, str], place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    before = place.outside_digest()
    changing = [(scope, operation) for scope, operation in all_operations() if operation.method != "GET"]
    for scope, operation in changing:
        body, headers = body_of(operation)
        for name, text in ((name, text) for name in inputs(operation) for text in ONE_EACH):
            path = address(scope, operation, place, **{name: text})
            if len(path) > TOO_LONG_FOR_A_LINE or (operation.id, name) == ("documents.answer", "request"):
                continue
            answer = await asked(ask, token, place, operation.method, path, body, **headers)
            where = (operation.id, name, text[:50], answer.body[:300])
            if operation.id in KEPT_AS_NAMES and name == "name" and answer.code == 200:
                assert json.loads(answer.body)["name"] == text, where
            else:
                assert answer.code in (400, 404, 405, 409, 413), where
    assert place.outside_digest() == before
    assert place.canary not in caplog.text
    assert (await ask("GET", f"{PREFIX}/workspaces/{place.id}/runs/1", **token)).code == 200


async def test_P24_a_workspace_is_an_id_never_a_path(ask: Ask, token: dict[str, str], place: Place) -> None:
    texts = [text for row in PATHS.values() for text in row]
    for text in (*texts, str(place.root / ".mlws" / "workspace"), "0" * 16):
        path = f"{PREFIX}/workspaces/{quote(text, safe='', errors='surrogatepass')}/info"
        if len(path) < TOO_LONG_FOR_A_LINE:
            assert (await asked(ask, token, place, "GET", path)).code == 404, text


async def test_P19_an_address_that_climbs_leads_nowhere(ask: Ask, token: dict[str, str], place: Place) -> None:
    for tail in ("/../../../../../../etc/passwd", "/static/js/../../../../etc/passwd", "/workspaces/../../../x"):
        assert (await asked(ask, token, place, "GET", PREFIX + tail)).code == 404


async def test_P23_P26_nothing_is_deleted_by_a_path(ask: Ask, token: dict[str, str], place: Place) -> None:
    before = place.outside_digest()
    run = f"{PREFIX}/workspaces/{place.id}/runs/1"
    for tail in ("/file?name=..%2fvictim", "/files"):
        assert (await asked(ask, token, place, "DELETE", run + tail)).code == 405
    # A run is deleted by its id or number alone: with a path beside it, or as one, nothing is.
    for tail in ("1?path=..%2f..%2fvictim", "1?path=", "..%2f..%2fvictim", "%2e%2e", ".", "*", ""):
        answer = await asked(ask, token, place, "DELETE", run.removesuffix("1") + tail)
        assert answer.code in (400, 404, 405), tail
    assert (await ask("GET", run, **token)).code == 200
    assert place.outside_digest() == before


PARAMETERS = [
    ("format=../../../../victim", "no parameter"),
    ("next=//evil.example", "no parameter"),
    ("limit=1&limit=2", "2 times"),
    ("limit=", "whole number"),
    ("limit=1e3", "whole number"),
    ("limit=١", "whole number"),
    ("limit=true", "whole number"),
    (f"limit={10**30}", "whole number"),
    ("include_children=yes", "true or false"),
    ("include_children=1", "true or false"),
    ("search=%ff", "UTF-8"),
    ("search=a%00b", "NUL"),
    ("search=%ed%a0%80", "UTF-8"),
    ("run_id[]=a", "no parameter"),
]


async def test_N14_parameters_are_what_they_are_declared_to_be(ask: Ask, token: dict[str, str], place: Place) -> None:
    for query, says in PARAMETERS:
        path = f"{PREFIX}/workspaces/{place.id}/runs?{quote(query, safe='=&%/')}"
        answer = await asked(ask, token, place, "GET", path)
        assert answer.code == 400, query
        assert says in failure(answer)["message"], query


async def test_what_jupyter_itself_sends_along_is_no_mistake(ask: Ask, token: dict[str, str], place: Place) -> None:
    path = f"{PREFIX}/workspaces/{place.id}/runs?limit=1&no_track_activity=1&1795257251401"
    assert (await asked(ask, token, place, "GET", path)).code == 200


async def test_O07_a_page_is_never_larger_than_a_page(ask: Ask, token: dict[str, str], place: Place) -> None:
    runs = f"{PREFIX}/workspaces/{place.id}/runs"
    assert (await asked(ask, token, place, "GET", f"{runs}?limit=1000000000")).code == 200
    for limit in ("-1", "0"):
        assert (await asked(ask, token, place, "GET", f"{runs}?limit={limit}")).code == 400
    assert (await asked(ask, token, place, "GET", f"{runs}?offset=-1")).code == 400


BODIES: dict[str, dict[str, Any]] = {
    "environments.register": {"name": "x", "spec": {"packages": ["six"]}},
    "secrets.set": {"value": "x"},
    # The target does not exist, so that nothing is started.
    "runs.submit": {"experiment": "digits", "command": ["python", "t.py"], "compute_target": "nowhere"},
    # There is no such snapshot, so nothing begins.
    "runs.start": {"experiment": "digits", "snapshot_id": "f" * 64},
    "runs.rerun": {"compute_target": "nowhere"},
    "runs.update": {"display_name": "x"},
    "snapshots.create": {"directory": "/nowhere", "preview": True},
    "experiments.update": {"description": "x"},
    "runs.create_children": {"items": [{"id": "child-1"}]},
    "runs.end": {"status": "Completed"},
    "snapshots.find_missing": {"entries": []},
    "snapshots.record": {"entries": []},
    "metrics.read_many": {"series": [{"run": "1", "name": "loss"}]},
    "models.update": {"description": "x"},
    "models.register": {"name": "digits", "run_id": "1", "path": "outputs/none"},
    # There is no such file.
    "notebooks.submit": {"path": "project/none.ipynb"},
    "notebooks.parameters": {"document": '{"cells": [], "metadata": {}}'},
    "copies.put_file": {"run": "1", "name": "outputs/none", "beside": "none/a.ipynb"},
    "copies.put_snapshot": {"run": "1", "beside": "none/a.ipynb"},
    # There is neither such a folder nor such a workspace, and nothing to trust.
    "registry.create": {"folder": "none"},
    "registry.open": {"location": "none"},
    "registry.rename": {"name": "x"},
    "registry.trust": {"document": "project/a.ipynb", "place": "x"},
    "documents.request": {"kernel_id": "k", "timeout_s": 0},
    "documents.answer": {"path": "a.ipynb", "text": "{}", "answered": True},
}
ODD: list[Any] = [None, [], {}, True, 0, 1.5, "", "a" * 1_000_000, ["a", "b"], {"a": {"b": 1}}, 10**30, -1]
TEXTS = [
    "a\ud800",
    "a\0b",
    "../../etc/passwd",
    "' OR 1=1 --",
    "<img src=x onerror=alert(1)>",
    "$HOME",
    "`id`",
    "{{7*7}}",
]


def with_bodies() -> Iterator[tuple[str, Operation]]:
    for scope, operation in all_operations():
        if operation.body_argument and operation.types[operation.body_argument] is not Upload:
            yield scope, operation


def as_json(value: Any) -> bytes:
    return json.dumps(value).encode()


JSON = {"Content_Type": "application/json"}


@pytest.mark.parametrize(("scope", "operation"), list(with_bodies()), ids=[o.id for _, o in with_bodies()])
async def test_N14_V04_V05_every_field_with_every_odd_value(
    scope: str, operation: Operation, ask: Ask, token: dict[str, str], place: Place
) -> None:
    path = address(scope, operation, place)
    kind = operation.types[operation.body_argument or ""]
    for field in fields(kind):
        for value in [*ODD, *TEXTS, TEXTS, {"a": text} if (text := TEXTS[0]) else None]:
            body = as_json(BODIES[operation.id] | {field.name: value})
            answer = await asked(ask, token, place, operation.method, path, body, **JSON)
            if value in ("a\ud800", "a\0b") or value == 10**30:
                assert answer.code == 400, (field.name, value)
    assert (await ask("GET", f"{PREFIX}/workspaces/{place.id}/runs/1", **token)).code == 200


async def test_U05_S01_K10_nothing_is_fetched_and_nothing_is_run(
    ask: Ask, token: dict[str, str], place: Place, tmp_path: Path
) -> None:
    mark = tmp_path / "pwned"
    with socket.create_server(("127.0.0.1", 0)) as honeypot:
        honeypot.setblocking(False)
        host = f"127.0.0.1:{honeypot.getsockname()[1]}"
        commands = [f"`touch {mark}`", f"$(touch {mark})", f"; touch {mark}", f"--upload-pack=touch {mark}"]
        addresses = [f"http://{host}/x", f"ftp://{host}/a", f"simplecache::http://{host}/", f"git+http://{host}/"]
        for text in (*commands, *addresses):
            await send_everywhere("U05", text, ask, token, place)
            for scope, operation in with_bodies():
                path = address(scope, operation, place)
                for field in fields(operation.types[operation.body_argument or ""]):
                    body = as_json(BODIES[operation.id] | {field.name: text})
                    await asked(ask, token, place, operation.method, path, body, **JSON)
        with pytest.raises(BlockingIOError):
            honeypot.accept()
    assert mark.name not in os.listdir(tmp_path)


async def test_N10_fields_that_are_not_asked_for_are_refused(ask: Ask, token: dict[str, str], place: Place) -> None:
    extras: list[dict[str, Any]] = [{"role": "admin"}, {"owner": "victim"}, {"status": "Completed"}, {"created_at": 0}]
    for scope, operation in with_bodies():
        own = {field.name for field in fields(operation.types[operation.body_argument or ""])}
        for extra in [extra for extra in extras if not own & set(extra)]:
            body = as_json(BODIES[operation.id] | extra)
            answer = await asked(ask, token, place, operation.method, address(scope, operation, place), body, **JSON)
            assert answer.code == 400
            assert "no field" in failure(answer)["message"]


NO_OBJECTS = {
    "O05 lists": b"[" * 100_000,
    "O05 objects": b'{"a":' * 50_000,
    "empty": b"",
    "null": b"null",
    "list": b"[]",
    "number": b"1",
    "NaN": b"NaN",
    "UTF-16": b"\xff\xfe{\x00}\x00",
    "cut": b'{"experiment": "a", "experiment": ',
    "D10 pickle": b"\x80\x04\x95",
    "digits": b"1" * 10_000,
}


async def test_O05_a_body_that_is_no_object(ask: Ask, token: dict[str, str], place: Place) -> None:
    for name, body in NO_OBJECTS.items():
        for scope, operation in with_bodies():
            path = address(scope, operation, place)
            answer = await asked(ask, token, place, operation.method, path, body, **JSON)
            assert answer.code == 400, (name, operation.id)


async def test_O04_fifty_million_characters_are_too_many(ask: Ask, token: dict[str, str], place: Place) -> None:
    body = as_json({"experiment": "1" * 50_000_000, "command": ["x"]})
    answer = await asked(ask, token, place, "POST", f"{PREFIX}/workspaces/{place.id}/runs", body, **JSON)
    assert answer.code == 413
    assert failure(answer)["code"] == "too_large"


async def test_D02_a_body_is_json_or_nothing(ask: Ask, token: dict[str, str], place: Place) -> None:
    path = f"{PREFIX}/workspaces/{place.id}/runs"
    for media_type in (
        "application/vnd.bentoml+pickle",
        "text/plain",
        "multipart/form-data; boundary=x",
        "a/jsonx",
        "",
    ):
        answer = await asked(ask, token, place, "POST", path, b"{}", Content_Type=media_type)
        assert answer.code == 415, media_type


async def test_a_request_without_a_body_takes_none(ask: Ask, token: dict[str, str], place: Place) -> None:
    path = f"{PREFIX}/workspaces/{place.id}/runs/1/cancel"
    assert (await asked(ask, token, place, "POST", path, b'{"force": true}', **JSON)).code == 400


REGISTRATIONS = [
    {"path": "file:///etc"},
    {"path": "http:///#/../../../../etc/"},
    {"path": "runs:/2/x"},
    {"path": "s3:/b/models/../../x"},
    {"path": "outputs/../../../etc"},
    {"path": "/etc/passwd"},
    {"run_id": "../../.."},
    {"run_id": "/etc"},
    {"name": "../../../../tmp/pwned"},
]


async def test_U01_U04_P27_a_model_is_made_of_the_files_of_a_run(ask: Ask, token: dict[str, str], place: Place) -> None:
    for registration in REGISTRATIONS:
        body = as_json(BODIES["models.register"] | {"path": "outputs/m.pkl"} | registration)
        answer = await asked(ask, token, place, "POST", f"{PREFIX}/workspaces/{place.id}/models", body, **JSON)
        assert answer.code in (400, 404), registration


async def test_K11_our_own_variables_cannot_be_set(ask: Ask, token: dict[str, str], place: Place) -> None:
    for name in ("MLWS_RUN_ID", "MLWS_RUN_FOLDER", "A=B", "", "A\0B"):
        body = as_json(BODIES["runs.submit"] | {"compute_target": "local", "environment_variables": {name: "x"}})
        answer = await asked(ask, token, place, "POST", f"{PREFIX}/workspaces/{place.id}/runs", body, **JSON)
        assert answer.code == 400, name


async def test_X01_X20_names_come_back_as_the_text_they_are(ask: Ask, token: dict[str, str], place: Place) -> None:
    run = f"{PREFIX}/workspaces/{place.id}/runs/1"
    for name in ('<img src=x onerror="window.__xss=1">', "run\u202etxt.exe \u2066a\u2069", "=cmd|' /C calc'!A0"):
        body = as_json({"display_name": name, "tags": {name: name}})
        assert (await asked(ask, token, place, "PATCH", run, body, **JSON)).code == 200
        answer = await asked(ask, token, place, "GET", run)
        assert json.loads(answer.body)["display_name"] == name
        assert answer.headers["Content-Type"] == "application/json"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


async def test_the_server_answers_at_once_after_all_this(ask: Ask, token: dict[str, str], place: Place) -> None:
    await ask("POST", f"{PREFIX}/workspaces/{place.id}/runs", body=b"[" * 10_000_000, **token, **JSON)
    answer = await asked(ask, token, place, "GET", f"{PREFIX}/workspaces/{place.id}/info")
    assert json.loads(answer.body)["run_count"] == 1
