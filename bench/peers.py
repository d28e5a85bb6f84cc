"""The peers: bare Python, `mlflow run`, `ray job submit`. Each starts `script.py` of a folder and waits for its end."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

__all__ = ["PEERS", "bare_python", "environment", "install", "mlflow_run", "ray_head", "ray_job", "there"]

# Kept in the environment: what a benchmark starts has another home.
ROOT = Path(os.environ.setdefault("BENCH_ROOT", str(Path.home() / ".cache" / "mlws-bench")))
PEERS = {
    "mlflow": ("venv", "mlflow==3.17.2"),
    "ray": ("venv-ray", "ray[default]==2.60.0"),
    "trackio": ("venv-trackio", "trackio==0.43.0"),
    "aim": ("venv-aim", "aim==3.29.1"),
}
_READY_S = 120
_INSTALL_S = 900


def environment(peer: str) -> Path | None:
    """The peer's environment, or None where it was not made."""
    place = ROOT / PEERS[peer][0]
    return place if (place / "bin" / peer).exists() else None


def there(tools: Sequence[str]) -> list[str]:
    """Those of the tools that can be measured: ours, and the peers that are installed. It says what is left out."""
    missing = [tool for tool in tools if tool in PEERS and environment(tool) is None]
    for tool in missing:
        print(f"{tool}: not measured, it is not installed under {ROOT} (make bench does it).", flush=True)
    return [tool for tool in tools if tool not in missing]


def install(wanted: Iterable[str] = tuple(PEERS)) -> dict[str, str]:
    """Make the environments of peers that are not there yet; why one could not be made, by its name."""
    failed = {}
    for peer in wanted:
        if environment(peer) is None:
            print(f"Installing {PEERS[peer][1]} under {ROOT}; some minutes, once.", flush=True)
            if why := _install(peer):
                failed[peer] = why
                print(f"{peer} is left out: {why}", flush=True)
    return failed


def _install(peer: str) -> str:
    """Make an environment; why it could not be made, or nothing."""
    name, requirement = PEERS[peer]
    for command in (
        [sys.executable, "-m", "venv", ROOT / name],
        [ROOT / name / "bin" / "pip", "install", "--quiet", "--no-input", requirement],
    ):
        try:
            done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=_INSTALL_S)
        except subprocess.TimeoutExpired:
            return f"installing it took longer than {_INSTALL_S // 60} minutes"
        if done.returncode:
            return (done.stderr.strip() or done.stdout.strip() or "pip failed").splitlines()[-1]
    return ""


def bare_python(folder: Path, mark: Path) -> None:
    """The limit: nothing between the call and the interpreter."""
    subprocess.run([sys.executable, "-I", "script.py", mark], cwd=folder, check=True)


def mlflow_run(folder: Path, mark: Path) -> None:
    """`mlflow run` of a local project in its own environment; it takes no snapshot."""
    command = [ROOT / "venv" / "bin" / "mlflow", "run", ".", "--env-manager", "local", "-P", f"mark={mark}"]
    _quiet(command, folder, {"MLFLOW_TRACKING_URI": f"sqlite:///{mark.parent}/mlflow.db"}, "venv")


def ray_job(folder: Path, mark: Path, *, address: str) -> None:
    """`ray job submit` of a folder to a head that is up."""
    command = [ROOT / "venv-ray" / "bin" / "ray", "job", "submit", "--address", address]
    _quiet([*command, "--working-dir", folder, "--", "python", "script.py", mark], folder, {}, "venv-ray")


def _quiet(command: list[object], folder: Path, variables: dict[str, str], place: str) -> None:
    done = subprocess.run(
        [str(word) for word in command],
        cwd=folder,
        env=_variables(place) | variables,
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed:\n{done.stdout[-2000:]}")


def _variables(place: str) -> dict[str, str]:
    path = f"{ROOT / place / 'bin'}{os.pathsep}{os.environ['PATH']}"
    quiet = {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true", "RAY_USAGE_STATS_ENABLED": "0"}
    return {**os.environ, **quiet, "PATH": path}


@contextmanager
def ray_head(scratch: Path) -> Iterator[str]:
    """A Ray head on this machine while the block runs; the address that jobs are submitted to."""
    port, dashboard = _free_port(), _free_port()
    address = f"http://127.0.0.1:{dashboard}"
    command = [ROOT / "venv-ray" / "bin" / "ray", "start", "--head", "--block", "--disable-usage-stats"]
    options = ["--num-cpus=2", "--dashboard-host=127.0.0.1", f"--dashboard-port={dashboard}", f"--port={port}"]
    place = scratch / "ray"
    with (scratch / "ray.log").open("w") as log:
        head = subprocess.Popen(
            [*map(str, command), *options, f"--temp-dir={place}"],
            env=_variables("venv-ray"),
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            _wait_for(f"{address}/api/version")
            yield address
        finally:
            os.killpg(head.pid, signal.SIGTERM)
            try:
                head.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(head.pid, signal.SIGKILL)
            shutil.rmtree(place, ignore_errors=True)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(url: str) -> None:
    deadline = time.monotonic() + _READY_S
    while True:
        try:
            urllib.request.urlopen(url, timeout=1).close()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.5)
        else:
            return
