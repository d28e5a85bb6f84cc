"""A workspace with a real dispatcher, a canary beside it, and what must hold after every attack."""

from __future__ import annotations

import hashlib
import os
import secrets
import stat
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jupyter_mlws.dispatcher import client
from jupyter_mlws.domain.run import Run
from jupyter_mlws.runfolder.processes import marked
from jupyter_mlws.sdk.script import ScriptRunConfig
from jupyter_mlws.sdk.workspace import Workspace

from .attacks import PRELUDE

__all__ = ["Lab", "digest_of", "holds"]

DEADLINE_S = 90.0


def digest_of(folder: Path) -> str:
    """A hash of all that lies in a folder: names, kinds, modes and bytes."""
    found = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        facts = path.lstat()
        found.update(f"{path.relative_to(folder)} {facts.st_mode}\n".encode(errors="surrogateescape"))
        if path.is_file() and not path.is_symlink():
            found.update(path.read_bytes())
    return found.hexdigest()


def holds(folder: Path, needle: bytes) -> list[Path]:
    """The files below a folder that have these bytes; those that are mostly holes are not looked into."""
    # Not rglob: a folder that the dispatcher removes meanwhile is passed over here.
    files = (Path(here, name) for here, _, found in os.walk(folder) for name in found)
    return [path for path in files if needle in _bytes_of(path)]


def _bytes_of(path: Path) -> bytes:
    try:
        facts = path.lstat()
        plain = stat.S_ISREG(facts.st_mode) and facts.st_size < 1 << 28
        return path.read_bytes() if plain else b""
    except OSError:  # removed while we looked: the dispatcher tidies up
        return b""


class Lab:
    """Submits hostile scripts and looks at what became of the workspace."""

    def __init__(self, tmp_path: Path) -> None:
        self.project = tmp_path / "project"
        self.project.mkdir()
        self.folder = tmp_path / "workspace"
        self.outside = tmp_path / "workspacetest"
        (self.outside / "requests").mkdir(parents=True)
        self.canary = f"CANARY{secrets.token_hex(8)}"
        (self.outside / "secret.txt").write_text(self.canary)
        # Named as a request is: it must not be carried out, answered, or removed.
        (self.outside / "requests" / f"{'0' * 16}-{'0' * 8}.json").write_text('{"operation": "x", "arguments": {}}')
        self.before = digest_of(self.outside)
        self.api = Workspace(self.folder).api
        self.other = self.ended(self.submit("print(1)")).id

    def submit(self, script: str) -> Run:
        (self.project / "train.py").write_text(script)
        return self.api.runs.submit(ScriptRunConfig(self.project, "train.py").prepare(self.api, "hostile"))

    def attack(self, code: str) -> Run:
        return self.submit(PRELUDE.format(outside=str(self.outside), other=getattr(self, "other", "")) + code)

    def wait(self, what: Callable[[], Any], deadline_s: float = DEADLINE_S) -> Any:
        until = time.monotonic() + deadline_s
        while not (found := what()):
            assert time.monotonic() < until, self.log()[-5000:]
            time.sleep(0.02)
        return found

    def ended(self, run: Run) -> Run:
        record: Run = self.wait(lambda: (found := self.api.runs.get(run.id)).status.is_terminal and found)
        return record

    def log(self) -> str:
        return (self.folder / "dispatcher.log").read_text()

    def dispatcher(self) -> int | None:
        return client.state(self.folder).pid

    def unharmed(self, run: Run) -> None:
        """What holds whatever a script did."""
        assert digest_of(self.outside) == self.before
        # The script's own text names the place, never what stands there.
        assert holds(self.folder, self.canary.encode()) == []
        assert "Traceback" not in self.log(), self.log()[-5000:]
        assert "owned" not in self.api.runs.get(self.other).tags
        assert marked(run.id) == []
        assert self.api.models.list(name="stolen").items == ()
