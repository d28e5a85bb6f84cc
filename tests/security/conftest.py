"""A running Jupyter server, and ways to ask it as somebody, or as nobody."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pytest
from asleep import Asleep
from jupyter_server.auth.authorizer import Authorizer
from tornado.httpclient import AsyncHTTPClient, HTTPResponse

from jupyter_mlws import workspace
from jupyter_mlws.api.routes import Upload
from jupyter_mlws.blobs import BlobStore
from jupyter_mlws.domain.clock import now
from jupyter_mlws.domain.file import FileKind, RunFile
from jupyter_mlws.domain.model import ModelRegistration
from jupyter_mlws.domain.run import RunSubmission
from jupyter_mlws.domain.snapshot import SnapshotRequest
from jupyter_mlws.services import Services
from jupyter_mlws.store import Store
from jupyter_mlws.store.files import put_file

Ask = Callable[..., Awaitable[HTTPResponse]]


class Recorder(Authorizer):
    """Lets everybody do everything unless told otherwise, and remembers what it was asked."""

    asked: ClassVar[list[tuple[str, str]]] = []
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


@dataclass(frozen=True)
class Place:
    """A workspace with one of everything, and what must never come out of the server's machine."""

    id: str
    run: str
    snapshot: str
    root: Path
    canary: str
    outside: Path

    def outside_digest(self) -> str:
        """A hash of all that lies beside the root."""
        found = hashlib.sha256()
        for path in sorted(self.outside.rglob("*")):
            found.update(str(path).encode() + (path.read_bytes() if path.is_file() else b""))
        return found.hexdigest()


@pytest.fixture
def place(jp_serverapp: Any, jp_root_dir: Path) -> Iterator[Place]:
    """A workspace below the server's root with a queued run, an output, a model and a snapshot."""
    canary = f"CANARY{secrets.token_hex(8)}"
    # The name begins as that of the root does: a test by prefix would let it through.
    outside = jp_root_dir.with_name(jp_root_dir.name + "test")
    outside.mkdir()
    (outside / "secret.txt").write_text(canary)
    folder = workspace.create(jp_root_dir, "lab")
    with workspace.connect(folder) as opened:
        workspace_id = opened.id
    with Store.open(folder) as store:
        services = Services(folder, store, BlobStore(folder / "blobs"), wake=Asleep(), user="ada", host="here")
        yield Place(workspace_id, *_inhabit(services, jp_root_dir), jp_root_dir, canary, outside)


def _inhabit(services: Services, root: Path) -> tuple[str, str]:
    run = services.runs.submit(RunSubmission(experiment="digits", command=("python", "train.py")))
    kept = services.blobs.upload("m.pkl", Upload(b"weights"))
    output = RunFile(
        name="outputs/m.pkl",
        kind=FileKind.OUTPUT,
        size_bytes=kept.size_bytes,
        digest=kept.digest,
        mode=0o100644,
        modified_at=now(),
    )
    with services.store.write() as c:
        put_file(c, run.id, output)
    services.models.register(ModelRegistration(name="digits", run_id=run.id, path="outputs/m.pkl"))
    (root / "project").mkdir()
    (root / "project" / "train.py").write_text("print(1)\n")
    report = services.snapshots.create(SnapshotRequest(directory=str(root / "project"), rule="directory"))
    assert report.snapshot is not None
    return run.id, report.snapshot.id
