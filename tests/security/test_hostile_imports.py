"""A run that was recorded elsewhere, by a stranger: importing it harms nothing but that run."""

from __future__ import annotations

import io
import json
import os
import random
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_mlws import workspace as room
from jupyter_mlws.api.routes import Upload
from jupyter_mlws.domain.status import RunStatus

from .lab import Lab

ID = "stranger_1"
STREAM = "0123456789abcdef-1-abcdef"
NOISE = random.Random(7)


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lab]:
    """A fresh workspace whose dispatcher has short times, and a run in it that is somebody else's."""
    for name, value in {"SETTLE_S": "0.2", "LOST_S": "3", "MAX_OUTPUT_BYTES": "1000000"}.items():
        monkeypatch.setenv(f"MLWS_{name}", value)
    found = Lab(tmp_path)
    yield found
    room.stop_dispatcher(found.folder)


def requests(*wishes: tuple[str, dict[str, Any]]) -> dict[str, bytes]:
    """Files of a mailbox, in this order."""
    return {
        f"mailbox/requests/{i:016x}-{i:08x}.json": json.dumps({"operation": operation, "arguments": arguments}).encode()
        for i, (operation, arguments) in enumerate(wishes, 1)
    }


def about(*others: str) -> dict[str, bytes]:
    """Requests that are about runs of others, or make runs that are."""
    wishes: list[tuple[str, dict[str, Any]]] = []
    for other in others:
        wishes += [
            ("runs.update", {"run": other, "update": {"tags": {"owned": "yes"}}}),
            ("runs.end", {"run": other, "end": {"status": "Canceled"}}),
            ("runs.create_children", {"run": ID, "children": {"items": [{"id": other, "tags": {"owned": "yes"}}]}}),
            ("runs.create_children", {"run": other, "children": {"items": [{"id": f"{ID}_x"}]}}),
            ("models.register", {"registration": {"name": "stolen", "run_id": other, "path": "outputs/m.pkl"}}),
            ("runs.cancel", {"run": other}),
            ("runs.submit", {"submission": {"experiment": "x", "command": ["touch", "pwned"]}}),
        ]
    return requests(*wishes)


def state(*events: dict[str, Any]) -> bytes:
    return b"".join(json.dumps(event).encode() + b"\n" for event in events)


def hostile(other: str, pid: int) -> dict[str, dict[str, bytes]]:
    """Files of the folder, by what is tried."""
    of_child = {"job.json": json.dumps({"run_id": other, "parent_id": other}).encode(), "outputs/m.pkl": b"mine"}
    identity = {"pid": pid, "pgid": pid, "boot_id": "x", "start_time": 1, "host": "here"}
    return {
        "N08 requests about others": {**about(other, "1", "#1", f"../{other}"), "outputs/m.pkl": b"mine"},
        "N08 a child that is another's": {f"children/{other}/{name}": data for name, data in of_child.items()},
        "N14 a state of another process": {
            "state.jsonl": state(
                {"event": "started", "identity": identity, "elsewhere": False, "at": 1e300},
                {"event": "ended", "exit_code": 10**40, "status": "Queued", "error": [1], "at": "now"},
            ),
            "heartbeat": b"9" * 32,
        },
        "D10 nothing but noise": {
            f"journal/{STREAM}.keys": NOISE.randbytes(5000),
            f"journal/{STREAM}.000000": NOISE.randbytes(50_000),
            f"values/{STREAM}.jsonl": NOISE.randbytes(5000) + b"\n" + b"[" * 100_000 + b"\n",
            "state.jsonl": NOISE.randbytes(5000) + b"\n" + b"[" * 100_000 + b"\n",
            f"children/{ID}_1/job.json": b"[" * 100_000,
            f"children/{ID}_2/job.json": NOISE.randbytes(1000),
            f"children/{ID}_2/journal/{STREAM}.000000": NOISE.randbytes(1000),
            "mailbox/requests/0123456789abcdef-01234567.json": NOISE.randbytes(1000),
        },
    }


def packed(run_id: str, files: dict[str, bytes]) -> Upload:
    job = {"run_id": run_id, "run_number": 0, "experiment": "hostile", "protocol_version": 1, "kind": "script"}
    job |= {"command": ["touch", "pwned"], "workspace_id": "../..", "host": "../../etc", "folder": "/etc"}
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("job.json", json.dumps(job))
        for name, data in files.items():
            archive.writestr(name, data)
    return Upload(out.getvalue())


def test_N08_N14_D10_what_a_stranger_recorded_harms_its_own_run_alone(lab: Lab) -> None:
    before = lab.dispatcher()
    for number, (name, files) in enumerate(hostile(lab.other, os.getpid()).items()):
        mine = f"{ID}_{number}"
        renamed = {path.replace(ID, mine): data.replace(ID.encode(), mine.encode()) for path, data in files.items()}
        done = lab.api.folders.import_offline(packed(mine, renamed))
        lab.wait(lambda done=done: not lab.api.folders.imported(done.run_id).pending)
        record = lab.api.runs.get(mine)
        # One that tells no end was still going on, as far as anybody knows.
        assert record.status.is_terminal or record.status is RunStatus.NOT_RESPONDING, name
        assert len(record.warnings) <= 25, name
        assert lab.api.runs.get(lab.other).status is RunStatus.COMPLETED, name
        lab.unharmed(record)
        assert lab.api.runs.list(parent=lab.other, include_children=True).items == ()
        assert all(child.id.startswith(mine) for child in lab.api.runs.list(parent=mine).items), name
    assert lab.dispatcher() == before
    assert lab.ended(lab.submit("print(2)")).status is RunStatus.COMPLETED
