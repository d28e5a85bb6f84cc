"""Starting the dispatcher, waking it, and knowing whether it lives."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

from jupyter_mlws.dispatcher import client
from jupyter_mlws.dispatcher.place import log_path
from jupyter_mlws.dispatcher.succession import is_older
from jupyter_mlws.dispatcher.words import last_words, open_log, trouble
from jupyter_mlws.domain.workspace import DispatcherState
from jupyter_mlws.errors import DispatcherUnavailable
from jupyter_mlws.runfolder.processes import Identity, identity_of, is_alive

__all__ = ["Wake", "stop_dispatcher", "wake"]

# Of a machine with much to do an interpreter needs some; one that fails to start is not waited for.
_TIMEOUT_S = 15.0
_HAND_OVER_S = 10.0
_PAUSE_S = 0.02
_COMING_S = 3.0
# Of the environment that starts it a dispatcher keeps this much. It serves every submitter, so none may shine through.
_KEPT = ("PATH", "HOME", "USER", "LOGNAME", "LANG", "LANGUAGE", "TZ", "TMPDIR", "SHELL", "LD_LIBRARY_PATH",
         "VIRTUAL_ENV", "COVERAGE_PROCESS_START", "SSL_CERT_FILE", "SSL_CERT_DIR", "HTTP_PROXY", "HTTPS_PROXY",
         "ALL_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "all_proxy", "no_proxy", "NETRC",
         "DBUS_SESSION_BUS_ADDRESS", "CONDARC", "CONDA_CHANNEL_ALIAS", "CONDA_REMOTE_READ_TIMEOUT_SECS",
         "RATTLER_AUTH_FILE")  # fmt: skip
# DBUS_SESSION_BUS_ADDRESS: where the desktop's keyring is asked for the password of a registry.
# PG*: where libpq finds a database, and the password for it. DOCKER_*: where the engine of containers is. PIP_*, UV_*,
# CONDA*: where packages of environments come from, and for what kind of machine; not which environment is active.
_KEPT_PREFIXES = ("MLWS_", "XDG_", "LC_", "CUDA_VISIBLE_", "NVIDIA_", "PG", "DOCKER_", "PIP_", "UV_",
                  "CONDA_OVERRIDE_")  # fmt: skip
_NOT_KEPT = ("MLWS_TOKEN", "MLWS_SECRET", "MLWS_RUN_", "MLWS_WORKSPACE", "MLWS_EXPERIMENT", "MLWS_SOURCE_DIR",
             "MLWS_INPUTS")  # fmt: skip


class Wake:
    """Wakes one workspace's dispatcher; what the services are handed.

    Parameters
    ----------
    folder : Path
        The workspace's folder.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._coming: Identity | None = None
        self._came_at = 0.0

    def __call__(self) -> None:
        """Tell the dispatcher that there is work; start it if none lives. Returns at once."""
        if is_older(client.noted_version(self.folder)):
            start(self.folder)  # which asks it to hand over
        elif not client.poke(self.folder) and not self._is_coming():
            self._came_at = time.monotonic()
            self._coming = identity_of(start(self.folder).pid)

    def _is_coming(self) -> bool:
        """Whether one that we started is still on its way: it will look for work as soon as it can be reached."""
        recent = time.monotonic() - self._came_at < _COMING_S
        # The system is asked: the thread that waits for its end may be late to tell, and a wake would be lost.
        return recent and self._coming is not None and bool(is_alive(self._coming))

    def state(self) -> DispatcherState:
        """Whether it lives."""
        return client.state(self.folder)

    def ensure(self, timeout_s: float = _TIMEOUT_S) -> DispatcherState:
        """Start it if needed and wait until it answers.

        Raises
        ------
        DispatcherUnavailable
            It does not; the message has its last log lines.
        """
        found = client.state(self.folder)
        if _is_ours(found):
            client.poke(self.folder)
            return found
        # An older one finishes its step and hands over to the one that we start; its runs are adopted.
        deadline = time.monotonic() + timeout_s + (_HAND_OVER_S if found.alive else 0)
        process = start(self.folder)
        while time.monotonic() < deadline:
            found = client.state(self.folder)
            if _is_ours(found):
                return found
            if process.poll() not in (None, 0):
                break  # it has ended in failure: nothing to wait for
            time.sleep(_PAUSE_S)
        raise _not_started(self.folder)


def _not_started(folder: Path) -> DispatcherUnavailable:
    words = trouble(folder)
    # Without a failure in the log it may hang: whatever it said last is all there is.
    said = DispatcherState(alive=False, message=words).sentence or last_words(folder)
    return DispatcherUnavailable(
        f"The dispatcher of the workspace {folder} did not start" + (f": {said}" if said else " and left no word."),
        hint=f"Queued runs stay queued. `mlws doctor` looks for the cause; the log is {log_path(folder)}",
        details={"log": words or last_words(folder)},
    )


def wake(path: str | os.PathLike[str]) -> None:
    """Tell a workspace's dispatcher that there is work; start it if none lives."""
    Wake(Path(path))()


def stop_dispatcher(location: str | os.PathLike[str]) -> bool:
    """Stop the dispatcher of a workspace's folder; running jobs go on. False when none lived."""
    text = os.fspath(location)
    return False if "://" in text else client.stop(Path(text))


def _is_ours(state: DispatcherState) -> bool:
    return state.alive and not is_older(state.version)


def start(folder: Path) -> subprocess.Popen[bytes]:
    """Start a dispatcher of its own session, in ``/``, with a clean environment, its words going to the log.

    Raises
    ------
    DispatcherUnavailable
        This system is Windows, or no process can be started, or it would have no log.
    """
    if sys.platform == "win32":
        raise DispatcherUnavailable(
            "Jobs do not run on Windows itself.", hint="Use WSL2, or a workspace behind a server's URL."
        )
    try:
        process = _start(folder)
    except OSError as error:
        what = f"{error.strerror or error}" + (f": {error.filename}" if error.filename else "")
        raise DispatcherUnavailable(
            f"The dispatcher of the workspace {folder} cannot be started ({what}).",
            hint="`mlws doctor` looks for the cause.",
        ) from error
    # Waited for, so that a dispatcher which ends while we live leaves no zombie behind.
    threading.Thread(target=process.wait, name="dispatcher", daemon=True).start()
    return process


def _start(folder: Path) -> subprocess.Popen[bytes]:
    log = open_log(folder)
    try:
        return subprocess.Popen(
            # -P: what lies in the working directory is never imported.
            [sys.executable, "-P", "-m", "jupyter_mlws.dispatcher", str(folder)],
            cwd="/",
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    finally:
        os.close(log)


def _environment() -> dict[str, str]:
    kept = {
        name: value
        for name, value in os.environ.items()
        if name in _KEPT or (name.startswith(_KEPT_PREFIXES) and not name.startswith(_NOT_KEPT))
    }
    # What we and our dependencies were imported from: a checkout, a folder of packages, a module of a cluster.
    root = str(Path(__file__).resolve().parents[2])
    own = [] if any(root == os.path.realpath(part) for part in _site_paths()) else [root]
    path = [*own, *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    if path:
        kept["PYTHONPATH"] = os.pathsep.join(path)
    return kept


def _site_paths() -> list[str]:
    import site

    return site.getsitepackages()
