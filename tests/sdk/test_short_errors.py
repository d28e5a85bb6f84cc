"""What a notebook shows of an error: the person's own lines, the sentence and the way out."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from jupyter_mlws import Workspace
from jupyter_mlws.errors import MlwsError, NotFound


def shown(error: MlwsError) -> str:
    return "\n".join(error._render_traceback_())


@pytest.fixture
def error(tmp_path: Path) -> NotFound:
    ws = Workspace(tmp_path / "workspace")
    with pytest.raises(NotFound) as caught:
        ws.run(7)
    return caught.value


def test_it_is_the_callers_line_and_the_sentence_with_the_way_out(error: NotFound) -> None:
    *where, sentence, hint = error._render_traceback_()
    assert re.fullmatch(re.escape(f"File {__file__}, line ") + r"\d+, in error\n    ws.run\(7\)\n", "\n".join(where))
    assert sentence == "NotFound: There is no run 7."
    assert hint == "List the runs to see their numbers: mlws runs."


def test_the_whole_way_is_shown_to_whom_asks_for_it(error: NotFound, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLWS_TRACEBACK", "full")
    assert "services/runs.py" in shown(error)
    assert shown(error).splitlines()[0].startswith("Traceback")


@pytest.mark.parametrize("stub", [None, ModuleType("IPython"), SimpleNamespace(__file__=None)])
def test_something_else_in_the_place_of_ipython_changes_nothing(
    error: NotFound, monkeypatch: pytest.MonkeyPatch, stub: object
) -> None:
    monkeypatch.setitem(sys.modules, "IPython", stub)
    assert error._render_traceback_()[0].startswith(f"File {__file__}, line ")


def test_what_nobody_has_foreseen_is_shown_whole() -> None:
    with pytest.raises(MlwsError) as caught:
        raise MlwsError("This was not to be.")
    assert shown(caught.value).startswith("Traceback (most recent call last)")


def test_an_error_without_a_hint_or_that_was_never_raised_has_its_sentence() -> None:
    assert NotFound("There is none.")._render_traceback_() == ["NotFound: There is none."]


CELL = """
from jupyter_mlws import Workspace
def look(ws):
    return ws.run(8)
look(Workspace("workspace"))
"""
KERNEL = "from IPython.core.interactiveshell import InteractiveShell as S; S.instance().run_cell({!r})"


def test_a_notebook_names_the_cell_and_shows_nothing_of_ours(tmp_path: Path) -> None:
    command = [sys.executable, "-c", KERNEL.format(CELL)]
    said = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert "line 4\n    look(Workspace(" in said
    assert "line 3, in look\n    return ws.run(8)\n\nNotFound: There is no run 8.\nList the runs" in said
    assert "jupyter_mlws/" not in said
    assert "interactiveshell" not in said
