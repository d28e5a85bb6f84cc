"""Imported modules and editable packages travel with the cell."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from folders import contents

from jupyter_mlws.domain.snapshot import SnapshotReport
from jupyter_mlws.errors import TooLarge
from jupyter_mlws.snapshots import Limits

Take = Callable[..., SnapshotReport]
Write = Callable[..., Path]
Names = Callable[[SnapshotReport], list[str]]
Restored = Callable[[SnapshotReport], Path]


def test_a_module_from_elsewhere_is_frozen_and_put_on_the_path(
    tmp_path: Path, project: Path, write: Write, take: Take, restored: Restored
) -> None:
    write(
        tmp_path,
        {"lib/tools.py": "t", "lib/kit/__init__.py": "k", "lib/kit/sub/__init__.py": "", "lib/kit/sub/m.py": "m"},
    )
    write(tmp_path, {"lib/kit/__pycache__/m.pyc": "", "lib/kit/.env": "SECRET"})
    report = take(project, modules=(str(tmp_path / "lib/tools.py"), str(tmp_path / "lib/kit/sub/m.py")))
    folder = restored(report)
    assert report.python_path == (".mlws-packages",)
    assert set(contents(folder / ".mlws-packages")) == {
        "tools.py",
        "kit/__init__.py",
        "kit/sub/__init__.py",
        "kit/sub/m.py",
    }


def test_a_module_below_the_root_stays_in_place_even_where_ignored(
    project: Path, write: Write, take: Take, names: Names
) -> None:
    write(
        project,
        {".gitignore": "*_pb2.py\n*.so\n", "src/gen_pb2.py": "", "src/fast/__init__.py": "", "src/fast/core.so": "x"},
    )
    write(project, {"nb/": "", "near.py": ""})
    report = take(
        project / "nb",
        modules=(str(project / "src/gen_pb2.py"), str(project / "near.py")),
        packages={"fast": str(project / "src/fast")},
    )
    assert {"src/gen_pb2.py", "src/fast/core.so"} <= set(names(report))
    assert report.python_path == ("src", ".")


def test_editable_packages_are_found_under_their_import_names(
    tmp_path: Path, project: Path, write: Write, take: Take, names: Names
) -> None:
    write(
        tmp_path,
        {"a/src/plain/__init__.py": "", "b/odd-folder/__init__.py": "", "c/one.py": "", "d/deep/__init__.py": ""},
    )
    packages = {
        "plain": str(tmp_path / "a/src/plain"),
        "renamed": str(tmp_path / "b/odd-folder"),
        "one": str(tmp_path / "c/one.py"),
        "space.deep": str(tmp_path / "d/deep"),
        "gone": str(tmp_path / "gone"),
    }
    report = take(project, packages=packages)
    assert report.python_path == (".mlws-packages",)
    frozen = [name.removeprefix(".mlws-packages/") for name in names(report) if name.startswith(".mlws-packages/")]
    assert frozen == ["one.py", "plain/__init__.py", "renamed/__init__.py", "space/deep/__init__.py"]
    assert any("gone" in line for line in report.skipped)


def test_two_modules_of_one_name_are_told(
    tmp_path: Path, project: Path, write: Write, take: Take, restored: Restored
) -> None:
    write(tmp_path, {"x/util.py": "first", "y/util.py": "second"})
    report = take(project, modules=(str(tmp_path / "x/util.py"), str(tmp_path / "y/util.py")))
    assert (restored(report) / ".mlws-packages/util.py").read_text() == "first"
    assert any("util" in warning for warning in report.warnings)


def test_a_module_beside_a_notebook_in_a_package_is_imported_from_there(
    project: Path, write: Write, take: Take, names: Names
) -> None:
    write(project, {"pkg/__init__.py": "", "pkg/helper.py": "", "pkg/sub/__init__.py": ""})
    modules = (str(project / "pkg/helper.py"), str(project / "pkg/sub"))
    assert take(project / "pkg", modules=modules).python_path == ()


def test_a_package_too_large_to_travel_is_answered(
    tmp_path: Path, project: Path, write: Write, take: Take, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, {"lib/huge/__init__.py": "", "lib/huge/a.py": "", "lib/huge/b.py": ""})
    monkeypatch.setattr("jupyter_mlws.snapshots.modules.FOLDER_LIMITS", Limits(files=2, seconds=None))
    with pytest.raises(TooLarge, match=r"huge.*more than 2 files"):
        take(project, packages={"huge": str(tmp_path / "lib/huge")})


def test_links_inside_a_frozen_package_become_files(
    tmp_path: Path, project: Path, write: Write, take: Take, restored: Restored
) -> None:
    write(tmp_path, {"lib/kit/__init__.py": "", "lib/kit/real.py": "r", "secret.txt": "s"})
    (tmp_path / "lib/kit/alias.py").symlink_to("real.py")
    (tmp_path / "lib/kit/out.txt").symlink_to(tmp_path / "secret.txt")
    report = take(project, packages={"kit": str(tmp_path / "lib/kit")})
    folder = restored(report) / ".mlws-packages/kit"
    assert (folder / "alias.py").read_text() == "r"
    assert not (folder / "alias.py").is_symlink()
    assert not (folder / "out.txt").exists()
    assert any("out.txt" in line for line in report.skipped)
