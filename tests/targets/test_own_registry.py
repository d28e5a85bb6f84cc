"""A workspace's own registry: what it keeps is pruned while it does not run."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from needs import program

from jupyter_mlws.containers import own, shelving
from jupyter_mlws.containers.own import DATA, PROGRAM, OwnRegistry
from jupyter_mlws.errors import Unavailable
from jupyter_mlws.runfolder.files import is_of_living

KIND = "application/vnd.docker.distribution.manifest.v2+json"


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[OwnRegistry]:
    program(PROGRAM, "images are kept in it")
    made = OwnRegistry(tmp_path / "registry")
    yield made
    made.close()


def ask(registry: OwnRegistry, method: str, path: str, data: bytes | None = None, kind: str = "") -> str:
    """Ask it; where the answer leads to."""
    host = registry.ensure()
    keys = registry.credentials
    headers = {"Authorization": "Basic " + base64.b64encode(f"{keys.user}:{keys.password}".encode()).decode()}
    headers |= {"Content-Type": kind, "Accept": kind} if kind else {}
    address = path if path.startswith("http") else f"http://{host}/v2/mlws-environment{path}"
    with urllib.request.urlopen(urllib.request.Request(address, data, headers, method=method), timeout=20) as answer:
        return str(answer.headers.get("Location") or "")


def keep(registry: OwnRegistry, tag: str, layer: bytes) -> None:
    """Put an image of one layer."""
    told = []
    for data in (b"{}", layer):
        digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
        place = ask(registry, "POST", "/blobs/uploads/", b"")
        between = "&" if "?" in place else "?"
        ask(registry, "PUT", f"{place}{between}digest={digest}", data, "application/octet-stream")
        told.append({"mediaType": "application/octet-stream", "size": len(data), "digest": digest})
    said = {"schemaVersion": 2, "mediaType": KIND, "config": told[0], "layers": told[1:]}
    ask(registry, "PUT", f"/manifests/{tag}", json.dumps(said).encode(), KIND)


def test_images_that_nobody_used_are_removed_with_their_layers_while_it_does_not_run(
    registry: OwnRegistry, tmp_path: Path
) -> None:
    registry.ensure()
    old, used, new = "0" * 32, "1" * 32, "2" * 32
    for tag in (old, used, new):
        keep(registry, tag, os.urandom(1 << 20))
    folder = tmp_path / "registry"
    for tag in (old, used):
        (link,) = folder.rglob(f"tags/{tag}/current/link")
        os.utime(link, (1, 1))
    now = time.time()

    def used_at(tag: str) -> float:
        return now if tag == used else 0.0

    assert shelving.prune(folder, used_at).images == 0  # it runs
    registry.close()
    assert shelving.prune(folder, used_at, 3600, dry_run=True) == shelving.Removed(images=1)
    gone = shelving.prune(folder, used_at, 3600)
    assert gone.images == 1
    assert 1 << 20 <= gone.size_bytes < 1 << 21
    left = {path.name for path in folder.rglob("tags/*") if path.is_dir()}
    assert left >= {used, new}
    assert old not in left
    ask(registry, "GET", f"/manifests/{used}", kind=KIND)  # it starts again, with what is left
    registry.close()
    assert shelving.prune(folder, lambda tag: 0.0).images == 2
    assert sum(path.stat().st_size for path in (folder / DATA).rglob("data")) == 0
    assert shelving.prune(tmp_path / "nowhere", used_at).images == 0


def test_what_a_stranger_asks_does_not_move_it(registry: OwnRegistry) -> None:
    host = registry.ensure()
    headers = {"User-Agent": "listening on 127.0.0.1:4711", "Referer": "listening on 127.0.0.1:4711"}
    for path in ("/v2/", "/v2/a/manifests/new?a=listening+on+127.0.0.1:4711"):
        with pytest.raises(urllib.error.HTTPError, match="401"):
            urllib.request.urlopen(urllib.request.Request(f"http://{host}{path}", headers=headers), timeout=20)
    keep(registry, "0" * 32, b"layer")  # by now it has read what the registry wrote of them
    assert registry.host == registry.ensure() == host


@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("sleep 60", "It says nothing"),
        ("printf 'caf\\351 is full\\n' >&2; exit 1", "caf\ufffd is full"),
        ("printf 'x\\351 listening on 127.0.0.1:70000\\n' >&2; sleep 60", "x\ufffd listening on 127.0.0.1:70000"),
    ],
)
def test_one_that_does_not_begin_is_ended_and_told(
    program: str, said: str, registry: OwnRegistry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bin").mkdir()
    fake = tmp_path / "bin" / PROGRAM
    fake.write_text(f"#!/bin/sh\necho $$ >> {tmp_path}/pids\n{program}\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin", prepend=":")
    monkeypatch.setattr(own, "_UP_S", 1.0)
    with pytest.raises(Unavailable, match=f"does not start: {said}"):
        registry.ensure()
    assert registry.host == ""
    pids = (tmp_path / "pids").read_text().split()
    assert pids
    assert not any(is_of_living(int(pid)) for pid in pids)
