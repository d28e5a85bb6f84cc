"""Packages of conda are solved, locked without an address, and built beside those of pip."""

from __future__ import annotations

import io
import os
import shutil
import socket
import subprocess
import tarfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from conda_channel import PREFIX, CondaChannel

from jupyter_mlws.domain.environment import EnvironmentLock, EnvironmentSpec
from jupyter_mlws.domain.locks import check_lock, lock_digest, locked_hashes
from jupyter_mlws.environments import building, conda, fetching, locking, pruning, uv
from jupyter_mlws.environments.packing import ENV, Packing
from jupyter_mlws.environments.probing import Platform
from jupyter_mlws.errors import IndexUnavailable, InvalidInput, MissingPart

pytestmark = pytest.mark.usefixtures("own_index")
SPEC = EnvironmentSpec(conda=("demo>=1,<2",), channels=("lab", "nodefaults"), packages=("six",))

TOOL = f"#!{PREFIX}/bin/python\nprint('a tool')\n"


def always() -> bool:
    return True


@pytest.fixture
def channel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CondaChannel:
    monkeypatch.setenv("CONDA_CHANNEL_ALIAS", (tmp_path / "channels").as_uri())
    monkeypatch.setenv("MLWS_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("CONDARC", str(tmp_path / "none"))
    made = CondaChannel(tmp_path / "channels" / "lab")
    made.add_python()
    made.add("below", "2.0", {"share/below.txt": "below\n"}, ["__unix"])
    for version in ("1.0", "1.5", "2.0"):
        made.add("demo", version, {"site-packages/demo.py": f"version = {version!r}\n"}, ["python", "below"])
    return made


class Quiet(SimpleHTTPRequestHandler):
    """Serves a folder; of files with the ending `stalling` it gives the first bytes, and no more until it is ended."""

    def __init__(self, *words: Any, stalling: str, until: threading.Event, **more: Any) -> None:
        self._stalling, self._until = stalling, until
        super().__init__(*words, **more)

    def log_message(self, *_: object) -> None:
        pass

    def copyfile(self, source: Any, outputfile: Any) -> None:
        if not self._stalling or not self.path.endswith(self._stalling):
            super().copyfile(source, outputfile)
            return
        outputfile.write(source.read(20))
        outputfile.flush()
        self._until.wait(60)


@contextmanager
def served(folder: Path, stalling: str = "") -> Iterator[str]:
    until = threading.Event()
    handler = partial(Quiet, directory=str(folder), stalling=stalling, until=until)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            until.set()
            server.shutdown()
            thread.join()


def kept(text: str) -> EnvironmentLock:
    python, system = "3.11", "linux-x86_64"
    digest = lock_digest(python, system, text)
    return EnvironmentLock(python=python, system=system, text=text, digest=digest)


def test_packages_of_conda_and_of_pip_are_locked_and_built_together(channel: CondaChannel) -> None:
    said: list[str] = []
    lock = locking.lock(SPEC, said.append, always)
    assert "Solving packages of conda from lab." in said
    assert "://" not in lock.text
    assert str(channel.folder) not in lock.text
    assert [line.partition("=")[0] for line in lock.text.splitlines()[:3]] == ["lab::below", "lab::demo", "lab::python"]
    assert lock.packages["demo"] == "1.5"
    assert "six" in lock.packages
    assert len(locked_hashes(lock.text)) > 0
    assert check_lock(kept(lock.text))
    made = building.build(lock, said.append, always)
    assert "Installing 3 packages of conda." in said
    assert "Fetching demo" in said
    words = [made.interpreter, "-c", "import demo, six, sys; print(demo.version, six.__version__, sys.prefix)"]
    answer = subprocess.check_output(words, text=True).split()
    assert answer == ["1.5", lock.packages["six"], str(made.folder)]
    assert (made.folder / "share" / "below.txt").read_text() == "below\n"
    assert locking.lock(SPEC, print, always).digest == lock.digest


@pytest.mark.parametrize("over_http", [False, True])
def test_what_was_changed_or_is_gone_is_refused_and_nothing_is_left(
    channel: CondaChannel, over_http: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    with served(channel.folder.parent) as address:
        if over_http:
            monkeypatch.setenv("CONDA_CHANNEL_ALIAS", address)
        refuse_what_was_changed(channel)


def refuse_what_was_changed(channel: CondaChannel) -> None:
    lock = locking.lock(replace(SPEC, packages=()), print, always)
    file = channel.folder / "noarch" / "demo-1.5-0.tar.bz2"
    whole = file.read_bytes()
    shutil.copy(channel.folder / "noarch" / "demo-1.0-0.tar.bz2", file)
    with pytest.raises(InvalidInput, match="not the file"):
        building.build(lock, print, always)
    assert not (building.root() / lock.digest).exists()
    file.write_bytes(whole)
    # Over HTTP the table of the same second may be taken for the one that is known: then the file tells.
    channel.add("demo", "1.5", {"site-packages/demo.py": "version = 'other'\n"}, ["python", "below"])
    with pytest.raises(InvalidInput, match=r"demo 1\.5 no more as it was locked|not the file"):
        building.build(lock, print, always)
    assert not (building.root() / lock.digest).exists()


def test_a_builder_of_conda_that_is_stopped_leaves_nothing(channel: CondaChannel) -> None:
    lock = locking.lock(replace(SPEC, packages=()), print, always)
    said: list[str] = []
    with pytest.raises(uv.Stopped):
        locking.lock(SPEC, print, lambda: False)
    with pytest.raises(uv.Stopped):
        building.build(lock, said.append, lambda: False)
    assert not (building.root() / lock.digest).exists()
    assert building.build(lock, print, always).interpreter.exists()


def test_what_conda_keeps_is_pruned_unless_somebody_builds(channel: CondaChannel) -> None:
    lock = locking.lock(replace(SPEC, packages=()), print, always)
    made = building.build(lock, print, always)
    kept = conda.cache() / "pkgs" / "demo-1.5-0"
    assert pruning.prune_caches(unused_for_s=3600) == 0
    assert pruning.prune_caches(dry_run=True) > 0
    with conda.held_cache():
        assert pruning.prune_caches() == 0
    assert kept.is_dir()
    assert pruning.prune_caches() > 0
    assert not kept.exists()
    assert pruning.prune_caches() == 0
    # Files are shared with the environment, and stay where that is.
    assert (made.folder / "share" / "below.txt").read_text() == "below\n"
    assert building.remove(lock.digest)
    assert building.build(lock, print, always).interpreter.exists()


@pytest.mark.parametrize("wish", ["demo>=9", "nowhere", "other::demo", "file:///etc/x.conda", "demo[url=file:///x]"])
def test_what_cannot_be_had_is_told(channel: CondaChannel, wish: str) -> None:
    with pytest.raises(InvalidInput):
        locking.lock(EnvironmentSpec(conda=(wish,), channels=("lab",)), print, always)


def test_packages_of_conda_are_led_to_where_an_image_has_them(channel: CondaChannel) -> None:
    holding = f"root = {PREFIX!r}\n"
    code = f"\x7fELF\0{PREFIX}/lib:{PREFIX}/share\0tail"
    channel.add("holding", "1.0", {"share/text.txt": holding, "lib/code.so": code, "bin/tool": TOOL}, ["python"])
    wish = EnvironmentSpec(conda=("holding",), channels=("lab",))
    made = building.build(locking.lock(wish, print, always), print, always)
    here = str(made.folder)
    assert (made.folder / "share" / "text.txt").read_text() == holding.replace(PREFIX, here)
    platform = Platform(version=(3, 99, 0), libc="glibc", machine="x86_64", executable="/usr/bin/python3.99")
    data = b"".join(Packing(made, platform))
    assert here.encode() not in data
    assert str(channel.folder).encode() not in data
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        entries = {each.name.removeprefix("opt/mlws/env/"): each for each in tar}
        files = {name: tar.extractfile(each) for name, each in entries.items() if each.isreg()}
        read = {name: file.read() for name, file in files.items() if file is not None}
    assert read["share/text.txt"] == holding.replace(PREFIX, ENV).encode()
    assert f"{ENV}/bin/python".encode() in read["bin/tool"]
    moved = f"\x7fELF\0{ENV}/lib:{ENV}/share".encode()
    assert read["lib/code.so"] == moved + bytes(len(code) - len("\0tail") - len(moved)) + b"\0tail"
    assert entries["bin/python3"].linkname == "python"
    assert entries["bin/python"].mode == 0o755
    assert "pyvenv.cfg" in read
    assert not [name for name in read if "conda-meta" in name or "mlws" in name]


@pytest.mark.parametrize("name", ["nowhere", "defaults"])
def test_a_channel_that_there_is_not_is_told_at_once(channel: CondaChannel, name: str) -> None:
    with pytest.raises(InvalidInput, match=name):
        locking.lock(EnvironmentSpec(conda=("demo",), channels=(name,)), print, always)


def test_a_channel_can_be_named_before_a_package_and_one_that_is_away_is_told(
    channel: CondaChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = locking.lock(EnvironmentSpec(conda=("lab::demo=1.0",), channels=("lab",)), print, always)
    assert lock.packages["demo"] == "1.0"
    monkeypatch.setenv("CONDA_CHANNEL_ALIAS", "http://user:hidden@127.0.0.1:9/")
    with pytest.raises(IndexUnavailable, match="cannot be reached") as caught:
        locking.lock(EnvironmentSpec(conda=("demo",), channels=("lab",)), print, always)
    assert "hidden" not in caught.value.message


@pytest.mark.parametrize("what", ["a server", "a ring of keys"])
def test_what_does_not_answer_holds_nothing_up(
    channel: CondaChannel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    with socket.socket(socket.AF_INET if what == "a server" else socket.AF_UNIX) as silent:
        monkeypatch.setenv("CONDA_REMOTE_READ_TIMEOUT_SECS", "1")
        if what == "a server":
            silent.bind(("127.0.0.1", 0))
            address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        else:
            silent.bind("\0mlws-test-" + str(os.getpid()))
            monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", f"unix:abstract=mlws-test-{os.getpid()}")
            address = "http://127.0.0.1:9"
        silent.listen()
        monkeypatch.setenv("CONDA_CHANNEL_ALIAS", address)
        began = time.monotonic()
        with pytest.raises(IndexUnavailable, match="cannot be reached"):
            locking.lock(EnvironmentSpec(conda=("demo",), channels=("lab",)), print, always)
        assert time.monotonic() - began < 15


def test_a_package_that_stays_away_in_its_midst_is_told(channel: CondaChannel, monkeypatch: pytest.MonkeyPatch) -> None:
    lock = locking.lock(replace(SPEC, packages=()), print, always)
    with served(channel.folder.parent, stalling=".tar.bz2") as address:
        monkeypatch.setenv("CONDA_CHANNEL_ALIAS", address)
        monkeypatch.setenv("CONDA_REMOTE_READ_TIMEOUT_SECS", "1")
        with pytest.raises(IndexUnavailable, match="nothing came of a package for 1 s"):
            building.build(lock, print, always)
        until = time.monotonic() + 1.0
        with pytest.raises(uv.Stopped):
            building.build(lock, print, lambda: time.monotonic() < until)
    assert building.find(lock.digest) is None
    assert not [each for each in (conda.cache() / "pkgs").iterdir() if each.is_dir()]


def test_credentials_of_a_channel_are_in_no_lock_and_no_answer(
    channel: CondaChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    with served(channel.folder.parent) as address:
        monkeypatch.setenv("CONDA_CHANNEL_ALIAS", address.replace("://", "://user:hidden@"))
        lock = locking.lock(replace(SPEC, packages=()), print, always)
        assert building.build(lock, print, always).interpreter.exists()
        assert "127.0.0.1" not in lock.text
        assert "hidden" not in lock.text
    monkeypatch.setenv("CONDA_CHANNEL_ALIAS", "http://127.0.0.1:9/t/hidden/")
    with pytest.raises(IndexUnavailable) as caught:
        locking.lock(EnvironmentSpec(conda=("demo",), channels=("lab",)), print, always)
    assert "hidden" not in str(caught.value)


def test_a_lock_from_elsewhere_needs_the_part_that_builds_it(
    channel: CondaChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = locking.lock(replace(SPEC, packages=()), print, always)
    monkeypatch.setattr("jupyter_mlws.environments.conda.is_there", lambda: False)
    with pytest.raises(MissingPart, match="demo=1.5"):
        building.build(lock, print, always)


def test_packages_of_conda_are_brought_along_by_no_archive() -> None:
    lock = locking.Lock(text=f"lab::demo=1=0 sha256:{'0' * 64}\n", python="3.11", system=locking.system())
    assert fetching.fetch(lock, print) == ("demo",)


@pytest.mark.parametrize(
    "line",
    [
        f"lab::six=1=0 sha256:{'0' * 63}",
        f"lab::six=1=0 --hash=sha256:{'0' * 64}",
        f"https://there/lab::six=1=0 sha256:{'0' * 64}",
        f"..::six=1=0 sha256:{'0' * 64}",
        f"lab::six=1 sha256:{'0' * 64}",
        f"lab::../six=1=0 sha256:{'0' * 64}",
        f"six=1=0 sha256:{'0' * 64}",
        f"lab::six=1=0 sha256:{'0' * 64} # more",
        f" lab::six=1=0 sha256:{'0' * 64}",
        f"six==1 \\\nlab::six=1=0 sha256:{'0' * 64}",
    ],
)
def test_a_lock_has_one_way_to_name_a_package_of_conda(line: str) -> None:
    assert check_lock(kept(f"lab::six=1=0 sha256:{'0' * 64}\n"))
    with pytest.raises(InvalidInput):
        check_lock(kept(f"{line}\n"))
