"""A registry of a workspace's own: the program ``docker-registry``, started when it is first wanted.

It listens on this machine only, on a port that the system gives, and asks for a password that is made anew at each
start and never leaves the memory of whoever started it: another user of the machine can neither read images nor put
one in the place of ours. It ends with the process that started it, however that ends.
"""

from __future__ import annotations

import ctypes
import fcntl
import logging
import os
import re
import secrets
import shutil
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

from jupyter_mlws.containers.credentials import Credentials
from jupyter_mlws.errors import MissingPart, Unavailable
from jupyter_mlws.runfolder.files import write_whole

__all__ = ["CONFIGURATION", "DATA", "LOCK", "PROGRAM", "OwnRegistry"]

_log = logging.getLogger(__name__)
PROGRAM = "docker-registry"
# Of its folder: what it reads, where images lie, and what is locked as long as it runs.
CONFIGURATION = "config.yml"
DATA = "data"
LOCK = "lock"
_USER = "mlws"
_UP_S = 15.0
_DOWN_S = 5.0
# Its own word at its beginning. Later ones may be a stranger's, whose requests it writes down: none is believed.
_LISTENING = re.compile(r"listening on 127\.0\.0\.1:([0-9]{1,5})(?![0-9])")
# Until the program runs the system is told to end it with its parent (PR_SET_PDEATHSIG): with the thread that starts
# it, which therefore stays.
_WITH_PARENT = """
import ctypes, os, sys
ctypes.CDLL(None).prctl(1, 9)
if os.getppid() != int(sys.argv[1]):
    sys.exit(1)
os.execv(sys.argv[2], sys.argv[2:])
"""
_SETTINGS = """\
version: 0.1
log: {{level: info, accesslog: {{disabled: true}}}}
storage:
  filesystem: {{rootdirectory: {data}}}
  delete: {{enabled: true}}
http: {{addr: "127.0.0.1:{port}"}}
auth: {{htpasswd: {{realm: mlws, path: {passwords}}}}}
"""


class OwnRegistry:
    """The registry of one workspace.

    Parameters
    ----------
    folder : Path
        Where it keeps images and its settings; made when it starts.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._turn = threading.Lock()
        self._process: subprocess.Popen[str] | None = None
        self._port = 0
        self._credentials = Credentials(_USER, "")
        self._ended = threading.Event()
        self._lock = -1

    @property
    def host(self) -> str:
        """Its address, with the port; '' while it does not run."""
        return f"127.0.0.1:{self._port}" if self._lives() else ""

    @property
    def credentials(self) -> Credentials:
        """Who may use it."""
        return self._credentials

    def ensure(self) -> str:
        """Start it where it does not run; its address.

        Raises
        ------
        MissingPart
            It is not installed.
        Unavailable
            It does not start.
        """
        with self._turn:
            if not self._lives():
                self._start()
            return f"127.0.0.1:{self._port}"

    def close(self) -> None:
        """End it."""
        with self._turn:
            process, self._process = self._process, None
            if process is not None:
                self._end(process)
            if self._lock >= 0:
                os.close(self._lock)
                self._lock = -1

    def _end(self, process: subprocess.Popen[str]) -> None:
        process.terminate()
        try:
            process.wait(_DOWN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        self._ended.wait(_DOWN_S)

    def _lives(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def _start(self) -> None:
        program = shutil.which(PROGRAM)
        if program is None:
            raise MissingPart(
                f"The workspace's own registry needs {PROGRAM}, which is not installed.",
                hint=f"Run: apt-get install {PROGRAM}; or set MLWS_REGISTRY to a registry that there is.",
            )
        self._hold()
        # The same port again, where it is free: an engine knows what it has sent there.
        said = ""
        for port in dict.fromkeys((self._last_port(), 0)):
            said = self._try(program, port)
            if self._lives():
                write_whole(self._folder / "port", str(self._port).encode())
                return
        raise Unavailable(f"The workspace's own registry does not start: {said}", hint="Look at the disk.")

    def _hold(self) -> None:
        """Keep others from removing what it has, for as long as it or we live; who does so at the moment ends first."""
        if self._lock < 0:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock = os.open(self._folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            fcntl.flock(self._lock, fcntl.LOCK_SH)

    def _last_port(self) -> int:
        try:
            text = (self._folder / "port").read_text()
        except OSError:
            return 0
        return int(text) if re.fullmatch(r"[0-9]{4,5}", text) else 0

    def _try(self, program: str, port: int) -> str:
        self._credentials = Credentials(_USER, secrets.token_urlsafe(32))
        self._configure(port)
        told = threading.Event()
        words: list[str] = []
        self._ended = threading.Event()
        self._port = 0
        threading.Thread(target=self._watch, args=(program, told, words, self._ended), daemon=True).start()
        told.wait(_UP_S)
        if self._port == 0 and self._process is not None and self._lives():
            self._end(self._process)
        return " ".join(words[-3:])[-500:] or "It says nothing."

    def _configure(self, port: int) -> None:
        folder = self._folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_whole(folder / "passwords", f"{_USER}:{_sealed(self._credentials.password)}\n".encode(), 0o600)
        said = _SETTINGS.format(data=_quoted(folder / DATA), port=port, passwords=_quoted(folder / "passwords"))
        write_whole(folder / CONFIGURATION, said.encode(), 0o600)

    def _watch(self, program: str, told: threading.Event, words: list[str], ended: threading.Event) -> None:
        """Start it, hear which port it got, and wait for its end; this thread is the parent that it dies with."""
        try:
            self._process = process = subprocess.Popen(
                [sys.executable, "-I", "-S", "-c", _WITH_PARENT, str(os.getpid()), program, "serve", self._config()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                encoding="utf-8",
                errors="replace",
                cwd="/",
                env={"PATH": os.environ.get("PATH", os.defpath), "HOME": "/"},
                start_new_session=True,
                pass_fds=(self._lock,),
            )
        except OSError as error:
            words.append(str(error))
            told.set()
            ended.set()
            return
        assert process.stderr is not None
        with process.stderr as said:
            for line in said:
                if told.is_set():
                    continue
                found = _LISTENING.search(line)
                if found is not None and 0 < int(found[1]) < 1 << 16:
                    self._port = int(found[1])
                    told.set()
                else:
                    words.append(line.strip())
        process.wait()
        if process is self._process:
            _log.warning("The workspace's own registry has ended; it is started again when it is wanted.")
        ended.set()
        told.set()

    def _config(self) -> str:
        return str(self._folder / CONFIGURATION)


def _quoted(path: Path) -> str:
    """A path as YAML reads it."""
    import json

    return json.dumps(str(path), ensure_ascii=True)


def _sealed(password: str) -> str:
    """A password as the registry keeps it (bcrypt), by the system's own library."""
    letters = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
    salt = "".join(secrets.choice(letters) for _ in range(21)) + "."
    with suppress(OSError, AttributeError):
        crypt = ctypes.CDLL("libcrypt.so.1").crypt
        crypt.restype = ctypes.c_char_p
        # The cheapest: 32 random bytes are not guessed.
        found = crypt(password.encode(), f"$2b$04${salt}".encode())
        if found and found.startswith(b"$2b$04$"):
            return str(found.decode())
    raise MissingPart(
        "The workspace's own registry needs libcrypt, which this system lacks.",
        hint="Set MLWS_REGISTRY to a registry that there is.",
    )
