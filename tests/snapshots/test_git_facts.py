"""Facts of a repository: without credentials, without running anything that it names, without waiting."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from jupyter_mlws.domain.snapshot import GitInfo, SnapshotReport
from jupyter_mlws.snapshots.git import GitQuery
from jupyter_mlws.snapshots.gitconfig import read_config
from jupyter_mlws.snapshots.remotes import without_credentials

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="needs git")

Write = Callable[..., Path]


def git(folder: Path, *words: str) -> str:
    return subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


def ask(folder: Path, timeout_s: float = 30.0) -> GitInfo | None:
    with GitQuery(str(folder), timeout_s) as query:
        return query.answer()


@pytest.fixture
def repository(tmp_path: Path, write: Write) -> Path:
    folder = write(tmp_path / "repository", {"a.py": "1", "sub/b.py": "2"})
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "First")
    return folder


def test_commit_branch_and_remote_are_known(repository: Path, take: Callable[..., SnapshotReport]) -> None:
    git(repository, "remote", "add", "upstream", "https://example.org/u.git")
    git(repository, "remote", "add", "origin", "https://ada:s3cret@example.org/x.git?private_token=t")
    commit = git(repository, "rev-parse", "HEAD")
    expected = GitInfo(commit=commit, branch="main", remote="https://example.org/x.git", dirty=False)
    assert ask(repository) == expected
    assert take(repository / "sub").git == expected


@pytest.mark.parametrize("change", ["modified", "staged", "untracked", "removed"])
def test_uncommitted_changes_below_the_folder_count(repository: Path, change: str) -> None:
    file = repository / "sub/b.py"
    if change == "removed":
        file.unlink()
    elif change == "untracked":
        (repository / "sub/new.py").touch()
    else:
        file.write_text("changed")
    if change == "staged":
        git(repository, "add", "-A")
    info = ask(repository / "sub")
    assert info is not None
    assert info.dirty
    (repository / "other").mkdir()
    (repository / "other/c.py").touch()
    info = ask(repository / "other")
    assert info is not None
    assert info.dirty
    (repository / "other/c.py").unlink()
    info = ask(repository / "other")
    assert info is not None
    assert not info.dirty


def test_what_never_travels_makes_no_repository_dirty(repository: Path, write: Write) -> None:
    write(repository, {"sub/.ipynb_checkpoints/b.ipynb": "", "__pycache__/a.pyc": "", ".mlws/config.json": "{}"})
    info = ask(repository)
    assert info is not None
    assert not info.dirty


def test_a_detached_head_an_empty_repository_and_a_worktree_are_understood(repository: Path, tmp_path: Path) -> None:
    commit = git(repository, "rev-parse", "HEAD")
    git(repository, "worktree", "add", "-q", "-b", "side", str(tmp_path / "side"))
    assert ask(tmp_path / "side") == GitInfo(commit=commit, branch="side")
    git(repository, "checkout", "-q", "--detach")
    assert ask(repository) == GitInfo(commit=commit)
    git(tmp_path, "init", "-q", "-b", "main", "empty")
    assert ask(tmp_path / "empty") == GitInfo(branch="main")


@pytest.mark.parametrize("packed", [False, True])
def test_files_tell_commit_and_branch_where_git_is_too_slow(repository: Path, packed: bool) -> None:
    git(repository, "remote", "add", "origin", "git@example.org:x.git")
    if packed:
        git(repository, "pack-refs", "--all")
    with GitQuery(str(repository), timeout_s=0.0) as query:
        info = query.answer()
    assert info == GitInfo(commit=git(repository, "rev-parse", "HEAD"), branch="main", remote="git@example.org:x.git")
    assert "not known" in query.warning


def test_without_git_or_outside_a_repository_there_are_no_facts(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ask(tmp_path) is None
    monkeypatch.setenv("PATH", str(tmp_path))
    assert ask(repository) is None


def test_a_slow_git_is_not_waited_for_and_leaves_no_process(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/git").write_text('#!/bin/sh\necho $$ > "$0.pid"\nexec sleep 600\n')
    (tmp_path / "bin/git").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin", prepend=":")
    start = time.monotonic()
    with GitQuery(str(repository), timeout_s=0.5) as query:
        assert query.answer() is not None
        assert query.warning
    assert time.monotonic() - start < 60  # and not the 600 s of that git
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "bin/git.pid").read_text()), 0)


def test_nothing_that_a_repository_names_is_run(repository: Path, tmp_path: Path) -> None:
    trap = tmp_path / "trap.sh"
    trap.write_text(f"#!/bin/sh\necho ran >> {tmp_path}/ran\ncat\n")
    trap.chmod(0o755)
    included = tmp_path / "included"
    included.write_text(f'[filter "three"]\n\tclean = {trap}\n')
    (repository / ".gitattributes").write_text("a.py filter=one\n*.txt filter=two\nsub/* filter=three\n")
    (repository / "x.txt").write_text("x")
    git(repository, "add", "-A")
    git(repository, "commit", "-q", "-m", "Second")
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    for hook in ("post-index-change", "fsmonitor-watchman", "reference-transaction"):
        shutil.copy(trap, hooks / hook)
        shutil.copy(trap, repository / ".git/hooks" / hook)
    with (repository / ".git/config").open("a") as config:
        config.write(
            f"[core]\n\tfsmonitor = {trap}\n\thooksPath = {hooks}\n\tpager = {trap}\n\tsshCommand = {trap}\n"
            f"\taskPass = {trap}\n\tgitProxy = {trap}\n\talternateRefsCommand = {trap}\n"
            f'[filter "one"]\n\tclean = {trap}\n\trequired = true\n[filter "two"]\n\tprocess = {trap}\n'
            f"[include]\n\tpath = {included}\n[diff]\n\texternal = {trap}\n[status]\n\tsubmoduleSummary = true\n"
            f"[alias]\n\tstatus = !{trap}\n[credential]\n\thelper = !{trap}\n[gpg]\n\tprogram = {trap}\n"
            f'[remote "origin"]\n\turl = ext::{trap}\n\tuploadpack = {trap}\n\tpromisor = true\n'
        )
    for name in ("a.py", "x.txt", "sub/b.py"):
        # Content is looked at only where times differ.
        os.utime(repository / name, (1, 1))
    info = ask(repository)
    assert info is not None
    assert not (tmp_path / "ran").exists()
    assert info.remote is None
    assert info.commit is not None
    # The trap does work on whoever asks without care.
    subprocess.run(["git", "-C", str(repository), "status"], capture_output=True, check=False)
    assert (tmp_path / "ran").exists()


def test_filters_that_cannot_be_switched_off_keep_git_from_being_asked(repository: Path, tmp_path: Path) -> None:
    with (repository / ".git/config").open("a") as config:
        config.write(f'[filter "a=b"]\n\tclean = touch {tmp_path}/ran\n')
    (repository / ".gitattributes").write_text("* filter=a=b\n")
    os.utime(repository / "a.py", (1, 1))
    with GitQuery(str(repository)) as query:
        info = query.answer()
    assert info is not None
    assert info.branch == "main"
    assert query.warning
    assert not (tmp_path / "ran").exists()


def test_asking_changes_nothing_in_the_repository(repository: Path) -> None:
    os.utime(repository / "a.py", (1, 1))
    before = {str(path): path.stat().st_mtime_ns for path in (repository / ".git").rglob("*")}
    ask(repository)
    assert {str(path): path.stat().st_mtime_ns for path in (repository / ".git").rglob("*")} == before


def test_variables_of_a_git_hook_do_not_lead_elsewhere(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "nowhere"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "nowhere/index"))
    info = ask(repository)
    assert info is not None
    assert not info.dirty


def test_odd_files_in_a_repository_say_nothing(tmp_path: Path) -> None:
    dot_git = tmp_path / ".git"
    dot_git.mkdir()
    os.mkfifo(dot_git / "config")
    (dot_git / "HEAD").mkdir()
    assert (read_config(str(dot_git)).commit, read_config(str(dot_git)).branch) == (None, None)
    (tmp_path / "loop").write_text("[include]\n\tpath = loop\n")
    shutil.rmtree(dot_git)
    dot_git.mkdir()
    shutil.copy(tmp_path / "loop", dot_git / "config")
    (dot_git / "loop").write_text("[include]\n\tpath = loop\n")
    assert not read_config(str(dot_git)).is_safe


@pytest.mark.parametrize(
    ("remote", "kept"),
    [
        ("https://example.org/x.git", "https://example.org/x.git"),
        ("https://user:token@example.org/x.git", "https://example.org/x.git"),
        ("https://token@example.org:8443/x.git", "https://example.org:8443/x.git"),
        ("https://u%40x:p%2F@example.org/x?access_token=t&y=1#t", "https://example.org/x"),
        ("https://a@b:c@example.org/x", "https://example.org/x"),
        ("ssh://git:pass@example.org:22/x.git", "ssh://git@example.org:22/x.git"),
        ("git@example.org:team/x.git", "git@example.org:team/x.git"),
        ("user:pass@example.org:x.git", "user@example.org:x.git"),
        ("/srv/git/x.git", "/srv/git/x.git"),
        ("../x", "../x"),
        ("ext::sh -c evil", None),
        ("https://[bad/x", None),
        ("https://example.org/\x1b]0;x", None),
        ("", None),
        (None, None),
        ("x" * 5000, None),
    ],
)
def test_a_remote_is_kept_without_what_opens_it(remote: str | None, kept: str | None) -> None:
    assert without_credentials(remote) == kept
