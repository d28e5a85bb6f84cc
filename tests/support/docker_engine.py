"""A real Docker engine for tests: the one that answers, else one of our own in a temporary folder, gone afterwards.

With ``MLWS_TEST_OWN_ENGINE=1`` it is one of our own in any case, and what stops an engine is tested, too.

`base_image` is made of this machine's own Python, so that no registry is needed. Whatever a test makes carries our
label and is removed at the end.
"""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import io
import os
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from needs import lacking

LABEL = "org.jupyter.mlws.workspace"
_SYSTEM_SOCKET = "/var/run/docker.sock"
_BASE = "mlws-tests/base"
# Root's programs are not on everybody's path.
_PATH = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/local/sbin", "/usr/sbin", "/sbin"))
# As the session began: what has the home of a test is ended with that test, even an engine.
_ENVIRONMENT = {**os.environ, "PATH": _PATH}
_UP_S = 60.0
_DOWN_S = 20.0
_SKIPPED = {"test", "tests", "idlelib", "tkinter", "turtledemo", "ensurepip", "lib2to3"}
_SKIPPED |= {"site-packages", "dist-packages", "__pycache__"}
# What a program needs of a system besides its libraries: users, names, certificates.
_PASSWD = b"root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534::/tmp:/bin/sh\n"
_GROUP = b"root:x:0:\nnogroup:x:65534:\n"
_PRESUMED = (
    "libstdc++.so.6",
    "libgcc_s.so.1",
    "libpthread.so.0",
    "libdl.so.2",
    "libm.so.6",
    "librt.so.1",
    "libutil.so.1",
)
_PROGRAMS = (
    "sh", "cat", "cp", "chmod", "chown", "date", "dd", "echo", "env", "head", "id", "kill", "ln", "ls", "mkdir", "mv",
    "rm", "sleep", "sort", "stat", "tail", "touch", "true", "false", "uname", "wc",
)  # fmt: skip


def reason_there_is_none() -> str:
    """Why no engine can be had here; '' where one can."""
    where = _there_already()
    if where and _answers(where):
        return ""
    if os.geteuid() != 0:
        return "A Docker engine is started by root only; set DOCKER_HOST to one that runs."
    if None in (shutil.which("dockerd", path=_PATH), shutil.which("iptables", path=_PATH)):
        return "Install Docker: apt-get install docker.io iptables."
    return ""


def _there_already() -> str:
    """Where an engine may be that tests may use; '' where they are to have their own."""
    if os.environ.get("MLWS_TEST_OWN_ENGINE") == "1":
        return ""
    return os.environ.get("DOCKER_HOST", "") or (f"unix://{_SYSTEM_SOCKET}" if Path(_SYSTEM_SOCKET).exists() else "")


def _client(host: str) -> Any:
    import docker

    return docker.DockerClient(base_url=host, timeout=120)


def _answers(host: str) -> bool:
    """Whether an engine is there."""
    scheme, _, path = host.partition("://")
    if scheme == "unix":  # the library leaves its socket open where nobody listens
        with socket.socket(socket.AF_UNIX) as knocking:
            if knocking.connect_ex(path) != 0:
                return False
    with contextlib.suppress(Exception), contextlib.closing(_client(host)) as client:
        client.ping()
        return True
    return False


def _end_with_the_tests() -> None:
    """Where the tests are killed their engine ends, too (PR_SET_PDEATHSIG)."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)


class Engine:
    """An engine, ours or one that was there.

    Attributes
    ----------
    host : str
        For ``DOCKER_HOST``.
    is_ours : bool
        Whether it may be stopped and started again.
    """

    def __init__(self) -> None:
        self.folder: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self.host = _there_already()
        self._client: Any = None
        self.is_ours = not (self.host and _answers(self.host))
        if self.is_ours:
            self.folder = Path(tempfile.mkdtemp(prefix="mlws-docker-"))
            self.host = f"unix://{self.folder}/docker.sock"
            self.start()

    @property
    def client(self) -> Any:
        """A client of docker-py."""
        if self._client is None:
            self._client = _client(self.host)
        return self._client

    def start(self) -> None:
        """Start our engine."""
        assert self.folder is not None
        # Of one that was killed: its number may be a zombie's, which the engine would wait for.
        (self.folder / "exec" / "containerd" / "containerd.pid").unlink(missing_ok=True)
        with (self.folder / "dockerd.log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    "dockerd",
                    f"--data-root={self.folder}/data",
                    f"--exec-root={self.folder}/exec",
                    f"--pidfile={self.folder}/docker.pid",
                    f"--host={self.host}",
                    "--live-restore",
                ],
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                env=_ENVIRONMENT,
                preexec_fn=_end_with_the_tests,  # noqa: PLW1509 - one call into the C library
            )
        deadline = time.monotonic() + _UP_S
        while True:
            if _answers(self.host):
                return
            if self._process.poll() is not None or time.monotonic() > deadline:
                said = (self.folder / "dockerd.log").read_text(errors="replace")[-2000:]
                raise RuntimeError(f"dockerd did not come up: {said}")
            time.sleep(0.05)

    def stop(self, number: int = signal.SIGTERM) -> None:
        """Stop our engine; its containers go on."""
        assert self._process is not None
        self._process.send_signal(number)
        self._process.wait(_DOWN_S)

    def close(self) -> None:
        """Remove our engine with all that tests have made; in somebody's own each test removes what it made."""
        if not self.is_ours:
            self._hang_up()
            return
        with contextlib.suppress(Exception):
            for container in self.client.containers.list(all=True, filters={"label": LABEL}):
                container.remove(force=True)
        self._hang_up()
        with contextlib.suppress(Exception):
            self.stop()
        assert self.folder is not None
        subprocess.run(["umount", "--recursive", str(self.folder / "data")], capture_output=True, check=False)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _hang_up(self) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None


def _files() -> Iterator[Path]:
    """This machine's own Python with all that it loads, and a few programs."""
    prefix = Path(sys.base_prefix)
    stdlib = Path(sysconfig.get_path("stdlib", vars={"installed_base": str(prefix), "base": str(prefix)}))
    interpreter = Path(os.path.realpath(sys.executable))
    programs = [Path(found) for name in _PROGRAMS if (found := shutil.which(name, path="/usr/bin:/bin"))]
    library = list((prefix / "lib").glob("libpython3*.so.*"))
    yield from (interpreter, *programs, *library)
    for base, folders, names in os.walk(stdlib):
        # Without what is for compiling against it, a third of all.
        folders[:] = [name for name in folders if name not in _SKIPPED and not name.startswith("config-")]
        yield from (Path(base, name) for name in names if not name.startswith("_tkinter"))
    native = [path for path in stdlib.glob("lib-dynload/*.so") if not path.name.startswith("_tkinter")]
    yield from _libraries([interpreter, *programs, *native, *library])
    # Packages of the index take them for granted, as every image that people use has them.
    yield from (path for name in _PRESUMED for path in Path("/usr/lib").glob(f"*-linux-gnu/{name}"))
    yield Path("/etc/ssl/certs/ca-certificates.crt")


def _libraries(programs: list[Path]) -> Iterator[Path]:
    said = subprocess.run(["ldd", *map(str, programs)], capture_output=True, text=True, check=False).stdout
    for line in said.splitlines():
        for word in line.split():
            if word.startswith("/") and not word.endswith(":"):
                yield Path(word)


def _image() -> bytes:
    """A root file system as tar: `python3` and `python` are this interpreter."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:

        def text(name: str, data: bytes, mode: int = 0o644) -> None:
            facts = tarfile.TarInfo(name)
            facts.size, facts.mode = len(data), mode
            tar.addfile(facts, io.BytesIO(data))

        def folder(name: str, mode: int = 0o755) -> None:
            facts = tarfile.TarInfo(name)
            facts.type, facts.mode = tarfile.DIRTYPE, mode
            tar.addfile(facts)

        def link(name: str, target: str) -> None:
            facts = tarfile.TarInfo(name)
            facts.type, facts.linkname = tarfile.SYMTYPE, target
            tar.addfile(facts)

        for name in (
            "usr",
            "usr/bin",
            "usr/lib",
            "usr/lib64",
            "usr/sbin",
            "etc",
            "root",
            "home",
            "run",
            "proc",
            "sys",
            "dev",
        ):
            folder(name)
        folder("tmp", 0o1777)
        for name in ("bin", "lib", "lib64", "sbin"):
            link(name, f"usr/{name}")
        text("etc/passwd", _PASSWD)
        text("etc/group", _GROUP)
        seen: set[str] = set()
        for path in _files():
            name = str(path).lstrip("/")
            first = name.partition("/")[0]
            if first in ("bin", "lib", "lib64", "sbin"):
                name = f"usr/{name}"
            if name in seen or not path.exists():
                continue
            seen.add(name)
            # What a link leads to under the link's name: no chain of links has to be followed.
            facts = tar.gettarinfo(os.path.realpath(path), name)
            facts.uid = facts.gid = 0
            with path.open("rb") as file:
                tar.addfile(facts, file)
        interpreter = os.path.realpath(sys.executable)
        for name in ("python", "python3"):
            link(f"usr/bin/{name}", interpreter)
    return out.getvalue()


@pytest.fixture(scope="session")
def docker_engine() -> Iterator[Engine]:
    """The engine of this session; where there can be none the test says what to install."""
    reason = reason_there_is_none()
    if reason:
        lacking(reason)
    engine = Engine()
    try:
        yield engine
    finally:
        engine.close()


@pytest.fixture(scope="session")
def base_image(docker_engine: Engine) -> str:
    """An image with a Python and a shell, and nothing else."""
    api = docker_engine.client.api
    files = [(str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in _files() if path.exists()]
    tag = hashlib.sha256(repr(sorted(files)).encode()).hexdigest()[:12]
    if not docker_engine.client.images.list(f"{_BASE}:{tag}"):  # else an earlier session has left it
        path = "PATH=/usr/local/bin:/usr/bin:/bin"
        api.import_image_from_data(_image(), repository=_BASE, tag=tag, changes=[f"ENV {path}", 'CMD ["sh"]'])
    return f"{_BASE}:{tag}"


@pytest.fixture
def docker_host(docker_engine: Engine, monkeypatch: pytest.MonkeyPatch) -> str:
    """Have this test and what it starts use the engine."""
    monkeypatch.setenv("DOCKER_HOST", docker_engine.host)
    return docker_engine.host
