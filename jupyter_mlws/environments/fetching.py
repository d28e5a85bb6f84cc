"""Fetching the wheels of a lock, so that it can be built where there is no network."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from jupyter_mlws.domain.locks import locked_blocks, of_conda
from jupyter_mlws.environments import configuration, wheels
from jupyter_mlws.environments.locking import Lock
from jupyter_mlws.errors import IndexUnavailable, MissingPart

__all__ = ["fetch"]

_LONGEST_S = 3600.0
_NO_WHEEL = re.compile(r"No matching distribution found for ([A-Za-z0-9][\w.\-]*)")
# What pip passes over in silence, and then knows no such package; an index that has none of a name says 404.
_AWAY = re.compile(r"Could not fetch URL \S+ (?!404)[^\n]*|Retrying \(Retry[^\n]*")
_NAMED = re.compile(r"\S+=(?=\w+:)")
_LAST = 600


def fetch(lock: Lock, say: Callable[[str], None]) -> tuple[str, ...]:
    """Have a wheel of each package of a lock here; returns the packages of which there is none to be had.

    Raises
    ------
    IndexUnavailable
        The index of packages, which has what is not here yet, cannot be asked.
    MissingPart
        There is no pip, which can fetch without installing.
    """
    blocks = locked_blocks(lock.text)
    left: list[str] = []
    while wanted := [package for package in wheels.missing(lock.text) if package not in left]:
        say(f"Fetching {len(wanted)} packages.")
        with tempfile.TemporaryDirectory(prefix="mlws-fetch-") as folder:
            problem = _download(lock, "\n".join(blocks[package] for package in wanted) + "\n", folder)
            _keep(Path(folder))
        if not problem:
            break
        none = _NO_WHEEL.search(problem)
        if none is None or none[1] not in wanted or _AWAY.search(problem):
            raise IndexUnavailable(
                f"The packages of the environment cannot be fetched: {problem[-_LAST:]}",
                hint="Try again, or look at the network; without with_environment the archive needs none.",
            )
        left.append(none[1])
    # Packages of conda are no wheels, and stay behind.
    return tuple(sorted({*left, *wheels.missing(lock.text), *(each["name"] for each in of_conda(lock.text))}))


def _keep(folder: Path) -> None:
    from hashlib import file_digest

    with wheels.Drafts() as drafts:
        for path in sorted(folder.glob("*.whl")):
            with path.open("rb") as file:
                digest = file_digest(file, "sha256").hexdigest()
                file.seek(0)
                drafts.add(file, path.name, digest)
        drafts.publish()


def _download(lock: Lock, text: str, folder: str) -> str:
    """Fetch packages into a folder; pip's last words where it failed."""
    requirements = Path(folder, "requirements.txt")
    requirements.write_text(text, encoding="utf-8")
    words = [*_pip(), "download", "--no-deps", "--require-hashes", "--only-binary=:all:", "--no-input", "-vv"]
    told = _environment()
    clean = configuration.cleaner(told)
    words += ["--disable-pip-version-check", "--progress-bar=off", "--python-version", lock.python]
    try:
        done = subprocess.run(
            [*words, "--dest", folder, "--requirement", str(requirements)],
            capture_output=True,
            text=True,
            errors="replace",
            env=told,
            cwd=folder,
            timeout=_LONGEST_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"it took longer than {_LONGEST_S:.0f} s"
    if done.returncode == 0:
        return ""
    away = _AWAY.findall(done.stdout)
    return clean("\n".join((*away[-1:], done.stderr.strip() or f"pip ended with {done.returncode}")))


def _pip() -> list[str]:
    """The command of pip: of the one beside us, or the one that Python brings along to install it."""
    if importlib.util.find_spec("pip") is not None:
        return [sys.executable, "-m", "pip"]
    spec = importlib.util.find_spec("ensurepip")
    bundled = sorted(Path(spec.origin).parent.glob("_bundled/pip-*.whl")) if spec and spec.origin else []
    if not bundled:
        raise MissingPart(
            "pip is not installed, and packages are fetched with it.", hint=f"Run: {sys.executable} -m ensurepip"
        )
    return [sys.executable, str(bundled[-1] / "pip")]


def _environment() -> dict[str, str]:
    """Where packages come from, in the words of pip."""
    told = configuration.variables()
    places = {
        "PIP_INDEX_URL": told.get("UV_DEFAULT_INDEX") or told.get("UV_INDEX_URL", ""),
        "PIP_EXTRA_INDEX_URL": " ".join((told.get("UV_INDEX", ""), told.get("UV_EXTRA_INDEX_URL", ""))).strip(),
        "PIP_FIND_LINKS": " ".join(told.get("UV_FIND_LINKS", "").split(",")).strip(),
        "PIP_TRUSTED_HOST": told.get("UV_INSECURE_HOST", ""),
    }
    if told.get("UV_OFFLINE") or told.get("UV_NO_INDEX"):
        places["PIP_NO_INDEX"] = "1"
    found = {name: _NAMED.sub("", value) for name, value in places.items() if value}
    return {**{name: value for name, value in os.environ.items() if name != "PYTHONPATH"}, **found}
