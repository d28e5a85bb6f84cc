"""The vault of a workspace: secrets by name, in the desktop's keyring where there is one, else in an encrypted file.

All of it lies in the user's data folder, never in a workspace's: ``vaults/<workspace id>.json`` says which of the two
keeps the secrets. For a keyring it has the names, which keyrings do not list; else it is the encrypted file itself.
What a workspace has begun with it stays with: a dispatcher, which has no desktop, must not look elsewhere than the
person who stored something. ``MLWS_VAULT`` (``file`` or ``keyring``) chooses for a vault that is made.
"""

from __future__ import annotations

import json
import os
import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from jupyter_mlws import faults
from jupyter_mlws.domain.names import check_id
from jupyter_mlws.domain.secret import check_secret_name, check_secret_value
from jupyter_mlws.errors import CorruptData, InvalidInput, NotFound, StorageFull, Unavailable
from jupyter_mlws.runfolder import places
from jupyter_mlws.runfolder.files import read_plain, remove_stale, write_whole
from jupyter_mlws.services import vault_key, vault_keyring

try:
    import fcntl
except ImportError:  # Windows: whole files still replace each other at once
    fcntl = None  # type: ignore[assignment]

__all__ = ["Vault", "check", "rotate", "vault_of"]

FORMAT_VERSION = 1
_LIMIT = 64 << 20
_FILE = re.compile(r"([a-zA-Z0-9][\w\-]*)\.json", re.ASCII)


class Vault(ABC):
    """Secrets of one workspace and one user. Safe to use from several threads and processes at once.

    Attributes
    ----------
    kind : str
        Where they are: ``keyring`` or ``file``.
    """

    kind: str

    def __init__(self, path: Path, workspace_id: str) -> None:
        self._path = path
        self._workspace_id = workspace_id

    @abstractmethod
    def names(self) -> tuple[str, ...]:
        """The names of all secrets, sorted."""

    @abstractmethod
    def get(self, name: str) -> str:
        """The value of a secret.

        Raises
        ------
        NotFound
            There is none of this name; the message says which command sets it.
        CorruptData, Unavailable
            The vault cannot be opened.
        """

    @abstractmethod
    def set(self, name: str, value: str) -> None:
        """Store a secret; one of this name is replaced.

        Raises
        ------
        InvalidInput
            The name or the value cannot be one.
        CorruptData, StorageFull, Unavailable
            The vault cannot be opened or written; it is as it was.
        """

    @abstractmethod
    def delete(self, name: str) -> None:
        """Remove a secret, or raise `NotFound`."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._workspace_id!r})"  # never what is in it

    def _said(self) -> dict[str, Any] | None:
        """What the file says now; another process may have begun this vault since we looked."""
        said = _read(self._path)
        if said is not None and said["kind"] != self.kind:
            raise Unavailable("The vault was begun by another program just now.", hint="Try again.")
        return said


class _FileVault(Vault):
    kind = "file"

    def names(self) -> tuple[str, ...]:
        return tuple(sorted(self._seen()))

    def get(self, name: str) -> str:
        found = self._seen().get(check_secret_name(name))
        if found is None:
            raise _not_found(name)
        return found

    def set(self, name: str, value: str) -> None:
        check_secret_name(name)
        check_secret_value(value)
        with _alone():
            self._write({**self._secrets(), name: value})

    def delete(self, name: str) -> None:
        check_secret_name(name)
        with _alone():
            secrets = self._secrets()
            if secrets.pop(name, None) is None:
                raise _not_found(name)
            self._write(secrets)

    def _seen(self) -> dict[str, str]:
        """What is in the vault; who reads waits for nobody, unless the key is being changed at this moment."""
        try:
            return self._secrets()
        except CorruptData:
            with _alone():
                return self._secrets()

    def _secrets(self) -> dict[str, str]:
        said = self._said()
        return {} if said is None else _opened(self._path, said, self._workspace_id)

    def _write(self, secrets: dict[str, str]) -> None:
        key = vault_key.key(_key_path(), make=not any(_sealed_files()))
        _write(self._path, _sealed(key, self._workspace_id, secrets))


class _KeyringVault(Vault):
    kind = "keyring"

    def __init__(self, path: Path, workspace_id: str) -> None:
        super().__init__(path, workspace_id)
        self._keyring = vault_keyring.Keyring(f"jupyter-mlws {workspace_id}")

    def names(self) -> tuple[str, ...]:
        said = self._said()
        return () if said is None else tuple(sorted(said["names"]))

    def get(self, name: str) -> str:
        found = self._keyring.get(name) if check_secret_name(name) in self.names() else None
        if found is None:
            raise _not_found(name)
        return found

    def set(self, name: str, value: str) -> None:
        check_secret_name(name)
        check_secret_value(value)
        with _alone():
            known = self.names()
            # The name first: a secret without a name could not be found again to be removed.
            self._note({*known, name})
            try:
                self._keyring.set(name, value)
            except Unavailable:
                self._note(known)
                raise

    def delete(self, name: str) -> None:
        check_secret_name(name)
        with _alone():
            names = set(self.names())
            if name not in names:
                raise _not_found(name)
            self._keyring.delete(name)
            self._note(names - {name})

    def _note(self, names: Iterable[str]) -> None:
        _write(self._path, {"kind": self.kind, "names": sorted(names)})


def vault_of(workspace_id: str) -> Vault:
    """The vault of this user for a workspace; nothing is made before the first secret is stored.

    Raises
    ------
    CorruptData
        The vault is damaged; nothing was changed.
    InvalidInput
        ``MLWS_VAULT`` names no kind of vault.
    Unavailable
        The vault cannot be read.
    """
    path = _folder() / f"{check_id(workspace_id)}.json"
    said = _read(path)
    kind = said["kind"] if said else _kind_of_new()
    return _KeyringVault(path, workspace_id) if kind == "keyring" else _FileVault(path, workspace_id)


def check() -> int:
    """Open all of this user's encrypted vaults; how many there are.

    Raises
    ------
    CorruptData, Unavailable
        One of them, or the key, is damaged or missing; the message names the file.
    """
    return len([_opened(path, said, path.stem) for path, said in _sealed_files()])


def rotate() -> int:
    """Seal all of this user's encrypted vaults with a new key, and forget the old ones; how many vaults there are.

    Who dies in between leaves vaults that still open: the key file has the old and the new key until the end.

    Raises
    ------
    CorruptData, Unavailable
        A vault or the key cannot be read; nothing was changed.
    """
    with _alone():
        opened = {path: _opened(path, said, path.stem) for path, said in _sealed_files()}
        if opened:
            key = vault_key.add(_key_path())
            for path, secrets in opened.items():
                _write(path, _sealed(key, path.stem, secrets))
            vault_key.keep_newest(_key_path())
        return len(opened)


def _not_found(name: str) -> NotFound:
    return NotFound(f"There is no secret {name} in the vault.", hint=f"Store it: mlws secrets set {name}")


def _folder() -> Path:
    return places.data_dir() / "vaults"


def _key_path() -> Path:
    return places.data_dir() / "vault.key"


def _kind_of_new() -> str:
    wanted = os.environ.get("MLWS_VAULT", "")
    if wanted not in ("", "file", "keyring"):
        raise InvalidInput(f"MLWS_VAULT is {wanted[:40]!r}.", hint="Set it to file or keyring, or not at all.")
    return wanted or ("keyring" if vault_keyring.answers() else "file")


@contextmanager
def _alone() -> Iterator[None]:
    """Nobody else of this user changes a vault meanwhile."""
    try:
        places.make_own(_folder())
        lock = os.open(_folder() / ".lock", os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
    except OSError as error:
        raise _unwritable(_folder(), error) from error
    try:
        if fcntl is not None:
            fcntl.flock(lock, fcntl.LOCK_EX)
        remove_stale(_folder())
        yield
    finally:
        os.close(lock)


def _sealed_files() -> Iterator[tuple[Path, dict[str, Any]]]:
    """The encrypted vaults of this user."""
    for path in sorted(_folder().glob("*.json")):
        said = _read(path) if _FILE.fullmatch(path.name) else None
        if said is not None and said["kind"] == "file":
            yield path, said


def _read(path: Path) -> dict[str, Any] | None:
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


def _sealed(key: vault_key.Key, workspace_id: str, secrets: dict[str, str]) -> dict[str, Any]:
    # With the workspace's id inside, the file of one workspace opens for no other.
    inside = json.dumps({"workspace_id": workspace_id, "secrets": secrets})
    return {"kind": "file", "sealed": key.seal(inside.encode())}


def _opened(path: Path, said: dict[str, Any], workspace_id: str) -> dict[str, str]:
    inside = vault_key.key(_key_path(), make=False).open(said["sealed"])
    if inside is None:
        raise CorruptData(
            f"The vault {path} does not open with the key {_key_path()}: one of the two is damaged, or another's.",
            hint="Put both back from a backup; or move the vault away and store its secrets again.",
        )
    found = json.loads(inside)
    if found["workspace_id"] != workspace_id:
        raise _damaged(path)
    return dict(found["secrets"])


def _write(path: Path, body: dict[str, Any]) -> None:
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
