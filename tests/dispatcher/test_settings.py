"""Settings come from the environment, then from the workspace's file, then from the defaults."""

from __future__ import annotations

import pytest

from jupyter_mlws.dispatcher.settings import Settings, WorkspaceFile
from jupyter_mlws.errors import InvalidInput


def workspace(**settings: object) -> WorkspaceFile:
    return WorkspaceFile(id="x", name="x", settings=dict(settings))


def test_the_environment_wins_over_the_file_and_the_file_over_the_default(monkeypatch):
    monkeypatch.setenv("MLWS_SETTLE_S", "3")
    found = Settings.of(workspace(settle_s=2, silence_s=7))
    assert (found.settle_s, found.silence_s, found.heartbeat_s) == (3.0, 7.0, 1.0)


@pytest.mark.parametrize(("text", "meant"), [("1", True), ("yes", True), ("0", False), ("false", False), ("", False)])
def test_a_switch_is_understood(monkeypatch, text, meant):
    monkeypatch.setenv("MLWS_KEEP_RUN_FOLDER", text)
    assert Settings.of(workspace()).keep_run_folder is meant


@pytest.mark.parametrize("value", ["soon", "-1", [1]])
def test_a_setting_that_is_no_number_is_named(value):
    with pytest.raises(InvalidInput, match="settle_s"):
        Settings.of(workspace(settle_s=value))
