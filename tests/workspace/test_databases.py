"""Workspaces whose records are in a database on a server: made, joined, trusted, never with a password on disk."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from jupyter_mlws import workspace as room
from jupyter_mlws.cli.app import app
from jupyter_mlws.errors import InvalidInput, NotTrusted, WorkspaceError
from jupyter_mlws.workspace.waking import _environment

SECRET = "tiger-0451"


@pytest.fixture
def url(postgres: Any) -> Iterator[str]:
    with postgres.database() as found:
        yield found


@pytest.fixture
def project(tmp_path: Path) -> Callable[[str], Path]:
    def make(name: str) -> Path:
        folder = tmp_path / name
        folder.mkdir()
        return folder

    return make


@pytest.fixture
def somebody_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """From now on another person, on another machine, as far as files of the user tell."""

    def become() -> None:
        monkeypatch.setenv("HOME", str(tmp_path / "other-home"))
        monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "other-home" / "data"))

    return become


def mlws(*arguments: str) -> Any:
    return CliRunner().invoke(app, list(arguments))


def test_init_puts_the_records_into_the_database_and_the_address_into_the_folder(
    url: str, project: Callable[[str], Path]
) -> None:
    folder = project("digits")
    result = mlws("init", str(folder), "--database", url, "--json")
    assert result.exit_code == 0, result.output
    info = json.loads(result.output)
    assert info["name"] == "digits"
    assert "postgresql://postgres@/" in info["database"]
    facts = json.loads((folder / ".mlws" / "workspace" / "workspace.json").read_text())
    assert facts["id"] == info["id"]
    assert facts["settings"]["database"].startswith("postgresql://postgres@/")
    with room.connect(folder / ".mlws" / "workspace") as opened:
        opened.api.experiments.create("digits")
    assert not list(folder.rglob("*.sqlite"))
    again = mlws("init", str(folder), "--database", url, "--json")
    assert json.loads(again.output)["id"] == info["id"]
    elsewhere = mlws("init", str(folder), "--database", "postgresql://other@/db")
    assert elsewhere.exit_code != 0
    assert "has a workspace already" in elsewhere.output.replace("\n", " ")


def test_a_second_person_joins_the_same_workspace_and_sees_its_files_where_they_are_shared(
    url: str, project: Callable[[str], Path], somebody_else: Callable[[], None], tmp_path: Path
) -> None:
    shared = tmp_path / "share"
    first = room.create(project("first"), "ours", database=url, blobs=str(shared))
    with room.connect(first) as opened:
        opened.api.experiments.create("of-the-first")
        assert opened.api.workspace.info().warnings == ()
    somebody_else()
    second = room.create(project("second"), "mine", database=url)
    with room.connect(second) as opened:
        info = opened.api.workspace.info()
        assert (info.name, info.warnings) == ("ours", ())
        assert [item.name for item in opened.api.experiments.list().items] == ["of-the-first"]
        assert opened.id == json.loads((first / "workspace.json").read_text())["id"]
    assert json.loads((second / "workspace.json").read_text())["settings"]["blobs"] == str(shared)


def test_folders_that_share_records_but_no_files_are_told_so(
    url: str, project: Callable[[str], Path], somebody_else: Callable[[], None]
) -> None:
    with room.connect(room.create(project("first"), database=url)) as opened:
        assert opened.api.workspace.info().warnings == ()
    somebody_else()
    with room.connect(room.create(project("second"), database=url)) as opened:
        (warning,) = opened.api.workspace.info().warnings
    assert "settings.blobs" in warning


def test_one_person_has_one_folder_for_a_database_on_a_machine(
    url: str, project: Callable[[str], Path], tmp_path: Path
) -> None:
    first = room.create(project("first"), database=url)
    room.connect(first).close()
    with pytest.raises(WorkspaceError, match="cannot be a second one"):
        room.create(project("second"), database=url)
    copy = tmp_path / "copy"
    shutil.copytree(first, copy)
    with pytest.raises(WorkspaceError, match="cannot be a second one"):
        room.connect(copy)
    shutil.rmtree(copy)
    moved = tmp_path / "moved"
    first.rename(moved)
    with pytest.raises(NotTrusted):
        room.connect(moved)
    room.trust(moved)
    room.connect(moved).close()


def test_a_folder_from_elsewhere_reaches_its_server_only_when_it_is_trusted(
    url: str, project: Callable[[str], Path], somebody_else: Callable[[], None]
) -> None:
    folder = project("first")
    place = room.create(folder, database=url)
    somebody_else()
    with pytest.raises(NotTrusted, match="has its records in the database") as caught:
        room.connect(place)
    assert f"mlws trust {place}" in caught.value.hint
    assert mlws("trust", str(folder)).exit_code == 0
    room.connect(place).close()
    facts = json.loads((place / "workspace.json").read_text())
    facts["settings"]["database"] = "postgresql://postgres@evil.example/db"
    (place / "workspace.json").write_text(json.dumps(facts))
    with pytest.raises(NotTrusted):
        room.connect(place)


def test_a_database_that_holds_another_workspace_is_refused(url: str, project: Callable[[str], Path]) -> None:
    place = room.create(project("first"), database=url)
    facts = json.loads((place / "workspace.json").read_text())
    (place / "workspace.json").write_text(json.dumps(facts | {"id": "0123456789abcdef"}))
    with pytest.raises(WorkspaceError, match="holds another workspace, first"):
        room.connect(place)


def test_a_password_is_never_written_down_wherever_it_is_given(url: str, project: Callable[[str], Path]) -> None:
    folder = project("first")
    with_password = url.replace("postgres@", f"postgres:{SECRET}@")
    result = mlws("init", str(folder), "--database", with_password)
    assert result.exit_code != 0
    assert ".pgpass" in result.output
    assert SECRET not in result.output
    place = room.create(folder, database=url)
    facts = json.loads((place / "workspace.json").read_text())
    facts["settings"]["database"] = with_password
    (place / "workspace.json").write_text(json.dumps(facts))
    with pytest.raises(InvalidInput, match="holds a password") as caught:
        room.connect(place)
    assert SECRET not in str(caught.value)


def test_the_dispatcher_gets_the_password_by_its_environment_and_writes_it_nowhere(
    url: str, project: Callable[[str], Path], own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPASSWORD", SECRET)
    monkeypatch.setenv("MLWS_DATABASE_URL", url.replace("postgres@", f"postgres:{SECRET}@"))
    kept = _environment()
    assert kept["PGPASSWORD"] == SECRET
    assert SECRET in kept["MLWS_DATABASE_URL"]
    place = room.create(project("first"), database=url)
    with room.connect(place) as opened:
        opened.api.workspace.wake()
        opened.api.experiments.create("e")
    room.stop_dispatcher(place)
    found = [
        path
        for root in (place.parents[1], own_home, Path(os.environ["XDG_RUNTIME_DIR"]))
        for path in root.rglob("*")
        if path.is_file() and SECRET.encode() in path.read_bytes()
    ]
    assert found == []


def test_looking_for_a_workspace_loads_no_driver_and_no_database() -> None:
    code = (
        "import sys, jupyter_mlws.workspace.folder, jupyter_mlws.workspace.config;"
        "print([name for name in ('psycopg', 'sqlalchemy') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_doctor_names_the_server_and_asks_no_server_that_is_not_trusted(
    url: str, project: Callable[[str], Path], somebody_else: Callable[[], None]
) -> None:
    place = room.create(project("first"), database=url)
    findings = {item["subject"]: item for item in json.loads(mlws("doctor", "-w", str(place), "--json").output)}
    assert re.match(r"PostgreSQL \d+.* answers in [\d.]+ ms, schema \d+", findings["Database"]["message"])
    mlws("stop", "-w", str(place))
    somebody_else()
    findings = {item["subject"]: item for item in json.loads(mlws("doctor", "-w", str(place), "--json").output)}
    assert "mlws trust" in findings["Database"]["hint"]
