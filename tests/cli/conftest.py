"""What the tests of the command line share."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from jupyter_mlws import workspace as room
from jupyter_mlws.api.routes import Upload
from jupyter_mlws.cli.app import app
from jupyter_mlws.domain.clock import now
from jupyter_mlws.domain.file import FileKind, RunFile
from jupyter_mlws.domain.run import RunSubmission
from jupyter_mlws.store import Store, files
from jupyter_mlws.workspace.waking import Wake


class Terminal:
    """Types `mlws ...` and reads what it prints."""

    def __call__(self, *words: object, fails: bool = False) -> str:
        result = CliRunner().invoke(app, [str(word) for word in words])
        assert (result.exit_code != 0) == fails, result.output
        return result.output

    def json(self, *words: object) -> object:
        return json.loads(self(*words, "--json"))


@pytest.fixture
def mlws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Terminal]:
    """A terminal in a project without a workspace yet; a dispatcher is stopped at the end."""
    project = tmp_path / "project"
    project.mkdir()
    monkeypatch.chdir(project)
    (project / "train.py").write_text("import sys, jupyter_mlws as mlws\nmlws.log(loss=0.25)\nprint(sys.argv[1:])\n")
    yield Terminal()
    CliRunner().invoke(app, ["stop"])


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A workspace with a queued run and a stored file, and nobody to run it."""
    place = tmp_path / "ws"
    monkeypatch.setenv("MLWS_WORKSPACE", str(place))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Wake, "__call__", lambda self: None)
    with room.connect(place) as opened:
        run = opened.api.runs.submit(RunSubmission(experiment="e", command=("/bin/true",)))
        put = opened.api.blobs.upload("model.bin", Upload(b"weights"))
        _record_file(place, run.id, put.digest)
    yield place
    room.stop_dispatcher(place)


def _record_file(place: Path, run_id: str, digest: str) -> None:
    with Store.open(place) as store, store.write() as c:
        found = RunFile(
            name="outputs/model.bin",
            kind=FileKind.OUTPUT,
            size_bytes=7,
            digest=digest,
            mode=0o600,
            modified_at=now(),
        )
        files.put_files(c, run_id, [found])


def findings(*words: str) -> tuple[int, list[dict[str, str]]]:
    """The exit code of `mlws doctor`, and what it found."""
    done = CliRunner().invoke(app, ["doctor", "--json", *words])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, json.loads(done.output)
