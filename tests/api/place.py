"""A workspace of which questions are asked, and a hand that does behind it what a dispatcher would."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from points import points

from jupyter_mlws.api.interface import Api
from jupyter_mlws.blobs import BlobStore
from jupyter_mlws.domain.file import FileKind, RunFile
from jupyter_mlws.domain.run import Run, RunSubmission
from jupyter_mlws.domain.status import RunStatus
from jupyter_mlws.domain.workspace import DispatcherState
from jupyter_mlws.errors import (
    MlwsError,
)
from jupyter_mlws.store import Store, files, metrics, runs

S = RunStatus
# P..: none of these names a file, whatever lies on the disk.
ESCAPES = [
    "../../../../../../etc/passwd",  # P01
    "/etc/passwd",  # P02
    "%252e%252e%252f%252e%252e%252fetc%252fpasswd",  # P04
    "%25252e%25252e%25252fetc%25252fpasswd",
    "..\\..\\..\\etc\\passwd",  # P05
    "file:///etc/passwd",  # P07
    "C:\\Windows\\win.ini",  # P08
    "C:/Windows/win.ini",
    "\\\\host\\share\\x",
    "//host/share/x",
    "../blobstest/secret.txt",  # P10
    "x?/../../../../etc/passwd",  # P13
    "....//....//....//etc/passwd",  # P14
    "a/" * 2000 + "b",  # P30
    "é" * 128,
    "a\nb",
    "a\x1bb",
    "",
    ".",
    "a//b",
    "a/./b",
]


@dataclass
class Waking:
    """The dispatcher's place, empty: it counts who knocks."""

    calls: int = 0
    failure: MlwsError | None = None

    def __call__(self) -> None:
        self.calls += 1
        if self.failure is not None:
            raise self.failure

    def state(self) -> DispatcherState:
        return DispatcherState(alive=self.calls > 0, pid=1, version="0", message="")

    def ensure(self) -> DispatcherState:
        self()
        return self.state()


@dataclass
class Place:
    """A workspace: the way that is tested, and what stands behind it."""

    api: Api
    store: Store
    blobs: BlobStore
    folder: Path
    waking: Waking = field(default_factory=Waking)

    def submit(self, experiment: str = "digits", **facts: Any) -> Run:
        return self.api.runs.submit(submission(experiment, **facts))

    def move(self, run: Run, *states: RunStatus) -> None:
        for state in states:
            with self.store.write() as c:
                assert runs.move_run(c, run.id, state) is not None

    def leave(self, run: Run, name: str, data: bytes, kind: FileKind = FileKind.OUTPUT) -> RunFile:
        """Collect a file, as the dispatcher does."""
        stored = self.blobs.put_bytes(data)
        at = datetime(2026, 1, 1, tzinfo=timezone.utc)
        file = RunFile(name=name, kind=kind, size_bytes=len(data), digest=stored.digest, mode=0o644, modified_at=at)
        with self.store.write() as c:
            files.put_file(c, run.id, file)
        return file

    def log(self, run: Run, name: str, values: list[float]) -> None:
        with self.store.write() as c:
            metrics.append_points(c, run.id, points(values, stream=name, name=name))

    def write_log(self, run: Run, data: bytes) -> None:
        """Let the run folder have a log, as it is while the run goes."""
        log = self.folder / "runs" / run.id / "logs" / "std.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_bytes(data)


def submission(experiment: str = "digits", **facts: Any) -> RunSubmission:
    return RunSubmission(experiment=experiment, **{"command": ("python", "train.py"), **facts})


def code_of(call: Callable[..., Any], *args: Any, **named: Any) -> str:
    """The stable code of the failure; the message is a sentence."""
    with pytest.raises(MlwsError) as caught:
        call(*args, **named)
    assert caught.value.status < 500, caught.value
    assert caught.value.message
    return caught.value.code
