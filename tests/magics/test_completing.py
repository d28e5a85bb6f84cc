"""What Tab offers on the lines of the magics."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from kernels import Kernel

from jupyter_mlws.magics.completing import complete


def offered(line: str, cell: str = "", names: dict[str, Any] | None = None) -> list[str]:
    found = complete(line, cell or line, names or {})
    assert found is not None
    assert line.endswith(found.fragment)
    return list(found.texts)


@pytest.fixture(autouse=True)
def no_workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLWS_WORKSPACE", str(tmp_path / "none"))
    monkeypatch.chdir(tmp_path)


def test_other_lines_are_none_of_ours() -> None:
    assert complete("submit ", "", {}) is None
    assert complete("%%submitted x", "", {}) is None
    assert complete("%%submit -", "x = 1\n%%submit -", {}, is_first=False) is None


def test_options_are_those_of_the_magic() -> None:
    assert offered("%%submit --sw") == ["--sweep"]
    assert "--sweep" not in offered("%%track --s")
    assert offered("fit = %submit --no") == ["--note"]


def test_parameters_are_what_the_cell_sets_and_reads() -> None:
    cell = "%%submit -p \nlr = 0.1\nmodel = fit(rate, data)"
    names = {"rate": 3, "data": [1]}
    assert offered("%%submit -p ", cell, names) == ["lr=", "rate="]
    assert offered("%%submit -p lr=1 r", cell, names) == ["rate="]
    assert offered("%%submit --sweep l", cell, names) == ["lr="]
    assert offered("%%submit -p ", "%%submit -p \nlr = 0.1\nfor x in (", {}) == ["lr="]


def test_values_stand_behind_an_equals_sign_and_in_lists_as_well() -> None:
    assert offered("%%submit --env=skl") == ["sklearn"]
    assert offered("%%submit --capture auto,mo", names={"model": 1, "_hidden": 1}) == ["model"]
    assert offered("%mlws set env=skl") == ["sklearn"]
    assert offered("%mlws set comp") == ["compute="]
    assert offered("%mlws run") == ["runs"]


def test_a_line_that_runs_a_file_offers_scripts_notebooks_and_folders(tmp_path: Path) -> None:
    for name in ("fit.py", "fit.ipynb", "fit.csv", ".fit.py"):
        (tmp_path / name).write_text("")
    (tmp_path / "fits").mkdir()
    (tmp_path / "fits" / "a.py").write_text("")
    assert offered("%submit -c local f") == ["fit.ipynb", "fit.py", "fits/"]
    assert offered("%submit fits/") == ["fits/a.py"]


def test_looking_makes_no_workspace_and_shows_no_failure(tmp_path: Path) -> None:
    for line in ("%%submit ", "%%submit -c ", "%runs ", "%%submit --after ", "%%submit -E ", "%%submit -t "):
        offered(line)
    assert offered("%%submit 'not closed ") == []
    assert not (tmp_path / "none").exists()


def test_a_kernel_offers_what_the_workspace_knows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MLWS_WORKSPACE")
    kernel = Kernel(tmp_path)
    try:
        kernel.said("%load_ext jupyter_mlws\n%reload_ext jupyter_mlws")
        kernel.said("%%submit digits --as fit -w --quiet -t stage=2 -p lr=0.2\nlr = 0.1\nmlws.log(accuracy=1.0)")
        assert kernel.completions("%%submit di") == ["digits"]
        assert kernel.completions("%%track di") == ["digits"]
        assert kernel.completions("%%submit -c lo") == ["local"]
        assert kernel.completions("%%submit --after ") == ["fit", "1"]
        assert kernel.completions("%%submit -t st") == ["stage=2"]
        assert kernel.completions("%runs metr") == ["metrics.accuracy"]
        assert kernel.completions("%runs params.l") == ["params.lr"]
    finally:
        kernel.close()
