"""Symbolic links: kept inside, data outside, and never a way out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from folders import contents

from jupyter_mlws.domain.snapshot import SnapshotReport

Take = Callable[..., SnapshotReport]
Write = Callable[..., Path]
Names = Callable[[SnapshotReport], list[str]]
Restored = Callable[[SnapshotReport], Path]


def links_of(report: SnapshotReport) -> dict[str, str]:
    return {link.path: link.reason for link in report.links}


def test_links_inside_are_kept_and_links_that_leave_are_data(
    tmp_path: Path, project: Path, write: Write, take: Take, restored: Restored
) -> None:
    write(project, {"pkg/a.py": "x", "data/t.csv": "1"})
    write(tmp_path, {"outside/big.csv": "1"})
    (project / "pkg/same.py").symlink_to("a.py")
    (project / "pkg/up.csv").symlink_to("../data/t.csv")
    (project / "absolute.py").symlink_to(project / "pkg/a.py")
    (project / "roundabout.py").symlink_to("pkg/../data/../pkg/a.py")
    (project / "folder").symlink_to("data")
    (project / "out.csv").symlink_to(tmp_path / "outside/big.csv")
    (project / "outdir").symlink_to("../outside")
    (project / "through.csv").symlink_to("outdir/big.csv")
    (project / "nowhere").symlink_to("/does/not/exist")
    (project / "loop").symlink_to("loop")
    report = take(project)
    assert links_of(report) == {"out.csv": "outside", "outdir": "outside", "through.csv": "outside"}
    assert [line.split()[0] for line in report.skipped] == ["nowhere"]
    folder = restored(report)
    found = {name: value for name, value in contents(folder).items() if isinstance(value, str)}
    assert found == {
        "pkg/same.py": "a.py",
        "pkg/up.csv": "../data/t.csv",
        "absolute.py": "pkg/a.py",
        "roundabout.py": "pkg/a.py",
        "folder": "data",
        "loop": "loop",
    }


def test_Z02_a_link_to_a_key_is_neither_followed_nor_linked(
    own_home: Path, project: Path, write: Write, take: Take, tmp_path: Path
) -> None:
    write(own_home, {".ssh/id_rsa": "canary-78", ".aws/config": "canary-78"})
    (project / "key").symlink_to(own_home / ".ssh/id_rsa")
    (project / "settings").symlink_to(own_home / ".aws")
    report = take(project, files=("key", str(own_home / ".ssh/id_rsa"), "~/.ssh/id_rsa"))
    assert report.links == ()
    assert {line.split()[0] for line in report.skipped} >= {"key", "settings"}
    assert any("key" in warning for warning in report.warnings)
    assert not any(b"canary-78" in path.read_bytes() for path in (tmp_path / "blobs").rglob("*") if path.is_file())


def test_a_folder_link_back_to_its_parent_ends(project: Path, take: Take, names: Names) -> None:
    (project / "sub").mkdir()
    (project / "sub/up").symlink_to("..")
    (project / "self").symlink_to(".")
    assert names(take(project)) == ["pyproject.toml", "self", "sub/up"]
