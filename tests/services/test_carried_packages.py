"""Packages that travel in an archive: kept by their digest, for whoever builds that lock, and for nothing else."""

from __future__ import annotations

import hashlib
import io
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import archives
import pytest
from archives import add_run, forge, parts, services
from wheels import Index, make_source, make_wheel

from jupyter_mlws import faults
from jupyter_mlws.api.routes import Upload
from jupyter_mlws.domain.archive import ImportReport
from jupyter_mlws.domain.environment import EnvironmentSpec, NewEnvironment
from jupyter_mlws.environments import wheels
from jupyter_mlws.errors import ArchiveError, IndexUnavailable, StorageFull
from jupyter_mlws.services import Services
from jupyter_mlws.store import Store

Carry = Callable[[bytes], ImportReport]


@pytest.fixture
def here(tmp_path: Path, own_index: Index) -> Iterator[Services]:
    """A workspace with a run in an environment of two packages."""
    folder = tmp_path / "here"
    folder.mkdir()
    store = Store.open(folder)
    api = services(store, folder, "here")
    spec = EnvironmentSpec(packages=("mlws-demo", "six==1.16.0"))
    api.environments.register(NewEnvironment(name="small", spec=spec))
    api.environments.lock("small", 1)
    add_run(api, environment="small")
    yield api
    store.close()


@pytest.fixture
def carry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Carry]:
    """Imports an archive as another user, who has no packages yet."""
    folder = tmp_path / "there"
    folder.mkdir()
    store = Store.open(folder)

    def imported(archive: bytes) -> ImportReport:
        monkeypatch.setenv("MLWS_DATA_DIR", str(tmp_path / "data"))
        return services(store, folder, "there").archives.import_file(Upload(archive))

    yield imported
    store.close()


@pytest.fixture(scope="module")
def made() -> dict[str, bytes]:
    """What is made once for all tests."""
    return {}


@pytest.fixture
def entries(request: pytest.FixtureRequest, made: dict[str, bytes]) -> dict[str, bytes]:
    """The entries of a good archive."""
    if "archive" not in made:
        made["archive"] = exported(request.getfixturevalue("here"))
    return parts(made["archive"])


def exported(api: Services) -> bytes:
    return api.archives.export(with_environment=True).read()


def left(tmp_path: Path) -> list[str]:
    """What lies where packages are kept."""
    root = tmp_path / "data" / "wheels"
    return sorted(path.name for path in root.rglob("*") if path.is_file()) if root.exists() else []


def test_the_packages_of_a_lock_come_along_once(here: Services, carry: Carry, tmp_path: Path) -> None:
    archive = exported(here)
    assert "Added 1 environment with 2 packages." in str(carry(archive))
    assert left(tmp_path) == ["mlws_demo-1.0-py3-none-any.whl", "six-1.16.0-py3-none-any.whl"]
    lock = here.environments.lock("small", 1)
    assert wheels.missing(lock.text) == []
    for digest, path in wheels.of_lock(lock.text).items():
        assert hashlib.sha256(path.read_bytes()).hexdigest() == digest
    assert (tmp_path / "data" / "wheels").stat().st_mode & 0o077 == 0
    assert carry(archive).wheels_added == 0
    assert b'"wheel"' not in parts(here.archives.export().read())["records.jsonl"]


def test_packages_that_are_here_are_not_fetched_again(here: Services, own_index: Index) -> None:
    first = parts(exported(here))
    for file in (own_index.folder / "files").iterdir():
        file.unlink()
    assert parts(exported(here)).keys() == first.keys()


def test_an_index_that_is_away_is_named_and_leaves_nothing(here: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UV_DEFAULT_INDEX", "http://user:canary@127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "0")
    for _ in range(5):  # more than may be written at once
        with pytest.raises(IndexUnavailable, match="cannot be fetched") as raised:
            exported(here)
    assert "canary" not in f"{raised.value}{raised.value.details}"
    assert list(wheels.root().glob("*")) == []
    here.archives.export().read()


def test_a_package_without_a_wheel_is_named(here: Services, own_index: Index, carry: Carry) -> None:
    source = make_source(own_index.folder / "files", "odd", "1.0", "")
    own_index.offer("odd", source)
    spec = EnvironmentSpec(packages=("odd", "six"))
    odd = here.environments.register(NewEnvironment(name="odd", spec=spec))
    here.environments.lock("odd", odd.version)
    add_run(here, environment="odd")
    report = carry(exported(here))
    assert report.notes == ("The archive has no wheel of odd: to build needs the network.",)
    assert report.wheels_added == 3


def wheel_of(name: str, version: str, folder: Path, **words: Any) -> bytes:
    folder.mkdir(exist_ok=True)
    return make_wheel(folder, name, version, **words).read_bytes()


def bomb(folder: Path) -> bytes:
    buffer = io.BytesIO(wheel_of("six", "1.16.0", folder))
    with zipfile.ZipFile(buffer, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("six/zeros", bytes(64 << 20))
    return buffer.getvalue()


def climbing(folder: Path) -> bytes:
    return wheel_of("six", "1.16.0", folder, modules={"../../../six.py": "evil"})


def linked(folder: Path) -> bytes:
    buffer = io.BytesIO(wheel_of("six", "1.16.0", folder))
    with zipfile.ZipFile(buffer, "a") as archive:
        info = zipfile.ZipInfo("six/link")
        info.create_system, info.external_attr = 3, 0o120777 << 16
        archive.writestr(info, "/etc/passwd")
    return buffer.getvalue()


HOSTILE: dict[str, Callable[[Path], bytes]] = {
    "no wheel": lambda folder: b"#!/bin/sh\ntouch /tmp/pwned\n",
    "an empty zip": lambda folder: b"PK\5\6" + bytes(18),
    "another package": lambda folder: wheel_of("requests", "1.16.0", folder),
    "another version": lambda folder: wheel_of("six", "6.6.6", folder),
    "a bomb": bomb,
    "a path that leaves": climbing,
    "a link": linked,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_file_that_is_no_honest_wheel_is_refused(
    entries: dict[str, bytes], carry: Carry, tmp_path: Path, name: str
) -> None:
    """The archive's own lock names it, so that its digest is no argument against it."""
    data = HOSTILE[name](tmp_path / "made")
    bad = hashlib.sha256(data).hexdigest()
    lines = [json.loads(line) for line in entries["records.jsonl"].decode().splitlines()]
    wheel = next(line["wheel"] for line in lines if "wheel" in line and line["wheel"]["name"].startswith("six"))
    entries[f"blobs/{bad}"] = data
    text = entries["records.jsonl"].decode().replace(wheel["digest"], bad)
    records = [json.loads(line) for line in text.splitlines()]
    for record in records:
        if "wheel" in record and record["wheel"]["digest"] == bad:
            record["wheel"]["size_bytes"] = len(data)
        for lock in record.get("environment", {}).get("locks", ()):
            said = f"1\n{lock['python']}\n{lock['system']}\n{lock['text']}"
            lock["digest"] = hashlib.sha256(said.encode()).hexdigest()
    entries["records.jsonl"] = "".join(json.dumps(record) + "\n" for record in records).encode()
    with pytest.raises(ArchiveError):
        carry(forge(entries))
    assert left(tmp_path) == []


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("name", "../../six-1.16.0-py3-none-any.whl"),
        ("name", "six-1.16.0.tar.gz"),
        ("name", "six.whl"),
        ("name", "six-1.16.0-py3-none-any.whl\0.whl"),
        ("digest", "0" * 64),
        ("digest", "../x"),
        ("size_bytes", 1),
        ("size_bytes", -1),
    ],
)
def test_a_forged_record_of_a_package_is_refused(
    entries: dict[str, bytes], carry: Carry, tmp_path: Path, key: str, value: object
) -> None:
    records = [json.loads(line) for line in entries["records.jsonl"].decode().splitlines()]
    next(record for record in records if "wheel" in record)["wheel"][key] = value
    entries["records.jsonl"] = "".join(json.dumps(record) + "\n" for record in records).encode()
    with pytest.raises(ArchiveError):
        carry(forge(entries))
    assert left(tmp_path) == []


def test_bytes_that_were_changed_are_refused(entries: dict[str, bytes], carry: Carry, tmp_path: Path) -> None:
    records = map(json.loads, entries["records.jsonl"].decode().splitlines())
    digest = next(record["wheel"]["digest"] for record in records if "wheel" in record)
    entries[f"blobs/{digest}"] = entries[f"blobs/{digest}"][:-1] + b"!"
    with pytest.raises(ArchiveError, match="not what was written"):
        carry(forge(entries))
    assert left(tmp_path) == []
    del entries[f"blobs/{digest}"]
    with pytest.raises(ArchiveError, match="missing"):
        carry(forge(entries))


def test_a_package_of_no_lock_is_refused(entries: dict[str, bytes], carry: Carry) -> None:
    lines = entries["records.jsonl"].decode().splitlines(keepends=True)
    entries["records.jsonl"] = "".join(line for line in lines if not line.startswith('{"environment"')).encode()
    with pytest.raises(ArchiveError, match="no environment of it names the package"):
        carry(forge(entries))


# -- accidents

_DIES = """
import sys
from pathlib import Path
from archives import services
from jupyter_mlws.api.routes import Upload
from jupyter_mlws.store import Store
folder = Path(sys.argv[1])
with Store.open(folder) as store:
    services(store, folder).archives.import_file(Upload(open(sys.argv[2], "rb")))
"""


@pytest.mark.parametrize("fault", ["wheels.write:2:kill", "wheels.rename:2:kill", "wheels.rename:1:EIO"])
def test_an_import_that_died_is_done_again(entries: dict[str, bytes], carry: Carry, tmp_path: Path, fault: str) -> None:
    archive = tmp_path / "archive.zip"
    archive.write_bytes(forge(entries))
    environment = {
        **os.environ,
        "MLWS_FAULT": fault,
        "MLWS_DATA_DIR": str(tmp_path / "data"),
        "PYTHONPATH": str(Path(archives.__file__).parent),
    }
    command = [sys.executable, "-c", _DIES, tmp_path / "there", archive]
    assert subprocess.run(command, env=environment, check=False, timeout=60, capture_output=True).returncode != 0
    report = carry(archive.read_bytes())
    assert (report.runs_added, report.environments_added) == (1, 1)
    kept = [path for path in wheels.root().glob("*/*.whl") if not path.parent.parent.name.startswith(".draft")]
    assert sorted(path.name for path in kept) == ["mlws_demo-1.0-py3-none-any.whl", "six-1.16.0-py3-none-any.whl"]


def test_a_full_disk_has_its_own_word(
    entries: dict[str, bytes], carry: Carry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = forge(entries)

    def full(name: str) -> None:
        if name == "wheels.write":
            raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(faults, "point", full)
        with pytest.raises(StorageFull):
            carry(archive)
    assert left(tmp_path) == []
    assert carry(archive).wheels_added == 2
