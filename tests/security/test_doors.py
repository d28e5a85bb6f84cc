"""Hostile text through each door: in this process and over HTTP the answer is the same, with each database."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_mlws import workspace as room
from jupyter_mlws.api.http import HttpApi
from jupyter_mlws.api.interface import Api
from jupyter_mlws.api.routes import Upload
from jupyter_mlws.domain.child import NewChild, NewChildren, RunEnd
from jupyter_mlws.domain.experiment import ExperimentUpdate
from jupyter_mlws.domain.metric import SeriesWanted, WantedSeries
from jupyter_mlws.domain.model import ModelRegistration
from jupyter_mlws.domain.rerun import Rerun
from jupyter_mlws.domain.run import RunSubmission, RunUpdate
from jupyter_mlws.domain.status import RunStatus
from jupyter_mlws.errors import MlwsError
from jupyter_mlws.server.handlers import PREFIX
from tests.support.jupyter_process import JupyterProcess

from .lab import digest_of, holds
from .test_bad_inputs import PATHS, TEXTS

TOKEN = "only-for-this-test"
# One text of each row in CI; all of them in the long form.
FEW = [*(texts[0] for texts in PATHS.values()), *TEXTS][::3]
ALL = [*(text for texts in PATHS.values() for text in texts), *TEXTS]
MOST_S = 5.0
MOST_OF_A_LINE = 20_000
DOTS = (".", "..")


def calls(text: str) -> dict[str, Callable[[Api], Any]]:
    """Every operation of a workspace that takes text, with it in each place."""
    submission = {"experiment": "digits", "command": ("x",), "compute_target": "nowhere"}
    return {
        "runs.get": lambda api: api.runs.get(text),
        "runs.cancel": lambda api: api.runs.cancel(text),
        "runs.list experiment": lambda api: api.runs.list(experiment=text),
        "runs.list status": lambda api: api.runs.list(status=text),
        "runs.list document": lambda api: api.runs.list(document=text),
        "runs.list parent": lambda api: api.runs.list(parent=text),
        "runs.list search": lambda api: api.runs.list(search=text),
        "runs.list cursor": lambda api: api.runs.list(cursor=text),
        "runs.update run": lambda api: api.runs.update(text, RunUpdate(description="x")),
        "runs.update text": lambda api: api.runs.update("1", RunUpdate(display_name=text, tags={text: text})),
        "runs.submit experiment": lambda api: api.runs.submit(RunSubmission(**submission | {"experiment": text})),
        "runs.submit target": lambda api: api.runs.submit(RunSubmission(**submission | {"compute_target": text})),
        "runs.submit snapshot": lambda api: api.runs.submit(
            RunSubmission(**submission | {"snapshot_id": text, "compute_target": "local"})
        ),
        "runs.submit folder": lambda api: api.runs.submit(RunSubmission(**submission | {"working_directory": text})),
        "experiments.get": lambda api: api.experiments.get(text),
        "experiments.create": lambda api: api.experiments.create(text),
        "logs.read run": lambda api: api.logs.read(text),
        "logs.read name": lambda api: api.logs.read("1", text),
        "files.list kind": lambda api: api.files.list("1", kind=text),
        "files.download": lambda api: api.files.download("1", text).read(),
        "metrics.list": lambda api: api.metrics.list(text),
        "metrics.read": lambda api: api.metrics.read("1", text).read(),
        "metrics.read_many": lambda api: api.metrics.read_many(
            WantedSeries(series=(SeriesWanted(run=text, name=text),))
        ).read(),
        "snapshots.get": lambda api: api.snapshots.get(text),
        "snapshots.download_file": lambda api: api.snapshots.download_file("0" * 64, text).read(),
        "models.get": lambda api: api.models.get(text, 1),
        "models.list": lambda api: api.models.list(name=text, run=text),
        "models.download": lambda api: api.models.download("digits", 1, text).read(),
        "models.register": lambda api: api.models.register(ModelRegistration(name="digits", run_id="1", path=text)),
        "runs.delete": lambda api: api.runs.delete(text),
        "runs.restore": lambda api: api.runs.restore(text),
        "runs.rerun": lambda api: api.runs.rerun("1", Rerun(compute_target=text, arguments=(text,))),
        "runs.rerun variable": lambda api: api.runs.rerun(
            "1", Rerun(compute_target="nowhere", environment_variables={text: "x"})
        ),
        "runs.end": lambda api: api.runs.end(text, RunEnd(status=RunStatus.COMPLETED)),
        "runs.create_children": lambda api: api.runs.create_children("1", NewChildren(items=(NewChild(id=text),))),
        "experiments.delete": lambda api: api.experiments.delete(text),
        "experiments.restore": lambda api: api.experiments.restore("gone", text),
        "experiments.update": lambda api: api.experiments.update("digits", ExperimentUpdate(tags={text: text})),
        "files.upload": lambda api: api.files.upload("1", text, Upload(b"x")),
        "folders.append": lambda api: api.folders.append("1", text, 0, Upload(b"x")),
        "folders.read": lambda api: api.folders.read("1", text).read(),
        "folders.imported": lambda api: api.folders.imported(text),
        "metrics.values": lambda api: api.metrics.values("1", text),
        "metrics.table": lambda api: api.metrics.table("1", text),
        "metrics.export": lambda api: api.metrics.export(filter=text, names=text).read(),
        "archives.export": lambda api: api.archives.export(run=text).read(),
        "models.set_alias": lambda api: api.models.set_alias("digits", text, 1),
        "models.list tags": lambda api: api.models.list(tags=text),
        "models.register run": lambda api: api.models.register(
            ModelRegistration(name="digits", run_id=text, path="outputs/m")
        ),
    }  # fmt: skip


def said(call: Callable[[Api], Any], api: Api) -> str:
    """What comes of a call: the code of its refusal, or 'done'."""
    began = time.monotonic()
    try:
        call(api)
    except MlwsError as error:
        return error.code if error.status < 500 and str(error) else f"{error.status} {error!r}"
    finally:
        assert time.monotonic() - began < MOST_S
    return "done"


@pytest.fixture
def doors(
    database: str, database_kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Api, Api, Path]]:
    """A workspace with one run that stays queued: in this process, through a server, and its project."""
    monkeypatch.setattr(room.Wake, "__call__", lambda self: None)
    monkeypatch.setenv("MLWS_DISPATCHER_IDLE_S", "5")
    outside = tmp_path / "roottest"
    outside.mkdir()
    (outside / "secret.txt").write_text("CANARY-of-the-doors")
    root = tmp_path / "root"
    root.mkdir()
    folder = room.create(root, "lab", database=database if database_kind == "postgresql" else None)
    with room.connect(folder) as opened:
        opened.api.runs.submit(RunSubmission(experiment="digits", command=("true",)))
        with JupyterProcess(root, tmp_path / "server.log", alone=True) as server:
            workspace = server.ask(f"{PREFIX}/resolve")["id"]
            yield opened.api, HttpApi(server.url, workspace, TOKEN), root
            began = time.monotonic()
            assert server.ask(f"{PREFIX}/workspaces/{workspace}/info")["id"] == workspace
            assert time.monotonic() - began < MOST_S
    room.stop_dispatcher(folder)
    assert "Traceback" not in (tmp_path / "server.log").read_text()


def differences(here: Api, there: Api, texts: list[str]) -> list[tuple[str, str, str, str]]:
    found = []
    for text in texts:
        for name, call in calls(text).items():
            in_process, over_http = said(call, here), said(call, there)
            # What no line of HTTP can hold is refused on the way.
            alike = over_http in (in_process, "too_large" if len(text) > MOST_OF_A_LINE else in_process)
            # A dot is no part of an address either, and the client says so before the server could.
            alike = alike or (text in DOTS and {in_process, over_http} == {"invalid_input", "invalid_name"})
            if not alike or in_process[0].isdigit():
                found.append((name, text[:40], in_process, over_http))
    return found


def test_every_door_says_the_same_of_hostile_text(doors: tuple[Api, Api, Path], tmp_path: Path) -> None:
    here, there, root = doors
    before = digest_of(tmp_path / "roottest")
    assert differences(here, there, FEW) == []
    assert digest_of(tmp_path / "roottest") == before
    assert holds(root, b"CANARY-of-the-doors") == []


@pytest.mark.soak
def test_every_door_says_the_same_of_every_hostile_text(doors: tuple[Api, Api, Path]) -> None:
    here, there, _ = doors
    assert differences(here, there, ALL) == []
