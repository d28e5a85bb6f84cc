"""Kernels that a Jupyter server started: one that has the package, and one whose environment lacks it."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
import sysconfig
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from tornado.httpclient import HTTPRequest
from tornado.websocket import websocket_connect

TOKEN = "only-for-this-test"
# What a kernel's environment without us has not got.
_OURS = ("jupyter_mlws", "__editable__", "sqlalchemy", "alembic", "msgspec", "pathspec", "fsspec")


class Server:
    """A Jupyter server with the extension, and kernels started by it."""

    def __init__(self, root: Path, home: Path) -> None:
        self.root, self.home = root, home
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        options = [f"--port={port}", f"--IdentityProvider.token={TOKEN}", f"--ServerApp.root_dir={root}"]
        quiet = ["--no-browser", "--allow-root", "--ServerApp.jpserver_extensions={'jupyter_mlws': True}"]
        self.log = (home / "server.log").open("wb")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "jupyter_server", *options, *quiet], stdout=self.log, stderr=self.log
        )
        deadline = time.monotonic() + 60
        while True:
            try:
                self.ask("GET", "/api/status")
                return
            except OSError:
                assert self.process.poll() is None, (home / "server.log").read_text()
                assert time.monotonic() < deadline, (home / "server.log").read_text()
                time.sleep(0.1)

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        request = urllib.request.Request(
            self.url + path, None if body is None else json.dumps(body).encode(), method=method
        )
        request.add_header("Authorization", f"token {TOKEN}")
        request.add_header("Content-Type", "application/json")
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read() or b"null")

    def session(self, notebook: str, kernel: str) -> Kernel:
        body = {"path": notebook, "type": "notebook", "name": notebook, "kernel": {"name": kernel}}
        started = self.ask("POST", "/api/sessions", body)["kernel"]["id"]
        return Kernel(Path(os.environ["JUPYTER_RUNTIME_DIR"], f"kernel-{started}.json"))

    def close(self) -> None:
        self.process.terminate()
        self.process.wait(30)
        self.log.close()


class Kernel:
    def __init__(self, connection_file: Path) -> None:
        self.client = BlockingKernelClient(connection_file=str(connection_file))
        self.client.load_connection_file()
        self.client.hb_channel.time_to_dead = 30.0  # the machine may be busy
        self.client.start_channels()
        self.client.wait_for_ready(timeout=60)

    def said(self, source: str) -> str:
        parts: list[str] = []

        def hear(message: dict[str, Any]) -> None:
            content = message["content"]
            parts.append(content.get("text") or content.get("data", {}).get("text/plain", ""))
            parts.extend(content.get("traceback", []))

        self.client.execute_interactive(source, timeout=60, output_hook=hear)
        return "".join(parts)

    def close(self) -> None:
        self.client.shutdown()
        self.client.stop_channels()


@pytest.fixture
def server(tmp_path: Path, own_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(own_home / "jupyter-runtime"))
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(own_home / "jupyter-data"))
    (tmp_path / "root" / "work").mkdir(parents=True)
    server = Server(tmp_path / "root", own_home)
    yield server
    server.close()


def bare_environment(folder: Path) -> Path:
    """A folder for PYTHONPATH with what a kernel needs, and nothing of ours."""
    folder.mkdir()
    for path in {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}:
        for entry in Path(path).iterdir():
            if not entry.name.lower().startswith(_OURS) and entry.suffix != ".pth":
                (folder / entry.name).symlink_to(entry)
    return folder


def save(folder: Path, name: str, cell: str) -> None:
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell)]), folder / name)


CELL = "%%submit --as fit --wait\nY = X * 2\nmlws.log(y=float(Y.sum()))\nprint('in', twice(2))"


class Page(threading.Thread):
    """What a browser's page does: hears of requests for a notebook, and answers with what is on its screen."""

    def __init__(self, server: Server, document: dict[str, Any]) -> None:
        super().__init__(daemon=True)
        self._server, self._document = server, document
        self.listens = threading.Event()
        self.asked = threading.Event()
        self.start()

    def run(self) -> None:
        asyncio.run(self._listen())

    async def _listen(self) -> None:
        url = self._server.url.replace("http", "ws", 1) + "/api/events/subscribe"
        request = HTTPRequest(url, headers={"Authorization": f"token {TOKEN}"})
        connection = await websocket_connect(request)
        self.listens.set()
        while not self.asked.is_set():
            event = json.loads(str(await connection.read_message()))
            if "document-request" in event["schema_id"]:
                path = f"/mlws/api/v1/documents/{event['request']}"
                await asyncio.to_thread(self._server.ask, "PUT", path, self._document)
                self.asked.set()
        connection.close()


def test_the_notebook_travels_as_it_is_on_screen_and_its_file_is_left_alone(server: Server) -> None:
    file = server.root / "work" / "my study.ipynb"
    save(file.parent, file.name, CELL)
    kernel = server.session("work/my study.ipynb", "python3")
    try:
        kernel.said("%load_ext jupyter_mlws\nimport numpy as np\nX = np.ones(4)\ndef twice(x): return 2 * x")
        # Without a page: the server knows the notebook, the file has the cell.
        assert "in 4" in kernel.said(CELL)
        facts = kernel.said(
            "r = fit.record; print(r.source.document, '|', r.experiment, '|', r.source.origin, r.notes)"
        )
        assert facts.strip() == "work/my study.ipynb | my-study | file ()"
        assert kernel.said("print(bool(fit.record.source.cell_id))").strip() == "True"
        # Without a page, and not saved since.
        save(file.parent, file.name, "old = 1")
        saved = file.read_bytes()
        kernel.said(CELL)
        said = kernel.said("print(fit.record.source.origin, fit.record.notes)")
        assert said.startswith("file ('my study.ipynb on disk does not have this cell as it was run")
        # With a page, which has renamed the notebook meanwhile.
        page = Page(server, on_screen("work/new name.ipynb"))
        assert page.listens.wait(30)
        assert "in 4" in kernel.said(CELL)
        assert page.asked.is_set()
        source = kernel.said("s = fit.record.source; print([s.document, s.document_id, s.cell_id, s.origin])")
        assert source.strip() == "['work/new name.ipynb', 'doc-1', 'cell-1', 'screen']"
        kernel.said("import zipfile; z = zipfile.ZipFile(fit.restore_snapshot())")
        held = kernel.said("print('new name.ipynb' in z.namelist(), b'edited' in z.read('new name.ipynb'))")
        assert held.strip() == "True True"
    finally:
        kernel.close()
    assert file.read_bytes() == saved


def on_screen(path: str) -> dict[str, Any]:
    cells = [nbformat.v4.new_code_cell(CELL), nbformat.v4.new_markdown_cell("edited")]
    text = nbformat.writes(nbformat.v4.new_notebook(cells=cells))
    return {"path": path, "text": text, "document_id": "doc-1", "cell_id": "cell-1", "answered": True}


def test_a_kernel_without_the_package_submits_through_the_servers_zip(server: Server, tmp_path: Path) -> None:
    save(server.root / "work", "bare.ipynb", CELL)
    zipped = server.ask("GET", "/mlws/api/v1/farside")["path"]
    bare = bare_environment(tmp_path / "bare")
    spec = Path(os.environ["JUPYTER_DATA_DIR"], "kernels", "bare")
    spec.mkdir(parents=True)
    interpreter = getattr(sys, "_base_executable", sys.executable)
    (spec / "kernel.json").write_text(
        json.dumps(
            {
                "argv": [interpreter, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
                "display_name": "bare",
                "language": "python",
                "env": {"PYTHONPATH": f"{bare}{os.pathsep}{zipped}"},
            }
        )
    )
    kernel = server.session("work/bare.ipynb", "bare")
    try:
        assert "No module named 'sqlalchemy'" in kernel.said("import sqlalchemy")
        kernel.said("%load_ext jupyter_mlws\nimport numpy as np\nX = np.arange(300_000.0)\ndef twice(x): return 2 * x")
        assert kernel.said("import jupyter_mlws; print(jupyter_mlws.__file__)").strip().startswith(zipped)
        said = kernel.said(CELL)
        assert "in 4" in said, said
        said = kernel.said("print(fit.status, float(fit['Y'].sum()), fit.get_metrics())")
        assert said.strip() == "Completed 89999700000.0 {'y': 89999700000.0}"
    finally:
        kernel.close()
