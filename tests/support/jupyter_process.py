"""A Jupyter server with the extension, in a process of its own, that a test may measure and kill."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

from jupyter_mlws.api.http import HttpApi

__all__ = ["JupyterProcess"]

_TOKEN = "only-for-this-test"
_START_S = 60.0
_OTHERS = ("jupyterlab", "jupyter_lsp", "jupyter_server_terminals", "notebook_shim", "notebook")


class JupyterProcess:
    """Started and answering when made; a context manager that ends it.

    Parameters
    ----------
    root : Path
        Its folder of notebooks; the workspace of this place is the one that it serves.
    log : Path
        Where its words go.
    extension : bool
        Whether it has ours.
    alone : bool
        Whether it is without all others, which need a second of the processor at each start.
    base_url : str
        Path that all its addresses begin with, as behind a hub.
    port : int, optional
        That of a server which was ended, for one that takes its place.
    """

    token = _TOKEN

    def __init__(
        self,
        root: Path,
        log: Path,
        *,
        extension: bool = True,
        alone: bool = False,
        base_url: str = "/",
        port: int | None = None,
    ) -> None:
        if port is None:
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                port = probe.getsockname()[1]
        self.port = port
        self.url = f"http://127.0.0.1:{port}{base_url.rstrip('/')}"
        self.log = log
        options = [f"--port={port}", f"--IdentityProvider.token={_TOKEN}", f"--ServerApp.root_dir={root}"]
        options.append(f"--ServerApp.base_url={base_url}")
        loaded = {"jupyter_mlws": extension} | dict.fromkeys(_OTHERS if alone else (), False)
        with log.open("ab") as file:
            self.process = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "jupyter_server",
                    *options,
                    f"--ServerApp.jpserver_extensions={loaded}",
                    "--no-browser",
                    "--allow-root",
                ],
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
            )
        self.pid = self.process.pid
        self._wait()

    def _wait(self) -> None:
        deadline = time.monotonic() + _START_S
        while True:
            try:
                self.ask("/api/status")
            except OSError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise AssertionError(f"The Jupyter server did not start:\n{self.log.read_text()}") from None
                time.sleep(0.1)
            else:
                return

    def ask(self, path: str) -> Any:
        """What the server answers at a path."""
        request = urllib.request.Request(self.url + path, headers={"Authorization": f"token {_TOKEN}"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read() or b"null")

    def api(self, workspace_id: str) -> HttpApi:
        """A client of the server, with a connection of its own."""
        return HttpApi(self.url, workspace_id, _TOKEN)

    def kill(self) -> None:
        """End it as a power cut would."""
        self.process.kill()
        self.process.wait()

    def close(self) -> None:
        """End it as a person would."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.kill()

    def __enter__(self) -> JupyterProcess:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()
