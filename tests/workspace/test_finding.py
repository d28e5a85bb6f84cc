"""Which workspace belongs to a document, and which configurations are believed."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from jupyter_mlws import workspace
from jupyter_mlws.errors import NotFound, NotTrusted, WorkspaceError
from jupyter_mlws.runfolder import places


def configure(project: Path, location: str) -> Path:
    config = project / ".mlws" / "config.json"
    config.parent.mkdir(parents=True, exist_ok=True)
    config.write_text(json.dumps({"workspace": location}))
    return config


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    (folder / "notebooks").mkdir(parents=True)
    return folder


def test_the_user_has_a_default_workspace(project):
    assert workspace.find(document=project) == str(places.data_dir() / "workspaces" / "default")
    assert workspace.find() == workspace.find(document=project)


def test_an_explicit_location_wins_over_the_variable_and_the_variable_over_the_configuration(project, monkeypatch):
    workspace.create(project)
    inside = str(project / ".mlws" / "workspace")
    document = project / "notebooks" / "train.ipynb"
    assert workspace.find(document=document) == inside
    monkeypatch.setenv("MLWS_WORKSPACE", str(project / "by-variable"))
    assert workspace.find(document=document) == str(project / "by-variable")
    assert workspace.find(project / "named", document=document) == str(project / "named")


def test_the_nearest_configuration_up_the_tree_counts(project):
    workspace.create(project)
    inner = project / "notebooks"
    workspace.create(inner)
    assert workspace.find(document=inner / "deep" / "a.ipynb") == str(inner / ".mlws" / "workspace")
    assert workspace.find(document=project / "b.ipynb") == str(project / ".mlws" / "workspace")


def test_naming_a_project_means_its_workspace(project):
    place = workspace.create(project)
    assert workspace.find(project) == str(place)


def test_relative_locations_and_home_are_understood(project, monkeypatch):
    monkeypatch.chdir(project)
    assert workspace.find("here") == str(project / "here")
    assert workspace.find("~/there") == os.path.expanduser("~/there")


@pytest.mark.parametrize("location", ["https://hub.example.org/user/ada", "../elsewhere", "/srv/shared"])
def test_a_configuration_that_leads_elsewhere_is_used_only_when_trusted(project, location):
    configure(project, location)
    with pytest.raises(NotTrusted) as refused:
        workspace.find(document=project / "a.ipynb")
    assert f"mlws trust {project}" in refused.value.hint
    named = workspace.trust(project)
    assert workspace.find(document=project / "a.ipynb") == named
    assert named == location if "://" in location else os.path.isabs(named)


def test_trust_ends_when_the_configuration_names_another_place(project):
    configure(project, "/srv/one")
    workspace.trust(project / "notebooks")
    configure(project, "/srv/two")
    with pytest.raises(NotTrusted):
        workspace.find(document=project)


def test_trust_is_for_one_project(project, tmp_path):
    configure(project, "/srv/one")
    workspace.trust(project)
    other = tmp_path / "other"
    configure(other, "/srv/one")
    with pytest.raises(NotTrusted):
        workspace.find(document=other)


def test_a_link_inside_the_project_that_leads_outside_is_not_inside(project, tmp_path):
    (tmp_path / "outside").mkdir()
    (project / "link").symlink_to(tmp_path / "outside")
    configure(project, "link/workspace")
    with pytest.raises(NotTrusted):
        workspace.find(document=project)


def test_there_is_nothing_to_trust_without_a_configuration(project):
    with pytest.raises(NotFound, match="mlws init"):
        workspace.trust(project)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"workspace": 3}', '{"workspace": ""}', '{"workspace": "a\\u0000b"}', "{}"]
)
def test_a_damaged_configuration_is_answered_by_name(project, text):
    configure(project, "x").write_text(text)
    with pytest.raises(WorkspaceError, match=r"config\.json"):
        workspace.find(document=project)


def test_an_address_that_is_no_folder_and_not_http_is_refused():
    with pytest.raises(WorkspaceError, match="http"):
        workspace.find("ftp://example.org/x")
