"""The same promises behind a Jupyter server: every request crosses a socket, the handlers and the client."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from jupyter_server.serverapp import ServerApp
from traitlets.config import Config

from jupyter_mlws.api.http import HttpApi
from jupyter_mlws.api.transport import Transport
from jupyter_mlws.blobs import BlobStore
from jupyter_mlws.services import Services
from jupyter_mlws.store import Store

from .place import Place, Waking
from .suite import ApiSuite


class RunningServer:
    """A Jupyter server with the extension, in a thread of its own."""

    def __init__(self, root: Path) -> None:
        self._ready = threading.Event()
        self._root = root
        self._thread = threading.Thread(target=self._run, name="jupyter-server")
        self._thread.start()
        assert self._ready.wait(30)

    def _run(self) -> None:
        asyncio.set_event_loop(asyncio.new_event_loop())
        self.app = ServerApp(config=_config(self._root))
        self.app.init_signal = lambda: None  # only the main thread may handle signals
        self.app.initialize(argv=[], new_httpserver=True)
        self.app.io_loop.add_callback(self._ready.set)
        self.app.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.app.port}{self.app.base_url}"

    @property
    def backend(self) -> Any:
        return self.app.web_app.settings["jupyter_mlws_backend"]

    def stop(self) -> None:
        self.app.stop()
        self._thread.join(30)
        assert not self._thread.is_alive()


def _config(root: Path) -> Config:
    config = Config()
    config.ServerApp.jpserver_extensions = {"jupyter_mlws": True}
    config.ServerApp.root_dir = str(root)
    config.ServerApp.ip = "127.0.0.1"
    config.ServerApp.port = 0
    config.ServerApp.base_url = "/lab/"
    config.ServerApp.open_browser = False
    config.ServerApp.allow_root = True
    config.ServerApp.allow_unauthenticated_access = False
    config.ServerApp.log_level = "CRITICAL"
    config.IdentityProvider.token = "of-this-test"
    return config


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with pytest.MonkeyPatch.context() as patch:
        home = tmp_path_factory.mktemp("server")
        for name in ("JUPYTER_RUNTIME_DIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR"):
            patch.setenv(name, str(home / name.lower()))
        # No extensions of the machine: what they patch would stay patched for the tests that follow.
        patch.setenv("JUPYTER_NO_CONFIG", "1")
        running = RunningServer(home)
        yield running
        running.stop()


class _TheServices:
    """Opens the services that a test watches from behind, as the workspace 'w1'."""

    id = "w1"

    def __init__(self, api: Services) -> None:
        self.api = api

    def locations(self) -> dict[str, str]:
        return {self.id: f"services:{id(self.api)}"}

    def exists(self, location: str) -> bool:
        return True

    def find(self, document: Path) -> str:
        return f"services:{id(self.api)}"

    def open(self, location: str) -> _TheServices:
        return self

    def data_version(self) -> int:
        return self.api.data_version()

    def is_there(self) -> bool:
        return True

    @property
    def commit_log(self) -> Path | None:
        return self.api.commit_log

    def close(self) -> None:
        """The test closes its store itself."""


@pytest.fixture
def place(server: RunningServer, tmp_path: Path, store_factory: Callable[..., Store]) -> Place:
    folder = tmp_path / "workspace"
    folder.mkdir()
    waking, blobs = Waking(), BlobStore(folder / "blobs")
    store = store_factory()
    services = Services(
        folder, store, blobs, wake=waking, user="ada", host="box", workspace_id="w1", name="my workspace"
    )
    server.backend._workspaces._opener = _TheServices(services)
    server.backend._workspaces._opened.clear()
    server.backend._watcher._watched.clear()
    api: Any = HttpApi(server.url, "w1", transport=Transport(server.url, "of-this-test"))
    return Place(api=api, store=store, blobs=blobs, folder=folder, waking=waking)


class TestOverHttp(ApiSuite):
    """`jupyter_mlws.server` and `jupyter_mlws.api.http`."""
