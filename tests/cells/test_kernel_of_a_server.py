"""Kernels that a Jupyter server started: one that has the package, and one whose environment lacks it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import sysconfig
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from jupyter_client.blocking.client import BlockingKernelClient

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
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read() or b"null")

    def session(self, notebook: str, kernel: str) -> Kernel:
        body = {"path": notebook, "type": "notebook", "name": notebook, "kernel": {"name": kernel}}
        found = self.ask("POST", "/api/sessions", body)
        return Kernel(Path(os.environ["JUPYTER_RUNTIME_DIR"], f"kernel-{found['kernel']['id']}.json"))

    def close(self) -> None:
        self.process.terminate()
        self.process.wait(30)
        self.log.close()


class Kernel:
    def __init__(self, connection_file: Path) -> None:
        self.client = BlockingKernelClient(connection_file=str(connection_file))
        self.client.load_connection_file()
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


def test_the_server_tells_which_notebook_a_kernel_belongs_to(server: Server) -> None:
    save(server.root / "work", "my study.ipynb", CELL)
    kernel = server.session("work/my study.ipynb", "python3")
    try:
        kernel.said("%load_ext jupyter_mlws\nimport numpy as np\nX = np.ones(4)\ndef twice(x): return 2 * x")
        assert "in 4" in kernel.said(CELL)
        facts = kernel.said("r = fit.record; print(r.source.document, '|', r.experiment, '|', r.source.origin)")
        assert facts.strip() == "work/my study.ipynb | my-study | file"
        assert kernel.said("print(bool(fit.record.source.cell_id))").strip() == "True"
    finally:
        kernel.close()


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
