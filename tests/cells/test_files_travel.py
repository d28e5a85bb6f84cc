"""Local modules, editable packages and files that the cell names."""

# ruff: noqa: E501 - a cell is one text, as it was typed

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import pytest


def test_local_modules_are_imported_in_the_job(notebook: Any) -> None:
    (notebook.folder / "helpers.py").write_text("import deeper_one\ndef twice(x):\n    return deeper_one.two() * x\n")
    (notebook.folder / "deeper_one.py").write_text("def two():\n    return 2\n")
    notebook.cell("import helpers\nfrom helpers import twice")
    done = notebook.submit("result = twice(4) + helpers.twice(1)")
    assert done["result"] == 10
    assert done.how == {"twice": "import", "helpers": "import"}
    assert [Path(path).name for path in done.prepared.local.inside] == ["deeper_one.py", "helpers.py"]


def test_a_module_that_only_the_cell_imports_is_sent_too(notebook: Any) -> None:
    package = notebook.folder / "mypkg_one"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "part.py").write_text("value = 9\n")
    done = notebook.submit("from mypkg_one.part import value\nresult = value")
    assert done["result"] == 9
    assert done.prepared.local.inside == [str(package)]


def test_editable_packages_elsewhere_are_frozen(notebook: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = tmp_path / "elsewhere" / "src"
    (source / "edipkg").mkdir(parents=True)
    (source / "edipkg" / "__init__.py").write_text("class Thing:\n    v = 3\n")
    monkeypatch.syspath_prepend(str(source))
    notebook.cell("import edipkg\nthing = edipkg.Thing()\ndel edipkg")
    done = notebook.submit("result = thing.v")
    assert done["result"] == 3
    assert done.prepared.local.outside == {"edipkg": str(source / "edipkg")}


def test_what_an_installer_put_somewhere_stays_there(
    notebook: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "target"
    (target / "installed_one").mkdir(parents=True)
    (target / "installed_one" / "__init__.py").write_text("v = 1\n")
    (target / "installed_one-1.0.dist-info").mkdir()
    monkeypatch.syspath_prepend(str(target))
    notebook.cell("import installed_one")
    local = notebook.prepare("installed_one.v").local
    assert (local.inside, local.outside) == ([], {})


def test_a_decorator_of_a_local_module(notebook: Any) -> None:
    (notebook.folder / "deco_mod.py").write_text(
        "import functools\nplus = 1\ndef add(f):\n    @functools.wraps(f)\n    def inner(*a):\n        return f(*a) + plus\n    return inner\n"
    )
    notebook.cell("from deco_mod import add\n@add\ndef f(x):\n    return x * k\nk = 5")
    assert notebook.submit("result = f(2)")["result"] == 11


def test_a_file_newer_than_the_import_is_said(notebook: Any) -> None:
    file = notebook.folder / "stale_mod.py"
    file.write_text("def f():\n    return 'old'\n")
    notebook.cell("import stale_mod")
    assert not any("differs" in note for note in notebook.prepare("stale_mod.f()").notes)
    # Of another size: within a second Python takes an equally long file for the one that it compiled.
    file.write_text("def f():\n    return 'newer'\n")
    prepared = notebook.prepare("stale_mod.f()")
    assert prepared.notes == ["stale_mod.py differs from what the kernel imported; the job uses the file as it is now"]
    assert notebook.submit("result = stale_mod.f()")["result"] == "newer"


def test_literal_paths_of_existing_files_are_named(notebook: Any, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "x.csv").write_text("a\n1\n")
    (notebook.folder / "conf.yaml").write_text("a: 1\n")
    prepared = notebook.prepare(
        f"open('../data/x.csv'); open('conf.yaml'); open('missing.csv'); open({str(tmp_path / 'data' / 'x.csv')!r}); 'a/b text'"
    )
    assert prepared.files == ("../data/x.csv", "conf.yaml", str(tmp_path / "data" / "x.csv"))


def test_files_written_to_the_working_directory(notebook: Any) -> None:
    done = notebook.submit("with open('preds.csv', 'w') as f:\n    f.write('1')")
    assert (done.folder / "code" / "preds.csv").read_text() == "1"
    assert not (notebook.folder / "preds.csv").exists()


def test_the_kernels_folder_below_the_notebooks(notebook: Any) -> None:
    (notebook.folder / "sub").mkdir()
    (notebook.folder / "sub" / "x.txt").write_text("here")
    notebook.cell("%cd -q sub")
    done = notebook.submit("result = open('x.txt').read()")
    assert done["result"] == "here"


def test_a_vanished_working_directory_is_no_obstacle(notebook: Any, tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    os.chdir(gone)
    gone.rmdir()
    try:
        assert notebook.submit("result = 1")["result"] == 1
    finally:
        os.chdir(notebook.folder)


def test_modules_made_by_hand_are_named(notebook: Any) -> None:
    notebook.cell("import types, sys\nmade = types.ModuleType('made_by_hand')\nmade.x = 1")
    with pytest.raises(Exception, match=r"made cannot travel into the job: it is or holds the module made_by_hand"):
        notebook.prepare("made.x")
    sys.modules.pop("made_by_hand", None)


def test_folders_and_patterns_are_named_too(notebook: Any) -> None:
    (notebook.folder / "images").mkdir()
    prepared = notebook.prepare(
        "import glob\nglob.glob('images/*.png')\nkind = 'images'\ntext = 'no path at all'\nroot = '.'"
    )
    assert prepared.files == ("images/*.png", "images")


def test_a_key_typed_into_the_cell_is_said(notebook: Any) -> None:
    key = "sk-" + "proj-Ab3dEf6hIj9kLm2nOp5q"
    prepared = notebook.prepare(f"secret_of_mine = '{key}'")
    assert any("looks like a key" in note for note in prepared.notes)
    assert prepared.params == {}


def test_paths_in_captured_values_and_in_functions_are_named_files(notebook: Any) -> None:
    for name in ("x.csv", "y.csv", "z.csv", "unused.csv"):
        (notebook.folder / name).write_text("1")
    notebook.cell(
        """
        import os
        from pathlib import Path
        data, other, here = 'x.csv', Path('y.csv'), os.getcwd()
        def load(): return open('z.csv').read() + 'no file'
        """
    )
    assert notebook.prepare("print(data, other, here)\nload()").files == ("x.csv", "y.csv", "z.csv")


def test_modules_that_only_a_function_imports_are_sent(
    notebook: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "late_one.py").write_text("v = 3\n")
    (notebook.folder / "late_two.py").write_text("v = 4\n")
    monkeypatch.syspath_prepend(str(tmp_path / "outside"))
    notebook.cell("def f():\n    import late_one\n    from late_two import v\n    return late_one.v + v")
    done = notebook.submit("result = f()")
    assert done["result"] == 7
    assert list(done.prepared.local.outside) == ["late_one"]
    assert done.prepared.local.inside == [str(notebook.folder / "late_two.py")]
