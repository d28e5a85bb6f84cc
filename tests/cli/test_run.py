"""`mlws run metrics | files | cancel`, and what Tab offers."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from jupyter_mlws.cli.app import app
from jupyter_mlws.cli.terminal import Output
from jupyter_mlws.magics.listing import show
from jupyter_mlws.sdk.experiment import Experiment
from jupyter_mlws.sdk.workspace import Workspace

SCRIPT = """
import jupyter_mlws as mlws
for step, value in enumerate([1.0, float("nan"), 0.5, 0.25]):
    mlws.log(loss=value, step=step)
mlws.log(acc=0.9)
mlws.log(**{"=cmd|'/C calc'!A0": 1})
open("outputs/model.txt", "w").write("weights")
open("outputs/notes.txt", "w").write("x")
"""


@pytest.fixture
def done(mlws):
    """A terminal in a project with run #1, Completed."""
    mlws("init")
    Path("fit.py").write_text(SCRIPT)
    mlws("submit", "--wait", "-e", "digits", "fit.py")
    return mlws


def offered(line: str) -> list[str]:
    """What Tab offers at the end of a line, as bash asks for it."""
    words = line.split()
    asked = {"_MLWS_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": str(len(words) - (line[-1] != " "))}
    return CliRunner().invoke(app, [], env=asked, prog_name="mlws").output.split()


def test_X14_metrics_and_files_of_a_run_are_shown_drawn_and_saved(done, tmp_path):
    table = done("run", "metrics", "1")
    assert [line.split()[:4] for line in table.splitlines()[2:4]] == [
        ["acc", "0.9", "0.9", "0.9"],
        ["loss", "0.25", "0.25", "1"],
    ]
    assert "│" in done("run", "metrics", "1", "loss")
    assert done("run", "metrics", "1", "--csv", "loss").splitlines()[2].startswith("loss,1,")
    assert done("run", "metrics", "1", "--csv").splitlines()[1].startswith("'=cmd|")
    columns = done.json("run", "metrics", "1", "loss")["loss"]
    assert (columns["step"], columns["value"]) == ([0, 1, 2, 3], [1.0, "NaN", 0.5, 0.25])
    assert [each["name"] for each in done.json("run", "metrics", "1")["metrics"]] == [
        "=cmd|'/C calc'!A0",
        "acc",
        "loss",
    ]
    assert "acc, loss. Did you mean loss?" in done("run", "metrics", "1", "los", fails=True)

    listed = done("run", "files", "1")
    assert "outputs/model.txt    7 B" in listed
    assert "logs/std.log" in listed
    assert [file["name"] for file in done.json("run", "files", "1", "outputs/")] == [
        "outputs/model.txt",
        "outputs/notes.txt",
    ]
    assert "Did you mean outputs/notes.txt?" in done("run", "files", "1", "outputs/note.txt", fails=True)
    place = tmp_path / "saved"
    assert "1 file, 7 B, saved below" in done("run", "files", "1", "outputs/model.txt", "--save", place)
    assert "give --replace" in done("run", "files", "1", "--save", place, fails=True)
    assert sorted(os.listdir(place)) == ["outputs"]  # all or nothing
    done("run", "files", "1", "outputs", "--save", place, "--replace")
    assert (place / "outputs" / "notes.txt").read_text() == "x"


def test_a_log_that_is_empty_says_why_and_where_to_look(mlws, monkeypatch):
    monkeypatch.setenv("UV_DEFAULT_INDEX", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    monkeypatch.setenv("MLWS_INDEX_RETRIES", "0")
    mlws("init")
    Path("silent.py").write_text("")
    mlws("submit", "--wait", "silent.py")
    assert mlws("run", "logs", "1") == "Run #1 is Completed, and its std.log is empty.\n"
    mlws("env", "register", "away", "-p", "six")
    mlws("submit", "--env", "away", "silent.py")
    told = mlws("run", "logs", "2", "-f")
    assert "Run #2 is Failed, and its std.log is empty.\nThe run could not be started: The index of packages" in told
    assert told.endswith("mlws run logs 2 --name environment.log\n")
    assert "Resolving the packages." in mlws("run", "logs", "2", "--name", "environment.log")


def test_several_runs_are_canceled_or_none(mlws):
    mlws("init")
    mlws("compute", "pause", "local")
    for _ in range(2):
        mlws("submit", "train.py")
    assert "There is no run 9" in mlws("run", "cancel", "1", "2", "9", fails=True)
    assert {run["status"] for run in mlws.json("runs")} == {"Queued"}
    assert mlws("run", "cancel", "1", "2") == "Run #1 is Canceled.\nRun #2 is Canceled.\n"


def test_tab_offers_what_the_workspace_knows(done):
    assert offered("mlws run show ") == ["1"]
    assert offered("mlws submit -e d") == ["digits"]
    assert offered("mlws submit -c lo") == ["local"]
    assert offered("mlws submit -E ker") == ["kernel"]
    assert offered("mlws compute pause l") == ["local"]
    assert offered("mlws runs -s Comp") == ["Completed"]
    assert offered("mlws run show x") == []


def test_tab_makes_no_workspace_and_shows_no_failure(mlws, tmp_path, monkeypatch):
    monkeypatch.setenv("MLWS_WORKSPACE", str(tmp_path / "none"))
    assert offered("mlws run show ") == []
    assert "sklearn" in offered("mlws submit -E ")
    assert not (tmp_path / "none").exists()
    (tmp_path / "none").mkdir()
    (tmp_path / "none" / "workspace.json").write_text(json.dumps({"damaged": 1}))
    assert offered("mlws run show ") == []


def test_a_filter_finds_the_children_too_of_which_one_is_the_best(mlws):
    mlws("init")
    with Experiment(Workspace.from_config(), "digits").start_logging(snapshot_directory=None) as run:
        for accuracy in (0.4, 0.9):
            with run.child_run() as fold:
                fold.log("acc", accuracy)
    assert [each["number"] for each in mlws.json("runs")] == [1]
    assert [each["number"] for each in mlws.json("runs", "-f", "metrics.acc > 0.5")] == [3]
    assert [each.number for each in show("metrics.acc > 0.5")] == [3]


def test_names_and_notes_are_given_at_submit_and_a_search_without_result_says_so(mlws):
    mlws("init")
    assert mlws("runs") == "No runs yet. Begin with one: mlws submit train.py\n"
    mlws("compute", "pause", "local")
    mlws("submit", "-e", "digits", "-n", "first try", "--note", "with little data", "train.py")
    shown = mlws.json("run", "show", "1")["run"]
    assert (shown["display_name"], shown["description"]) == ("first try", "with little data")
    assert mlws("runs", "-e", "digit") == "There is no experiment 'digit'. Did you mean digits?\n"
    assert mlws("runs", "-f", "metrics.acc > 2") == "No run is like that.\n"


LOG = "\x1b[31mred\x1b[0m \x1b]0;title\x07\x1b]52;c;aGk=\x1b\\\x1b[2J\x1b[3;4Hplain\x9b1A\x1b\r\n\tend\x08\n"


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_X13_a_log_on_a_terminal_keeps_its_colours_and_loses_what_moves_windows(capsys, monkeypatch, size):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    out = Output()
    for i in range(0, len(LOG), size):
        out.write(LOG[i : i + size])
    assert capsys.readouterr().out == "\x1b[31mred\x1b[0m plain1A\r\n\tend\x08\n"


def test_a_log_in_a_pipe_is_what_the_script_wrote(capsys):
    Output().write(LOG)
    assert capsys.readouterr().out == LOG
