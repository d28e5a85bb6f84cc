"""Facts of the git repository around a folder, asked for without trusting it.

A repository's own configuration can name programs (monitors, hooks, filters, transports); none of them is run. git is
asked once, in parallel to the walk, and not waited for longer than `TIMEOUT_S`.
"""

from __future__ import annotations

import os
import subprocess
import time
from types import TracebackType

from jupyter_mlws.domain.snapshot import GitInfo
from jupyter_mlws.snapshots.defaults import is_hard, is_soft
from jupyter_mlws.snapshots.gitconfig import GitConfig, read_config
from jupyter_mlws.snapshots.remotes import without_credentials
from jupyter_mlws.snapshots.roots import find_git

__all__ = ["TIMEOUT_S", "GitQuery"]

TIMEOUT_S = 2.0
_OURS = {
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_NO_LAZY_FETCH": "1",
    "LC_ALL": "C",
}
_FOREIGN = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_NAMESPACE", "GIT_PREFIX", "GIT_TRACE")
_SETTINGS = (
    "core.fsmonitor=false",
    "core.hooksPath=/dev/null",
    "core.pager=cat",
    "core.sshCommand=false",
    "status.submoduleSummary=false",
)


class GitQuery:
    """A question to git that runs while other work is done; use as a context, then take the `answer`.

    Parameters
    ----------
    folder : str
        Uncommitted changes count only from here down.
    timeout_s : float
        From the start of the question.
    """

    def __init__(self, folder: str, timeout_s: float = TIMEOUT_S) -> None:
        self._folder = os.path.realpath(folder)
        self._end = time.monotonic() + timeout_s
        self._process: subprocess.Popen[bytes] | None = None
        self._config: GitConfig | None = None
        self.warning = ""

    def __enter__(self) -> GitQuery:
        top = find_git(self._folder)
        if top is None:
            return self
        self._config = read_config(os.path.join(top, ".git"))
        filters = [
            f"filter.{name}.{part}"
            for name in self._config.filters
            for part in ("clean=", "process=", "required=false")
        ]
        if self._config.is_safe:
            self._process = _start(self._folder, (*_SETTINGS, *filters))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._process is None:
            return
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def answer(self) -> GitInfo | None:
        """The facts; None outside a repository and where git is not installed. `warning` says what is not known."""
        if self._config is None or (self._process is None and self._config.is_safe):
            return None
        status = self._status()
        remote = without_credentials(self._config.remote)
        if status is None:
            self.warning = "git did not say whether there are uncommitted changes: that is not known."
            return GitInfo(commit=self._config.commit, branch=self._config.branch, remote=remote)
        return _info(status, remote)

    def _status(self) -> bytes | None:
        if self._process is None:
            return None
        try:
            output, _ = self._process.communicate(timeout=max(0.0, self._end - time.monotonic()))
        except subprocess.TimeoutExpired:
            return None
        return output if self._process.returncode == 0 else None


def _start(folder: str, settings: tuple[str, ...]) -> subprocess.Popen[bytes] | None:
    command = ["git", "--no-pager"]
    for setting in settings:
        command += ["-c", setting]
    command += [
        "status",
        "--porcelain=v2",
        "--branch",
        "--no-renames",
        "--untracked-files=normal",
        "--ignore-submodules=all",
    ]
    environment = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}
    try:
        return subprocess.Popen(
            [*command, "--", "."],
            cwd=folder,
            env={**environment, **_OURS},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError:
        return None


def _is_rubbish(line: str) -> bool:
    """Whether a line of the status tells of something untracked that never travels, as JupyterLab's checkpoints."""
    path = line.removeprefix("? ").strip('"')
    name = path.rstrip("/").rpartition("/")[2]
    return line.startswith("? ") and (is_hard(name) or is_soft(name, path.endswith("/")))


def _info(status: bytes, remote: str | None) -> GitInfo:
    commit = branch = None
    dirty = False
    for line in status.decode("utf-8", "replace").splitlines():
        if line.startswith("# branch.oid "):
            commit = line.removeprefix("# branch.oid ")
        elif line.startswith("# branch.head "):
            branch = line.removeprefix("# branch.head ")
        elif not line.startswith("#") and not _is_rubbish(line):
            dirty = True
            break
    return GitInfo(
        commit=None if commit == "(initial)" else commit,
        branch=None if branch == "(detached)" else branch,
        remote=remote,
        dirty=dirty,
    )
