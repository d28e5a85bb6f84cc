"""The workspaces that the panel's switcher lists, makes, opens, renames, forgets and trusts."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from backups import back_up, restore

from jupyter_mlws.api.http import ServerApi
from jupyter_mlws.domain.known_workspace import NewName, NewWorkspace, Trust, WantedWorkspace
from jupyter_mlws.errors import MlwsError
from jupyter_mlws.workspace import create, registry

from .conftest import in_thread


@pytest.fixture
def root(jp_serverapp: Any) -> Path:
    return Path(jp_serverapp.root_dir)


def configure(project: Path, location: str) -> Path:
    config = project / ".mlws" / "config.json"
    config.parent.mkdir(parents=True, exist_ok=True)
    config.write_text(json.dumps({"workspace": location}))
    return config


async def refusal(function: Callable[..., Any], /, *arguments: Any) -> MlwsError:
    with pytest.raises(MlwsError) as caught:
        await in_thread(function, *arguments)
    return caught.value


async def known(server: ServerApi) -> list[tuple[str, str, str]]:
    return [(each.name, each.kind, each.state) for each in (await in_thread(server.registry.known)).items]


async def test_a_project_gets_a_workspace_of_its_own_and_keeps_it(server: ServerApi, root: Path) -> None:
    (root / "digits").mkdir()
    made = await in_thread(server.registry.create, NewWorkspace(folder="digits", name="My digits"))
    assert made.name == "My digits"
    assert (await in_thread(server.registry.resolve, "digits/a.ipynb")).id == made.id
    again = await in_thread(server.registry.create, NewWorkspace(folder="digits", name="Other"))
    assert (again.id, again.name) == (made.id, "My digits")
    assert await known(server) == [("My digits", "folder", "ready")]


async def test_one_that_is_there_is_opened_by_its_folder_or_its_projects(
    server: ServerApi, root: Path, tmp_path: Path
) -> None:
    outside, inside = tmp_path / "outside", root / "inside"
    for project in (outside, inside):
        project.mkdir()
    place = create(outside)
    create(inside)
    for location in (str(outside), str(place)):
        assert (await in_thread(server.registry.open, WantedWorkspace(location=location))).location == str(place)
    assert (await in_thread(server.registry.open, WantedWorkspace(location="inside"))).name == "inside"
    assert await known(server) == [("inside", "folder", "ready"), ("outside", "folder", "ready")]


async def test_opening_makes_nothing(server: ServerApi, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    error = await refusal(server.registry.open, WantedWorkspace(location=str(empty)))
    assert error.code == "not_found"
    assert "New workspace" in error.hint
    assert not list(empty.iterdir())


async def test_another_name_is_seen_by_all_and_survives(server: ServerApi, root: Path) -> None:
    (root / "a").mkdir()
    made = await in_thread(server.registry.create, NewWorkspace(folder="a"))
    renamed = await in_thread(server.registry.rename, made.id, NewName(name=" Numbers "))
    assert (renamed.id, renamed.name) == (made.id, "Numbers")
    assert (await in_thread(server.workspace(made.id).workspace.info)).name == "Numbers"
    assert await known(server) == [("Numbers", "folder", "ready")]
    assert json.loads((root / "a" / ".mlws" / "workspace" / "workspace.json").read_text())["id"] == made.id


async def test_a_forgotten_one_stays_where_it_is(server: ServerApi, root: Path) -> None:
    (root / "a").mkdir()
    made = await in_thread(server.registry.create, NewWorkspace(folder="a"))
    for _ in range(2):
        assert (await in_thread(server.registry.forget, made.id)).items == ()
    assert (await refusal(server.workspace(made.id).workspace.info)).code == "not_found"
    assert (await in_thread(server.registry.resolve, "a/x.ipynb")).id == made.id


async def test_one_whose_folder_is_away_is_not_made_anew_by_a_page(server: ServerApi, root: Path) -> None:
    (root / "a").mkdir()
    made = await in_thread(server.registry.create, NewWorkspace(folder="a"))
    place, away = Path(made.location), root / "away"
    # As a disk that is unmounted for a while.
    os.rename(place, away)
    for _ in range(2):
        assert (await refusal(server.workspace(made.id).workspace.info)).code == "not_found"
        error = await refusal(server.registry.resolve, "a/x.ipynb")
        assert (error.code, str(place) in error.message) == ("not_found", True)
    # As nothing was made in its place, it can come back.
    os.rename(away, place)
    assert (await in_thread(server.registry.resolve, "a/x.ipynb")).id == made.id
    assert (await in_thread(server.workspace(made.id).workspace.info)).id == made.id


async def test_one_whose_folder_is_gone_for_good_is_made_anew_when_it_is_out_of_the_list(
    server: ServerApi, root: Path
) -> None:
    (root / "a").mkdir()
    made = await in_thread(server.registry.create, NewWorkspace(folder="a"))
    shutil.rmtree(made.location)
    assert "list" in (await refusal(server.registry.resolve, "a/x.ipynb")).hint
    await in_thread(server.registry.forget, made.id)
    assert (await in_thread(server.registry.resolve, "a/x.ipynb")).id != made.id


async def test_one_that_somebody_made_in_the_place_of_another_is_not_taken_for_that(
    server: ServerApi, root: Path
) -> None:
    (root / "a").mkdir()
    first = await in_thread(server.registry.create, NewWorkspace(folder="a"))
    # By a terminal, between two questions of the page.
    shutil.rmtree(root / "a" / ".mlws")
    create(root / "a")
    second = await in_thread(server.registry.resolve, "a/x.ipynb")
    assert second.id != first.id
    assert (await refusal(server.workspace(first.id).workspace.info)).code == "not_found"
    assert (await in_thread(server.workspace(second.id).workspace.info)).id == second.id


async def test_a_database_that_is_restored_below_the_server_is_the_one_that_it_reads(
    server: ServerApi, root: Path, tmp_path: Path
) -> None:
    (root / "a").mkdir()
    made = await in_thread(server.registry.create, NewWorkspace(folder="a"))
    experiments = server.workspace(made.id).experiments
    await in_thread(experiments.create, "kept")
    back_up(Path(made.location), tmp_path / "backup.sqlite")
    await in_thread(experiments.create, "since")
    restore(tmp_path / "backup.sqlite", Path(made.location))
    assert [each.name for each in (await in_thread(experiments.list)).items] == ["kept"]
    await in_thread(experiments.create, "new")
    assert sorted(each.name for each in (await in_thread(experiments.list)).items) == ["kept", "new"]


async def test_one_that_is_gone_or_damaged_is_listed_as_such(server: ServerApi, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged"
    damaged.mkdir()
    (damaged / "workspace.json").write_text("{")
    registry.register("0" * 16, str(tmp_path / "nowhere"))
    registry.register("1" * 16, str(damaged))
    registry.register("2" * 16, "https://hub.example.org/user/ada#digits")
    assert await known(server) == [
        ("damaged", "folder", "unreadable"),
        ("hub.example.org digits", "server", "ready"),
        ("nowhere", "folder", "gone"),
    ]
    error = await refusal(server.registry.rename, "0" * 16, NewName(name="x"))
    assert error.code == "not_found"


async def test_what_a_project_names_is_used_only_after_somebody_saw_it(
    server: ServerApi, root: Path, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    place = str(create(elsewhere))
    configure(root / "project", place)
    error = await refusal(server.registry.resolve, "project/a.ipynb")
    assert error.code == "not_trusted"
    assert error.details["workspace"] == place
    # Another place than the one that was shown is not trusted by this.
    configure(root / "project", str(tmp_path / "third"))
    wish = Trust(document="project/a.ipynb", place=place)
    assert (await refusal(server.registry.trust, wish)).code == "conflict"
    assert (await refusal(server.registry.resolve, "project/a.ipynb")).code == "not_trusted"
    configure(root / "project", place)
    opened = await in_thread(server.registry.trust, wish)
    assert opened.location == place
    assert (await in_thread(server.registry.resolve, "project/a.ipynb")).id == opened.id
    configure(root / "project", str(tmp_path / "third"))
    assert (await refusal(server.registry.resolve, "project/a.ipynb")).code == "not_trusted"


async def test_P01_P11_a_workspace_is_made_below_the_root_only(server: ServerApi, root: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (root / "link").symlink_to(outside)
    for folder in ("..", "../outside", "link", str(outside), "a/../../outside", "no such folder"):
        error = await refusal(server.registry.create, NewWorkspace(folder=folder))
        assert error.code in {"invalid_name", "invalid_path", "workspace_error", "not_found"}, folder
    for location in ("..", "../outside", "link", "file:///etc", "http://127.0.0.1:1/", "~nobody/x", "\x00", " "):
        with pytest.raises(MlwsError):
            await in_thread(server.registry.open, WantedWorkspace(location=location))
    assert not list(outside.iterdir())
