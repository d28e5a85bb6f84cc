"""The files of the vaults: found, locked, read, sealed and written."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from jupyter_mlws import faults
from jupyter_mlws.errors import CorruptData, StorageFull, Unavailable
from jupyter_mlws.runfolder import places
from jupyter_mlws.runfolder.files import read_plain, remove_stale, write_whole
from jupyter_mlws.services import vault_key

try:
    import fcntl
except ImportError:  # Windows: whole files still replace each other at once
    fcntl = None  # type: ignore[assignment]

__all__ = ["alone", "folder", "key_path", "opened", "read", "sealed", "sealed_files", "write"]

FORMAT_VERSION = 1
_LIMIT = 64 << 20
_FILE = re.compile(r"([a-zA-Z0-9][\w\-]*)\.json", re.ASCII)


def folder() -> Path:
    """Where the vaults of this user lie."""
    return places.data_dir() / "vaults"


def key_path() -> Path:
    """The key of all encrypted vaults of this user."""
    return places.data_dir() / "vault.key"


@contextmanager
def alone() -> Iterator[None]:
    """Nobody else of this user changes a vault meanwhile."""
    try:
        places.make_own(folder())
        lock = os.open(folder() / ".lock", os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
    except OSError as error:
        raise _unwritable(folder(), error) from error
    try:
        if fcntl is not None:
            fcntl.flock(lock, fcntl.LOCK_EX)
        remove_stale(folder())
        yield
    finally:
        os.close(lock)


def sealed_files() -> Iterator[tuple[Path, dict[str, Any]]]:
    """The encrypted vaults of this user."""
    for path in sorted(folder().glob("*.json")):
        said = read(path) if _FILE.fullmatch(path.name) else None
        if said is not None and said["kind"] == "file":
            yield path, said


def read(path: Path) -> dict[str, Any] | None:
    """What a vault's file says; None when there is none."""
    try:
        body = json.loads(read_plain(path, _LIMIT))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise Unavailable(
            f"The vault {path} cannot be read ({error.strerror}).", hint="Look at the file's owner and mode."
        ) from error
    except (ValueError, RecursionError):
        raise _damaged(path) from None
    if not isinstance(body, dict):
        raise _damaged(path)
    if body.get("format_version", FORMAT_VERSION) != FORMAT_VERSION:
        raise CorruptData(
            f"A newer version of jupyter-mlws wrote the vault {path}.",
            hint="Upgrade jupyter-mlws here with pip install -U jupyter-mlws.",
        )
    if not _is_whole(body):
        raise _damaged(path)
    return body


def _is_whole(body: dict[str, Any]) -> bool:
    if body.get("kind") == "file":
        return isinstance(body.get("sealed"), str)
    names = body.get("names")
    return body.get("kind") == "keyring" and isinstance(names, list) and all(isinstance(name, str) for name in names)


def _damaged(path: Path) -> CorruptData:
    return CorruptData(
        f"The vault {path} is damaged.",
        hint="Put it back from a backup; or move it away and store the secrets again with mlws secrets set.",
    )


def sealed(key: vault_key.Key, workspace_id: str, secrets: dict[str, str]) -> dict[str, Any]:
    """What the file of an encrypted vault says."""
    # With the workspace's id inside, the file of one workspace opens for no other.
    inside = json.dumps({"workspace_id": workspace_id, "secrets": secrets})
    return {"kind": "file", "sealed": key.seal(inside.encode())}


def opened(path: Path, said: dict[str, Any], workspace_id: str) -> dict[str, str]:
    """The secrets of an encrypted vault, or `CorruptData`."""
    inside = vault_key.key(key_path(), make=False).open(said["sealed"])
    if inside is None:
        raise CorruptData(
            f"The vault {path} does not open with the key {key_path()}: one of the two is damaged, or another's.",
            hint="Put both back from a backup; or move the vault away and store its secrets again.",
        )
    found = json.loads(inside)
    if found["workspace_id"] != workspace_id:
        raise _damaged(path)
    return dict(found["secrets"])


def write(path: Path, body: dict[str, Any]) -> None:
    """Have the file of a vault say this, whatever dies meanwhile."""
    try:
        faults.point("vault.write")
        write_whole(path, json.dumps({"format_version": FORMAT_VERSION, **body}).encode(), 0o600, durable=True)
    except OSError as error:
        raise _unwritable(path, error) from error


def _unwritable(path: Path, error: OSError) -> StorageFull:
    return StorageFull(
        f"The vault {path} cannot be written ({error.strerror}).",
        hint="Free some space, or change the folder's owner or mode; MLWS_DATA_DIR names another one.",
    )
