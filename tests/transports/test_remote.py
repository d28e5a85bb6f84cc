"""A workspace on another machine: the same SDK against a Jupyter server that shares nothing with the caller.

The server is a process of another user; the caller's machine has another name, so that nothing is taken for shared.
"""

from __future__ import annotations

import atexit
import os
import shutil
import socket
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from jupyter_process import JupyterProcess
from users import fresh_user

from jupyter_mlws import workspace as room
from jupyter_mlws.api import http
from jupyter_mlws.api.http import HttpApi
from jupyter_mlws.errors import Conflict, Forbidden, InvalidInput, MissingPart, NotFound, Unavailable
from jupyter_mlws.sdk import connection
from jupyter_mlws.sdk.experiment import Experiment
from jupyter_mlws.sdk.run import Run
from jupyter_mlws.sdk.script import ScriptRunConfig
from jupyter_mlws.sdk.workspace import Workspace

SCRIPT = """
import os, sys
from pathlib import Path
from jupyter_mlws import Run
import helper
run = Run.get_context()
run.log("answer", helper.ANSWER)
Path("outputs").mkdir(exist_ok=True)
Path("outputs/report.txt").write_text(sys.executable)
print("canary", os.environ.get("CANARY"), "given", os.environ.get("GIVEN"))
print("files", sorted(name for name in os.listdir() if not name.startswith("__")))
"""


@pytest.fixture(autouse=True, scope="module")
def own_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The user of the server."""
    with pytest.MonkeyPatch.context() as patch, fresh_user(tmp_path_factory.mktemp("far"), patch) as home:
        yield home


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The project of the server, and two more workspaces of its user, of one name."""
    folder = tmp_path_factory.mktemp("project")
    found = room.create(folder, "lab")
    for _ in range(2):
        with room.connect(room.create(tmp_path_factory.mktemp("other"), "twin")):
            """Opened once, it is in the registry."""
    yield found
    room.stop_dispatcher(found)


@pytest.fixture(scope="module")
def server(place: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[JupyterProcess]:
    log = tmp_path_factory.mktemp("server") / "log"
    with JupyterProcess(place.parents[1], log, alone=True, base_url="/user/ada/") as running:
        yield running
    assert "Traceback" not in log.read_text(), log.read_text()[-5000:]


@pytest.fixture(autouse=True)
def laptop(server: JupyterProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The caller: another machine, another user, a folder to work in."""
    monkeypatch.setattr(socket, "gethostname", lambda: "laptop")
    monkeypatch.setenv("CANARY", "of this process")
    with fresh_user(tmp_path, monkeypatch):
        yield tmp_path


@pytest.fixture
def ws(server: JupyterProcess) -> Workspace:
    return Workspace(server.url + "/", token=server.token)


@pytest.fixture
def uploads(monkeypatch: pytest.MonkeyPatch, ws: Workspace) -> list[str]:
    """Names of what is uploaded from here on."""
    sent: list[str] = []
    upload = ws.api.blobs.upload

    def watched(name: str, content: object) -> object:
        sent.append(name)
        return upload(name, content)

    monkeypatch.setattr(ws.api.blobs, "upload", watched)
    return sent


@pytest.fixture
def folder(laptop: Path) -> Path:
    """A script with a module, what its ignore file leaves out, and a link."""
    made = laptop / "work"
    made.mkdir()
    (made / "train.py").write_text(SCRIPT)
    (made / "helper.py").write_text("ANSWER = 42\n")
    (made / "data.csv").write_text("1,2\n" * 1000)
    (made / ".mlwsignore").write_text("data.csv\n")
    (made / "alias.py").symlink_to("helper.py")
    return made


def submit(ws: Workspace, folder: Path) -> Run:
    config = ScriptRunConfig(folder, "train.py", environment_variables={"GIVEN": "yes"})
    return Experiment(ws, "remote").submit(config)


def test_a_folder_of_this_machine_runs_there_and_what_it_leaves_comes_back(
    ws: Workspace, folder: Path, laptop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = submit(ws, folder)
    details = run.wait_for_completion(show_output=True)
    shown = capsys.readouterr().out
    assert details["status"] == "Completed", shown
    assert "canary None given yes" in shown
    assert "files ['.mlwsignore', 'alias.py', 'helper.py', 'outputs', 'train.py']" in shown.replace("'logs', ", "")
    assert run.get_metrics() == {"answer": 42.0}
    assert Path(run.download_file("outputs/report.txt", laptop)).read_text() == sys.executable
    record = run.record
    assert "CANARY" not in record.environment_variables
    assert record.links == ()
    assert any("data.csv" in note and "another machine" in note for note in record.notes)
    assert record.host != "laptop"


def test_only_what_is_new_is_sent(ws: Workspace, folder: Path, uploads: list[str]) -> None:
    first = submit(ws, folder)
    before = len(uploads)
    second = submit(ws, folder)
    assert len(uploads) == before
    assert first.get_snapshot_id() == second.get_snapshot_id()
    (folder / "helper.py").write_text("ANSWER = 43\n")
    third = submit(ws, folder)
    assert len(uploads) == before + 1
    assert third.get_snapshot_id() != first.get_snapshot_id()
    for run in (first, second, third):
        run.wait_for_completion()
    assert third.get_metrics() == {"answer": 43.0}


def test_what_the_workspace_lost_is_sent_again(ws: Workspace, folder: Path, place: Path) -> None:
    (folder / "helper.py").write_text("ANSWER = 44\n")
    snapshot = submit(ws, folder).get_snapshot_id()
    assert snapshot is not None
    lost = next(entry for entry in ws.api.snapshots.get(snapshot).entries if entry.path == "helper.py").digest
    run = submit(ws, folder)
    run.wait_for_completion()
    (place / "blobs" / lost[:2] / lost[2:]).unlink()
    again = submit(ws, folder)
    again.wait_for_completion()
    assert again.get_metrics() == {"answer": 44.0}


def test_a_kernel_with_the_small_part_says_what_is_missing(
    ws: Workspace, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "has_full_package", lambda: False)
    with pytest.raises(MissingPart, match="cannot send a folder"):
        submit(ws, folder)


def test_the_small_part_alone_reaches_a_server_by_its_address(
    server: JupyterProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "has_full_package", lambda: False)
    assert Workspace(server.url, token=server.token).info().name == "lab"


# -- which server, which workspace


def test_the_token_is_given_or_found(server: JupyterProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    assert Workspace(f"{server.url}/?token={server.token}").name == "lab"
    monkeypatch.setenv("JUPYTER_TOKEN", server.token)
    assert Workspace(server.url).name == "lab"
    monkeypatch.setenv("MLWS_TOKEN", server.token)
    monkeypatch.setenv("JUPYTER_TOKEN", "of another server")
    assert Workspace(f"{server.url}/").name == "lab"
    monkeypatch.setenv("MLWS_WORKSPACE", server.url)
    assert Workspace().name == Workspace.from_config().name == "lab"


@pytest.mark.parametrize("host", ["example.invalid", "localhost.example.invalid", "127.0.0.1.example.invalid"])
def test_the_token_of_this_machines_servers_goes_to_no_other(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    monkeypatch.setenv("JUPYTER_TOKEN", "of this machine")
    assert http.connect("http://127.0.0.1:1/")._transport._token == "of this machine"
    assert http.connect(f"http://{host}:1/")._transport._token == ""


@pytest.mark.parametrize("token", ["wrong", ""])
def test_a_wrong_token_is_refused_with_the_way_out(server: JupyterProcess, token: str) -> None:
    with pytest.raises(Forbidden, match=r"token=") as caught:
        Workspace(server.url, token=token)
    assert "wrong" not in str(caught.value)
    assert connection._opened == {}


def test_a_workspace_is_named_where_the_server_has_several(server: JupyterProcess, ws: Workspace) -> None:
    named = Workspace(server.url, token=server.token, workspace="lab")
    assert named.id == ws.id == Workspace(server.url, token=server.token, workspace=ws.id).id
    assert Workspace(f"{server.url}#lab", token=server.token).id == ws.id
    with pytest.raises(NotFound, match="no workspace 'nobody'.*lab, twin"):
        Workspace(server.url, token=server.token, workspace="nobody")
    with pytest.raises(Conflict, match="2 workspaces 'twin'.*Give an id"):
        Workspace(server.url, token=server.token, workspace="twin")


def test_another_workspace_of_a_server_is_found_again_by_its_id(server: JupyterProcess) -> None:
    known = HttpApi(server.url, "x", server.token)
    twins = [info for info in _listed(server) if info.name == "twin"]
    for info in twins:
        assert Workspace(server.url, token=server.token, workspace=info.id).location == f"{server.url}#{info.id}"
        os.environ["MLWS_TOKEN"] = server.token
        try:
            with room.connection.open_registered(info.id) as opened:
                assert opened.api.workspace.info().id == info.id
        finally:
            del os.environ["MLWS_TOKEN"]
    assert repr(known)


def _listed(server: JupyterProcess) -> tuple[object, ...]:
    from jupyter_mlws.api.http import connect

    return connect(server.url, server.token).registry.list().items


class _Stranger(BaseHTTPRequestHandler):
    """A web server that is no Jupyter: `status` and `body` for every question."""

    status = 200
    body = b"<html>Welcome</html>"

    def do_GET(self) -> None:
        self.send_response(self.status)
        self.send_header("Content-Length", str(len(self.body)))
        if self.status == 302:
            self.send_header("Location", "/login")
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, *args: object) -> None:
        """Nothing."""


@pytest.fixture
def stranger() -> Iterator[HTTPServer]:
    with HTTPServer(("127.0.0.1", 0), type("Stranger", (_Stranger,), {})) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield running
        running.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (200, b"<html>Welcome</html>", Unavailable),
        (200, b'{"id": 5}', Unavailable),
        (302, b"", Unavailable),
        (404, b"<html>no</html>", NotFound),
        (503, b"<html>starting</html>", Unavailable),
    ],
)
def test_an_address_of_something_else_is_answered_with_a_sentence(
    stranger: HTTPServer, status: int, body: bytes, error: type[Exception]
) -> None:
    stranger.RequestHandlerClass.status, stranger.RequestHandlerClass.body = status, body
    with pytest.raises(error) as caught:
        Workspace(f"http://127.0.0.1:{stranger.server_port}/", token="x")
    assert f"http://127.0.0.1:{stranger.server_port}" in str(caught.value)
    assert caught.value.hint


def test_an_address_where_nobody_is(server: JupyterProcess) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        with pytest.raises(Unavailable, match="cannot be reached"):
            Workspace(f"http://127.0.0.1:{closed.getsockname()[1]}/")
    with pytest.raises(NotFound, match="has no workspaces"):
        Workspace(server.url.replace("/user/ada", "/user/bob"), token=server.token)
    with pytest.raises(InvalidInput, match="folder"):
        Workspace("somewhere", token="x")


# -- opened once


def test_a_workspace_is_opened_once_whatever_the_working_directory(
    server: JupyterProcess, laptop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = Workspace(server.url, token=server.token)
    for i in range(100):
        (laptop / f"d{i}").mkdir()
        monkeypatch.chdir(laptop / f"d{i}")
        assert Workspace(server.url, token=server.token)._connection is first._connection
    assert len(connection._opened) == 1
    with pytest.raises(Forbidden):
        Workspace(server.url, token="another")


def test_a_folder_named_from_elsewhere_is_another_workspace(laptop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a", "b"):
        (laptop / name).mkdir()
        monkeypatch.chdir(laptop / name)
        assert Path(Workspace("here").location) == laptop / name / "here"
    monkeypatch.chdir(laptop / "a")
    assert Path(Workspace("here").location) == laptop / "a" / "here"
    shutil.rmtree(laptop / "a" / "here")


def test_a_cell_runs_there_with_what_it_needs(
    server: JupyterProcess, laptop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    monkeypatch.setenv("MLWS_WORKSPACE", server.url)
    monkeypatch.setenv("MLWS_TOKEN", server.token)
    monkeypatch.chdir(laptop)
    monkeypatch.setenv("IPYTHONDIR", str(laptop / "ipython"))
    monkeypatch.setattr(sys, "displayhook", sys.displayhook)
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])
    config = Config()
    config.HistoryManager.enabled = False
    shell = InteractiveShell(config=config)
    try:
        shell.run_cell("%load_ext jupyter_mlws\nimport os\nx = [1, 2]").raise_error()
        shell.run_cell("%%submit --as r --wait\ny = x + [3]\nseen = [os.environ.get('CANARY')]").raise_error()
        run = shell.user_ns["r"]
    finally:
        shell.restore_sys_module_state()
        atexit.unregister(shell.atexit_operations)
        shell.atexit_operations()
    assert run.status == "Completed", run.get_log()
    assert (run["y"], run["seen"]) == ([1, 2, 3], [None])
    assert run.record.host != "laptop"
