"""What a lock says, and what it must not: versions and hashes of packages, and no place to get them from."""

from __future__ import annotations

import hashlib
import re

from jupyter_mlws.domain.environment import CONDA_LINE, EnvironmentLock
from jupyter_mlws.errors import InvalidInput, InvalidName

__all__ = [
    "check_lock",
    "check_wheel_name",
    "lock_digest",
    "locked_blocks",
    "locked_files",
    "locked_hashes",
    "of_conda",
    "of_pip",
]

MAX_LOCK = 10_000_000
_PYTHON = re.compile(r"3\.\d{1,2}(\.\d{1,3})?", re.ASCII)
_WHEEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.]*-[\w.!+]+(?:-\d\w*)?-[\w.]+-[\w.]+-[\w.]+\.whl", re.ASCII)
# Of a lock: a package with one version, perhaps a condition; then its hashes, and nothing that says where from.
_LOCKED = re.compile(r"[A-Za-z0-9][\w.\-]*(?:\[[\w.,\- ]*\])?==[\w.!+]+(?: *;[\w \"'.,<>=!~()\-]+)?", re.ASCII)
_NAME = re.compile(r"[A-Za-z0-9](?:[\w.\-]*[A-Za-z0-9])?(?=[\[=])", re.ASCII)
_FILE = re.compile(r"--hash=sha256:([0-9a-f]{64})\b")
_HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")
_SYSTEM = re.compile(r"[a-z0-9]+-[\w]+", re.ASCII)


def check_wheel_name(value: object) -> str:
    """The file name of a wheel, or `InvalidName`."""
    if not isinstance(value, str) or len(value) > 255 or not _WHEEL.fullmatch(value):
        raise InvalidName(f"{repr(value)[:80]} is no name of a wheel.", hint="Such as six-1.17.0-py2.py3-none-any.whl.")
    return value


def locked_hashes(text: str) -> frozenset[str]:
    """The sha256 of all files that a lock allows."""
    return frozenset(_FILE.findall(text))


def of_conda(text: str) -> list[dict[str, str]]:
    """The packages of conda in a lock: channel, name, version, build and sha256 of each."""
    return [found.groupdict() for line in text.splitlines() if (found := CONDA_LINE.fullmatch(line))]


def of_pip(text: str) -> str:
    """A lock without its packages of conda."""
    return "".join(line for line in text.splitlines(keepends=True) if not CONDA_LINE.fullmatch(line.rstrip("\n")))


def locked_blocks(text: str) -> dict[str, str]:
    """What a lock says of each package, by the name as it stands there."""
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    blocks = "\n".join(lines).replace("\\\n", " ").splitlines()
    return {found[0]: block.strip() for block in blocks if (found := _NAME.match(block.strip()))}


def locked_files(text: str) -> dict[str, frozenset[str]]:
    """The sha256 of the files that a lock allows for each package."""
    return {name: locked_hashes(block) for name, block in locked_blocks(text).items()}


def lock_digest(python: str, system: str, text: str) -> str:
    """Names what is built from a lock: the same packages, Python and kind of machine have the same digest."""
    return hashlib.sha256(f"1\n{python}\n{system}\n{text}".encode()).hexdigest()


def _is_locked(words: list[str]) -> bool:
    count = next((i for i, word in enumerate(words) if word.startswith("--")), len(words))
    package = " ".join(words[:count])
    hashes = words[count:]
    return len(package) <= 1_000 and bool(hashes and _LOCKED.fullmatch(package)) and all(map(_HASH.fullmatch, hashes))


def check_lock(lock: EnvironmentLock) -> EnvironmentLock:
    """A lock that somebody else has written, or `InvalidInput`: it names versions and hashes, and no place."""
    if len(lock.text) > MAX_LOCK or not _PYTHON.fullmatch(lock.python) or not _SYSTEM.fullmatch(lock.system):
        raise InvalidInput(f"A lock for {lock.system[:40]!r} and Python {lock.python[:20]!r} is none.")
    # A comment ends with its line whatever stands at its end, so it goes before lines are joined.
    lines = [line for line in lock.text.splitlines() if not line.startswith("#")]
    for line in "\n".join(lines).replace("\\\n", " ").splitlines():
        if line.strip() and not CONDA_LINE.fullmatch(line) and not _is_locked(line.split()):
            raise InvalidInput(f"{line.strip()[:80]!r} is no package with its version and its hashes.")
    if lock_digest(lock.python, lock.system, lock.text) != lock.digest:
        raise InvalidInput(f"The lock {lock.digest[:12]} is not what was written.")
    return lock
